"""The baseline hazard of a Cox model, and what each patient does to it.

Breslow's (1972) sum over events with Efron's (1977) ties, as R's `survfit.coxph`; the influences
are its derivatives by the patients' weights, with those of the coefficients (R's `dfbeta`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .cox import CoxFit
from .design import Design
from .times import FloatArray


@dataclass(frozen=True, eq=False)
class Baseline:
    """The baseline hazard of a Cox model, with Efron's ties, and how each patient moves it.

    Covariates are centred at their means. Shapes, with T days asked for, n patients, p covariates:
    `hazard` (T,) cumulated up to and on each day, `influence` (n, T) its derivative by a patient's
    weight, `coefficients_influence` (n, p) that of the coefficients (R's `dfbeta`).
    """

    days: FloatArray
    hazard: FloatArray
    influence: FloatArray
    coefficients_influence: FloatArray


@dataclass(frozen=True, eq=False)
class _Events:
    """Per event by time (m,), the k-th (from 0) of d on its day: what Efron's sums divide by."""

    days: FloatArray
    gone: FloatArray  # k / d
    share: FloatArray  # 1 / d
    at_risk: FloatArray  # the sum of exp(x b) over those at risk
    mean: FloatArray  # (m, p), their mean covariates


def find_baseline(fit: CoxFit, days: Iterable[float]) -> Baseline:
    """Return the cumulative baseline hazard on `days` with its influences."""
    wanted = np.asarray(list(days), dtype=np.float64)
    design, values = fit.design, _centred(fit.design)
    hazards = np.exp(values @ fit.coefficients)
    events = _weigh_events(design, values, hazards)
    inverse = 1 / events.at_risk
    scores = _score_residuals(design, values, hazards, events)
    coefficients = scores @ fit.covariance

    seen = events.days[:, None] <= wanted[None, :]
    own = design.status[:, None] * (design.days[:, None] <= wanted[None, :])
    added = _at_own_day(design, events, events.share * inverse)[:, None] * own
    both = np.minimum(design.days[:, None], wanted[None, :])
    taken = hazards[:, None] * _up_to(events, inverse**2, both)
    spared = (hazards * _at_own_day(design, events, events.gone * inverse**2))[:, None] * own
    tilt = coefficients @ ((events.mean * inverse[:, None]).T @ seen)
    return Baseline(wanted, inverse @ seen, added - taken + spared - tilt, coefficients)


def _centred(design: Design) -> FloatArray:
    return np.asarray(design.values - design.values.mean(axis=0))


def _weigh_events(design: Design, values: FloatArray, hazards: FloatArray) -> _Events:
    by_time = np.argsort(design.days, kind="stable")
    days, dying = design.days[by_time], design.status[by_time] == 1
    sums = np.column_stack([hazards, hazards[:, None] * values])[by_time]
    times, starts, deaths = np.unique(days[dying], return_index=True, return_counts=True)
    from_here_on = sums[::-1].cumsum(axis=0)[::-1][np.searchsorted(days, times)]
    tied = np.add.reduceat(sums[dying], starts, axis=0)
    gone = (np.arange(dying.sum()) - np.repeat(starts, deaths)) / np.repeat(deaths, deaths)
    left = np.repeat(from_here_on, deaths, axis=0)
    left = left - gone[:, None] * np.repeat(tied, deaths, axis=0)
    mean = left[:, 1:] / left[:, :1]
    return _Events(days[dying], gone, 1 / np.repeat(deaths, deaths), left[:, 0], mean)


def _running(amount: FloatArray) -> FloatArray:
    return np.concatenate([np.zeros((1, *amount.shape[1:])), amount.cumsum(axis=0)])


def _up_to(events: _Events, amount: FloatArray, day: FloatArray) -> FloatArray:
    """Return the sum of a quantity over the events up to and on each day."""
    return np.asarray(_running(amount)[np.searchsorted(events.days, day, side="right")])


def _at_own_day(design: Design, events: _Events, amount: FloatArray) -> FloatArray:
    """Return the sum of a quantity over the events tied on each patient's own last day."""
    first = np.searchsorted(events.days, design.days, side="left")
    last = np.searchsorted(events.days, design.days, side="right")
    running = _running(amount)
    return np.asarray(running[last] - running[first])


def _score_residuals(
    design: Design, values: FloatArray, hazards: FloatArray, events: _Events
) -> FloatArray:
    """Return each patient's part of the score, (n, p); R's `residuals(type = "score")`."""
    inverse = 1 / events.at_risk
    died = design.status[:, None] == 1
    mean_then = _at_own_day(design, events, events.share[:, None] * events.mean)
    by = hazards[:, None]
    share = _up_to(events, inverse, design.days)[:, None]
    moved = _up_to(events, inverse[:, None] * events.mean, design.days)
    spared = _at_own_day(design, events, events.gone * inverse)[:, None] * values
    spared = spared - _at_own_day(design, events, (events.gone * inverse)[:, None] * events.mean)
    own = np.where(died, values - mean_then + by * spared, 0.0)
    return np.asarray(own - by * (values * share - moved))
