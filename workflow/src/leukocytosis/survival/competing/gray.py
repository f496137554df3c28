"""The test of Gray (1988) that the cumulative incidence of an event is the same in all groups.

Notation of the paper, section 3, with ρ = 0. Each step works on many deals of the patients to the
groups at once, so that a small group's p value can come from permutation, as the log-rank test's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..permutation import SEED, TOLERANCE, is_small
from ..times import FloatArray, IntArray, Labels, check_times

METHOD = "Gray's test"
N_DRAWS = 2_000
MOST_CELLS = 4_000_000  # patients times draws


@dataclass(frozen=True, eq=False)
class Gray:
    """Gray's test: per group (in `groups` order) patients and events.

    `chi_squared`, `df` and `p_value` are None where `reason` says why. `method` tells a p value of
    chi-squared from one of permutation.
    """

    groups: tuple[str, ...]
    n: IntArray
    events: IntArray
    chi_squared: float | None = None
    df: int | None = None
    p_value: float | None = None
    method: str = METHOD
    reason: str | None = None


def fit_gray(days: npt.ArrayLike, status: npt.ArrayLike, groups: Sequence[str] | Labels) -> Gray:
    """Return Gray's test of the event (status 1) against the competing one (2); shapes all (n,).

    Where a group has fewer than 20 patients or 5 events the p value comes from permutation, which
    takes censoring to be alike in the groups. ValueError as `check_times`, and for patients
    without a group.
    """
    from scipy.special import chdtrc

    followed, ends = check_times(days, status, competing=True)
    unnamed = sum(not isinstance(group, str) for group in groups)
    if unnamed or len(groups) != followed.size:
        raise ValueError(
            f"Gray's test needs one group name per patient; got {len(groups) - unnamed} for "
            f"{followed.size} patients"
        )
    names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    n = np.bincount(member, minlength=names.size)
    events = np.bincount(member[ends == 1], minlength=names.size)
    test = Gray(tuple(str(name) for name in names), n, events)
    reason = _why_not(test)
    if reason:
        return _refused(test, reason)
    (observed,) = _statistics(followed, ends, member[None, :], names.size)
    if np.isnan(observed):
        return _refused(test, "the events leave no variance between the groups")
    df, how = names.size - 1, METHOD
    p_value = float(chdtrc(df, observed))
    if is_small(n, events):
        p_value, how = _permute(followed, ends, member, float(observed))
    return Gray(test.groups, n, events, float(observed), df, p_value, how)


def _refused(test: Gray, reason: str) -> Gray:
    return Gray(test.groups, test.n, test.events, reason=reason)


def _why_not(test: Gray) -> str | None:
    if test.n.size < 2:
        return "there is only one group" if test.n.size else "there are no patients"
    if not test.events.any():
        return "there are no events"
    return None


def _permute(
    days: FloatArray, status: IntArray, member: IntArray, observed: float
) -> tuple[float, str]:
    """Return the p value among random deals, the observed one counted (Phipson and Smyth 2010)."""
    n_draws = max(200, min(N_DRAWS, MOST_CELLS // member.size))
    deals = np.random.default_rng(SEED).permuted(np.tile(member, (n_draws, 1)), axis=1)
    found = _statistics(days, status, deals, int(member.max()) + 1)
    beyond = int((np.isnan(found) | (found >= observed - TOLERANCE)).sum())
    return (1 + beyond) / (1 + n_draws), f"{METHOD}, permutation, {n_draws:,} draws"


def _statistics(days: FloatArray, status: IntArray, member: IntArray, n_groups: int) -> FloatArray:
    """Return chi-squared of each deal; `member` (deals, patients). NaN where there is no variance.

    The last group is left out: the scores add up to nothing new.
    """
    score, variance = _score(*_count(days, status, member, n_groups))
    score, variance = score[:, :-1], variance[:, :-1, :-1]
    chi_squared = np.full(score.shape[0], np.nan)
    whole = np.linalg.matrix_rank(variance, hermitian=True) == n_groups - 1
    solved = np.linalg.solve(variance[whole], score[whole][..., None])[..., 0]
    chi_squared[whole] = (score[whole] * solved).sum(axis=1)
    return chi_squared


def _count(
    days: FloatArray, status: IntArray, member: IntArray, n_groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return at risk, events and competing events, each (event times, deals, groups)."""
    times = np.unique(days[status > 0])
    deals = np.arange(member.shape[0])[:, None] * n_groups
    shape = (times.size + 1, member.shape[0], n_groups)

    def tally(rows: npt.NDArray[np.bool_], at: IntArray) -> FloatArray:
        cells = at * deals.size * n_groups + deals + member[:, rows]
        counts = np.bincount(cells.ravel(), minlength=int(np.prod(shape)))
        return np.asarray(counts.reshape(shape), np.float64)

    leaving = tally(np.ones(days.size, bool), np.searchsorted(times, days, side="right"))
    at_risk = leaving[::-1].cumsum(axis=0)[::-1][1:]
    event, rival = (
        tally(status == kind, np.searchsorted(times, days[status == kind]))[:-1] for kind in (1, 2)
    )
    return at_risk, event, rival


