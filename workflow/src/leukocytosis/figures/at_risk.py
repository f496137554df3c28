"""Counts under a plot, each on the tick of its day: the status of a group's patients over time.

The form is that of Morris et al. (KMunicate, BMJ Open 2019;9:e030215): at risk, censored and with
the event, at the end of each day, so that the three add up to the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from leukocytosis.figures.style import INK, Row, shade_of
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_INCHES, HEADING_INCHES, BESIDE_INCHES, TEXT_POINTS = 0.155, 0.19, 0.07, 8.0
AXIS_INCHES = 0.48  # of an axis' ticks, their labels and its title
DIGIT_INCHES = 0.56 * TEXT_POINTS / 72


class Status(NamedTuple):
    """Patients of a group at the end of a day; None stands for a hidden count.

    `at_risk` are free of the event and still followed; on the last day, followed to its end.
    """

    at_risk: int | None
    censored: int | None
    events: int | None


@dataclass(frozen=True)
class Line:
    """A line of counts by day under a plot, or, without any, a heading; the label's colour."""

    label: str
    counts: Mapping[float, int | None] = field(default_factory=dict)
    color: str = INK

    @property
    def is_heading(self) -> bool:
        """Return whether the line names those beneath it."""
        return not self.counts


def list_status(label: str, color: str, days: Mapping[float, Status]) -> list[Line]:
    """Return a group's heading and its three lines."""
    return [
        Line(label, color=color),
        Line("at risk", {day: status.at_risk for day, status in days.items()}),
        Line("censored", {day: status.censored for day, status in days.items()}),
        Line("events", {day: status.events for day, status in days.items()}),
    ]


def height_of(lines: Sequence[Line]) -> float:
    """Return the inches that an axis and the lines beneath it need."""
    return AXIS_INCHES + sum(map(_step, lines)) + LINE_INCHES / 2


def write_lines(axes: Axes, lines: Sequence[Line], *, labelled: bool = True) -> None:
    """Write lines of counts under an axis, each count centred on its tick, labels left of them.

    A hidden count is a dash.
    """
    width, height = _inches(axes)
    first = max((len(_show(n)) for line in lines for n in [*line.counts.values()][:1]), default=0)
    left = -(first / 2 * DIGIT_INCHES + BESIDE_INCHES) / width
    below = AXIS_INCHES - LINE_INCHES / 2
    for line in lines:
        below += _step(line)
        y = -below / height
        look: dict[str, Any] = {"va": "center", "fontsize": TEXT_POINTS}
        if labelled:
            weight = "bold" if line.is_heading else "normal"
            axes.text(left, y, line.label, transform=axes.transAxes, ha="right", weight=weight,
                      color=shade_of(line.color), **look)  # fmt: skip
        for day, count in line.counts.items():
            axes.text(day, y, _show(count), transform=axes.get_xaxis_transform(), ha="center",
                      **look)  # fmt: skip


def _step(line: Line) -> float:
    return HEADING_INCHES if line.is_heading else LINE_INCHES


def _inches(axes: Axes) -> tuple[float, float]:
    place, page = axes.get_position(), axes.figure.get_size_inches()  # type: ignore[union-attr]
    return float(place.width * page[0]), float(place.height * page[1])


def _show(count: int | None) -> str:
    return format_number(count) if is_known(count) else "–"


def count_at(rows: Sequence[Row], day: float, horizon: float) -> Status:
    """Return the status at the end of a day (on day 0: at the index); `rows` are one curve's.

    A curve that disclosure has put together by weeks tells it as of the last day it shows, and
    those lost in its last weeks as followed to the end. Where its end is not shown, nothing.
    """
    past = [row for row in rows if row["time_days"] <= day or day >= horizon]
    censored = [row["n_censored"] for row in past]
    events = _add(row["n_events"] for row in past)
    if len(past) < len(rows):
        return Status(rows[len(past)]["n_at_risk"], _add(censored), events)
    last = rows[-1]
    if last["time_days"] >= horizon:  # who is censored on the last day was followed to its end
        return Status(last["n_censored"], _add(censored[:-1]), events)
    gone = _add((last["n_events"], last["n_censored"]))
    if gone is None or gone != last["n_at_risk"]:
        return Status(None, None, None)
    return Status(0, _add(censored), events)


def _add(counts: Iterable[int | None]) -> int | None:
    told = list(counts)
    known = [n for n in told if is_known(n)]
    return int(sum(known)) if len(known) == len(told) else None
