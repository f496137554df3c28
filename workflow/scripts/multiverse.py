from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.config import load_codelists, load_protocol, load_units
from leukocytosis.multiverse import Vocabulary, fit_multiverse
from leukocytosis.provenance import recorded

extract, study = Path(snakemake.input[0]).parent, Path(snakemake.output[0]).parent
made = snakemake.rule, snakemake.params.items(), snakemake.input
with reported(snakemake.log[0]), recorded(*made):
    fit_multiverse(
        load_protocol(Path(f"config/studies/{snakemake.wildcards.study}.yaml")),
        Vocabulary(
            load_codelists(Path("config/codelists")),
            load_units(Path("config/units.csv")),
            frozenset(snakemake.params.absent),
        ),
        extract,
        study,
        snakemake.params.seed,
    )
