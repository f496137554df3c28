"""Firth's penalised Cox model (Heinze and Schemper 2001), where maximum likelihood fails.

Used instead of a refusal, under a rule fixed before any data: where a level saw no events or the
likelihood has no maximum (separation: Heinze and Schemper 2001), and where events are few (Lin,
Chang and Liao 2013: below about six per coefficient Firth's estimates are the more accurate).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .cox import CoxFit, CoxRefused, fit_cox, likelihood_of
from .design import Design
from .penalised_likelihood import PenalisedLikelihood, Point
from .refusal import MIN_EVENTS_PER_PARAMETER, find_flat, why_not_penalised
from .times import FloatArray

CHI_SQUARED_95 = 3.841458820694124  # 1 degree of freedom
WIDEST = 50.0  # log hazard ratio per standard deviation: no end is looked for further out
PRECISION = 1e-10
ESTIMATOR = "Cox model (Efron, Firth's penalised likelihood)"
CAUTION = "an estimate drawn towards no difference, in a small sample: read the interval, not it"


@dataclass(frozen=True, eq=False)
class FirthFit(CoxFit):
    """A Cox model fitted by penalised likelihood; both log-likelihoods are penalised ones.

    `covariance` is the inverse information at the coefficients. The intervals (p, 2) are those of
    the profile penalised likelihood; an end is NaN where the profile does not fall far enough.
    p values are those of the penalised likelihood ratio test of each coefficient. `because` is
    why maximum likelihood was not used.
    """

    profile: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    tests: FloatArray = field(default_factory=lambda: np.empty(0))
    because: str = ""

    @property
    def methods(self) -> tuple[str, str]:
        """Return how its hazard ratios and its test as a whole are computed."""
        return (
            f"{ESTIMATOR}, hazard ratio with 95 % profile penalised likelihood interval",
            f"{ESTIMATOR}, penalised likelihood ratio test",
        )

    @property
    def log_intervals(self) -> FloatArray:
        """Return the 95 % profile intervals of the log hazard ratios, (p, 2)."""
        return self.profile

    @property
    def p_values(self) -> FloatArray:
        """Return the p values of the penalised likelihood ratio tests, (p,)."""
        return self.tests


def fit_cox_or_firth(
    design: Design, *, min_events_per_parameter: float = MIN_EVENTS_PER_PARAMETER
) -> CoxFit | CoxRefused:
    """Return the Cox model by maximum likelihood, else by Firth's; else why there is none.

    Firth's is used where `fit_cox` refuses for separation (or a standard error out of all
    proportion), for a level without events, or for too few events, unless `why_not_penalised` says
    that this too would say nothing.
    """
    fit = fit_cox(design, min_events_per_parameter=min_events_per_parameter)
    if isinstance(fit, CoxFit):
        return fit
    penalised = fit_firth(design, because=fit.reason)
    if isinstance(penalised, FirthFit) or penalised.reason == fit.reason:
        return penalised
    why = f"{fit.reason}; penalised likelihood was not used: {penalised.reason}"
    return CoxRefused(design, why)


def fit_firth(design: Design, *, because: str = "it was asked for") -> FirthFit | CoxRefused:
    """Return Firth's penalised Cox model of a design, whatever maximum likelihood would say.

    `because` is why it is used. Refused where it would say nothing either, or where its likelihood
    has no maximum.
    """
    hopeless = why_not_penalised(design)
    if hopeless:
        return CoxRefused(design, hopeless)
    likelihood, p = PenalisedLikelihood(likelihood_of(design)), len(design.columns)
    null = likelihood.at(np.zeros(p))
    flat = find_flat(null.information, design)
    if flat:
        return CoxRefused(design, flat)
    top = likelihood.climb(null, np.ones(p, dtype=bool))
    if top is None:
        return CoxRefused(design, "the penalised likelihood has no maximum either")
    scale = design.scale
    return FirthFit(
        design=design,
        coefficients=top.coefficients / scale,
        covariance=top.covariance / np.outer(scale, scale),
        log_likelihood=top.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        note=_note(design, because),
        profile=np.array([_interval(likelihood, top, j) for j in range(p)]) / scale[:, None],
        tests=np.array([_test(likelihood, top, j) for j in range(p)]),
        because=because,
    )


def _note(design: Design, because: str) -> str:
    left_out = f"{design.n_left_out} patients left out for a missing covariate"
    why = f"penalised (Firth), because {because}"
    return "; ".join([why, CAUTION, *([left_out] if design.n_left_out else [])])


def _fix(likelihood: PenalisedLikelihood, start: Point, j: int, value: float) -> Point | None:
    """Return the highest point at which coefficient `j` has this value."""
    coefficients = start.coefficients.copy()
    coefficients[j] = value
    return likelihood.climb(likelihood.at(coefficients), np.arange(coefficients.size) != j)


def _test(likelihood: PenalisedLikelihood, top: Point, j: int) -> float:
    """Return the p value of the penalised likelihood ratio test that coefficient `j` is 0."""
    from scipy.special import chdtrc

    fixed = _fix(likelihood, top, j, 0.0)
    if fixed is None:
        return float("nan")
    return float(chdtrc(1, max(0.0, 2 * (top.log_likelihood - fixed.log_likelihood))))


def _interval(likelihood: PenalisedLikelihood, top: Point, j: int) -> tuple[float, float]:
    """Return the ends at which the profile lies half of χ²(0.95, 1) below the top."""
    return _end(likelihood, top, j, -1.0), _end(likelihood, top, j, 1.0)


def _end(likelihood: PenalisedLikelihood, top: Point, j: int, side: float) -> float:
    from scipy.optimize import brentq

    start, points = float(top.coefficients[j]), [top]

    def depth(distance: float) -> float:
        near = min(points, key=lambda point: abs(point.coefficients[j] - start - side * distance))
        point = _fix(likelihood, near, j, start + side * distance)
        if point is None:
            return float("nan")
        points.append(point)
        return 2 * (top.log_likelihood - point.log_likelihood) - CHI_SQUARED_95

    inner, outer = 0.0, 2 * float(np.sqrt(top.covariance[j, j]))
    while not depth(outer) > 0:
        inner, outer = outer, 1.5 * outer
        if outer > WIDEST or np.isnan(depth(inner)):
            return float("nan")
    try:
        return start + side * float(brentq(depth, inner, outer, xtol=PRECISION))
    except ValueError:  # between them the profile could not be followed
        return float("nan")
