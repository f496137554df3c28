"""Cox (1972) proportional hazards, and the reasons not to fit one.

A model that should not be fitted is refused before fitting, with the reason in every row; a
likelihood without a maximum is noticed while fitting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from leukocytosis.rounding import format_number

from .design import Design
from .partial_likelihood import Likelihood, RiskSets, find_likelihood, maximise
from .proportion import Z_95
from .refusal import MIN_EVENTS_PER_PARAMETER, find_flat, find_vague, why_not
from .row import Analysis, Estimate, Number, missing, place
from .times import FloatArray, IntArray

GOOD_EVENTS_PER_PARAMETER = 10  # say so below (Peduzzi 1995)


@dataclass(frozen=True, eq=False)
class CoxModel:
    """A Cox model of a design, fitted or refused, and how its numbers are named."""

    design: Design

    @property
    def methods(self) -> tuple[str, str]:
        """Return how its hazard ratios and its test as a whole are computed."""
        robust = "" if self.design.cluster is None else "robust "
        return (
            f"Cox model (Efron), hazard ratio with 95 % {robust}Wald interval",
            f"Cox model (Efron), {'robust Wald' if robust else 'likelihood ratio'} test",
        )


@dataclass(frozen=True, eq=False)
class CoxFit(CoxModel):
    """A fitted Cox model: per column of the design, the log hazard ratio and its spread.

    Shapes: `coefficients` and `standard_errors` (p,), `covariance` (p, p). With clusters the
    covariance is the sandwich of Lin and Wei (1989), and the likelihood, which takes rows for
    independent, tests nothing. `note` says what a reader must know of the whole model.
    """

    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    note: str | None = None

    @property
    def standard_errors(self) -> FloatArray:
        """Return the standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def log_intervals(self) -> FloatArray:
        """Return the 95 % Wald intervals of the log hazard ratios, (p, 2)."""
        half = Z_95 * self.standard_errors
        return np.column_stack([self.coefficients - half, self.coefficients + half])

    @property
    def p_values(self) -> FloatArray:
        """Return the two-sided Wald p values."""
        from scipy.special import ndtr

        return np.asarray(2 * ndtr(-np.abs(self.coefficients / self.standard_errors)))

    @property
    def likelihood_ratio(self) -> tuple[float, int, float]:
        """Return chi-squared, degrees of freedom and p of the test that no covariate matters."""
        from scipy.special import chdtrc

        chi_squared = 2 * (self.log_likelihood - self.log_likelihood_null)
        freedom = self.coefficients.size
        return chi_squared, freedom, float(chdtrc(freedom, chi_squared))

    @property
    def wald(self) -> tuple[float, int, float]:
        """Return the same of the Wald test, which holds with clusters too."""
        from scipy.special import chdtrc

        turned = np.linalg.solve(self.covariance, self.coefficients)
        chi_squared, freedom = float(self.coefficients @ turned), self.coefficients.size
        return chi_squared, freedom, float(chdtrc(freedom, chi_squared))


@dataclass(frozen=True, eq=False)
class CoxRefused(CoxModel):
    """A Cox model that cannot be estimated, and why."""

    reason: str


def fit_cox(
    design: Design, *, min_events_per_parameter: float = MIN_EVENTS_PER_PARAMETER
) -> CoxFit | CoxRefused:
    """Return the Cox model of the design, or the reason why there is none.

    Refused: no events; a level or value without events, or that nobody has; fewer than
    `min_events_per_parameter` events per column; constant or collinear columns; a likelihood
    that has no maximum (separation); a standard error too large to mean anything.
    """
    reason = why_not(design, min_events_per_parameter)
    if reason:
        return CoxRefused(design, reason)
    likelihood = likelihood_of(design)
    null = likelihood.at_zero()
    reason = find_flat(null.information, design)
    if reason:
        return CoxRefused(design, reason)
    top = maximise(likelihood, null)
    if top is None:
        return CoxRefused(design, "the likelihood has no maximum (separation, monotone likelihood)")
    coefficients, sets = top
    covariance: FloatArray = np.linalg.inv(sets.information).astype(np.float64)
    reason = find_vague(design, covariance)
    if reason:
        return CoxRefused(design, reason)
    if design.cluster is not None:
        covariance = fit_sandwich(sets.residuals, covariance, design.cluster)
    return CoxFit(
        design,
        coefficients / design.scale,
        covariance / np.outer(design.scale, design.scale),
        sets.log_likelihood,
        null.log_likelihood,
        _note(design),
    )


