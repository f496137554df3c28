"""Restricted means drawn: the area under each Kaplan–Meier curve, and how groups differ in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    FAINT,
    INK,
    Row,
    draw_words,
    find_rows,
    new_figure,
    shade_of,
    style_of,
    styled,
)
from leukocytosis.figures.survival import points
from leukocytosis.prose import name_group
from leukocytosis.rounding import format_interval, format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RMST = "rmst"
BAND_INCHES, PANEL_INCHES = 2.35, 1.3  # an outcome with its words, its panels alone
HEAD_INCHES, LINE_INCHES = 0.62, 0.115  # the words above the panels; a line of them
LEFT, PANELS, GAP, RIGHT = 0.085, 0.575, 0.02, 0.98  # the panels end where the differences begin
NOTHING = "No area is drawn, because no restricted mean can be estimated (or all are hidden)."


@dataclass(frozen=True)
class Area:
    """A group's curve to the day of its restricted mean: corners of the steps, in percent.

    From `thin_from` on, fewer patients are at risk than a curve is drawn for; None: never.
    """

    group: str
    days: list[float]
    percent: list[float]
    thin_from: float | None
    mean: Row
    difference: Row | None


def draw_restricted_means(
    protocol: Protocol, estimates: Sequence[Row], curves: Sequence[Row]
) -> Figure:
    """Return a band per outcome: the areas of the groups, and their differences to the first.

    Each outcome is drawn to the last day it has restricted means for.
    """
    bands = {o.title: find_areas(protocol, o.id, estimates, curves) for o in protocol.outcomes}
    drawn = {title: areas for title, areas in bands.items() if areas}
    if not any(is_known(area.mean["estimate"]) for areas in drawn.values() for area in areas):
        return draw_words(NOTHING)
    with styled():
        figure = new_figure(BAND_INCHES * len(drawn) + 0.15)
        for place, (title, areas) in enumerate(drawn.items()):
            _draw_band(figure, protocol, title, areas, place)
    return figure


def find_areas(
    protocol: Protocol, outcome_id: str, estimates: Sequence[Row], curves: Sequence[Row]
) -> list[Area]:
    """Return the areas of an outcome to its last restricted day, in the order of the groups."""
    rows = find_rows(estimates, analysis_id=RMST, outcome_id=outcome_id)
    last = max((row["time_days"] for row in rows), default=0.0)
    areas = []
    for group in protocol.analyses.groups:
        found = {r["term"].split()[0]: r for r in find_rows(rows, group=group, time_days=last)}
        if "restricted" in found:
            days, percent, thin_from = _steps(protocol, points(curves, outcome_id, group), last)
            mean, difference = found["restricted"], found.get("difference")
            areas.append(Area(group, days, percent, thin_from, mean, difference))
    return areas


def _steps(
    protocol: Protocol, rows: Sequence[Row], last: float
) -> tuple[list[float], list[float], float | None]:
    """Return days, percent free of the event, and the day from which few are at risk."""
    known = [row for row in rows if is_known(row["survival"]) and row["time_days"] < last]
    if not rows:
        return [], [], None
    days = [0.0, *(row["time_days"] for row in known), last]
    percent = [100.0, *(100 * row["survival"] for row in known)]
    least = protocol.analyses.min_at_risk_shown
    thin = [row["time_days"] for row in known if (row["n_at_risk"] or 0) < least]
    return days, [*percent, percent[-1]], min(thin, default=None)


def _draw_band(
    figure: Figure, protocol: Protocol, title: str, areas: Sequence[Area], place: float
) -> None:
    height = figure.get_figheight()
    top = height - 0.15 - place * BAND_INCHES
    last = areas[0].mean["time_days"]
    figure.text(LEFT, (top - 0.02) / height, f"{title}: to day {format_number(last)}",
                fontsize=8.5, va="top", weight="bold")  # fmt: skip
    bottom, tall = (top - HEAD_INCHES - PANEL_INCHES) / height, PANEL_INCHES / height
    width = (PANELS - LEFT + GAP) / len(areas) - GAP
    for i, area in enumerate(areas):
        axes = figure.add_axes((LEFT + i * (width + GAP), bottom, width, tall))
        _draw_area(axes, protocol, area, last)
        if i:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("free of the event, %", fontsize=7.5)
    compared = [area for area in areas if area.difference is not None]
    if compared:
        axes = figure.add_axes((PANELS + 0.09, bottom, RIGHT - PANELS - 0.09, tall))
        _draw_differences(axes, protocol, compared)


def _draw_area(axes: Axes, protocol: Protocol, area: Area, last: float) -> None:
    style = style_of(protocol, area.group)
    number = 1 + 0.04 / PANEL_INCHES
    axes.text(0, number, describe_mean(area.mean), transform=axes.transAxes, fontsize=7,
              va="bottom", linespacing=1.1)  # fmt: skip
    axes.text(0, number + (2 * LINE_INCHES + 0.02) / PANEL_INCHES, name_group(area.group),
              transform=axes.transAxes, fontsize=8, color=shade_of(style["color"]),
              va="bottom")  # fmt: skip
    axes.set_xlim(0, last)
    axes.set_ylim(0, 100)
    axes.set_xticks([0, last / 2, last], ["0", format_number(last / 2), format_number(last)])
    first, *_, final = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    final.set_horizontalalignment("right")
    axes.set_yticks([0, 50, 100])
    axes.tick_params(labelsize=7, length=2.5)
    axes.set_xlabel("days", fontsize=7.5, labelpad=1)
    if is_known(area.mean["estimate"]) and area.days:
        axes.fill_between(area.days, 0, area.percent, step="post", color=style["color"],
                          alpha=0.22, linewidth=0)  # fmt: skip
    _draw_steps(axes, area, style)


def describe_mean(row: Row) -> str:
    """Return a restricted mean and its interval in two lines, or that there is none."""
    if not is_known(row["estimate"]):
        return _why(row).replace(" estimated", "\nestimated")
    return f"{format_number(row['estimate'], 1)} days\n({_interval(row)})"


def _draw_steps(axes: Axes, area: Area, style: dict[str, Any]) -> None:
    """Draw the curve: as a whole line while enough are at risk, dotted from there on."""
    split = len(area.days) if area.thin_from is None else area.days.index(area.thin_from)
    whole = slice(0, split + 1)
    axes.plot(area.days[whole], area.percent[whole], drawstyle="steps-post", linewidth=1.3,
              **style)  # fmt: skip
    if area.thin_from is not None:
        axes.plot(area.days[split:], area.percent[split:], drawstyle="steps-post", linewidth=1,
                  **style | {"linestyle": (0, (1, 2))})  # fmt: skip


def _draw_differences(axes: Axes, protocol: Protocol, areas: Sequence[Area]) -> None:
    reference = name_group(protocol.analyses.groups[0])
    axes.text(0, 1 + 0.04 / PANEL_INCHES, f"difference to {reference}", fontsize=8, va="bottom",
              transform=axes.transAxes)  # fmt: skip
    axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
    axes.set_ylim(len(areas), 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=7, length=2.5)
    axes.set_xlabel("days", fontsize=7.5, labelpad=1)
    ends, place = [0.0], axes.get_yaxis_transform()
    beneath = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # hides the line at 0
    for i, area in enumerate(areas):
        row, color = area.difference, style_of(protocol, area.group)["color"]
        assert row is not None
        axes.text(0.02, i + 0.14, name_group(area.group), transform=place, fontsize=7,
                  color=shade_of(color), va="center", bbox=beneath)  # fmt: skip
        if not is_known(row["estimate"]):
            words, ink = _why(row), FAINT
        else:
            words = f"{format_number(row['estimate'], 1)} ({_interval(row)})"
            ink = INK
            found = [v for v in (row["ci_low"], row["estimate"], row["ci_high"]) if is_known(v)]
            ends += found
            axes.plot([found[0], found[-1]], [i + 0.75] * 2, color=color, linewidth=1.2)
            axes.plot([row["estimate"]], [i + 0.75], "o", color=color, markersize=4)
        axes.text(0.02, i + 0.4, words, transform=place, fontsize=7, color=ink, va="center",
                  bbox=beneath)  # fmt: skip
    reach = 1.15 * max(abs(end) for end in ends) or 1.0
    tick = find_tick(reach)
    axes.set_xlim(-reach, reach)
    axes.set_xticks([-tick, 0, tick], [format_number(day) for day in (-tick, 0, tick)])


def find_tick(reach: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20 … that leaves room within a reach; at least 1."""
    steps = [lead * 10.0**power for power in range(4) for lead in (1, 2, 5)]
    return max([1.0, *(step for step in steps if step <= 0.9 * reach)])


def _interval(row: Row) -> str:
    return format_interval(row["ci_low"], row["ci_high"])


def _why(row: Row) -> str:
    hidden = (row["note"] or "").startswith("hidden")
    return "hidden" if hidden else "cannot be estimated"
