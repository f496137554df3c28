"""Which words of a figure touch each other, once it is laid out."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from leukocytosis.config import load_journal
from leukocytosis.figures import fit_column
from leukocytosis.figures.columns import find_texts
from leukocytosis.figures.press import mark_figure
from leukocytosis.figures.style import styled

FOLDER = Path("config/journals")
JOURNALS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_touching(figure: Figure, journal: str, mark: str | None = "synthetic") -> list[str]:
    """Return the pairs of texts whose boxes overlap at the size of a journal."""
    lay_out(figure, journal, mark)
    boxes = [(text.get_text(), text.get_window_extent()) for text in find_texts(figure)]
    return [
        f"{a} / {b}" for (a, box), (b, beside) in combinations(boxes, 2) if box.overlaps(beside)
    ]


def lay_out(figure: Figure, journal: str, mark: str | None = "synthetic") -> None:
    """Size and draw a figure, so that every text knows its place."""
    fit_column(
        figure, load_journal(FOLDER / f"{journal}.yaml"), load_journal(FOLDER / "house.yaml")
    )
    mark_figure(figure, mark)
    with styled():
        FigureCanvasAgg(figure).draw()
