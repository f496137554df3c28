from pathlib import Path

from leukocytosis.accuracy import read_truth
from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_protocol
from leukocytosis.strips import read_strips, write_strips

config, study, truth = Path("config"), Path(snakemake.input[0]).parent, list(snakemake.input.truth)
with reported(snakemake.log[0]):
    protocol = load_protocol(config / f"studies/{snakemake.wildcards.study}.yaml")
    manifest = load_manifest(config / f"extracts/{snakemake.wildcards.extract}.yaml")
    strips = read_strips(study, load_codelists(config / "codelists"), protocol)
    planted = read_truth(Path(truth[0])) if truth else {}
    write_strips(strips, protocol, manifest, planted, Path(snakemake.output[0]))
