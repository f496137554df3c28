from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.notebook import run_notebook

environment = {
    "LEUKOCYTOSIS_STUDY": f"{snakemake.wildcards.study}/{snakemake.wildcards.extract}",
    "LEUKOCYTOSIS_ROOT": str(Path.cwd()),
}
with reported(snakemake.log[0]):
    for source, target in zip(snakemake.input.notebooks, snakemake.output, strict=True):
        run_notebook(Path(source), Path(target), environment)
