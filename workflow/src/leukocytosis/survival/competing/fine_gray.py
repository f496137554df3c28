"""The regression of Fine and Gray (1999) on the cumulative incidence of one of two events.

Patients with the competing event stay among those at risk, weighted by how likely they would still
be uncensored. Ties after Breslow, and the variance with the term for estimated censoring: both as
R's `cmprsk::crr`. No Python library that we know of has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np

from leukocytosis.rounding import format_number

from ..cox import columns_or_terms
from ..design import Design, code_design
from ..proportion import Z_95
from ..refusal import find_vague, why_not
from ..row import Analysis, Estimate, Number, missing, place
from ..times import FloatArray, check_times
from .subdistribution import Sample, fit_sandwich, maximise

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

METHOD = "Fine–Gray model (Breslow), subdistribution hazard ratio with 95 % robust Wald interval"
TEST_METHOD = "Fine–Gray model (Breslow), Wald test"
GOOD_EVENTS_PER_PARAMETER = 10


@dataclass(frozen=True, eq=False)
class FineGrayFit:
    """A fitted model: per column of the design the log subdistribution hazard ratio.

    Shapes: `coefficients` (p,), `covariance` (p, p). `note` says what a reader must know.
    """

    design: Design
    coefficients: FloatArray
    covariance: FloatArray
    note: str | None = None

    @property
    def standard_errors(self) -> FloatArray:
        """Return the standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def wald(self) -> tuple[float, int, float]:
        """Return chi-squared, degrees of freedom and p of the test that no covariate matters."""
        from scipy.special import chdtrc

        chi_squared = float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients))
        return (
            chi_squared,
            self.coefficients.size,
            float(chdtrc(self.coefficients.size, chi_squared)),
        )


@dataclass(frozen=True, eq=False)
class FineGrayRefused:
    """A model that cannot be estimated, and why."""

    design: Design
    reason: str


def fit_fine_gray(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    references: Mapping[str, str],
    *,
    min_events_per_parameter: float,
) -> FineGrayFit | FineGrayRefused:
    """Return the model of the event (`status` 1) beside the competing one (2), or why not.

    The frame has `days`, `status` and the covariates, one row per patient; complete cases are
    fitted. Refused for the reasons of `fit_cox`. ValueError as `code_design`.
    """
    check_times(frame["days"], frame["status"], competing=True)
    complete = frame.dropna(subset=list(covariates))
    of_event = complete.assign(status=(complete["status"] == 1).astype(int))
    coded = code_design(of_event, covariates, references)
    design = replace(coded, n_left_out=len(frame) - len(complete))
    reason = why_not(design, min_events_per_parameter)
    if reason:
        return FineGrayRefused(design, reason)
    competing = complete["status"].to_numpy() == 2
    sample = Sample.of(design.standardised, design, competing)
    coefficients = maximise(sample)
    if coefficients is None:
        reason = "the likelihood has no maximum (separation, monotone likelihood)"
        return FineGrayRefused(design, reason)
    scale = design.values.std(axis=0)
    covariance = fit_sandwich(sample, coefficients)
    vague = find_vague(design, covariance)
    if vague:
        return FineGrayRefused(design, vague)
    note = _note(design, int(competing.sum()))
    return FineGrayFit(design, coefficients / scale, covariance / np.outer(scale, scale), note)


def _note(design: Design, n_competing: int) -> str | None:
    p, notes = len(design.columns), []
    if design.n_left_out:
        notes.append(f"{design.n_left_out} patients left out for a missing covariate")
    if design.n_events < GOOD_EVENTS_PER_PARAMETER * p:
        events = format_number(design.n_events / p, 1)
        notes.append(f"only {events} events per coefficient: read with caution")
    if not n_competing:
        notes.append("no competing events: the same as a Cox model")
    return "; ".join(notes) or None


def fine_gray_rows(
    fit: FineGrayFit | FineGrayRefused, **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return a row per coefficient (subdistribution hazard ratio), then the model's Wald test.

    A refused model gives the same rows with the reason.
    """
    design = fit.design
    names = (*columns_or_terms(design), "Wald test")
    if isinstance(fit, FineGrayRefused):
        numbers: list[tuple[Number, float | None]] = [(missing(fit.reason), None)] * len(names)
    else:
        numbers = [*_ratios(fit), _wald(fit)]
    return tuple(
        place(number, p_value, **analysis, group="all", term=name, n=design.n,
              n_events=design.n_events, method=TEST_METHOD if name == "Wald test" else METHOD)
        for (number, p_value), name in zip(numbers, names, strict=True)
    )  # fmt: skip


def _ratios(fit: FineGrayFit) -> list[tuple[Number, float | None]]:
    from scipy.special import ndtr

    half = Z_95 * fit.standard_errors
    ends = (fit.coefficients, fit.coefficients - half, fit.coefficients + half)
    p_values = 2 * ndtr(-np.abs(fit.coefficients / fit.standard_errors))
    return [
        (Number(middle, low, high, fit.note), p)
        for middle, low, high, p in zip(
            *(np.exp(end).tolist() for end in ends), p_values.tolist(), strict=True
        )
    ]


def _wald(fit: FineGrayFit) -> tuple[Number, float]:
    chi_squared, freedom, p_value = fit.wald
    degrees = f"chi-squared on {freedom} degree{'s' if freedom != 1 else ''} of freedom"
    return Number(chi_squared, note="; ".join(filter(None, [degrees, fit.note]))), p_value
