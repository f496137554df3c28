from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_protocol
from leukocytosis.config.settings import Review
from leukocytosis.review import write_review
from leukocytosis.strips import read_strips

config, study = Path("config"), Path(snakemake.input[0]).parent
with reported(snakemake.log[0]):
    protocol = load_protocol(config / f"studies/{snakemake.wildcards.study}.yaml")
    manifest = load_manifest(config / f"extracts/{snakemake.wildcards.extract}.yaml")
    review, codelists = Review(**snakemake.params.review), load_codelists(config / "codelists")
    strips = read_strips(study, codelists, protocol.index.concept, review.until_day)
    folder = Path(snakemake.output[0])
    write_review(protocol, manifest, review, snakemake.params.seed, strips, study, folder)
