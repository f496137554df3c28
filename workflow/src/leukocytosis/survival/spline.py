"""Hazard ratio against a number that need not act in a straight line: restricted cubic splines.

Harrell's (2001) basis, cubic between the knots and straight beyond the outer ones, with knots at
fixed quantiles, so that nobody chooses them by looking at the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .cox import CoxFit, CoxRefused, fit_cox
from .design import Design, code_design
from .proportion import Z_95
from .refusal import MIN_EVENTS_PER_PARAMETER
from .times import FloatArray

if TYPE_CHECKING:
    import pandas as pd

KNOTS_AT = (0.05, 0.35, 0.65, 0.95)  # Harrell's quantiles for four knots: 3 degrees of freedom


def place_knots(values: FloatArray) -> FloatArray:
    """Return the knots of the values (n,): their quantiles of `KNOTS_AT`."""
    return np.asarray(np.quantile(values, KNOTS_AT))


def code_spline(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the basis (n, k − 1) of values (n,): themselves, then a bend per knot but two.

    Bends are divided by the squared distance of the outer knots, as in R's `rcspline.eval`.
    """
    *inner, last_but_one, last = knots.tolist()
    cubes = {knot: np.maximum(values - knot, 0.0) ** 3 for knot in knots.tolist()}
    span = last - last_but_one
    bends = [
        cubes[knot]
        - cubes[last_but_one] * (last - knot) / span
        + cubes[last] * (last_but_one - knot) / span
        for knot in inner
    ]
    scale = (last - knots[0]) ** 2
    return np.column_stack([values, *(bend / scale for bend in bends)])


@dataclass(frozen=True, eq=False)
class SplineFit:
    """A Cox model in which one number acts along a spline, beside the models it is tested against.

    `columns` (k − 1,) are the places of the spline in the coefficients; `straight` is the model
    with the number itself in its place, `without` the log-likelihood of the model without it.
    """

    fit: CoxFit
    straight: CoxFit
    without: float
    knots: FloatArray
    columns: tuple[int, ...]

    @property
    def values(self) -> FloatArray:
        """Return the number of each patient, (n,)."""
        return np.asarray(self.fit.design.values[:, self.columns[0]])

    def log_ratios(self, values: FloatArray, reference: float) -> FloatArray:
        """Return log hazard ratios against `reference` with both ends (v, 3) at values (v,)."""
        basis = code_spline(values, self.knots) - code_spline(np.array([reference]), self.knots)
        here = list(self.columns)
        middle = basis @ self.fit.coefficients[here]
        variance = np.einsum("vi,ij,vj->v", basis, self.fit.covariance[np.ix_(here, here)], basis)
        half = Z_95 * np.sqrt(np.maximum(variance, 0.0))
        return np.column_stack([middle, middle - half, middle + half])

    @property
    def bend_test(self) -> tuple[float, int, float]:
        """Return χ², degrees of freedom and p of the likelihood ratio test of non-linearity."""
        return _compare(
            self.fit.log_likelihood, self.straight.log_likelihood, len(self.columns) - 1
        )

    @property
    def association_test(self) -> tuple[float, int, float]:
        """Return the same of the test that the number does not matter at all."""
        return _compare(self.fit.log_likelihood, self.without, len(self.columns))


def _compare(larger: float, smaller: float, freedom: int) -> tuple[float, int, float]:
    from scipy.special import chdtrc

    chi_squared = max(0.0, 2 * (larger - smaller))
    return chi_squared, freedom, float(chdtrc(freedom, chi_squared))


def fit_spline(
    frame: pd.DataFrame,
    term: str,
    covariates: Sequence[str],
    references: Mapping[str, str],
    *,
    min_events_per_parameter: float = MIN_EVENTS_PER_PARAMETER,
) -> SplineFit | CoxRefused:
    """Return the Cox model of `covariates` in which `term`, one of them, acts along a spline.

    `frame` and `references` as `code_design`. By maximum likelihood only: refused as `fit_cox`
    refuses, and where the knots fall together.
    """
    straight = code_design(frame, covariates, references)
    known = frame.dropna(subset=list(covariates))
    if known.empty:
        return CoxRefused(straight, "there are no patients with all covariates known")
    knots = place_knots(known[term].to_numpy(np.float64))
    if np.unique(knots).size < knots.size:
        return CoxRefused(straight, f"{term} takes too few values to place {knots.size} knots")
    curved = _bend(frame, term, covariates, references, knots)
    least = min_events_per_parameter
    fits = [fit_cox(design, min_events_per_parameter=least) for design in (curved, straight)]
    others = [name for name in covariates if name != term]
    if others:
        fits.append(fit_cox(code_design(known, others, references), min_events_per_parameter=least))
    for fit in fits:
        if isinstance(fit, CoxRefused):
            return CoxRefused(straight, fit.reason)
    curve, line, *rest = (fit for fit in fits if isinstance(fit, CoxFit))
    without = rest[0].log_likelihood if rest else curve.log_likelihood_null
    bends = tuple(i for i, t in enumerate(curved.terms) if t.rstrip("′") == term)
    return SplineFit(curve, line, without, knots, bends)


def _bend(
    frame: pd.DataFrame,
    term: str,
    covariates: Sequence[str],
    references: Mapping[str, str],
    knots: FloatArray,
) -> Design:
    """Return the design with the spline's columns `term`, `term′`, … in the place of `term`."""
    basis = code_spline(frame[term].to_numpy(np.float64), knots)
    columns = {f"{term}{'′' * j}": basis[:, j] for j in range(basis.shape[1])}
    names = [n for name in covariates for n in (columns if name == term else [name])]
    return code_design(frame.assign(**columns), names, references)
