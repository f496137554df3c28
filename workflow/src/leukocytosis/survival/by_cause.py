"""What became of the patients by cause, and how many were still at risk on the protocol's days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.protocol import Outcome

from .analyses import follow
from .competing.analyses import NOT_RECORDED
from .curve import fit_curve, risk_rows, survival_rows
from .row import Estimate, Number, missing, place
from .times import FloatArray, at_half_a_day

if TYPE_CHECKING:
    import pandas as pd


def fit_by_cause(
    protocol: Protocol, patients: pd.DataFrame, *, recorded: bool
) -> Iterator[Estimate]:
    """Yield, for each cause any patient has, risks and survival by day, events, and those at risk.

    `group` is the cause group, `term` the cause; of `events_by_cause` the outcome is followed by
    `:` and the event that came first. Those at risk are given by cause group as well (`at_risk`).
    Survival for the protocol's survival outcome only. `recorded` says whether the extract records
    discharges to hospice at all: without, which event came first was not assessed.
    """
    for outcome in protocol.outcomes:
        yield from _fit_at_risk(protocol, outcome, patients)
        for cause, group in protocol.group_of.items():
            of_cause = patients[patients["primary_cause"] == cause]
            if len(of_cause):
                for row in _fit_cause(protocol, outcome, of_cause, recorded):
                    yield replace(row, group=group, term=cause)


def find_days(protocol: Protocol, outcome: Outcome) -> list[float]:
    """Return the protocol's days up to an outcome's last, and that."""
    last = outcome.horizon_days
    return sorted({float(day) for day in (*protocol.analyses.at_days, last) if day <= last})


def _fit_at_risk(
    protocol: Protocol, outcome: Outcome, patients: pd.DataFrame
) -> Iterator[Estimate]:
    for part in follow(protocol, outcome.id, patients):
        for day in find_days(protocol, outcome):
            yield _count_at_risk("at_risk", outcome, part.days, part.group, day)


def _count_at_risk(
    analysis_id: str, outcome: Outcome, days: FloatArray, group: str, day: float
) -> Estimate:
    """Return how many were followed to a day without the outcome before it."""
    n = int((days >= day).sum())
    return place(
        Number(float(n), note="a count: no interval"), analysis_id=analysis_id,
        outcome_id=outcome.id, group=group, term="at risk", time_days=day, n=days.size,
        method="count",
    )  # fmt: skip


def _fit_cause(
    protocol: Protocol, outcome: Outcome, of_cause: pd.DataFrame, recorded: bool
) -> Iterator[Estimate]:
    status = of_cause[f"{outcome.id}_status"].to_numpy(dtype=np.int64)
    days, _ = at_half_a_day(of_cause[f"{outcome.id}_days"].to_numpy(dtype=float), status)
    curve, shown = fit_curve(days, status), find_days(protocol, outcome)
    yield from risk_rows(curve, shown, "", analysis_id="risk_by_cause", outcome_id=outcome.id)
    if outcome.id == protocol.analyses.survival_outcome:
        yield from survival_rows(
            curve, shown, "", analysis_id="survival_by_cause", outcome_id=outcome.id
        )
    for day in shown:
        yield _count_at_risk("at_risk_by_cause", outcome, days, "", day)
    ended_by = of_cause.loc[status == 1, f"{outcome.id}_ended_by"]
    for event in outcome.events if len(outcome.events) > 1 else ():
        n_events = int((ended_by == event).sum())
        told = Number(float(n_events), note="a count: no interval")
        yield place(
            told if recorded else missing(NOT_RECORDED), analysis_id="events_by_cause",
            outcome_id=f"{outcome.id}:{event}", group="", term="", n=days.size,
            n_events=n_events if recorded else None, time_days=float(outcome.horizon_days),
            method="count",
        )  # fmt: skip
