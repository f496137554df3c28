"""Treatment after the index drawn: from landmarks, and the naive way with its guaranteed time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.design import Treatment
from leukocytosis.figures.at_risk import Line, count_at, height_of, write_lines
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    MARK,
    PALETTE,
    Row,
    add_legend,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    styled,
)
from leukocytosis.figures.survival import horizon_of, points, ticks_of
from leukocytosis.rounding import format_number, is_known, say_ratio
from leukocytosis.survival.treatment import (
    EVER,
    FLOW,
    LANDMARK,
    NEVER,
    TREATED,
    UNTREATED,
    WAITING,
    name_arm,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {TREATED: "treated", UNTREATED: "not treated"}
STYLES: dict[str, dict[str, Any]] = {
    TREATED: {"color": PALETTE[2], "linestyle": "-"},
    UNTREATED: {"color": PALETTE[3], "linestyle": "--"},
    EVER: {"color": PALETTE[2], "linestyle": "-"},
    NEVER: {"color": PALETTE[3], "linestyle": "--"},
}
TITLE_INCHES, PLOT_INCHES = 0.42, 1.5  # of each panel
COLUMNS_INCHES, WIDE_INCHES = (0.95, 3.2), 1.78
NOTHING = "No curve is drawn, because too few patients are in a group (or their counts are hidden)."


def draw_landmarks(
    protocol: Protocol, treatment: Treatment, curves: Sequence[Row], estimates: Sequence[Row]
) -> Figure:
    """Return a panel per landmark: both arms from that day on; the days before it in grey.

    A curve ends where fewer than `min_at_risk_shown` patients are at risk.
    """
    days = [day for day in treatment.landmark_days if _steps(protocol, treatment, curves, day)]
    if not days:
        return draw_words(NOTHING)
    beneath = [_list_lines(treatment, curves, horizon_of(protocol, treatment.outcome), day)
               for day in days]  # fmt: skip
    row_inches = TITLE_INCHES + PLOT_INCHES + max(map(height_of, beneath))
    with styled():
        figure = new_figure(HEAD_INCHES + row_inches * -(-len(days) // 2))
        for i, (day, lines) in enumerate(zip(days, beneath, strict=True)):
            row, column = divmod(i, 2)
            axes = place_axes(
                figure, COLUMNS_INCHES[column], HEAD_INCHES + row_inches * row + TITLE_INCHES,
                WIDE_INCHES, PLOT_INCHES,
            )  # fmt: skip
            _draw_panel(axes, protocol, treatment, curves, estimates, day)
            write_lines(axes, lines, labelled=column == 0)
            axes.set_xlabel("days from the index count")
            if column == 0:
                axes.set_ylabel("free of the event, %")
        add_legend(figure)
    return figure


def _list_lines(
    treatment: Treatment, curves: Sequence[Row], horizon: int, landmark: int
) -> list[Line]:
    """Return the patients at risk of both arms from the landmark on."""
    days = [day for day in _ticks(horizon) if day > landmark]
    lines = [Line("at risk")]
    for arm in (TREATED, UNTREATED):
        rows = points(curves, treatment.outcome, name_arm(landmark, arm))
        if rows:  # else the title says that there is nobody, or that counts are hidden
            at_risk = [count_at(rows, day - landmark, horizon - landmark).at_risk for day in days]
            counts = dict(zip(days, at_risk, strict=True))
            lines.append(Line(LABELS[arm], counts, STYLES[arm]["color"]))
    return lines


def _ticks(horizon: int) -> list[float]:
    return [float(round(horizon * part / 3)) for part in range(4)]


def find_arms(treatment: Treatment, curves: Sequence[Row], *, landmarks: bool) -> list[Row]:
    """Return the points of the arms from the landmarks, or else of the naive comparison."""
    arms = {name_arm(day, arm) for day in treatment.landmark_days for arm in (TREATED, UNTREATED)}
    wanted = arms if landmarks else {EVER, NEVER, WAITING}
    rows = find_rows(curves, outcome_id=treatment.outcome)
    return [row for row in rows if row["group"] in wanted]


Steps = tuple[str, "np.ndarray", "np.ndarray", "np.ndarray", "np.ndarray"]


def _steps(
    protocol: Protocol, treatment: Treatment, curves: Sequence[Row], day: int
) -> list[Steps]:
    """Return the drawn arms of a landmark, their days from the index."""
    arms = []
    for arm in (TREATED, UNTREATED):
        found = _read(protocol, curves, treatment.outcome, name_arm(day, arm))
        if found:
            days = np.minimum(found[0] + day, horizon_of(protocol, treatment.outcome))
            arms.append((arm, days, *found[1:]))
    return arms


def _read(
    protocol: Protocol, curves: Sequence[Row], outcome_id: str, group: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Return days, percent free of the event and the band's ends, as far as enough are at risk."""
    least = protocol.analyses.min_at_risk_shown
    rows = [
        row
        for row in points(curves, outcome_id, group)
        if is_known(row["n_at_risk"]) and row["n_at_risk"] >= least and is_known(row["survival"])
    ]
    if not rows:
        return None
    days = np.array([0.0, *(row["time_days"] for row in rows)])
    columns = [
        100 * np.array([1.0, *(np.nan if row[name] is None else row[name] for row in rows)])
        for name in ("survival", "ci_low", "ci_high")
    ]
    return days, columns[0], columns[1], columns[2]


