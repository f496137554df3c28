"""Kaplan–Meier curves with bands, censor marks, and the numbers at risk under the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    FAINT,
    Row,
    draw_words,
    find_rows,
    new_figure,
    style_of,
    styled,
)
from leukocytosis.prose import format_number, is_known, join, name_group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TWELVE_WEEKS = 84
PLOT_INCHES, ROW_INCHES, TOP_INCHES = 3.0, 0.24, 0.45


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
    with styled():
        figure = new_figure(PLOT_INCHES + ROW_INCHES * (len(shown) + 1) + TOP_INCHES + 0.55)
        height = figure.get_figheight()
        bottom = (ROW_INCHES * (len(shown) + 1) + 0.55) / height
        axes = figure.add_axes((0.21, bottom, 0.74, PLOT_INCHES / height))
        for curve in shown:
            _draw_curve(axes, protocol, curve)
        _dress(axes, protocol, outcome_id)
        _draw_at_risk(axes, protocol, outcome_id, curves, shown)
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
    return Drawn(
        group,
        [0.0, *(row["time_days"] for row in kept)],
        [start, *percent],
        [start, *(_percent(row[lows], flip) for row in kept)],
        [start, *(_percent(row[highs], flip) for row in kept)],
        [(r["time_days"], p) for r, p in zip(kept, percent, strict=True) if r["n_censored"]],
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
        curve.days, curve.percent, drawstyle="steps-post", label=name_group(curve.group), **style
    )
    if curve.censored:
        days, percent = zip(*curve.censored, strict=True)
        axes.plot(days, percent, "|", color=style["color"], markersize=5, markeredgewidth=0.9)


def ticks_of(protocol: Protocol, outcome_id: str) -> list[int]:
    """Return the days under which numbers at risk stand."""
    horizon = horizon_of(protocol, outcome_id)
    if horizon <= 2 * TWELVE_WEEKS:
        return sorted({0, horizon, *(d for d in protocol.analyses.at_days if d < horizon)})
    return [round(horizon * part / 4) for part in range(5)]


def _dress(axes: Axes, protocol: Protocol, outcome_id: str) -> None:
    horizon = horizon_of(protocol, outcome_id)
    axes.axvline(TWELVE_WEEKS, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.text(TWELVE_WEEKS, 101, "12 weeks", color=FAINT, fontsize=8, ha="center", va="bottom")
    axes.set_xlim(0, 1.02 * horizon)
    axes.set_ylim(0, 100)
    axes.set_xticks(ticks_of(protocol, outcome_id))
    axes.set_xlabel("days from the index count")
    axes.set_ylabel(_describe_axis(protocol, outcome_id))
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.25, 1.04), ncols=4, handlelength=2.4, columnspacing=1.2
    )


def _describe_axis(protocol: Protocol, outcome_id: str) -> str:
    events = {"death": "died", "hospice": "in hospice"}
    outcome = next(o for o in protocol.outcomes if o.id == outcome_id)
    if not is_survival(protocol, outcome_id):
        return f"{join([events[event] for event in outcome.events], 'or')}, %"
    return "alive, %" if outcome.events == ("death",) else "free of the event, %"


def _draw_at_risk(
    axes: Axes, protocol: Protocol, outcome_id: str, curves: Sequence[Row], shown: Sequence[Drawn]
) -> None:
    below = axes.get_xaxis_transform()
    step = ROW_INCHES / PLOT_INCHES
    top = -0.5 / PLOT_INCHES - step / 2
    axes.text(-0.27, top, "at risk / events", transform=axes.transAxes, color=FAINT, fontsize=8)
    for i, curve in enumerate(shown, start=1):
        y = top - i * step
        color = style_of(protocol, curve.group)["color"]
        axes.text(
            -0.1, y, name_group(curve.group), transform=axes.transAxes, ha="right", color=color,
            fontsize=8.5,
        )  # fmt: skip
        rows = points(curves, outcome_id, curve.group)
        for day in ticks_of(protocol, outcome_id):
            words = " / ".join(_shown(count) for count in count_at(rows, day))
            axes.text(day, y, words, transform=below, ha="center", fontsize=8.5)


def count_at(rows: Sequence[Row], day: float) -> tuple[int | None, int | None]:
    """Return how many are at risk just before a day, and the events up to and on it.

    None stands for a hidden count.
    """
    later = [row for row in rows if row["time_days"] >= day]
    events = [row["n_events"] for row in rows if row["time_days"] <= day]
    total = sum(events) if all(is_known(n) for n in events) else None
    if later:
        return later[0]["n_at_risk"], total
    last = rows[-1]
    gone = (last["n_at_risk"], last["n_events"], last["n_censored"])
    return (gone[0] - gone[1] - gone[2] if all(is_known(n) for n in gone) else None), total


def _shown(count: int | None) -> str:
    return format_number(count) if is_known(count) else "–"
