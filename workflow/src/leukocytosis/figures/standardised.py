"""Risk as observed beside the risk an analysis makes of it, by cause group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    HEAD_INCHES,
    Row,
    add_legend,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    style_of,
    styled,
)
from leukocytosis.figures.survival import find_drawn, horizon_of, is_survival
from leukocytosis.prose import name_group
from leukocytosis.rounding import is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE_INCHES, PLOT_INCHES = 0.24, 2.1
COLUMNS_INCHES, WIDE_INCHES = (0.6, 2.95), 2.1
OBSERVED = "as observed (Kaplan–Meier)"


def draw_standardised(
    protocol: Protocol, outcome_id: str, estimates: Sequence[Row], curves: Sequence[Row]
) -> Figure:
    """Return two panels of risk in percent against days, with 95 % bands: observed, standardised.

    Words where no standardised risk is known.
    """
    shown = Shown("standardised", outcome_id, "standardised (Cox model)", "standardised")
    return _draw_beside(protocol, shown, estimates, curves)


def draw_redrawn(
    protocol: Protocol, outcome_id: str, estimates: Sequence[Row], curves: Sequence[Row]
) -> Figure:
    """Return the same panels: observed, and had the true causes been known (non-differential)."""
    shown = Shown("bias_risk", outcome_id, "had the true causes been known", "redrawn")
    return _draw_beside(protocol, shown, estimates, curves)


@dataclass(frozen=True)
class Shown:
    """What stands beside the observed risk: an analysis of an outcome, its title and its word."""

    analysis_id: str
    outcome_id: str
    title: str
    word: str


def _draw_beside(
    protocol: Protocol, shown: Shown, estimates: Sequence[Row], curves: Sequence[Row]
) -> Figure:
    points = {group: find_points(estimates, shown, group) for group in protocol.analyses.groups}
    if not any(points.values()):
        return draw_words(_why_none(estimates, shown))
    with styled():
        top = HEAD_INCHES + TITLE_INCHES
        figure = new_figure(top + PLOT_INCHES + 0.5)
        left, right = (place_axes(figure, x, top, WIDE_INCHES, PLOT_INCHES) for x in COLUMNS_INCHES)
        _draw_observed(left, protocol, shown.outcome_id, curves)
        for group, rows in points.items():
            _draw_points(right, protocol, group, rows)
        for axes, title in ((left, OBSERVED), (right, shown.title)):
            _dress(axes, horizon_of(protocol, shown.outcome_id), title)
        left.set_ylabel("risk, %")
        right.tick_params(labelleft=False)
        add_legend(figure)
    return figure


def find_points(estimates: Sequence[Row], shown: Shown, group: str) -> list[Row]:
    """Return the risks of a group that are known, in order of time."""
    wanted = {
        "analysis_id": shown.analysis_id, "outcome_id": shown.outcome_id, "group": group,
    }  # fmt: skip
    rows = [row for row in find_rows(estimates, **wanted) if is_known(row["estimate"])]
    return sorted(rows, key=lambda row: row["time_days"])


def _why_none(estimates: Sequence[Row], shown: Shown) -> str:
    rows = find_rows(estimates, analysis_id=shown.analysis_id, outcome_id=shown.outcome_id)
    notes = sorted({row["note"] or "no reason given" for row in rows})
    why = "; ".join(notes) or "none was asked for"
    return f"No {shown.word} risk is drawn: {why}."


def _draw_observed(axes: Axes, protocol: Protocol, outcome_id: str, curves: Sequence[Row]) -> None:
    flip = is_survival(protocol, outcome_id)
    for curve in find_drawn(protocol, outcome_id, curves):
        middle, low, high = (
            [100 - value if flip else value for value in values]
            for values in (curve.percent, curve.low, curve.high)
        )
        style = style_of(protocol, curve.group)
        axes.fill_between(curve.days, low, high, step="post", color=style["color"], alpha=0.13,
                          linewidth=0)  # fmt: skip
        axes.plot(curve.days, middle, drawstyle="steps-post", clip_on=False, **style)


def _draw_points(axes: Axes, protocol: Protocol, group: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    style = style_of(protocol, group)
    days = [0.0, *(row["time_days"] for row in rows)]
    middle, low, high = (
        [0.0, *(100 * row[end] for row in rows)] for end in ("estimate", "ci_low", "ci_high")
    )
    axes.fill_between(days, low, high, color=style["color"], alpha=0.13, linewidth=0)
    axes.plot(days, middle, label=name_group(group), clip_on=False, **style)


def _dress(axes: Axes, horizon: int, title: str) -> None:
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 100)
    axes.set_xticks([round(horizon * part / 3) for part in range(4)])
    axes.set_xlabel("days from the index count")
