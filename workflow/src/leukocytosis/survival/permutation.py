"""The log-rank test of small groups, by permutation of the patients among the groups.

The chi-squared approximation fails where a group is small or has few events. Given times and
events, a group's observed minus expected events is the sum of its patients' log-rank scores
(event minus cumulative hazard; Peto and Peto 1972), so every way of dealing the scores to groups
of these sizes can be looked at. That takes censoring to be alike in the groups.
"""

from __future__ import annotations

from itertools import chain, combinations
from math import comb

import numpy as np
import numpy.typing as npt

from .times import FloatArray, IntArray, check_times

SMALL_GROUP, FEW_EVENTS = 20, 5  # fewer patients, or fewer events, than these in some group
MOST_EXACT, N_DRAWS, SEED = 50_000, 20_000, 1972
MOST_CELLS = 20_000_000  # patients times draws, so that large groups take seconds
TOLERANCE = 1e-9  # sums of the same scores in another order are the same


def is_small(n: IntArray, events: IntArray) -> bool:
    """Return whether some group is too small for the chi-squared approximation."""
    return bool((n < SMALL_GROUP).any() or (events < FEW_EVENTS).any())


def find_scores(days: npt.ArrayLike, status: npt.ArrayLike) -> FloatArray:
    """Return each patient's log-rank score (n,): status less the Nelson–Aalen hazard to its day.

    ValueError for times or status that cannot be used, see `check_times`.
    """
    followed, ends = check_times(days, status)
    times = np.unique(followed)
    at = np.searchsorted(times, followed)
    events = np.bincount(at, ends, minlength=times.size)
    left = np.bincount(at, minlength=times.size)
    at_risk = followed.size - np.cumsum(left) + left
    scores: FloatArray = ends - np.cumsum(events / at_risk)[at]
    return scores


def permute_logrank(
    days: npt.ArrayLike, status: npt.ArrayLike, member: IntArray
) -> tuple[float, str]:
    """Return the two-sided p value and how it was found; `member` is each patient's group, 0 to k.

    Exact where two groups can be dealt in at most 50,000 ways, else from 20,000 draws (fewer
    beyond 1,000 patients) with the observed deal counted among them (Phipson and Smyth 2010).
    """
    scores = find_scores(days, status)
    sizes = np.bincount(member)
    sums: FloatArray = np.bincount(member, weights=scores).astype(np.float64)
    observed = _spread(sums[None, :], sizes)[0]
    smaller = int(sizes.min())
    if sizes.size == 2 and comb(scores.size, smaller) <= MOST_EXACT:
        dealt = _deal_all(scores, smaller)
        rest = scores.sum() - dealt
        found = _spread(np.stack([dealt, rest], axis=1), np.array([smaller, rest_of(sizes)]))
        p_value = float((found >= observed - TOLERANCE).mean())
        return p_value, f"exact permutation of {dealt.size:,} deals"
    n_draws = max(1_000, min(N_DRAWS, MOST_CELLS // scores.size))
    found = _spread(_deal_at_random(scores, sizes, n_draws), sizes)
    n_beyond = int((found >= observed - TOLERANCE).sum())
    return (1 + n_beyond) / (1 + n_draws), f"permutation, {n_draws:,} draws"


def rest_of(sizes: IntArray) -> int:
    """Return the size of the larger of two groups."""
    return int(sizes.sum() - sizes.min())


def _spread(sums: FloatArray, sizes: IntArray) -> FloatArray:
    """Return the statistic of each deal: squared sums of scores over the groups' sizes."""
    spread: FloatArray = (sums**2 / sizes).sum(axis=1)
    return spread


def _deal_all(scores: FloatArray, size: int) -> FloatArray:
    """Return the sum of scores of every choice of `size` patients."""
    chosen = chain.from_iterable(combinations(range(scores.size), size))
    n_deals = comb(scores.size, size)
    places = np.fromiter(chosen, dtype=np.int64, count=n_deals * size)
    sums: FloatArray = scores[places.reshape(n_deals, size)].sum(axis=1)
    return sums


def _deal_at_random(scores: FloatArray, sizes: IntArray, n_draws: int) -> FloatArray:
    """Return the groups' sums of scores, deal × group, in batches that fit in memory."""
    rng = np.random.default_rng(SEED)
    ends = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    batch = max(1, 2_000_000 // scores.size)
    sums = [
        np.add.reduceat(
            rng.permuted(np.tile(scores, (min(batch, n_draws - i), 1)), axis=1), ends, axis=1
        )
        for i in range(0, n_draws, batch)
    ]
    return np.concatenate(sums)


def deal_in_strata(
    scores: FloatArray, member: IntArray, stratum: IntArray
) -> tuple[FloatArray, FloatArray, str]:
    """Return the groups' sums of scores in every deal (deals × groups), as observed, and how.

    `member` (0 to g − 1) and `stratum` (0 to s − 1) are per patient; scores add up to 0 in each
    stratum, and patients are dealt within theirs only. All deals where two groups can be dealt in
    at most 50,000 ways, else 20,000 drawn ones (fewer beyond 1,000 patients).
    """
    n_groups = int(member.max()) + 1
    observed: FloatArray = np.bincount(member, scores, n_groups).astype(np.float64)
    parts = [(scores[stratum == i], member[stratum == i]) for i in range(stratum.max() + 1)]
    n_deals = 1
    for part, of_group in parts:
        n_deals *= comb(part.size, int((of_group == 0).sum()))
    if n_groups == 2 and n_deals <= MOST_EXACT:
        first = np.zeros(1)
        for part, of_group in parts:
            dealt = _deal_all(part, int((of_group == 0).sum()))
            first = np.add.outer(first, dealt).ravel()
        return (
            np.stack([first, -first], axis=1),
            observed,
            f"exact permutation of {n_deals:,} deals",
        )
    n_draws = max(1_000, min(N_DRAWS, MOST_CELLS // scores.size))
    rng = np.random.default_rng(SEED)
    sums = np.zeros((n_draws, n_groups))
    for part, of_group in parts:
        sums += _draw_sums(part, np.bincount(of_group, minlength=n_groups), n_draws, rng)
    return sums, observed, f"permutation, {n_draws:,} draws"


def _draw_sums(
    scores: FloatArray, sizes: IntArray, n_draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return sums per draw and group; unlike `_deal_at_random`, a group may be empty here."""
    ends = np.concatenate([[0], np.cumsum(sizes)])
    batch = max(1, 2_000_000 // max(1, scores.size))
    drawn = []
    for i in range(0, n_draws, batch):
        dealt = rng.permuted(np.tile(scores, (min(batch, n_draws - i), 1)), axis=1)
        running = np.concatenate([np.zeros((len(dealt), 1)), dealt.cumsum(axis=1)], axis=1)
        drawn.append(np.diff(running[:, ends], axis=1))
    return np.concatenate(drawn)
