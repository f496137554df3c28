"""Cox (1972) proportional hazards, and the reasons not to fit one.

A model that should not be fitted is refused before fitting, with the reason in every row; a
likelihood without a maximum is noticed while fitting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np

from .design import Design
from .partial_likelihood import maximise, weigh_risk_sets
from .proportion import Z_95
from .row import Analysis, Estimate, Number, missing, place
from .times import FloatArray

METHOD = "Cox model (Efron), hazard ratio with 95 % Wald interval"
TEST_METHOD = "Cox model (Efron), likelihood ratio test"
MIN_EVENTS_PER_PARAMETER = 5  # refuse below (Vittinghoff and McCulloch 2007)
GOOD_EVENTS_PER_PARAMETER = 10  # say so below (Peduzzi 1995)
ABSURD_STANDARD_ERROR = 5.0  # per standard deviation: the interval would span a factor of e^20


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model: per column of the design, the log hazard ratio and its spread.

    Shapes: `coefficients` and `standard_errors` (p,), `covariance` (p, p). `note` says what a
    reader must know of the whole model.
    """

    design: Design
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


@dataclass(frozen=True, eq=False)
class CoxRefused:
    """A Cox model that cannot be estimated, and why."""

    design: Design
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
    scale = design.values.std(axis=0)
    standardised = standardise(design.values)
    top = maximise(standardised, design.days, design.status)
    if top is None:
        return CoxRefused(design, "the likelihood has no maximum (separation, monotone likelihood)")
    coefficients, sets = top
    covariance: FloatArray = np.linalg.inv(sets.information).astype(np.float64)
    vague = _vague(design, covariance)
    if vague:
        return CoxRefused(design, vague)
    null = weigh_risk_sets(standardised, design.days, design.status, np.zeros(scale.size))
    return CoxFit(
        design,
        coefficients / scale,
        covariance / np.outer(scale, scale),
        sets.log_likelihood,
        null.log_likelihood,
        _note(design),
    )


def standardise(values: FloatArray) -> FloatArray:
    """Return columns of mean 0 and standard deviation 1, on which steps and errors compare."""
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def why_not(design: Design, min_events_per_parameter: float) -> str | None:
    """Return why the model should not be fitted, or None; the plainest reason first."""
    return (
        _nothing_to_fit(design)
        or _empty_level(design)
        or _constant(design)
        or _value_without_events(design)
        or _too_few_events(design, min_events_per_parameter)
        or _collinear(design)
    )


def _nothing_to_fit(design: Design) -> str | None:
    if design.n == 0:
        return "there are no patients with all covariates known"
    if design.n_events == 0:
        return "there are no events"
    if not design.columns and not design.levels:
        return "there are no covariates"
    return None


def _empty_level(design: Design) -> str | None:
    """Find a level that cannot be compared: nobody in it, alone, or without events."""
    for term in design.covariates:
        levels = [level for level in design.levels if level.term == term]
        if len(levels) == 1:
            return f"all patients have the same {term} ({levels[0].name})"
        for level in levels:
            if level.n == 0:
                return f"nobody is in the reference level {level.name} of {term}"
            if level.n_events == 0:
                return f"there are no events among the {level.n} with {term} {level.name}"
    return None


def _constant(design: Design) -> str | None:
    constant = [
        name
        for name, column in zip(design.columns, design.values.T, strict=True)
        if column.min() == column.max()
    ]
    return f"all patients have the same {constant[0]}" if constant else None


def _value_without_events(design: Design) -> str | None:
    """Find a covariate of two values (sex, metastasis) one of which saw no events."""
    for name, column in zip(design.columns, design.values.T, strict=True):
        values = np.unique(column)
        for value in values if values.size == 2 else ():
            here = column == value
            if not design.status[here].any():
                return f"there are no events among the {here.sum()} with {name} = {value:g}"
    return None


def _too_few_events(design: Design, least: float) -> str | None:
    p = len(design.columns)
    if design.n_events >= least * p:
        return None
    return f"{design.n_events} events are too few for {p} coefficients (fewer than {least:g} each)"


def _collinear(design: Design) -> str | None:
    """Find the first column that those before it determine, among all or among those at risk."""
    values = standardise(design.values)
    for p, name in enumerate(design.columns, start=1):
        if np.linalg.matrix_rank(values[:, :p]) < p:
            return f"{name} follows exactly from the other covariates (collinear)"
    start = weigh_risk_sets(values, design.days, design.status, np.zeros(values.shape[1]))
    if np.linalg.matrix_rank(start.information, hermitian=True) < values.shape[1]:
        return "among those at risk when events happened the covariates do not vary separately"
    return None


def _vague(design: Design, covariance: FloatArray) -> str | None:
    """Name the covariate whose standard error, per standard deviation, says nothing was learnt."""
    variances = np.diag(covariance)
    known = np.isfinite(variances) & (variances > 0) & (variances < ABSURD_STANDARD_ERROR**2)
    if known.all():
        return None
    name = design.columns[int(np.flatnonzero(~known)[0])]
    return f"the data say next to nothing about {name} (standard error out of all proportion)"


def _note(design: Design) -> str | None:
    p = len(design.columns)
    notes = []
    if design.n_left_out:
        notes.append(f"{design.n_left_out} patients left out for a missing covariate")
    if design.n_events < GOOD_EVENTS_PER_PARAMETER * p:
        notes.append(f"only {design.n_events / p:.1f} events per coefficient: read with caution")
    return "; ".join(notes) or None


def cox_rows(
    fit: CoxFit | CoxRefused, group: str = "all", **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return a row per coefficient (hazard ratio), then the likelihood ratio test of the model.

    A refused model gives the same rows with the reason.
    """
    design = fit.design
    names = columns_or_terms(design)
    numbers: list[tuple[Number, float | None]]
    if isinstance(fit, CoxRefused):
        numbers = [(missing(fit.reason), None)] * (len(names) + 1)
    else:
        numbers = [*_hazard_ratios(fit), _likelihood_ratio(fit)]
    terms = [*names, "likelihood ratio test"]
    methods = [METHOD] * len(names) + [TEST_METHOD]
    return tuple(
        place(
            number,
            p_value,
            **analysis,
            group=group,
            term=term,
            n=design.n,
            n_events=design.n_events,
            method=method,
        )
        for (number, p_value), term, method in zip(numbers, terms, methods, strict=True)
    )


def columns_or_terms(design: Design) -> tuple[str, ...]:
    """Return the column names; a covariate of one level only, so without a column, by its own."""
    names: list[str] = []
    for term in design.covariates:
        coded = [c for c, t in zip(design.columns, design.terms, strict=True) if t == term]
        names += coded or [term]
    return tuple(names)


def _hazard_ratios(fit: CoxFit) -> list[tuple[Number, float | None]]:
    half = Z_95 * fit.standard_errors
    ends = (fit.coefficients, fit.coefficients - half, fit.coefficients + half)
    middle, low, high = (np.exp(end).tolist() for end in ends)
    return [
        (Number(m, lo, hi, fit.note), p)
        for m, lo, hi, p in zip(middle, low, high, fit.p_values.tolist(), strict=True)
    ]


def _likelihood_ratio(fit: CoxFit) -> tuple[Number, float | None]:
    chi_squared, freedom, p_value = fit.likelihood_ratio
    degrees = f"chi-squared on {freedom} degree{'s' if freedom != 1 else ''} of freedom"
    return Number(chi_squared, note="; ".join(filter(None, [degrees, fit.note]))), p_value
