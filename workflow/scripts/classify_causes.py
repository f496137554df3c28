from pathlib import Path

from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_protocol, load_units
from leukocytosis.review import adjudicate

study = Path(snakemake.output[0]).parent
with reported(snakemake.log[0]):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    codelists = load_codelists(Path("config/codelists"))
    units = load_units(Path("config/units.csv"))
    collect_evidence(protocol, codelists, units, frozenset(snakemake.params.absent), study)
    classify(protocol, study)
    manifest = load_manifest(Path(f"config/extracts/{snakemake.wildcards.extract}.yaml"))
    adjudicate(protocol, manifest, snakemake.params.seed, Path.cwd(), study)
