"""What happened to patients who were lost: imputed from those who stayed, with another hazard.

Jackson and others 2014 and Lipkovich, Ratitch and O'Kelly 2016: after the last contact the hazard
is δ times that of the patient's group; the results of several imputations are pooled after Rubin
1987.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from leukocytosis.survival.proportion import Z_95
from leukocytosis.survival.times import BoolArray, FloatArray, IntArray, Labels

AT_ONCE = np.inf  # a hazard so high that patients die the day after they were last seen


@dataclass(frozen=True, eq=False)
class Fates:
    """Follow-up of n patients, and for each of m imputations a curve of each patient's group.

    `survival` maps a group to (m, t): survival just after each day of `grid` (t,), Kaplan–Meier of
    a bootstrap sample of the group. `luck` (m, n) is the same for every δ, so that a larger δ never
    means a later event.
    """

    days: FloatArray
    status: IntArray
    groups: Labels
    horizon: float
    grid: FloatArray
    survival: dict[str, FloatArray]
    luck: FloatArray

    def impute(self, who: BoolArray, delta: float) -> tuple[FloatArray, IntArray]:
        """Return days and status (m, n) had the lost `who` (n,) `delta` times the hazard.

        Only those censored before the horizon can be lost. Who survives to the horizon is censored
        there, or on the last day anybody of the group was followed to when that is earlier. With δ
        0 nobody has the event, with `AT_ONCE` everybody has it the day after last contact; then
        one imputation (m = 1) is enough.
        """
        lost = np.flatnonzero(who & (self.status == 0) & (self.days < self.horizon))
        fixed = delta in (0.0, AT_ONCE)
        m = 1 if fixed else len(self.luck)
        days, status = np.tile(self.days, (m, 1)), np.tile(self.status, (m, 1))
        if fixed:
            ends = self.horizon if delta == 0.0 else np.minimum(self.days[lost] + 1, self.horizon)
            days[:, lost], status[:, lost] = ends, int(delta > 0)
            return days, status
        for i in lost.tolist():
            days[:, i], status[:, i] = self._impute_one(i, delta)
        return days, status

    def _impute_one(self, i: int, delta: float) -> tuple[FloatArray, IntArray]:
        survival = self.survival[self.groups[i]]
        left_on = self.days[i]
        here = np.searchsorted(self.grid, left_on, side="right") - 1
        start = survival[:, here] if here >= 0 else np.ones(len(survival))
        target = start * self.luck[:, i] ** (1 / delta)
        steps = (survival > target[:, None]).sum(axis=1)
        event = steps < self.grid.size
        later = self.grid[np.minimum(steps, self.grid.size - 1)]
        end = max(self._followed_to(self.groups[i]), left_on)
        return np.where(event, np.maximum(later, left_on), end), event.astype(np.int64)

    def _followed_to(self, group: str) -> float:
        return float(min(self.horizon, self.days[self.groups == group].max()))


def prepare_fates(
    days: FloatArray,
    status: IntArray,
    groups: Labels,
    horizon: float,
    n_imputations: int,
    rng: Generator,
) -> Fates:
    """Return what imputations are drawn from; events on day 0 already count at half a day."""
    grid = np.unique(days[status == 1])
    curves = {
        str(group): _bootstrap_curves(
            days[groups == group], status[groups == group], grid, n_imputations, rng
        )
        for group in np.unique(groups)
    }
    luck = rng.random((n_imputations, days.size))
    return Fates(days, status, groups, horizon, grid, curves, luck)


def _bootstrap_curves(
    days: FloatArray, status: IntArray, grid: FloatArray, m: int, rng: Generator
) -> FloatArray:
    weights = rng.multinomial(days.size, np.full(days.size, 1 / days.size), size=m)
    at_risk = weights @ (days[:, None] >= grid)
    events = weights @ ((days[:, None] == grid) & (status[:, None] == 1))
    hazard = np.divide(events, at_risk, where=at_risk > 0, out=np.zeros(at_risk.shape))
    return np.cumprod(1 - hazard, axis=1)


def pool(estimates: FloatArray, variances: FloatArray) -> tuple[float, float, float]:
    """Return the pooled estimate of m imputations and the ends of its 95 % interval (Rubin 1987).

    Shapes: both (m,). A single one has its own normal interval.
    """
    m, middle, within = estimates.size, float(estimates.mean()), float(variances.mean())
    between = float(estimates.var(ddof=1)) * (1 + 1 / m) if m > 1 else 0.0
    quantile = Z_95
    if between > 0:
        from scipy.special import stdtrit

        quantile = float(stdtrit((m - 1) * (1 + within / between) ** 2, 0.975))
    half = quantile * float(np.sqrt(within + between))
    return middle, middle - half, middle + half
