"""Many Cox models at once: one per redrawn data set, all of the same patients and columns.

The likelihood is that of `survival.partial_likelihood` (Efron's ties). Data sets stand side by side
in one array, so that a thousand models cost a fraction of fitting them in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leukocytosis.survival.times import BoolArray, FloatArray, IntArray

MAX_STEPS = 15
STEP_TOLERANCE = 1e-7  # in standard deviations of the covariate
LONGEST_STEP = 3.0  # so that a sparse data set cannot leap out of reach
AT_ONCE = 100  # data sets in memory together


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Cox models of b data sets: `coefficients` (b, p), `covariance` (b, p, p), `found` (b,).

    A data set whose likelihood has no maximum at finite coefficients, or with a column that does
    not vary, is not `found`; its numbers are NaN.
    """

    coefficients: FloatArray
    covariance: FloatArray
    found: BoolArray


def fit_many(values: FloatArray, days: FloatArray, status: IntArray) -> ManyFits:
    """Return the Cox models of b data sets of n patients and p columns.

    Shapes: `values` (b, n, p), `days` and `status` (b, n), status 0 or 1; an axis b of length 1 is
    shared by all data sets.
    """
    b = max(len(values), len(days), len(status))
    parts = [
        _fit_some(*(_some(array, i, min(i + AT_ONCE, b)) for array in (values, days, status)))
        for i in range(0, b, AT_ONCE)
    ]
    return ManyFits(
        np.concatenate([part.coefficients for part in parts]),
        np.concatenate([part.covariance for part in parts]),
        np.concatenate([part.found for part in parts]),
    )


def _some(array: FloatArray | IntArray, start: int, end: int) -> FloatArray:
    shape = (end - start, *array.shape[1:])
    return np.broadcast_to(array if len(array) == 1 else array[start:end], shape).astype(np.float64)


def _fit_some(values: FloatArray, days: FloatArray, status: FloatArray) -> ManyFits:
    scale = values.std(axis=1)
    usable = np.where(scale > 0, scale, 1.0)
    standard = (values - values.mean(axis=1, keepdims=True)) / usable[:, None, :]
    sets = _DataSets(np.ascontiguousarray(np.swapaxes(standard, 1, 2)), days, status)
    coefficients, found = np.zeros(scale.shape), np.zeros(len(scale), dtype=bool)
    for _ in range(MAX_STEPS):
        score, information = sets.derive(coefficients)
        step = _solve(information, score[:, :, None])[..., 0]
        coefficients = coefficients + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        found = np.abs(step).max(axis=1) < STEP_TOLERANCE
        if found.all():
            break
    found &= (scale > 0).all(axis=1)
    covariance = _solve(information, np.broadcast_to(np.eye(scale.shape[1]), information.shape))
    known = found[:, None]
    return ManyFits(
        np.where(known, coefficients / usable, np.nan),
        np.where(known[:, :, None], covariance / (usable[:, :, None] * usable[:, None, :]), np.nan),
        found,
    )


def _solve(information: FloatArray, right: FloatArray) -> FloatArray:
    """Return information⁻¹ · right, NaN where there is no inverse."""
    finite: BoolArray = np.all(np.isfinite(information), axis=(1, 2))
    identity = np.eye(information.shape[-1])
    safe = np.where(finite[:, None, None], information, identity)
    bad = ~finite | (np.linalg.matrix_rank(safe, hermitian=True) < len(identity))
    solved = np.linalg.solve(np.where(bad[:, None, None], identity, safe), right)
    return np.where(bad[:, None, None], np.nan, solved)


class _DataSets:
    """Follow-up of b data sets, its days numbered on one grid of t distinct days.

    `values` is (b, p, n). `cell` (b, n) numbers data set × day. Events are padded to the same
    number e per data set; `counts` (b, e) is 0 for padding.
    """

    def __init__(self, values: FloatArray, days: FloatArray, status: FloatArray) -> None:
        self.values, self.status = values, status
        grid = np.unique(days)
        self.shape = (len(days), grid.size)
        start = grid.size * np.arange(len(days))[:, None]
        self.cell = np.searchsorted(grid, days) + start
        n_most = int(status.sum(axis=1).max())
        self.who = np.argsort(-status, axis=1, kind="stable")[:, :n_most]
        self.counts = np.take_along_axis(status, self.who, axis=1)
        self.event_cell = np.take_along_axis(self.cell, self.who, axis=1)
        self.gone = self._rank_ties()
        self.own = np.take_along_axis(values, self.who[:, None, :], axis=2)

    def _rank_ties(self) -> FloatArray:
        """Return k / d for the k-th (from 0) of d events of a data set on one day."""
        cells = np.where(self.counts > 0, self.event_cell, -1).ravel()
        order = np.argsort(cells, kind="stable")
        _, first, deaths = np.unique(cells[order], return_index=True, return_counts=True)
        share = (np.arange(cells.size) - np.repeat(first, deaths)) / np.repeat(deaths, deaths)
        gone = np.empty(cells.size)
        gone[order] = share
        return gone.reshape(self.counts.shape) * self.counts

    def _sum(self, cell: IntArray, weights: FloatArray) -> FloatArray:
        """Return sums of weights by data set and day, (b, t)."""
        n_cells = self.shape[0] * self.shape[1]
        sums = np.bincount(cell.ravel(), weights.ravel(), n_cells).astype(np.float64)
        return np.reshape(sums, self.shape)

    def _seen(self, hazard: FloatArray, dying: FloatArray) -> FloatArray:
        """Return per event the sum of `hazard` over those at risk, less Efron's share of ties."""
        at_risk = self._sum(self.cell, hazard)[:, ::-1].cumsum(axis=1)[:, ::-1].ravel()
        tied = self._sum(self.event_cell, dying * self.counts).ravel()
        return np.asarray(at_risk[self.event_cell] - self.gone * tied[self.event_cell])

    def derive(self, coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the score (b, p) and the information (b, p, p) of each data set.

        Products of covariates are not summed over risk sets: each patient counts with the hazard
        that accumulated over the events for which it was at risk, which is the same sum.
        """
        log_hazard = (coefficients[:, None, :] @ self.values)[:, 0]
        with np.errstate(invalid="ignore"):
            hazard = np.exp(log_hazard - log_hazard.max(axis=1, keepdims=True))
        dying = np.take_along_axis(hazard, self.who, axis=1)
        everybody = self._seen(hazard, dying)
        columns = range(self.values.shape[1])
        sums = [self._seen(hazard * self.values[:, c], dying * self.own[:, c]) for c in columns]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.stack(sums, axis=1) / everybody[:, None, :]
            increment = self.counts / everybody
        score = ((self.own - mean) * self.counts[:, None, :]).sum(axis=2)

        total = self._sum(self.event_cell, increment).cumsum(axis=1).ravel()[self.cell]
        spared = self._sum(self.event_cell, increment * self.gone).ravel()[self.cell]
        weight = hazard * (total - self.status * spared)
        squares = (self.values * weight[:, None, :]) @ np.swapaxes(self.values, 1, 2)
        means = (mean * self.counts[:, None, :]) @ np.swapaxes(mean, 1, 2)
        return score, squares - means
