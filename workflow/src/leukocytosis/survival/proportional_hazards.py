"""The test of proportional hazards: the score test of R's `cox.zph` (survival 3.0 and later).

Grambsch and Therneau (1994) ask whether a coefficient changes with a function g of time. The
model with covariates x and x·g(t) is never fitted: its score and information at coefficients
(β, 0) suffice. lifelines keeps the older approximation, which can differ widely, and lacks the
global test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np

from .cox import CoxFit, CoxRefused, weigh_fit
from .firth import FirthFit
from .partial_likelihood import RiskSets
from .row import Analysis, Estimate, Number, missing, place
from .times import FloatArray, IntArray

GLOBAL = "GLOBAL"
METHOD = "score test of proportional hazards (as R's cox.zph, km)"
PENALISED = "Schoenfeld residuals need a maximum likelihood, and this model is a penalised one"
Transform = Literal["km", "identity"]


@dataclass(frozen=True)
class TermTest:
    """The test of one term (all columns of a categorical one together), or of all: GLOBAL."""

    term: str
    chi_squared: float
    df: int
    p_value: float


def fit_proportional_hazards(
    fit: CoxFit, transform: Transform = "km"
) -> tuple[TermTest, ...] | str:
    """Return the test of each term and then of all together, or the reason why there is none.

    `transform` is g: "km", 1 − Kaplan–Meier just before the event (the default of `cox.zph`; days
    far out, with few events, count no more than others), or "identity", days themselves.
    """
    sets = weigh_fit(fit)
    g = transform_days(fit, sets.days, transform)
    if np.ptp(g) == 0:
        return "all events happened at one time"
    score, information = _extended(sets, g - g.mean())
    try:
        return tuple(
            _test(term, columns, score, information) for term, columns in _columns(fit).items()
        )
    except np.linalg.LinAlgError:
        return "the events say too little about change over time (singular information)"


def transform_days(fit: CoxFit, days: FloatArray, transform: Transform) -> FloatArray:
    """Return g of days (t,): for "km", 1 − Kaplan–Meier of all patients just before each."""
    if transform == "identity":
        return days
    design = fit.design
    times, deaths = np.unique(design.days[design.status == 1], return_counts=True)
    n_at_risk = _count_from(design.days, times)
    if design.entry is not None:
        n_at_risk = n_at_risk - _count_from(design.entry, times)
    before = np.append(1.0, np.cumprod(1 - deaths / n_at_risk))  # just before each of its times
    return np.asarray(1 - before[np.searchsorted(times, days)])


def _count_from(days: FloatArray, times: FloatArray) -> IntArray:
    """Return how many of the days are at each of the times or later."""
    return np.asarray(days.size - np.searchsorted(np.sort(days), times, side="left"))


def _extended(sets: RiskSets, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return score (2p,) and information (2p, 2p) of the model with x and x·g, at (β, 0)."""
    plain, crossed, squared = (sets.weighted_information(w) for w in (None, g, g**2))
    residuals = sets.own - sets.mean
    score = np.append(np.zeros(residuals.shape[1]), g @ residuals)  # the first half is 0 at β
    return score, np.block([[plain, crossed], [crossed, squared]])


def _columns(fit: CoxFit) -> dict[str, list[int]]:
    """Return the columns of each term, in the model's order, and of all of them."""
    terms = fit.design.terms
    by_term = {t: [i for i, other in enumerate(terms) if other == t] for t in terms}
    return by_term | {GLOBAL: list(range(len(terms)))}


def _test(term: str, columns: list[int], score: FloatArray, information: FloatArray) -> TermTest:
    from scipy.special import chdtrc

    p = score.size // 2
    kept = [*range(p), *(p + column for column in columns)]
    u = score[kept]
    chi_squared = float(u @ np.linalg.solve(information[np.ix_(kept, kept)], u))
    return TermTest(term, chi_squared, len(columns), float(chdtrc(len(columns), chi_squared)))


def proportional_hazards_rows(
    fit: CoxFit | CoxRefused, **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return a row per term and one for all: term `proportional hazards: …`, chi-squared and p.

    A refused model gives the same rows with its reason, a penalised one with another: its score is
    not zero where the test's formula takes it for zero.
    """
    tests = _find_tests(fit)
    if isinstance(tests, str):
        names = (*fit.design.covariates, GLOBAL)
        found: list[tuple[str, Number, float | None]] = [(t, missing(tests), None) for t in names]
    else:
        found = [(test.term, _number(test), test.p_value) for test in tests]
    return tuple(
        place(
            number,
            p_value,
            **analysis,
            group="all",
            term=f"proportional hazards: {term}",
            n=fit.design.n,
            n_events=fit.design.n_events,
            method=METHOD,
        )
        for term, number, p_value in found
    )


def _find_tests(fit: CoxFit | CoxRefused) -> tuple[TermTest, ...] | str:
    if isinstance(fit, CoxRefused):
        return fit.reason
    return PENALISED if isinstance(fit, FirthFit) else fit_proportional_hazards(fit)


def _number(test: TermTest) -> Number:
    degrees = f"chi-squared on {test.df} degree{'s' if test.df != 1 else ''} of freedom"
    return Number(test.chi_squared, note=degrees)
