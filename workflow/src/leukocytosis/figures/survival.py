"""Kaplan–Meier curves with bands, censor marks, and the patients' status under the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.at_risk import Line, count_at, height_of, list_status, write_lines
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    WIDTH_INCHES,
    Row,
    add_legend,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    style_of,
    styled,
)
from leukocytosis.prose import join, name_group
from leukocytosis.rounding import is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TWELVE_WEEKS = 84
PLOT_INCHES, LEFT_INCHES, RIGHT_INCHES = 2.7, 1.0, 0.2


@dataclass(frozen=True)
class Drawn:
    """A curve as far as it is drawn: steps in days, percent, band ends and censoring times."""

    group: str
    days: list[float]
    percent: list[float]
    low: list[float]
    high: list[float]
    censored: list[tuple[float, float]]


def draw_survival(protocol: Protocol, outcome_id: str, curves: Sequence[Row]) -> Figure:
    """Return the curves of an outcome: survival for the survival outcome, else risk.

    A curve ends where fewer than `min_at_risk_shown` patients are at risk.
    """
    shown = find_drawn(protocol, outcome_id, curves)
    if not shown:
        return draw_words(_why_none(protocol, outcome_id, curves))
    lines = _list_lines(protocol, outcome_id, curves, shown)
    with styled():
        top = HEAD_INCHES + 0.15  # the name of the dotted line
        figure = new_figure(top + PLOT_INCHES + height_of(lines))
        axes = place_axes(figure, LEFT_INCHES, top, WIDTH_INCHES - LEFT_INCHES - RIGHT_INCHES,
                          PLOT_INCHES)  # fmt: skip
        for curve in shown:
            _draw_curve(axes, protocol, curve)
        _dress(axes, protocol, outcome_id)
        write_lines(axes, lines)
        add_legend(figure)
    return figure


def is_survival(protocol: Protocol, outcome_id: str) -> bool:
    """Return whether an outcome is shown as survival (else as risk)."""
    return outcome_id == protocol.analyses.survival_outcome != protocol.analyses.primary_outcome


def horizon_of(protocol: Protocol, outcome_id: str) -> int:
    """Return the last day of follow-up of an outcome."""
    return next(o.horizon_days for o in protocol.outcomes if o.id == outcome_id)


def find_drawn(protocol: Protocol, outcome_id: str, curves: Sequence[Row]) -> list[Drawn]:
    """Return the curves of the groups that have enough patients at risk; else that of all."""
    for groups in (protocol.analyses.groups, ("all",)):
        found = [_cut(protocol, outcome_id, group, curves) for group in groups]
        shown = [curve for curve in found if curve is not None]
        if shown:
            return shown
    return []


def _cut(protocol: Protocol, outcome_id: str, group: str, curves: Sequence[Row]) -> Drawn | None:
    rows = points(curves, outcome_id, group)
    least = protocol.analyses.min_at_risk_shown
    kept = [row for row in rows if is_known(row["n_at_risk"]) and row["n_at_risk"] >= least]
    kept = [row for row in kept if is_known(row["survival"])]
    if not kept:
        return None
    flip = not is_survival(protocol, outcome_id)
    percent = [_percent(row["survival"], flip) for row in kept]
    lows, highs = ("ci_high", "ci_low") if flip else ("ci_low", "ci_high")
    start = 0.0 if flip else 100.0
    days = [min(row["time_days"], horizon_of(protocol, outcome_id)) for row in kept]
    return Drawn(
        group,
        [0.0, *days],
        [start, *percent],
        [start, *(_percent(row[lows], flip) for row in kept)],
        [start, *(_percent(row[highs], flip) for row in kept)],
        [(d, p) for d, p, row in zip(days, percent, kept, strict=True) if row["n_censored"]],
    )


def points(curves: Sequence[Row], outcome_id: str, group: str) -> list[Row]:
    """Return the points of one curve in order of time."""
    found = find_rows(curves, outcome_id=outcome_id, group=group)
    return sorted(found, key=lambda row: row["time_days"])


def _percent(value: float | None, flip: bool) -> float:
    if not is_known(value):
        return float("nan")
    return 100 * (1 - value if flip else value)


def _why_none(protocol: Protocol, outcome_id: str, curves: Sequence[Row]) -> str:
    n = max((r["n_at_risk"] or 0 for r in points(curves, outcome_id, "all")), default=0)
    least = protocol.analyses.min_at_risk_shown
    if not n:
        return "No curve is drawn, because no patient was followed (or their counts are hidden)."
    return (
        f"No curve is drawn, because only {n:g} patients were ever at risk; "
        f"a curve is shown only while at least {least} are."
    )


def _draw_curve(axes: Axes, protocol: Protocol, curve: Drawn) -> None:
    style = style_of(protocol, curve.group)
    axes.fill_between(
        curve.days,
        curve.low,
        curve.high,
        step="post",
        color=style["color"],
        alpha=0.15,
        linewidth=0,
    )
    axes.plot(
        curve.days, curve.percent, drawstyle="steps-post", label=name_group(curve.group),
        clip_on=False, **style,  # or a line at 0 or 100 % would be half its width
    )  # fmt: skip
    if curve.censored:
        days, percent = zip(*curve.censored, strict=True)
        axes.plot(days, percent, "|", color=style["color"], markersize=5, markeredgewidth=0.9,
                  clip_on=False)  # fmt: skip


def _list_lines(
    protocol: Protocol, outcome_id: str, curves: Sequence[Row], shown: Sequence[Drawn]
) -> list[Line]:
    days, horizon = ticks_of(protocol, outcome_id), horizon_of(protocol, outcome_id)
    lines: list[Line] = []
    for group in (curve.group for curve in shown):
        rows = points(curves, outcome_id, group)
        status = {day: count_at(rows, day, horizon) for day in days}
        lines += list_status(name_group(group), style_of(protocol, group)["color"], status)
    return lines


def ticks_of(protocol: Protocol, outcome_id: str) -> list[float]:
    """Return the days under which the patients' status stands."""
    horizon = horizon_of(protocol, outcome_id)
    if horizon <= 2 * TWELVE_WEEKS:
        return sorted({0.0, float(horizon), *(d for d in protocol.analyses.at_days if d < horizon)})
    return [float(round(horizon * part / 4)) for part in range(5)]


def _dress(axes: Axes, protocol: Protocol, outcome_id: str) -> None:
    horizon = horizon_of(protocol, outcome_id)
    if horizon > TWELVE_WEEKS:
        axes.axvline(TWELVE_WEEKS, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.text(TWELVE_WEEKS, 101, "12 weeks", color=FAINT, fontsize=8, ha="center", va="bottom")
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 100)
    axes.set_xticks(ticks_of(protocol, outcome_id))
    axes.set_xlabel("days from the index count")
    axes.set_ylabel(_describe_axis(protocol, outcome_id))


def _describe_axis(protocol: Protocol, outcome_id: str) -> str:
    events = {"death": "died", "hospice": "in hospice"}
    outcome = next(o for o in protocol.outcomes if o.id == outcome_id)
    if not is_survival(protocol, outcome_id):
        return f"{join([events[event] for event in outcome.events], 'or')}, %"
    return "alive, %" if outcome.events == ("death",) else "free of the event, %"
