"""Tests that groups are alike in a variable of Table 1, for a protocol that asks for p values.

A number: Kruskal and Wallis (1952); where a group has fewer than 20 values its p comes from dealing
the values to the groups. Categories: Pearson's chi-squared; where a count below 5 is expected, the
exact test of Fisher, of larger tables Freeman and Halton (1951). All deals, or all tables, where
there are at most 50,000 of them; else 20,000 drawn ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import comb
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SMALL_GROUP, SMALL_COUNT = 20, 5
MOST, DRAWN = 50_000, 20_000
BATCH = 500  # deals at once, which bounds the memory
SAME = 1 + 1e-7  # tables as likely as the one found, but for the last digits

Counts = NDArray[np.int64]


class NoTestError(Exception):
    """There is no test; the message says why."""


@dataclass(frozen=True)
class Equality:
    """A test of equality: its statistic, two-sided p value, and what it is."""

    statistic: float
    p_value: float
    method: str


def compare_numbers(groups: Sequence[NDArray[Any]], rng: Generator) -> Equality:
    """Return the test that the values of all groups come from one distribution.

    Raises NoTestError for fewer than two groups, or values of which none differs.
    """
    from scipy.stats import kruskal, permutation_test

    _check(groups)
    statistic, p_value = kruskal(*groups)
    if min(group.size for group in groups) >= SMALL_GROUP:
        return Equality(float(statistic), float(p_value), "Kruskal–Wallis test, χ²")
    drawn = _count_deals([group.size for group in groups]) > MOST
    found = permutation_test(
        groups, lambda *dealt, axis: kruskal(*dealt, axis=axis).statistic, vectorized=True,
        n_resamples=DRAWN if drawn else np.inf, batch=BATCH, alternative="greater", rng=rng,
    )  # fmt: skip
    how = f"{DRAWN:,} drawn deals" if drawn else "every deal"
    return Equality(float(statistic), float(found.pvalue), f"Kruskal–Wallis test, {how}")


def _count_deals(sizes: Sequence[int]) -> int:
    left, deals = sum(sizes), 1
    for size in sizes:
        deals *= comb(left, size)
        left -= size
    return deals


def compare_categories(groups: Sequence[NDArray[Any]], rng: Generator) -> Equality:
    """Return the test that each level has the same share in all groups.

    Raises NoTestError for fewer than two groups, or values of which none differs.
    """
    from scipy.stats import chi2_contingency

    _check(groups)
    levels = sorted({str(value) for group in groups for value in group})
    counts = np.array([[int((group == level).sum()) for level in levels] for group in groups])
    statistic, p_value, _, expected = chi2_contingency(counts, correction=False)
    if expected.min() >= SMALL_COUNT:
        return Equality(float(statistic), float(p_value), "Pearson's test, χ²")
    exact, how = fit_fisher(counts, rng)
    return Equality(float(statistic), exact, f"Fisher's exact test, {how}")


def fit_fisher(counts: Counts, rng: Generator) -> tuple[float, str]:
    """Return the p value of Fisher's exact test of a table (groups × levels), and from what.

    The chance, with the margins as they are, of a table no more likely than the one found.
    """
    from scipy.stats import random_table

    chances = random_table(counts.sum(axis=1), counts.sum(axis=0))
    least = chances.pmf(counts) * SAME
    tables = list(islice(_list_tables(counts.sum(axis=1), counts.sum(axis=0)), MOST + 1))
    if len(tables) <= MOST:
        every = chances.pmf(np.array(tables))
        return float(every[every <= least].sum()), "every table"
    drawn = chances.pmf(chances.rvs(DRAWN, random_state=rng))
    return float((1 + (drawn <= least).sum()) / (1 + DRAWN)), f"{DRAWN:,} drawn tables"


def _list_tables(rows: Counts, columns: Counts) -> Iterator[list[list[int]]]:
    """Yield every table of counts that has these sums of rows and columns."""
    if len(rows) == 1:
        yield [columns.tolist()]
        return
    for first in _list_rows(int(rows[0]), columns.tolist()):
        for others in _list_tables(rows[1:], columns - np.array(first)):
            yield [first, *others]


def _list_rows(total: int, most: list[int]) -> Iterator[list[int]]:
    """Yield every row of counts with this sum, none above the most of its column."""
    if len(most) == 1:
        if total <= most[0]:
            yield [total]
        return
    for count in range(min(total, most[0]) + 1):
        for others in _list_rows(total - count, most[1:]):
            yield [count, *others]


def _check(groups: Sequence[NDArray[Any]]) -> None:
    if len(groups) < 2:
        raise NoTestError("fewer than two groups have a value")
    if len({value for group in groups for value in group.tolist()}) == 1:
        raise NoTestError("no value differs from another")
