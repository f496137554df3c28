"""Sensitivity and predictive value of the rules from a sample of charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leukocytosis.agreement.coefficients import Z_95

N_DRAWS, SEED = 20_000, 1983
Term = Literal["sensitivity", "ppv"]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """A reviewed chart: its stratum, how many charts it stands for, and both causes."""

    stratum: str
    weight: float
    reviewed: str
    by_rules: str


@dataclass(frozen=True)
class Share:
    """A share of the charts in question, its 95 % interval, and the charts it rests on."""

    estimate: float
    ci_low: float
    ci_high: float
    n_right: int
    n: int


def fit_counted(charts: Sequence[Chart], cause: str, term: Term) -> Share | None:
    """Return sensitivity or predictive value for a cause, each chart counting once.

    For a simple random sample, with the interval of Wilson (1927). None without such a chart.
    """
    n_right, n = _count(charts, cause, term)
    return Share(n_right / n, *_wilson(n_right / n, n), n_right, n) if n else None


def fit_weighted(charts: Sequence[Chart], cause: str, term: Term) -> Share | None:
    """Return sensitivity or predictive value for a cause, weighted back to the cohort.

    Each chart stands for `weight` charts of its stratum (Horvitz and Thompson, J Am Stat Assoc
    1952;47:663). The interval holds the middle 95 % of 20,000 draws in which the share with the
    cause in each stratum comes from its Jeffreys posterior, Beta(k + ½, n − k + ½): a stratum of
    which ten charts were read without a miss is no proof that it holds none, and counts the more
    the more charts it stands for. As for Jeffreys' interval (Brown, Cai and DasGupta, Stat Sci
    2001;16:101) an end never falls short of the estimate. None without such a chart.
    """
    n_right, n = _count(charts, cause, term)
    if not n:
        return None
    cells = _gather(charts, cause)
    rng = np.random.default_rng(SEED)
    drawn = rng.beta(cells.n_with + 0.5, cells.n - cells.n_with + 0.5, (N_DRAWS, cells.n.size))
    estimate = float(_weigh(cells, (cells.n_with / cells.n)[None, :], term)[0])
    low, high = np.quantile(_weigh(cells, drawn, term), [0.025, 0.975]).tolist()
    return Share(estimate, min(low, estimate), max(high, estimate), n_right, n)


@dataclass(frozen=True, eq=False)
class Cells:
    """Charts by stratum and by whether the rules give the cause, (c,) each.

    `given`: whether the rules give it; `total` charts stood for, `n` read, `n_with` the cause.
    """

    given: NDArray[np.bool_]
    total: FloatArray
    n: FloatArray
    n_with: FloatArray


def _gather(charts: Sequence[Chart], cause: str) -> Cells:
    found: dict[tuple[str, bool], list[Chart]] = {}
    for chart in charts:
        found.setdefault((chart.stratum, chart.by_rules == cause), []).append(chart)
    keys = sorted(found)
    return Cells(
        np.array([given for _, given in keys]),
        np.array([sum(chart.weight for chart in found[key]) for key in keys]),
        np.array([float(len(found[key])) for key in keys]),
        np.array([float(sum(chart.reviewed == cause for chart in found[key])) for key in keys]),
    )


def _weigh(cells: Cells, shares: FloatArray, term: Term) -> FloatArray:
    """Return the term for each row of `shares` (draws, cells): the share with the cause."""
    right = (shares * cells.total)[:, cells.given].sum(axis=1)
    if term == "ppv":
        return np.asarray(right / cells.total[cells.given].sum())
    return np.asarray(right / (shares * cells.total).sum(axis=1))


def _count(charts: Sequence[Chart], cause: str, term: Term) -> tuple[int, int]:
    """Return the charts that both give the cause, and those on which the term rests."""
    reviewed = {i for i, chart in enumerate(charts) if chart.reviewed == cause}
    by_rules = {i for i, chart in enumerate(charts) if chart.by_rules == cause}
    return len(reviewed & by_rules), len(reviewed if term == "sensitivity" else by_rules)


def _wilson(share: float, n: float) -> tuple[float, float]:
    z2 = Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    low = 0.0 if share == 0 else centre - half  # exact at the ends, where rounding would show
    return low, 1.0 if share == 1 else centre + half