def _score(
    at_risk: FloatArray, event: FloatArray, rival: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the scores (deals, groups) and their covariance (deals, groups, groups)."""
    sums = _Sums(at_risk.shape[1], at_risk.shape[2])
    for counts in zip(at_risk, event, rival, strict=True):
        sums.add(*counts)
    return sums.score, sums.covariance


class _Sums:
    """What the test sums over the event times, for every deal (first axis) and group.

    `survival` and `risk` are the groups' Kaplan–Meier and cumulative incidence just before a time,
    `pooled` the common cumulative incidence that the test supposes. `drift` is the derivative of
    the scores (rows) by the groups' cumulative incidence (columns).
    """

    def __init__(self, deals: int, groups: int) -> None:
        self.survival, self.risk = np.ones((deals, groups)), np.zeros((deals, groups))
        self.pooled, self.score = np.zeros((deals, 1)), np.zeros((deals, groups))
        self.squared = np.zeros((deals, groups))
        self.drift, self.variance, self.crossed = np.zeros((3, deals, groups, groups))

    def add(self, at_risk: FloatArray, events: FloatArray, rivals: FloatArray) -> None:
        """Take in one time: patients at risk, events and competing events, (deals, groups)."""
        there, r = at_risk > 0, np.maximum(at_risk, 1)
        before = self.survival
        h = np.where(there, r / np.where(there, before, 1), 0)
        total, n_events = h.sum(axis=1, keepdims=True), events.sum(axis=1, keepdims=True)
        spread = np.eye(h.shape[1]) * h[:, :, None] - h[:, :, None] * (h / total)[:, None, :]
        self.drift += spread * (n_events / (total * (1 - self.pooled)))[:, :, None]
        free = h * (1 - self.risk)
        self.score += events - n_events * free / free.sum(axis=1, keepdims=True)
        self.survival = np.where(there, before * (r - events - rivals) / r, before)
        self.risk = self.risk + before * events / r
        self.pooled = self.pooled + n_events / total
        some = self.survival > 0
        left = np.where(some, (1 - self.pooled) / np.where(some, self.survival, 1), 0)
        ties = 1 - np.maximum(n_events - 1, 0) / np.maximum(total * before - 1, TOLERANCE)
        weight = np.where(there, ties * before * n_events / (total * r), 0)
        self._add_variance(spread - (1 - left)[:, None, :] * self.drift, 1 - left, weight)
        ties = 1 - np.maximum(rivals - 1, 0) / np.maximum(r - 1, 1)
        weight = np.where(some, ties * before**2 * rivals / r**2, 0)
        self._add_variance(-left[:, None, :] * self.drift, left, weight)

    def _add_variance(self, pull: FloatArray, own: FloatArray, weight: FloatArray) -> None:
        """Add one martingale: `pull` on the scores, `own` on what `drift` will multiply."""
        self.variance += np.einsum("bik,bjk,bk->bij", pull, pull, weight)
        self.crossed += pull * (own * weight)[:, None, :]
        self.squared += own**2 * weight

    @property
    def covariance(self) -> FloatArray:
        """Return the covariance of the scores, (deals, groups, groups)."""
        both = np.einsum("bik,bjk->bij", self.drift, self.crossed)
        drifted = np.einsum("bik,bjk,bk->bij", self.drift, self.drift, self.squared)
        return np.asarray(self.variance + drifted + both + both.swapaxes(1, 2))
