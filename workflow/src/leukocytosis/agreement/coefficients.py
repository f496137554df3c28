"""Agreement of two reviewers beyond chance: Cohen's kappa and Gwet's AC1 with 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]  # category of the first reviewer × category of the second: charts
Z_95 = 1.959963984540054  # 97.5th percentile of the standard normal distribution


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its standard error and 95 % interval, cut at -1 and 1.

    `estimate` is None where it is not defined. Where the reviewers always agree the asymptotic
    standard error is 0 and there is no interval.
    """

    estimate: float | None
    error: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval, None where it would have no width."""
        if self.estimate is None or not self.error:
            return None
        half = Z_95 * self.error
        return max(self.estimate - half, -1.0), min(self.estimate + half, 1.0)


def tabulate(pairs: Iterable[tuple[str, str]], categories: Sequence[str]) -> Table:
    """Return how often the first reviewer gave the row's and the second the column's category."""
    place = {category: i for i, category in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for first, second in pairs:
        table[place[first], place[second]] += 1
    return table


def fit_kappa(table: Table) -> Coefficient:
    """Return Cohen's kappa with its large-sample standard error.

    The error is that of Fleiss, Cohen and Everitt (Psychological Bulletin 1969;72:323-327), not
    the one under the hypothesis of no agreement. Undefined when both gave one and the same answer
    to every chart, for then nothing but agreement could be expected.
    """
    n = table.sum()
    p = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agreed, expected = float(np.trace(p)), float(rows @ columns)
    if np.isclose(expected, 1.0):
        return Coefficient(None)
    kappa = (agreed - expected) / (1 - expected)
    # a chart (i, j) pulls by how often j is the first reviewer's answer and i the second's
    pull = columns[:, None] + rows[None, :]
    weight = np.eye(len(p)) * (1 - expected) - pull * (1 - agreed)
    centre = agreed * expected - 2 * expected + agreed
    variance = (float((p * weight**2).sum()) - centre**2) / (n * (1 - expected) ** 4)
    return Coefficient(kappa, _root(variance))


def fit_ac1(table: Table) -> Coefficient:
    """Return Gwet's AC1 with its standard error.

    Gwet, British Journal of Mathematical and Statistical Psychology 2008;61:29-48: the variance
    for two raters and a large population of charts. All categories on the form count, used or
    not, since chance agreement spreads over them.
    """
    n, q = table.sum(), len(table)
    p = table / n
    used = (p.sum(axis=1) + p.sum(axis=0)) / 2
    agreed = float(np.trace(p))
    expected = float((used * (1 - used)).sum()) / (q - 1)
    ac1 = (agreed - expected) / (1 - expected)
    pull = 1 - (used[:, None] + used[None, :]) / 2
    weight = np.eye(q) - 2 * (1 - ac1) / (q - 1) * pull
    centre = agreed - 2 * (1 - ac1) * expected
    variance = (float((p * weight**2).sum()) - centre**2) / (n * (1 - expected) ** 2)
    return Coefficient(ac1, _root(variance))


def _root(variance: float) -> float:
    # what is left of zero after rounding is zero: the reviewers always agree
    return 0.0 if variance < 1e-15 else sqrt(variance)
