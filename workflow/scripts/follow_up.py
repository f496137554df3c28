from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_protocol
from leukocytosis.followup import derive_analysis_set, derive_otherwise, derive_outcomes
from leukocytosis.provenance import recorded

extract, study = Path(snakemake.input[0]).parent, Path(snakemake.output[0]).parent
made = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*made):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    derive_outcomes(protocol, extract, study)
    derive_otherwise(protocol, extract, study)
    derive_analysis_set(protocol, load_codelists(Path("config/codelists")), study)
