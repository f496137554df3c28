"""The weighted partial likelihood of Fine and Gray (1999), and its robust variance.

Every sum over those at risk is a running sum over days, so a fit takes time in proportion to
patients, not to patients times events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..curve import fit_curve
from ..design import Design
from ..times import BoolArray, FloatArray, IntArray

MAX_STEPS, MAX_HALVINGS = 50, 10
STEP_TOLERANCE = 1e-10  # in standard deviations of the covariate


@dataclass(frozen=True, eq=False)
class Sample:
    """Patients by day (n,), and the distinct days of the event (T,).

    `uncensored` is the Kaplan–Meier curve of censoring just before each patient's day, and
    `uncensored_at` just before each event day.
    """

    values: FloatArray
    days: FloatArray
    event: BoolArray
    competing: BoolArray
    uncensored: FloatArray
    times: FloatArray
    n_events: FloatArray
    uncensored_at: FloatArray

    @classmethod
    def of(cls, values: FloatArray, design: Design, competing: BoolArray) -> Sample:
        """Return the sample of a design with these (standardised) values."""
        order = np.argsort(design.days, kind="stable")
        days, event, competing = design.days[order], design.status[order] == 1, competing[order]
        curve = fit_curve(days, (~event & ~competing).astype(np.int64))
        before = np.append(1.0, curve.survival)
        times, n_events = np.unique(days[event], return_counts=True)
        uncensored, at = (before[np.searchsorted(curve.times, t)] for t in (days, times))
        return cls(values[order], days, event, competing, uncensored, times,
                   n_events.astype(float), at)  # fmt: skip

    @property
    def first(self) -> IntArray:
        """Return, per event day, how many patients were gone before it, (T,)."""
        return np.searchsorted(self.days, self.times)

    def at_event_times(self, moments: FloatArray) -> FloatArray:
        """Return, per event day, the sum of `moments` (n, …) over those at risk, weighted.

        At risk are those not gone before the day, and, at the weight G(day)/G(own day), those who
        had the competing event before it.
        """
        shape = (-1,) + (1,) * (moments.ndim - 1)
        rival = np.where(self.competing, 1 / self.uncensored, 0).reshape(shape) * moments
        still, gone = _sum_from(moments)[self.first], _sum_before(rival)[self.first]
        return np.asarray(still + self.uncensored_at.reshape(shape) * gone)

    def over_time(self, jumps: FloatArray) -> FloatArray:
        """Return, per patient, the sum of `jumps` (T, …) over the event days at risk, weighted."""
        shape = (-1,) + (1,) * (jumps.ndim - 1)
        last = np.searchsorted(self.times, self.days, side="right")
        later = _sum_from(jumps * self.uncensored_at.reshape(shape))[last]
        weight = np.where(self.competing, 1 / self.uncensored, 0).reshape(shape)
        return np.asarray(_sum_before(jumps)[last] + weight * later)


def _sum_from(rows: FloatArray) -> FloatArray:
    """Return the sum of the rows from each place on, and 0 behind the last."""
    return np.concatenate([rows[::-1].cumsum(axis=0)[::-1], np.zeros_like(rows[:1])])


def _sum_before(rows: FloatArray) -> FloatArray:
    """Return the sum of the rows before each place, and of all behind the last."""
    return np.concatenate([np.zeros_like(rows[:1]), rows.cumsum(axis=0)])


@dataclass(frozen=True, eq=False)
class Weighed:
    """The likelihood at some coefficients; of those at risk `total` hazard (T,), `mean` (T, p)."""

    hazard: FloatArray
    total: FloatArray
    mean: FloatArray
    score: FloatArray
    information: FloatArray
    log_likelihood: float


def weigh(sample: Sample, coefficients: FloatArray) -> Weighed:
    """Return the likelihood with its derivatives when hazards are exp(values @ coefficients)."""
    values, p = sample.values, sample.values.shape[1]
    log_hazard = values @ coefficients
    log_hazard -= log_hazard.max()  # cancels, and keeps exp() finite
    hazard = np.exp(log_hazard)
    products = (values[:, :, None] * values[:, None, :]).reshape(-1, p * p)
    moments = hazard[:, None] * np.hstack([np.ones((len(values), 1)), values, products])
    sums = sample.at_event_times(moments)
    total, mean = sums[:, 0], sums[:, 1 : 1 + p] / sums[:, :1]
    square = (sums[:, 1 + p :] / sums[:, :1]).reshape(-1, p, p)
    spread = square - mean[:, :, None] * mean[:, None, :]
    d = sample.n_events
    return Weighed(
        hazard, total, mean,
        score=values[sample.event].sum(axis=0) - d @ mean,
        information=np.einsum("t,tij->ij", d, spread),
        log_likelihood=float(log_hazard[sample.event].sum() - d @ np.log(total)),
    )  # fmt: skip


def maximise(sample: Sample) -> FloatArray | None:
    """Return the coefficients (p,) by Newton's steps, halved while they overshoot.

    None when there is no maximum at finite coefficients.
    """
    coefficients = np.zeros(sample.values.shape[1])
    here = weigh(sample, coefficients)
    for _ in range(MAX_STEPS):
        try:
            step = np.linalg.solve(here.information, here.score)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        for halving in range(MAX_HALVINGS):
            with np.errstate(divide="ignore", invalid="ignore"):
                there = weigh(sample, coefficients + step / 2**halving)
            if there.log_likelihood >= here.log_likelihood:
                break
        coefficients, here = coefficients + step / 2**halving, there
        if np.abs(step).max() < STEP_TOLERANCE:
            return np.asarray(coefficients)
    return None


def fit_sandwich(sample: Sample, coefficients: FloatArray) -> FloatArray:
    """Return the variance of the paper's section 4: Ω⁻¹ Σ(η + ψ)² Ω⁻¹."""
    fitted = weigh(sample, coefficients)
    inverse = np.linalg.inv(fitted.information)
    residuals = _residuals(sample, fitted) + _censoring_residuals(sample, fitted)
    return np.asarray(inverse @ (residuals.T @ residuals) @ inverse)


