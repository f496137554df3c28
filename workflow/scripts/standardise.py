from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_units
from leukocytosis.standardise import standardise

config = Path("config")
with reported(snakemake.log[0]):
    standardise(
        load_manifest(config / "extracts" / f"{snakemake.wildcards.extract}.yaml"),
        load_codelists(config / "codelists"),
        load_units(config / "units.csv"),
        Path.cwd(),
        Path(snakemake.output[0]).parent,
    )
