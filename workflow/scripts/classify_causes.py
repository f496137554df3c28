from pathlib import Path

from leukocytosis.adjudication import adjudicate, find_files
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_protocol, load_units
from leukocytosis.provenance import recorded

study = Path(snakemake.output[0]).parent
made = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*made):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    codelists = load_codelists(Path("config/codelists"))
    units = load_units(Path("config/units.csv"))
    collect_evidence(protocol, codelists, units, frozenset(snakemake.params.absent), study)
    classify(protocol, study)
    manifest = load_manifest(Path(f"config/extracts/{snakemake.wildcards.extract}.yaml"))
    asked = manifest.reviews.get(protocol.study)
    files = find_files(asked, manifest, Path.cwd()) if asked else None
    adjudicate(protocol, manifest.extract, files, study, use=bool(asked and asked.use_adjudicated))