def _residuals(sample: Sample, fitted: Weighed) -> FloatArray:
    """Return η (n, p): each patient's score, had censoring been known."""
    jumps = sample.n_events / fitted.total
    on_own_day = np.searchsorted(sample.times, sample.days[sample.event])
    residuals = -fitted.hazard[:, None] * (
        sample.values * sample.over_time(jumps)[:, None]
        - sample.over_time(jumps[:, None] * fitted.mean)
    )
    residuals[sample.event] += sample.values[sample.event] - fitted.mean[on_own_day]
    return np.asarray(residuals)


def _censoring_residuals(sample: Sample, fitted: Weighed) -> FloatArray:
    """Return ψ (n, p): what each patient adds because the censoring curve is itself estimated.

    q(u) is the derivative of the score by the censoring hazard on day u.
    """
    censored = ~sample.event & ~sample.competing
    us, n_censored = np.unique(sample.days[censored], return_counts=True)
    if not us.size:
        return np.zeros_like(sample.values)
    rival = (np.where(sample.competing, fitted.hazard / sample.uncensored, 0))[:, None]
    gone = np.searchsorted(sample.days, us)
    weight, weighted = _sum_before(rival)[gone], _sum_before(rival * sample.values)[gone]
    jumps = (sample.n_events * sample.uncensored_at / fitted.total)[:, None]
    later = np.searchsorted(sample.times, us)
    q = weighted * _sum_from(jumps)[later] - weight * _sum_from(jumps * fitted.mean)[later]
    at_risk = (sample.days.size - gone)[:, None]
    drift = _sum_before(q * n_censored[:, None] / at_risk**2)
    psi = -drift[np.searchsorted(us, sample.days, side="right")]
    psi[censored] += (q / at_risk)[np.searchsorted(us, sample.days[censored])]
    return np.asarray(psi)
