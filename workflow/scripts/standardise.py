from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_manifest, load_units
from leukocytosis.provenance import recorded
from leukocytosis.standardise import (
    count_codes,
    hash_raw_files,
    name_raw_files,
    standardise,
    write_raw_files,
)

config, out, given = Path("config"), Path(snakemake.output[0]).parent, snakemake.input
with reported(snakemake.log[0]):
    manifest = load_manifest(config / "extracts" / f"{snakemake.wildcards.extract}.yaml")
    raw = hash_raw_files(manifest, Path.cwd())
    told = [*given.manifest, given.units, *given.codelists]
    with recorded(snakemake.rule, snakemake.params.items(), told, name_raw_files(raw)):
        codelists, units = load_codelists(config / "codelists"), load_units(config / "units.csv")
        standardise(manifest, codelists, units, Path.cwd(), out)
        count_codes(manifest, codelists, config / "extracts", out)
        write_raw_files(raw, out)
