"""Outcomes whose follow-up cannot be used: rows that say so, in place of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.config.protocol import Outcome

from .row import Estimate, cannot
from .times import check_times

if TYPE_CHECKING:
    import pandas as pd

METHOD = "none: the follow-up cannot be used"


def split_outcomes(
    protocol: Protocol, patients: pd.DataFrame
) -> tuple[Protocol, tuple[Estimate, ...]]:
    """Return the protocol with its usable outcomes only, and rows that say why the others are not.

    Follow-up with missing, infinite or negative times, or with unknown statuses, is no follow-up:
    leaving out the patients concerned would leave out those something is wrong with.
    """
    reasons = {outcome.id: why_unusable(patients, outcome.id) for outcome in protocol.outcomes}
    usable = tuple(outcome for outcome in protocol.outcomes if reasons[outcome.id] is None)
    rows = [
        row
        for outcome in protocol.outcomes
        for row in _refuse(protocol, outcome, reasons[outcome.id], len(patients))
    ]
    return protocol.model_copy(update={"outcomes": usable}), tuple(rows)


def why_unusable(patients: pd.DataFrame, outcome_id: str) -> str | None:
    """Return what is wrong with an outcome's follow-up, with counts, or None."""
    days = patients[f"{outcome_id}_days"].to_numpy(dtype=float, na_value=float("nan"))
    status = patients[f"{outcome_id}_status"].to_numpy(dtype=float, na_value=float("nan"))
    try:
        check_times(days, status, competing=True)
    except ValueError as error:
        return str(error)
    return None


def _refuse(protocol: Protocol, outcome: Outcome, reason: str | None, n: int) -> Iterator[Estimate]:
    if reason is None:
        return
    horizon = outcome.horizon_days
    days = sorted({float(day) for day in (*protocol.analyses.at_days, horizon) if day <= horizon})
    for group in ("all", *protocol.analyses.groups):
        for term in ("risk", "survival"):
            for day in days:
                yield cannot(reason, analysis_id=term, outcome_id=outcome.id, group=group,
                             term=term, time_days=day, n=n, method=METHOD)  # fmt: skip
