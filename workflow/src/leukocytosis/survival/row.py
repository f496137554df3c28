"""One row of the table of estimates, and the number in it: always with an interval or a reason."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NotRequired, TypedDict, Unpack

CANNOT = "cannot be estimated, because "


@dataclass(frozen=True)
class Number:
    """A number with its 95 % interval; `note` holds what a reader must know, or why there is none.

    An end of the interval is None where it does not exist (a median's upper end not reached); the
    note then says so.
    """

    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Estimate:
    """A row of the table `estimates`: one number, where it stands, and how it was computed.

    `n` and `n_events` are the patients and events it rests on. `note` says "cannot be estimated,
    because …" where `estimate` is None (a median may also be "not reached").
    """

    analysis_id: str
    outcome_id: str
    group: str
    term: str
    time_days: float | None
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    n: int | None
    n_events: int | None
    method: str
    note: str | None


COLUMNS = tuple(field.name for field in fields(Estimate))


class Analysis(TypedDict):
    """Which analysis a row belongs to: the part of the place that many rows share."""

    analysis_id: str
    outcome_id: str


class Place(Analysis):
    """Where a number stands in the table of estimates, what it rests on, and its method."""

    group: str
    term: str
    method: str
    time_days: NotRequired[float | None]
    n: NotRequired[int | None]
    n_events: NotRequired[int | None]


def place(number: Number, p_value: float | None = None, **where: Unpack[Place]) -> Estimate:
    """Return the row that holds `number` at `where`."""
    return Estimate(
        analysis_id=where["analysis_id"],
        outcome_id=where["outcome_id"],
        group=where["group"],
        term=where["term"],
        time_days=where.get("time_days"),
        estimate=number.estimate,
        ci_low=number.ci_low,
        ci_high=number.ci_high,
        p_value=p_value,
        n=where.get("n"),
        n_events=where.get("n_events"),
        method=where["method"],
        note=number.note,
    )


def missing(reason: str) -> Number:
    """Return the absent number whose note is "cannot be estimated, because `reason`"."""
    return Number(note=CANNOT + reason)


def cannot(reason: str, **where: Unpack[Place]) -> Estimate:
    """Return the row that says why there is no number at `where`."""
    return place(missing(reason), **where)
