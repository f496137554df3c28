"""True causes redrawn, given the causes by the rules and what became of the patients.

Probabilistic bias analysis at the level of records (Fox, Lash and Greenland 2005; Lash, Fox and
Fink 2009): draw the accuracy of the rules from what the charts leave possible, then each
patient's true cause from what that accuracy says of patients like them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.random import Generator

from leukocytosis.survival.times import BoolArray, FloatArray, IntArray

from .matrix import Confusion

Assumption = Literal["non-differential", "by outcome"]
N_PERIODS = 3  # of follow-up, with as many events in each
N_STRATA = 2 * N_PERIODS + 1
MAX_STEPS, TOLERANCE = 500, 1e-7


def outcome_strata(days: FloatArray, status: IntArray) -> IntArray:
    """Return what became of each patient: whether and when, as one of `N_STRATA` numbers.

    An event in the first, second or last third of the events; censored in one of these periods, or
    after the last event. Patients of one stratum are taken to be alike: with whether alone, a
    redrawn hazard ratio falls short of the true one.
    """
    if not status.any():
        return np.zeros(len(status), np.int64)
    ends = np.quantile(days[status == 1], np.arange(1, N_PERIODS + 1) / N_PERIODS)
    period = np.searchsorted(ends, days)
    return np.where(status == 1, N_PERIODS + 1 + period, period)


def redraw_causes(
    confusion: Confusion,
    group_of: IntArray,
    found: IntArray,
    strata: IntArray,
    assumption: Assumption,
    n_draws: int,
    rng: Generator,
) -> IntArray:
    """Return (n_draws, n) true causes, as places among the matrix's causes.

    `group_of` (k,) numbers the group of each cause; `found` and `strata` (n,) are the causes by the
    rules and `outcome_strata`. Non-differential: patients of a true group are classified alike
    whatever the outcome; the charts give the accuracy, and the true groups within each outcome
    follow from what the rules found there. By outcome: the charts give the accuracy within each
    outcome, and the pooled accuracy counts as one more chart.
    """
    k, n = len(confusion.causes), found.size
    predicted = _draw_predicted(confusion, np.unique(found), n_draws, rng)
    if assumption == "by outcome":
        chances = _by_outcome(confusion, found, strata, predicted, rng)
    else:
        seen = np.bincount(strata * k + found, minlength=N_STRATA * k).reshape(N_STRATA, k)
        drawn_seen = rng.standard_gamma(seen, (n_draws, *seen.shape))
        chances = _spread_over_outcomes(predicted, group_of, drawn_seen)
    ladder = np.cumsum(chances, axis=3)[:, strata, found, :-1]
    drawn: IntArray = (rng.random((n_draws, n, 1)) > ladder).sum(axis=2)
    if confusion.fixed and confusion.of_patients is not None:
        known = confusion.of_patients >= 0
        drawn[:, known] = confusion.of_patients[known]
    return drawn


def _draw_predicted(
    confusion: Confusion, used: IntArray, n_draws: int, rng: Generator
) -> FloatArray:
    """Return chances of each true cause given that by the rules, (b, k by rules, k true).

    Dirichlet per row, with one chart in all spread evenly before any was read (Perks 1947) over
    the causes that occur: those any chart showed, and those the rules found in this cohort.
    """
    occurs: BoolArray = confusion.counts.sum(axis=0) > 0
    occurs[used] |= confusion.right[used]
    prior = occurs / occurs.sum()
    k = len(confusion.causes)
    drawn = rng.standard_gamma(confusion.counts + prior, (n_draws, k, k))
    predicted: FloatArray = drawn / drawn.sum(axis=2, keepdims=True)
    return np.where(confusion.right[:, None], np.eye(k), predicted)


def _by_outcome(
    confusion: Confusion,
    found: IntArray,
    strata: IntArray,
    predicted: FloatArray,
    rng: Generator,
) -> FloatArray:
    """Return chances of each true cause by outcome and cause by the rules, (b, s, k, k)."""
    k, true = len(confusion.causes), confusion.of_patients
    if true is None:
        raise ValueError("charts of other patients cannot show accuracy by outcome")
    counts = np.zeros((N_STRATA, k, k))
    read = true >= 0
    np.add.at(counts, (strata[read], found[read], true[read]), 1)
    drawn = rng.standard_gamma(counts + predicted[:, None])
    return np.asarray(drawn / drawn.sum(axis=3, keepdims=True))


def _spread_over_outcomes(
    predicted: FloatArray, group_of: IntArray, seen: FloatArray
) -> FloatArray:
    """Return the same under non-differential accuracy, (b, s, k, k).

    Shapes: `predicted` (b, k, k), `seen` (b, s, k), patients by outcome and cause by the rules.
    Within a group, the causes keep the proportions the charts show.
    """
    member = (group_of[:, None] == np.arange(group_of.max() + 1)).astype(np.float64)
    by_rules = seen.sum(axis=1)
    of_group = predicted @ member
    joint = of_group * (by_rules / by_rules.sum(axis=1, keepdims=True))[:, :, None]
    shares = _share_groups(joint, seen)
    chances = _divide(joint, joint.sum(axis=1, keepdims=True))[:, None] * shares[:, :, None, :]
    total = chances.sum(axis=3, keepdims=True)
    of_group_by_outcome = np.where(total > 0, _divide(chances, total), of_group[:, None])
    within = _divide(predicted, (of_group @ member.T))
    return np.asarray((of_group_by_outcome @ member.T) * within[:, None])


def _share_groups(joint: FloatArray, seen: FloatArray) -> FloatArray:
    """Return the shares of the true groups within each outcome, (b, s, g).

    Those that make what the rules found there most likely, given how they classify each group
    (from `joint`, (b, k by rules, g)): by expectation–maximisation, so that none is negative.
    """
    true = joint.sum(axis=1)
    classified = _divide(joint, true[:, None, :])
    observed = _divide(seen, seen.sum(axis=2, keepdims=True))
    shares = np.repeat(true[:, None, :], seen.shape[1], axis=1)
    for _ in range(MAX_STEPS):
        expected = shares @ np.swapaxes(classified, 1, 2)
        better = shares * (_divide(observed, expected) @ classified)
        better = np.where(observed.any(axis=2, keepdims=True), better, shares)
        moved = np.abs(better - shares).max()
        shares = better
        if moved < TOLERANCE:
            break
    return shares


def _divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return above / below, 0 where nothing is below."""
    wide = np.broadcast_to(below, np.broadcast_shapes(above.shape, below.shape))
    return np.divide(above, wide, where=wide > 0, out=np.zeros(wide.shape))