def likelihood_of(design: Design) -> Likelihood:
    """Return the partial likelihood of a design, in its standardised columns."""
    return find_likelihood(
        design.standardised, design.days, design.status, entry=design.entry, strata=design.strata,
        ties=design.ties,
    )  # fmt: skip


def weigh_fit(fit: CoxFit) -> RiskSets:
    """Return the risk sets at a model's coefficients, of its design's standardised columns."""
    return likelihood_of(fit.design).at(fit.coefficients * fit.design.scale)


def fit_sandwich(residuals: FloatArray, covariance: FloatArray, cluster: IntArray) -> FloatArray:
    """Return the robust covariance (p, p) of Lin and Wei (1989).

    `residuals` (n, p) are score residuals, summed within each of `cluster` (n,); `covariance`
    (p, p) is the inverse information. As R's `coxph(cluster = )`: no correction for few clusters.
    """
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.diff(cluster[order], prepend=cluster[order[0]] - 1))
    influence = np.add.reduceat(residuals[order], starts) @ covariance
    return np.asarray(influence.T @ influence)


def _note(design: Design) -> str | None:
    p = len(design.columns)
    notes = []
    if design.n_left_out:
        notes.append(f"{design.n_left_out} patients left out for a missing covariate")
    if design.n_events < GOOD_EVENTS_PER_PARAMETER * p:
        events = format_number(design.n_events / p, 1)
        notes.append(f"only {events} events per coefficient: read with caution")
    return "; ".join(notes) or None


def cox_rows(
    fit: CoxFit | CoxRefused, group: str = "all", **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return a row per coefficient (hazard ratio), then the test of the model as a whole.

    The test is the likelihood ratio's, with clusters the robust Wald test. A refused model gives
    the same rows with the reason.
    """
    design = fit.design
    names = columns_or_terms(design)
    numbers: list[tuple[Number, float | None]]
    if isinstance(fit, CoxRefused):
        numbers = [(missing(fit.reason), None)] * (len(names) + 1)
    else:
        numbers = [*_hazard_ratios(fit), _whole_model(fit)]
    method, test = fit.methods
    terms = [*names, "likelihood ratio test" if design.cluster is None else "Wald test"]
    return tuple(
        place(
            number,
            p_value,
            **analysis,
            group=group,
            term=term,
            n=design.n,
            n_events=design.n_events,
            method=how,
        )
        for (number, p_value), term, how in zip(
            numbers, terms, [method] * len(names) + [test], strict=True
        )
    )


def columns_or_terms(design: Design) -> tuple[str, ...]:
    """Return the column names; a covariate of one level only, so without a column, by its own."""
    names: list[str] = []
    for term in design.covariates:
        coded = [c for c, t in zip(design.columns, design.terms, strict=True) if t == term]
        names += coded or [term]
    return tuple(names)


def _hazard_ratios(fit: CoxFit) -> list[tuple[Number, float | None]]:
    ratios = np.exp(np.column_stack([fit.coefficients, fit.log_intervals]))
    return [
        (_ratio(ratio, fit.note), None if math.isnan(p) else p)
        for ratio, p in zip(ratios, fit.p_values.tolist(), strict=True)
    ]


def _ratio(ratio: FloatArray, note: str | None) -> Number:
    """Return a hazard ratio and its interval (3,); an end that is NaN was not found."""
    estimate, low, high = (None if math.isnan(value) else value for value in ratio.tolist())
    lost = [end for end, value in (("lower", low), ("upper", high)) if value is None]
    said = [f"the {end} end of the interval lies too far out to be found" for end in lost]
    return Number(estimate, low, high, "; ".join(filter(None, [*said, note])) or None)


def _whole_model(fit: CoxFit) -> tuple[Number, float | None]:
    robust = fit.design.cluster is not None
    chi_squared, freedom, p_value = fit.wald if robust else fit.likelihood_ratio
    degrees = f"chi-squared on {freedom} degree{'s' if freedom != 1 else ''} of freedom"
    return Number(chi_squared, note="; ".join(filter(None, [degrees, fit.note]))), p_value
