"""Competing risks: cumulative incidence of each event, and the states of each group as areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.figures.at_risk import Line, height_of, write_lines
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
from leukocytosis.figures.survival import horizon_of, ticks_of
from leukocytosis.prose import name_group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCIDENCE = {
    "ever in hospice": "discharged to hospice",
    "dead without hospice": "dead without hospice",
}
ALIVE = "alive without hospice"
# from the bottom; hatches tell the areas apart in grey print
AREAS: dict[str, dict[str, Any]] = {
    "dead without hospice": {"facecolor": "#4d4d4d", "edgecolor": "#4d4d4d"},
    "dead after hospice": {"facecolor": "#a6611a", "edgecolor": "white", "hatch": "////"},
    "in hospice": {"facecolor": "#f2c879", "edgecolor": "#a6611a", "hatch": "...."},
    ALIVE: {"facecolor": "#eef3f6", "edgecolor": "#eef3f6"},
}
NOTHING = "Nothing is drawn: not all states of any group are known and may be shown."
TITLE_INCHES, PLOT_INCHES = 0.24, 1.75  # of each panel
COLUMNS_INCHES, WIDE_INCHES = (0.95, 3.2), 1.78
STATE_COLUMNS_INCHES, STATE_WIDE_INCHES = (0.62, 3.12), 1.95


def draw_incidence(protocol: Protocol, outcome_id: str, states: Sequence[Row]) -> Figure:
    """Return the cumulative incidence of hospice and of death without it, by group, with bands.

    A curve is drawn only while at least `min_at_risk_shown` of its group have had neither.
    """
    shown = {state: find_curves(protocol, outcome_id, states, state) for state in INCIDENCE}
    if not any(shown.values()):
        return draw_words(NOTHING)
    highest = max(
        (row["ci_high"] or row["probability"] for curves in shown.values()
         for points in curves.values() for row in points),
        default=0.0,
    )  # fmt: skip
    lines = {state: _list_lines(protocol, outcome_id, states, state) for state in INCIDENCE}
    with styled():
        top = HEAD_INCHES + TITLE_INCHES
        figure = new_figure(top + PLOT_INCHES + max(map(height_of, lines.values())))
        for left, (state, curves) in zip(COLUMNS_INCHES, shown.items(), strict=True):
            first = left == COLUMNS_INCHES[0]
            axes = place_axes(figure, left, top, WIDE_INCHES, PLOT_INCHES)
            for group, points in curves.items():
                _draw_curve(axes, protocol, group, points)
            _dress(axes, protocol, outcome_id, INCIDENCE[state], first=first)
            axes.set_xlabel("days from the index count")
            axes.set_ylim(0, min(100, 105 * highest))
            write_lines(axes, lines[state], labelled=first)
        add_legend(figure)
    return figure


def _list_lines(
    protocol: Protocol, outcome_id: str, states: Sequence[Row], state: str
) -> list[Line]:
    """Return, per group that is drawn, those in neither state yet and those ever in this one."""
    lines: list[Line] = []
    for group in protocol.analyses.groups:
        if not any(group in find_curves(protocol, outcome_id, states, s) for s in INCIDENCE):
            continue
        lines.append(Line(name_group(group), color=style_of(protocol, group)["color"]))
        for label, counted in (("at risk", ALIVE), ("events", state)):
            rows = find_rows(states, outcome_id=outcome_id, group=group, state=counted)
            counts = {day: _count_at(rows, day) for day in ticks_of(protocol, outcome_id)}
            lines.append(Line(label, counts))
    return lines


def _count_at(rows: Sequence[Row], day: float) -> int | None:
    """Return the count on the last day up to `day`; None without one."""
    past = [row for row in rows if row["time_days"] <= day]
    return max(past, key=lambda row: row["time_days"])["n"] if past else None


def find_curves(
    protocol: Protocol, outcome_id: str, states: Sequence[Row], state: str
) -> dict[str, list[Row]]:
    """Return the points of a state's curve by group, while enough patients are at risk."""
    least = protocol.analyses.min_at_risk_shown
    curves: dict[str, list[Row]] = {}
    for group in protocol.analyses.groups:
        rows = find_rows(states, outcome_id=outcome_id, group=group)
        at_risk = {row["time_days"] for row in rows if row["state"] == ALIVE and row["n"] >= least}
        points = [row for row in rows if row["state"] == state and row["time_days"] in at_risk]
        if points:
            curves[group] = sorted(points, key=lambda row: row["time_days"])
    return curves


def _draw_curve(axes: Axes, protocol: Protocol, group: str, points: Sequence[Row]) -> None:
    style = style_of(protocol, group)
    days = [row["time_days"] for row in points]
    p, low, high = (
        [100 * (row["probability"] if row[key] is None else row[key]) for row in points]
        for key in ("probability", "ci_low", "ci_high")
    )
    axes.fill_between(days, low, high, step="post", color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(days, p, drawstyle="steps-post", label=name_group(group), **style)


def draw_states(protocol: Protocol, outcome_id: str, states: Sequence[Row]) -> Figure:
    """Return the share of everybody, and of each group, in each state by day, stacked to 100 %."""
    groups = ("all", *protocol.analyses.groups)
    found = {group: find_areas(outcome_id, group, states) for group in groups}
    shown = {group: areas for group, areas in found.items() if areas}
    if not shown:
        return draw_words(NOTHING)
    n_rows = (len(shown) + 1) // 2
    row_inches = TITLE_INCHES + PLOT_INCHES + 0.3
    with styled():
        top = HEAD_INCHES + 0.2  # a second line of the legend
        figure = new_figure(top + row_inches * n_rows + 0.2)
        for i, (group, areas) in enumerate(shown.items()):
            row, column = divmod(i, 2)
            axes = place_axes(
                figure, STATE_COLUMNS_INCHES[column], top + row_inches * row + TITLE_INCHES,
                STATE_WIDE_INCHES, PLOT_INCHES,
            )  # fmt: skip
            _stack(axes, areas)
            _dress(axes, protocol, outcome_id, name_group(group), first=column == 0)
            axes.set_ylim(0, 100)
            if i >= len(shown) - 2:
                axes.set_xlabel("days from the index count")
        add_legend(figure, ncols=2, fontsize=8.5, reverse=True)
    return figure


def find_areas(
    outcome_id: str, group: str, states: Sequence[Row]
) -> list[tuple[float, dict[str, float]]]:
    """Return, by day, the probability of each state, for the days on which all are known."""
    by_day: dict[float, dict[str, float]] = {}
    for row in find_rows(states, outcome_id=outcome_id, group=group):
        if row["state"] in AREAS:
            by_day.setdefault(row["time_days"], {})[row["state"]] = row["probability"]
    return [(day, found) for day, found in sorted(by_day.items()) if len(found) == len(AREAS)]


def _stack(axes: Axes, areas: list[tuple[float, dict[str, float]]]) -> None:
    areas = [*areas, (areas[-1][0] + 1, areas[-1][1])]  # the last day, too, has its width
    days = [day for day, _ in areas]
    floor = [0.0] * len(days)
    for state, style in AREAS.items():
        top = [low + 100 * found[state] for low, (_, found) in zip(floor, areas, strict=True)]
        axes.fill_between(days, floor, top, step="post", label=state, linewidth=0, **style)
        floor = top


def _dress(axes: Axes, protocol: Protocol, outcome_id: str, title: str, *, first: bool) -> None:
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.set_xlim(0, horizon_of(protocol, outcome_id) + 1)
    axes.set_xticks(ticks_of(protocol, outcome_id))
    if first:
        axes.set_ylabel("patients, %")
