from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest
from leukocytosis.occurrence import count_codes
from leukocytosis.provenance import recorded

config, given = Path("config"), snakemake.input
made = snakemake.rule, snakemake.params.items(), given
with reported(snakemake.log[0]), recorded(*made):
    count_codes(
        load_manifest(config / "extracts" / f"{snakemake.wildcards.extract}.yaml"),
        load_codelists(config / "codelists"),
        config / "extracts",
        Path(snakemake.output[0]).parent,
    )
