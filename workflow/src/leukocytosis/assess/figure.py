"""Bias, coverage, type I error and the accuracy of the rules as points with their errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.figures.style import INK, PALETTE, draw_words, new_figure, styled, wrap
from leukocytosis.prose import name_cause

from .extracts import Accuracy
from .measures import Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_INCHES = 0.32
MARKERS = ("o", "s", "^", "D")
APART = 0.16
BAND = "#e6e6e6"
UNTRIED = "The rules were not tried: no extract was drawn for this study."
Point = tuple[float, float, float]  # value and the ends of its bar


def draw_assessment(
    protocol: Protocol, measures: Sequence[Measure], accuracy: Sequence[Accuracy]
) -> Figure:
    """Return four panels: bias and coverage with the hazards declared, type I error, accuracy.

    Bias is in standard deviations of the estimate. Bars are 95 % Monte Carlo intervals, those of
    accuracy as shares have them; bands mark coverage of 93 to 97 % and type I error of 3 to 7 %.
    """
    first, last = (measures[i].scenario for i in (0, -1)) if measures else ("", "")
    different = [row for row in measures if row.scenario == first and row.coverage is not None]
    same = [row for row in measures if row.scenario == last and row.rejected is not None]
    if not different:
        return draw_words("Nothing is drawn, because no cohort had a number.")
    labels = list(dict.fromkeys(row.labels for row in different))
    upper, lower = _names(different), _names(same)
    causes = [row.cause for row in accuracy if row.measure == "ppv" and row.n]
    heights = [len(upper), max(len(lower), len(causes))]
    with styled():
        figure = new_figure(ROW_INCHES * sum(heights) + 2.2)
        axes = figure.subplots(2, 2, height_ratios=heights)
        _draw_panel(axes[0, 0], different, labels, upper, _bias)
        _draw_panel(axes[0, 1], different, labels, upper, _coverage)
        _draw_panel(axes[1, 0], same, labels, lower, _rejected)
        _draw_accuracy(axes[1, 1], protocol, accuracy, causes)
        _dress(axes)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="upper left", ncols=2,
                      fontsize=8)  # fmt: skip
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.45 / figure.get_figheight()))
    return figure


def _names(rows: Sequence[Measure]) -> list[str]:
    return list(dict.fromkeys(row.name for row in rows))


def _bias(row: Measure) -> Point | None:
    if row.bias is None or row.bias_error is None or not row.spread:
        return None
    return _bar(row.bias / row.spread, row.bias_error / row.spread)


def _coverage(row: Measure) -> Point | None:
    if row.coverage is None or row.coverage_error is None:
        return None
    return _percent(row.coverage, row.coverage_error)


def _rejected(row: Measure) -> Point | None:
    if row.rejected is None or row.rejected_error is None:
        return None
    return _percent(row.rejected, row.rejected_error)


def _percent(share: float, error: float) -> Point:
    middle, low, high = _bar(100 * share, 100 * error)
    return middle, max(low, 0.0), min(high, 100.0)  # a share of few cohorts ends there


def _bar(middle: float, error: float) -> Point:
    return middle, middle - 1.96 * error, middle + 1.96 * error


def _draw_panel(
    axes: Axes,
    rows: Sequence[Measure],
    labels: Sequence[str],
    names: Sequence[str],
    point: Callable[[Measure], Point | None],
) -> None:
    for row in rows:
        found, i = point(row), labels.index(row.labels)
        if found is not None:
            y = len(names) - 1 - names.index(row.name) + APART * (1.5 - i)
            _draw_point(axes, y, found, i, row.labels if row.name == names[0] else None)
    axes.set_yticks(range(len(names)), [wrap(name, 24) for name in names[::-1]], fontsize=7)
    axes.set_ylim(-0.6, len(names) - 0.4)


def _draw_point(axes: Axes, y: float, point: Point, i: int, label: str | None) -> None:
    middle, low, high = point
    axes.plot([low, high], [y, y], color=PALETTE[i], linewidth=1.0)
    axes.plot([middle], [y], MARKERS[i], color=PALETTE[i], markersize=3.5, label=label)


def _draw_accuracy(
    axes: Axes, protocol: Protocol, accuracy: Sequence[Accuracy], causes: Sequence[str]
) -> None:
    """Draw sensitivity (filled) and predictive value (open) of each cause that occurs."""
    if not causes:
        axes.set_axis_off()
        axes.text(0.5, 0.5, wrap(UNTRIED, 30), ha="center", va="center", fontsize=8,
                  transform=axes.transAxes)  # fmt: skip
        return
    for row in accuracy:
        number = row.number
        if row.cause not in causes or number.estimate is None:
            continue
        filled = row.measure == "sensitivity"
        y = len(causes) - 1 - causes.index(row.cause) + (APART if filled else -APART)
        ends = [100 * end for end in (number.ci_low, number.ci_high) if end is not None]
        axes.plot(ends, [y] * len(ends), color=INK, linewidth=1.0)
        axes.plot([100 * number.estimate], [y], "o", color=INK, markersize=3.5,
                  markerfacecolor=INK if filled else "white")  # fmt: skip
    names = [wrap(name_cause(protocol, cause), 18) for cause in causes[::-1]]
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_ylim(-0.6, len(names) - 0.4)


def _dress(axes: Any) -> None:
    axes[0, 0].axvline(0, color=INK, linewidth=0.8)
    axes[0, 0].set_xlabel("bias (standard deviations\nof the estimate)", fontsize=8)
    for panel, low, middle, high in ((axes[0, 1], 93, 95, 97), (axes[1, 0], 3, 5, 7)):
        panel.axvspan(low, high, color=BAND, linewidth=0)
        panel.axvline(middle, color=INK, linewidth=0.8)
    axes[0, 1].set_xlabel("coverage of the\n95 % interval (%)", fontsize=8)
    axes[0, 1].set_yticklabels([])
    axes[1, 0].set_xlabel("rejected without any\ndifference (%)", fontsize=8)
    if axes[1, 1].axison:
        axes[1, 1].set_xlabel("sensitivity (filled), predictive\nvalue (open) of the rules (%)",
                              fontsize=8)  # fmt: skip
    for panel in axes.flat:
        panel.tick_params(axis="x", labelsize=8)
