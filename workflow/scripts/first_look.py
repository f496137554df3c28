from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.notebook import run_notebook

with reported(snakemake.log[0]):
    run_notebook(
        Path(snakemake.input.notebook),
        Path(snakemake.output[0]),
        {"LEUKOCYTOSIS_RESULTS": str(Path(snakemake.input[0]).parent.resolve())},
    )
