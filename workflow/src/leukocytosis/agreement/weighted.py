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

    The ratio of two Horvitz–Thompson totals of a stratified sample. The interval is Wilson's on
    the effective sample size, the number of charts at which a simple random sample would vary as
    much (Korn and Graubard, Survey Methodology 1998;24:193-201), but never on more charts than
    were read: a stratum in which no error was met adds nothing to the variance, and is no proof
    that it holds none. Where all or none are right the size is that of Kish.
    """
    found = [chart for chart in charts if asked(chart)]
    if not found:
        return None
    n_right = sum(right(chart) for chart in found)
    share, variance = fit_ratio(charts, asked, right)
    if n_right in (0, len(found)):
        total = sum(chart.weight for chart in found)
        size = total**2 / sum(chart.weight**2 for chart in found)
    else:
        size = min(share * (1 - share) / variance, len(found))
    return Share(share, *_wilson(share, size), n_right, len(found))


def fit_ratio(charts: Sequence[Chart], asked: Asks, right: Asks) -> tuple[float, float]:
    """Return the weighted share and its variance, that of the linearised ratio.

    Within strata and without finite-population correction, as `svyratio` of R's survey package;
    a stratum of one chart is set against the mean of all (`survey.lonely.psu = "adjust"`).
    """
    found = [chart for chart in charts if asked(chart)]
    total = sum(chart.weight for chart in found)
    if all(right(chart) for chart in found):
        return 1.0, 0.0  # exact, where rounding would show
    share = sum(chart.weight for chart in found if right(chart)) / total
    pulls = defaultdict(list)
    for chart in charts:
        pull = chart.weight * (right(chart) - share) / total if asked(chart) else 0.0
        pulls[chart.stratum].append(pull)
    return share, sum(_spread(found) for found in pulls.values())


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
