"""Sensitivity and predictive value of the rules from a sample of charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054


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


Asks = Callable[[Chart], bool]


def fit_counted(charts: Sequence[Chart], asked: Asks, right: Asks) -> Share | None:
    """Return the share of `right` among the charts `asked` for, each counting once.

    For a simple random sample, with the interval of Wilson (1927). None without such a chart.
    """
    found = [chart for chart in charts if asked(chart)]
    if not found:
        return None
    n_right = sum(right(chart) for chart in found)
    share = n_right / len(found)
    return Share(share, *_wilson(share, len(found)), n_right, len(found))


def fit_weighted(charts: Sequence[Chart], asked: Asks, right: Asks) -> Share | None:
    """Return the share of `right` among the charts `asked` for, weighted back to the cohort.

    The ratio of two Horvitz–Thompson totals of a stratified sample. Its variance is that of the
    linearised ratio, within strata, without finite-population correction; a stratum of one chart
    is set against the mean of all. The interval is Wilson's on the effective sample size, the
    number of charts at which a simple random sample would vary as much (Korn and Graubard, Survey
    Methodology 1998;24:193-201); where all or none are right, that of Kish.
    """
    found = [chart for chart in charts if asked(chart)]
    if not found:
        return None
    total = sum(chart.weight for chart in found)
    share = sum(chart.weight for chart in found if right(chart)) / total
    n_right = sum(right(chart) for chart in found)
    if n_right in (0, len(found)):
        share = float(n_right > 0)
        size = total**2 / sum(chart.weight**2 for chart in found)
    else:
        pulls = defaultdict(list)
        for chart in charts:
            pull = chart.weight * (right(chart) - share) / total if asked(chart) else 0.0
            pulls[chart.stratum].append(pull)
        size = share * (1 - share) / _variance(list(pulls.values()))
    return Share(share, *_wilson(share, size), n_right, len(found))


def _variance(strata: Sequence[Sequence[float]]) -> float:
    """Return the variance of a total of the charts' pulls, whose sum is 0."""
    return sum(_spread(pulls) for pulls in strata)


def _spread(pulls: Sequence[float]) -> float:
    n = len(pulls)
    if n == 1:
        return pulls[0] ** 2
    return n / (n - 1) * sum((pull - sum(pulls) / n) ** 2 for pull in pulls)


def _wilson(share: float, n: float) -> tuple[float, float]:
    z2 = Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    low = 0.0 if share == 0 else centre - half  # exact at the ends, where rounding would show
    return low, 1.0 if share == 1 else centre + half
