"""Bias and coverage of every number as points with their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.figures.style import INK, PALETTE, draw_words, new_figure, styled

from .measures import Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_INCHES = 0.3
MARKERS = ("o", "s", "^", "D")
APART = 0.16


def draw_assessment(measures: Sequence[Measure]) -> Figure:
    """Return bias (in standard deviations of the estimate) and coverage, with the hazards declared.

    Bars are 95 % Monte Carlo intervals; the band is coverage 93 to 97 %.
    """
    first = measures[0].scenario if measures else ""
    shown = [row for row in measures if row.scenario == first and row.coverage is not None]
    names = list(dict.fromkeys(row.name for row in shown))
    if not names:
        return draw_words("Nothing is drawn, because no cohort had a number.")
    with styled():
        figure = new_figure(ROW_INCHES * len(names) + 1.2)
        left, right = figure.subplots(1, 2, sharey=True)
        for i, labels in enumerate(dict.fromkeys(row.labels for row in shown)):
            rows = [row for row in shown if row.labels == labels]
            _draw_labels(left, right, rows, names, i)
        _dress(left, right, names)
        figure.legend(*left.get_legend_handles_labels(), loc="upper left", ncols=2, fontsize=8)
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.45 / figure.get_figheight()))
    return figure


def _draw_labels(
    left: Axes, right: Axes, rows: Sequence[Measure], names: Sequence[str], i: int
) -> None:
    style: dict[str, Any] = {
        "color": PALETTE[i],
        "marker": MARKERS[i],
        "markersize": 3.5,
        "linewidth": 1.0,
    }
    for row in rows:
        y = len(names) - 1 - names.index(row.name) + APART * (1.5 - i)
        label = row.labels if row is rows[0] else None
        if row.bias is not None and row.bias_error is not None and row.spread:
            middle, half = row.bias / row.spread, 1.96 * row.bias_error / row.spread
            left.plot([middle - half, middle + half], [y, y], color=PALETTE[i], linewidth=1.0)
            left.plot([middle], [y], label=label, linestyle="", **style)
        if row.coverage is not None and row.coverage_error is not None:
            middle, half = 100 * row.coverage, 196 * row.coverage_error
            ends = [middle - half, min(middle + half, 100)]
            right.plot(ends, [y, y], color=PALETTE[i], linewidth=1.0)
            right.plot([middle], [y], linestyle="", **style)


def _dress(left: Axes, right: Axes, names: Sequence[str]) -> None:
    left.axvline(0, color=INK, linewidth=0.8)
    left.set_xlabel("bias (standard deviations\nof the estimate)", fontsize=8.5)
    right.axvspan(93, 97, color="#e6e6e6", linewidth=0)
    right.axvline(95, color=INK, linewidth=0.8)
    right.set_xlabel("coverage of the\n95 % interval (%)", fontsize=8.5)
    left.set_yticks(range(len(names)), names[::-1], fontsize=7.5)
    left.set_ylim(-0.6, len(names) - 0.4)
