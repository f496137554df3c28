"""One style for every figure.

Colours are Okabe and Ito's (told apart with every common colour blindness); groups also differ
in line type, so that print in grey can be read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.figures.fonts import FAMILY, register_fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

Row = Mapping[str, Any]
WIDTH_INCHES = 132 / 25.4  # config/journals/house.yaml; still readable when a phone shows it whole
INK, FAINT, MARK = "#1b1b1b", "#6b6b6b", "#b3261e"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
DARKER = 0.65  # of a group's colour, for its words
MARKERS = ("o", "s", "^", "D", "v", "P")
HEAD_INCHES = 0.34  # above every plot: the legend, and the mark of synthetic data in the corner
STYLE: dict[str, Any] = {
    "font.family": FAMILY,
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "pdf.fonttype": 42,  # TrueType
    "svg.fonttype": "none",  # text stays text; the press embeds its glyphs
    "svg.hashsalt": "leukocytosis",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the style, whatever the user's own settings are."""
    import matplotlib as mpl

    register_fonts()
    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in STYLE.items():
            mpl.rcParams[name] = value  # type: ignore[index]
        yield


def new_figure(height_inches: float) -> Figure:
    """Return an empty figure of the common width; draw on it inside `styled()`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH_INCHES, height_inches))


def place_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return new axes, placed in inches from the left and from the top of the figure."""
    page = figure.get_figheight()
    return figure.add_axes(
        (left / WIDTH_INCHES, 1 - (top + height) / page, width / WIDTH_INCHES, height / page)
    )


def add_legend(figure: Figure, ncols: int = 3, **look: Any) -> Legend:
    """Return a legend in the head of a figure, with each labelled series of its axes once."""
    found = [axes.get_legend_handles_labels() for axes in figure.axes]
    pairs = [pair for handles, labels in found for pair in zip(labels, handles, strict=True)]
    once = dict(reversed(pairs))
    labels = list(dict.fromkeys(label for label, _ in pairs))
    handles = [once[label] for label in labels]
    above = 1 - 0.06 / figure.get_figheight()
    wanted = {"handlelength": 2.4, "columnspacing": 1.2, "borderaxespad": 0, "borderpad": 0}
    return figure.legend(handles, labels, loc="upper left", ncols=ncols,
                         bbox_to_anchor=(0.02, above), **(wanted | look))  # fmt: skip


def style_of(protocol: Protocol, group: str) -> dict[str, Any]:
    """Return colour and line type of a group, the same in every figure."""
    groups = protocol.analyses.groups
    if group not in groups:  # everybody
        return {"color": INK, "linestyle": "-"}
    i = [*groups].index(group)
    return {"color": PALETTE[i % len(PALETTE)], "linestyle": LINES[i % len(LINES)]}


def shade_of(color: str) -> str:
    """Return a colour dark enough for small words on white (contrast 4.5 to 1, WCAG 2)."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(color)
    return to_hex((DARKER * red, DARKER * green, DARKER * blue))


def marker_of(protocol: Protocol, group: str) -> str:
    """Return the marker of a group's points, the same in every figure."""
    groups = [*protocol.analyses.groups]
    return MARKERS[groups.index(group) % len(MARKERS)] if group in groups else MARKERS[0]


def draw_words(words: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    lines = textwrap.wrap(words, 72)
    with styled():
        figure = new_figure(0.6 + 0.2 * len(lines))
        figure.text(0.5, 0.45, "\n".join(lines), ha="center", va="center", color=FAINT)
    return figure


def wrap(words: str, width: int) -> str:
    """Return words broken into lines of at most `width` characters."""
    return "\n".join(textwrap.wrap(words, width))


def find_rows(rows: Sequence[Row], **wanted: object) -> list[Row]:
    """Return the rows that have all these values, in their order."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]
