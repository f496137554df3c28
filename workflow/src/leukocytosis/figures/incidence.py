"""Competing risks: cumulative incidence of each event, and the states of each group as areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    Row,
    draw_words,
    find_rows,
    new_figure,
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
TOP_INCHES, PANEL_INCHES = 0.55, 2.0


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
    with styled():
        figure = new_figure(2.9)
        for i, (state, curves) in enumerate(shown.items()):
            axes = figure.add_axes((0.12 + 0.47 * i, 0.18, 0.38, 0.6))
            for group, points in curves.items():
                _draw_curve(axes, protocol, group, points)
            _dress(axes, protocol, outcome_id, INCIDENCE[state], first=i == 0)
            axes.set_xlabel("days from the index count")
            axes.set_ylim(0, min(100, 105 * highest))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0.02, 1.0), ncols=4)
    return figure


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
    with styled():
        figure = new_figure(TOP_INCHES + PANEL_INCHES * n_rows + 0.25)
        height = figure.get_figheight()
        for i, (group, areas) in enumerate(shown.items()):
            row, column = divmod(i, 2)
            bottom = height - TOP_INCHES - PANEL_INCHES * (row + 1) + 0.25
            size = (0.38, (PANEL_INCHES - 0.55) / height)
            axes = figure.add_axes((0.12 + 0.47 * column, bottom / height, *size))
            _stack(axes, areas)
            _dress(axes, protocol, outcome_id, name_group(group), first=column == 0)
            axes.set_ylim(0, 100)
            if i >= len(shown) - 2:
                axes.set_xlabel("days from the index count")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(0.02, 1.0),
                      ncols=2, fontsize=8.5)  # fmt: skip
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
