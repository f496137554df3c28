"""How far two groups stand apart in a variable, in standard deviations.

Numbers: the difference of means over the root of the mean of both variances (Austin 2009, Stat Med
28:3083), of the values or of their ranks in both groups together. Categories: the distance of Yang
and Dalton (SAS Global Forum 2012, paper 335) between two vectors of shares, which for two levels is
the size of Austin's difference of proportions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LEAST = 5  # patients of a group; the spread of fewer is anybody's guess


class NoDifferenceError(Exception):
    """There is no standardised difference; the message says why."""


def rank_together(values: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ranks of both groups' values among all of them, ties at their mean rank."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([values, reference]))
    return ranks[: values.size], ranks[values.size :]


def find_difference(values: FloatArray, reference: FloatArray) -> float:
    """Return mean less mean of the reference, over the root of the mean of both variances.

    Raises NoDifferenceError where a group has fewer than 5 values, or no value differs in either.
    """
    _check_sizes(values.size, reference.size)
    spread = np.sqrt((values.var(ddof=1) + reference.var(ddof=1)) / 2)
    if not spread > 0:
        raise NoDifferenceError("in neither group does any value differ from another")
    return float((values.mean() - reference.mean()) / spread)


def find_distance(levels: Sequence[str], reference: Sequence[str]) -> float:
    """Return the Mahalanobis distance between the shares of each level; never negative.

    Raises NoDifferenceError where a group has fewer than 5 values, all have one level, or no level
    is found in both groups: then no spread is left to measure by.
    """
    _check_sizes(len(levels), len(reference))
    found = sorted({*levels, *reference})
    if len(found) == 1:
        raise NoDifferenceError("in both groups everybody has the same level")
    if not {*levels} & {*reference}:
        raise NoDifferenceError("the groups have no level in common, so nothing measures how far")
    # the last level follows from the others
    shares = [
        np.array([group.count(level) / len(group) for level in found[:-1]])
        for group in (list(levels), list(reference))
    ]
    spread = sum(np.diag(share) - np.outer(share, share) for share in shares) / 2
    apart = shares[0] - shares[1]
    return float(np.sqrt(apart @ np.linalg.solve(spread, apart)))


def _check_sizes(*sizes: int) -> None:
    if min(sizes) < LEAST:
        raise NoDifferenceError(f"one of the groups has fewer than {LEAST} patients with a value")
