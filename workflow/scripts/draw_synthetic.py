from pathlib import Path

from leukocytosis.cli import reported
from leukocytosis.synthetic import draw_extract

with reported(snakemake.log[0]):
    draw_extract(Path(snakemake.output[0]).parent, snakemake.params.seed)