def _draw_panel(
    axes: Axes,
    protocol: Protocol,
    treatment: Treatment,
    curves: Sequence[Row],
    estimates: Sequence[Row],
    day: int,
) -> None:
    axes.axvspan(0, day, color=FAINT, alpha=0.18, linewidth=0)
    for arm, days, percent, low, high in _steps(protocol, treatment, curves, day):
        words = f"{LABELS[arm]} by the landmark"
        axes.fill_between(
            days, low, high, step="post", color=STYLES[arm]["color"], alpha=0.15, linewidth=0
        )
        axes.plot(days, percent, drawstyle="steps-post", label=words, clip_on=False, **STYLES[arm])
    horizon = horizon_of(protocol, treatment.outcome)
    axes.set_xlim(0, horizon)
    axes.set_ylim(0, 100)
    axes.set_xticks(_ticks(horizon))
    flow, ratio = (f(estimates, treatment, day) for f in (_describe_flow, _describe_ratio))
    axes.set_title(f"day {day}: {flow}\n{ratio}", fontsize=7.5, loc="left")


def _describe_flow(estimates: Sequence[Row], treatment: Treatment, day: int) -> str:
    at = {"outcome_id": treatment.outcome, "group": "all", "time_days": float(day)}
    counts = {row["term"]: row["n_events"] for row in find_rows(estimates, analysis_id=FLOW, **at)}
    out = [n for term, n in counts.items() if term.startswith("left out")]
    if not out or not all(is_known(n) for n in counts.values()):
        return "counts hidden"
    return (
        f"{format_number(sum(out))} out, {format_number(counts[TREATED])} treated, "
        f"{format_number(counts[UNTREATED])} not"
    )


def _describe_ratio(estimates: Sequence[Row], treatment: Treatment, day: int) -> str:
    at = {"outcome_id": treatment.outcome, "group": "all", "time_days": float(day)}
    rows = find_rows(estimates, analysis_id=LANDMARK, term="hazard ratio", **at)
    if not rows or not is_known(rows[0]["estimate"]):
        return "no hazard ratio"
    return f"hazard ratio {say_ratio(*(rows[0][key] for key in ('estimate', 'ci_low', 'ci_high')))}"


def draw_guaranteed(protocol: Protocol, treatment: Treatment, curves: Sequence[Row]) -> Figure:
    """Return the naive curves, the ever-treated's guaranteed time shaded.

    On each day the shaded height is the share of the ever-treated who had not begun treatment: had
    one of them died, that patient would stand in the other curve.
    """
    outcome = treatment.outcome
    drawn = {arm: _read(protocol, curves, outcome, arm) for arm in (EVER, NEVER)}
    ever = drawn[EVER]
    if ever is None:
        return draw_words(NOTHING)
    with styled():
        top = HEAD_INCHES + 0.2  # what kind of figure it is
        lines = _list_naive(protocol, outcome, curves, drawn)
        figure = new_figure(top + 2.7 + height_of(lines))
        axes = place_axes(figure, 1.0, top, 4.0, 2.7)
        for arm, found in drawn.items():
            if found is not None:
                axes.plot(found[0], found[1], drawstyle="steps-post", label=arm, **STYLES[arm])
        _shade(axes, ever, points(curves, outcome, WAITING))
        axes.set_xlim(0, horizon_of(protocol, outcome))
        axes.set_ylim(0, 100)
        axes.set_xticks(ticks_of(protocol, outcome))
        axes.set_xlabel("days from the index count")
        axes.set_ylabel("free of the event, %")
        axes.set_title("demonstration of a bias, not an answer", color=MARK, weight="bold",
                       fontsize=9.5, loc="left")  # fmt: skip
        write_lines(axes, lines)
        add_legend(figure, fontsize=8, columnspacing=0.8)
    return figure


def _list_naive(
    protocol: Protocol, outcome: str, curves: Sequence[Row], drawn: Mapping[str, object]
) -> list[Line]:
    """Return the patients at risk of both naive arms."""
    horizon, lines = horizon_of(protocol, outcome), [Line("at risk")]
    for arm in (arm for arm, found in drawn.items() if found is not None):
        rows = points(curves, outcome, arm)
        counts = {day: count_at(rows, day, horizon).at_risk for day in ticks_of(protocol, outcome)}
        lines.append(Line(arm, counts, STYLES[arm]["color"]))
    return lines


def _shade(axes: Axes, ever: tuple[np.ndarray, ...], waiting: Sequence[Row]) -> None:
    """Shade, under the curve of the ever-treated, the share still waiting for treatment."""
    starts = np.array([0.0, *(row["time_days"] for row in waiting)])
    shares = np.array([100.0, *(100 * row["survival"] for row in waiting)])
    days = np.unique(np.concatenate([ever[0], starts]))
    free = ever[1][np.searchsorted(ever[0], days, side="right") - 1]
    wait = shares[np.searchsorted(starts, days, side="right") - 1]
    axes.fill_between(days, np.maximum(free - wait, 0), free, step="post", color=FAINT, alpha=0.3,
                      linewidth=0, label="guaranteed: not yet treated")  # fmt: skip
