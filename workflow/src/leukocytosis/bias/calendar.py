"""Practice that changes: causes, risks and contrasts by calendar period of the index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.survival.analyses import WILSON, covariate_frame
from leukocytosis.survival.covariates import COVARIATES
from leukocytosis.survival.cox import cox_rows, fit_cox
from leukocytosis.survival.curve import fit_curve, risk_rows
from leukocytosis.survival.design import code_design
from leukocytosis.survival.proportion import fit_proportion
from leukocytosis.survival.row import Estimate, cannot, place
from leukocytosis.survival.times import IntArray

if TYPE_CHECKING:
    import pandas as pd

MOST_PERIODS = 5
YEAR = "index year (per year)"


def calendar_rows(
    protocol: Protocol, patients: pd.DataFrame, years: IntArray, shifted: str | None
) -> Iterator[Estimate]:
    """Yield shares of the groups and risks by period, and the model with the index year in it.

    `years` (n,) is the calendar year of each index. `shifted` says how dates were shifted, where
    they were: then nothing can be estimated.
    """
    reason = f"dates are shifted: {shifted}" if shifted else _why_not(years)
    if reason:
        yield from _refused(protocol, reason)
        return
    periods = name_periods(years)
    for period in sorted(set(periods.tolist())):
        of_period = patients[periods == period]
        yield from _describe_period(protocol, period, of_period)
    yield from _model_rows(protocol, patients, years)


def _why_not(years: IntArray) -> str | None:
    if not years.size:
        return "there are no patients"
    if years.min() == years.max():
        return f"all index counts are of {years.min()}"
    return None


def name_periods(years: IntArray) -> Any:
    """Return each patient's period: the year, or spans of equal length where years are many."""
    first, last = int(years.min()), int(years.max())
    width = -(-(last - first + 1) // MOST_PERIODS)
    start = first + (years - first) // width * width
    end = np.minimum(start + width - 1, last)
    same = np.char.mod("%d", start)
    return np.where(start == end, same, np.char.add(np.char.add(same, "–"), np.char.mod("%d", end)))


def _describe_period(protocol: Protocol, period: str, patients: pd.DataFrame) -> Iterator[Estimate]:
    n, outcome_id = len(patients), protocol.analyses.primary_outcome
    for group in protocol.analyses.groups:
        n_of = int((patients["cause_group"] == group).sum())
        yield place(fit_proportion(n_of, n), analysis_id="calendar_shares", outcome_id="-",
                    group=period, term=group, n=n, n_events=n_of, method=WILSON)  # fmt: skip
    frame = covariate_frame(protocol, outcome_id, patients)
    curve = fit_curve(frame["days"], frame["status"])
    horizon = next(o.horizon_days for o in protocol.outcomes if o.id == outcome_id)
    yield from risk_rows(
        curve, [float(horizon)], period, analysis_id="calendar_risk", outcome_id=outcome_id
    )


def _model_rows(protocol: Protocol, patients: pd.DataFrame, years: IntArray) -> Iterator[Estimate]:
    """Yield hazard ratios of the groups and of the year from the adjusted model with the year."""
    outcome_id = protocol.analyses.primary_outcome
    frame = covariate_frame(protocol, outcome_id, patients)
    frame[YEAR] = years - years.min()
    terms = [COVARIATES[term] for term in protocol.covariates.adjusted_for]
    references = {COVARIATES["cause_group"]: protocol.analyses.groups[0], "sex": "female"}
    known = {term: level for term, level in references.items() if term in terms}
    design = code_design(frame, [*terms, YEAR], known)
    least = protocol.analyses.min_events_per_parameter
    fit = fit_cox(design, min_events_per_parameter=least)
    shown = (COVARIATES["cause_group"], YEAR)
    for row in cox_rows(fit, analysis_id="calendar_ratio", outcome_id=outcome_id):
        if row.term.startswith(shown):
            yield row


def _refused(protocol: Protocol, reason: str) -> Iterator[Estimate]:
    outcome_id = protocol.analyses.primary_outcome
    places = (
        ("calendar_shares", "-", "shares by calendar period", WILSON),
        ("calendar_risk", outcome_id, "risk by calendar period", "Kaplan–Meier"),
        ("calendar_ratio", outcome_id, YEAR, "Cox model"),
    )
    for analysis_id, outcome, term, method in places:
        yield cannot(reason, analysis_id=analysis_id, outcome_id=outcome, group="all", term=term,
                     method=method)  # fmt: skip
