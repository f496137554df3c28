"""Numbers of the adjusted Cox model: standardised risks, and hazard ratios with gaps imputed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.rounding import format_number

from .analyses import covariate_frame, share
from .covariates import COVARIATES
from .cox import CoxFit, columns_or_terms, fit_cox
from .design import Design, code_design
from .imputation import count_imputations, impute, pool, why_not_impute
from .row import Analysis, Estimate, Number, cannot, place
from .standardised import standardised_rows

if TYPE_CHECKING:
    import pandas as pd

IMPUTED = "Cox model (Efron) on imputed data sets, pooled after Rubin, 95 % t interval"
WEEK, MONTH, TWELVE_WEEKS = 7, 28, 84
NOTHING_TO_STANDARDISE = "the protocol's adjusted model has no cause group, or nothing besides it"


def fit_adjusted(protocol: Protocol, patients: pd.DataFrame, seed: int) -> Iterator[Estimate]:
    """Yield, per outcome, standardised risks and the adjusted model on imputed covariates."""
    yield from _count_gaps(protocol, patients)
    for outcome in protocol.outcomes:
        frame = covariate_frame(protocol, outcome.id, patients)
        design = code_adjusted(protocol, frame)
        yield from _standardise(protocol, frame, design, outcome.id, outcome.horizon_days)
        yield from fit_imputed(protocol, frame, design, seed,
                               analysis_id="cox_imputed", outcome_id=outcome.id)  # fmt: skip


def code_adjusted(protocol: Protocol, frame: pd.DataFrame) -> Design:
    """Return the design of the protocol's adjusted model from a `covariate_frame`."""
    return code_design(frame, _terms(protocol), _references(protocol))


def _terms(protocol: Protocol) -> list[str]:
    return [COVARIATES[term] for term in protocol.covariates.adjusted_for]


def _references(protocol: Protocol) -> dict[str, str]:
    references = {"cause_group": protocol.analyses.groups[0], "sex": "female"}
    adjusted_for = protocol.covariates.adjusted_for
    return {COVARIATES[t]: level for t, level in references.items() if t in adjusted_for}


def _count_gaps(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the share of patients with a gap in a covariate of the adjusted model."""
    if not protocol.outcomes:
        return
    frame = covariate_frame(protocol, protocol.outcomes[0].id, patients)
    gaps = frame[_terms(protocol)].isna()
    yield share("missing_covariates", "any", int(gaps.any(axis=1).sum()), len(gaps))


def _standardise(
    protocol: Protocol, frame: pd.DataFrame, design: Design, outcome_id: str, horizon: int
) -> Iterator[Estimate]:
    analysis = Analysis(analysis_id="standardised", outcome_id=outcome_id)
    cause, terms = COVARIATES["cause_group"], _terms(protocol)
    if cause not in terms or len(terms) < 2:
        yield cannot(NOTHING_TO_STANDARDISE, **analysis, group="all", term="standardised risk",
                     method="standardised over the Cox model")  # fmt: skip
        return
    fit = fit_cox(design, min_events_per_parameter=protocol.analyses.min_events_per_parameter)
    members = frame.dropna(subset=terms)[cause].tolist()
    days = find_days(protocol, horizon)
    yield from standardised_rows(fit, cause, members, protocol.analyses.groups, days, **analysis)


def find_days(protocol: Protocol, horizon: int) -> list[float]:
    """Return the days of a standardised curve: weekly for twelve weeks, four-weekly after."""
    weekly = range(WEEK, min(horizon, TWELVE_WEEKS) + 1, WEEK)
    monthly = range(TWELVE_WEEKS + MONTH, horizon + 1, MONTH)
    asked = (day for day in protocol.analyses.at_days if day <= horizon)
    return sorted({float(day) for day in (*weekly, *monthly, *asked, horizon)})


def fit_imputed(
    protocol: Protocol,
    frame: pd.DataFrame,
    design: Design,
    seed: int,
    **analysis: str,
) -> Iterator[Estimate]:
    """Yield the adjusted hazard ratios with missing covariates imputed; nothing without gaps.

    `design` is that of the complete cases. Rows carry the reason where imputation would be
    hopeless, or where the model is refused on any of the imputed data sets.
    """
    terms, references = _terms(protocol), _references(protocol)
    where = Analysis(analysis_id=analysis["analysis_id"], outcome_id=analysis["outcome_id"])
    if not frame[terms].isna().any(axis=None):
        return
    n, n_events = len(frame), int(frame["status"].sum())
    reason = why_not_impute(frame, terms, references, COVARIATES["cause_group"])
    found: tuple[Design, list[tuple[Number, float]]] | str = reason or _fit_all_imputed(
        protocol, frame, seed
    )
    if isinstance(found, str):
        for name in columns_or_terms(design):
            yield cannot(found, **where, group="all", term=name, n=n, n_events=n_events,
                         method=IMPUTED)  # fmt: skip
        return
    of_all, numbers = found
    for name, (number, p_value) in zip(of_all.columns, numbers, strict=True):
        yield place(number, p_value, **where, group="all", term=name, n=n, n_events=n_events,
                    method=IMPUTED)  # fmt: skip


def _fit_all_imputed(
    protocol: Protocol, frame: pd.DataFrame, seed: int
) -> tuple[Design, list[tuple[Number, float]]] | str:
    terms, references = _terms(protocol), _references(protocol)
    m = count_imputations(frame, terms)
    least = protocol.analyses.min_events_per_parameter
    fits = []
    for filled in impute(frame, terms, references, m, seed):
        fit = fit_cox(code_design(filled, terms, references), min_events_per_parameter=least)
        if not isinstance(fit, CoxFit):
            return f"on an imputed data set, {fit.reason}"
        fits.append(fit)
    return fits[0].design, _pool_all(fits, m, seed)


def _pool_all(fits: list[CoxFit], m: int, seed: int) -> list[tuple[Number, float]]:
    coefficients = np.array([fit.coefficients for fit in fits])
    variances = np.array([fit.standard_errors**2 for fit in fits])
    design = fits[0].design
    degrees = max(design.n_events - len(design.columns), 1)
    numbers = []
    for i in range(len(design.columns)):
        pooled = pool(coefficients[:, i], variances[:, i], degrees)
        low, high = pooled.interval()
        note = (
            f"{m} imputations, seed {seed}; the gaps took "
            f"{format_number(100 * pooled.missing_information)} % "
            "of the information"
        )
        number = Number(math.exp(pooled.estimate), math.exp(low), math.exp(high), note)
        numbers.append((number, pooled.p_value()))
    return numbers
