from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import load_codelists, load_protocol
from leukocytosis.provenance import recorded

extract, study = Path(snakemake.input[0]).parent, Path(snakemake.output[0]).parent
made = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*made):
    protocol = load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml"))
    find_index(protocol, load_codelists(Path("config/codelists")), extract, study)
    narrow(extract, study)
