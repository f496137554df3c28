"""Which causes occur together before the order decides: an UpSet plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    WIDTH_INCHES,
    Row,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    styled,
    wrap,
)
from leukocytosis.prose import name_cause
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BARS_INCHES, ROW_INCHES, LEFT_INCHES = 1.35, 0.27, 1.87
MOST = 14  # combinations that fit the width; the table lists all


def draw_overlap(protocol: Protocol, estimates: Sequence[Row]) -> Figure:
    """Return the combinations of causes, most patients first, with the patients of each.

    A filled dot marks a cause of the combination, a line joins them. At most 14 combinations.
    """
    rows = find_combinations(estimates)
    if not rows:
        return draw_words("No overlap is drawn: no combination of causes may be shown.")
    causes = find_causes(protocol, rows)
    with styled():
        below = ROW_INCHES * len(causes)
        figure = new_figure(HEAD_INCHES + BARS_INCHES + below + 0.15)
        wide = WIDTH_INCHES - LEFT_INCHES - 0.1
        bars = place_axes(figure, LEFT_INCHES, HEAD_INCHES, wide, BARS_INCHES)
        matrix = place_axes(figure, LEFT_INCHES, HEAD_INCHES + BARS_INCHES + 0.1, wide, below)
        _draw_bars(bars, rows)
        _draw_matrix(matrix, protocol, causes, rows)
    return figure


def find_combinations(estimates: Sequence[Row]) -> list[Row]:
    """Return the combinations whose count may be shown, most patients first."""
    rows = [row for row in find_rows(estimates, analysis_id="overlap") if is_known(row["estimate"])]
    return sorted(rows, key=lambda row: (-row["n_events"], row["term"]))[:MOST]


def find_causes(protocol: Protocol, rows: Sequence[Row]) -> list[str]:
    """Return the causes of some combinations, in the protocol's order."""
    named = {cause for row in rows for cause in row["term"].split("+")}
    order = [cause.id for cause in protocol.causes]
    return sorted(named, key=lambda cause: [*order, cause].index(cause))


def _draw_bars(axes: Axes, rows: Sequence[Row]) -> None:
    counts = [int(row["n_events"]) for row in rows]
    axes.bar(range(len(rows)), counts, width=0.6, color=INK)
    for x, count in enumerate(counts):
        axes.annotate(format_number(count), (x, count), (0, 2), textcoords="offset points",
                      ha="center", va="bottom", fontsize=8.5)  # fmt: skip
    axes.set_xlim(-0.6, max(len(rows), 6) - 0.4)
    axes.set_xticks([])
    axes.set_ylabel("patients")


def _draw_matrix(axes: Axes, protocol: Protocol, causes: list[str], rows: Sequence[Row]) -> None:
    for x, row in enumerate(rows):
        here = [causes.index(cause) for cause in row["term"].split("+")]
        others = [y for y in range(len(causes)) if y not in here]
        axes.plot([x] * len(others), others, "o", color=FAINT, alpha=0.25, markersize=5, mew=0)
        axes.plot([x] * len(here), here, "o-", color=INK, markersize=6)
    axes.set_xlim(-0.6, max(len(rows), 6) - 0.4)
    axes.set_ylim(len(causes) - 0.5, -0.5)
    axes.set_yticks(range(len(causes)), [wrap(name_cause(protocol, c), 25) for c in causes])
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
