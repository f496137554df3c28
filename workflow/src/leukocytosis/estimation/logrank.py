"""Log-rank tests (Mantel 1966), as R's survdiff gives them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from leukocytosis.estimation.curve import Floats, Ints, at_half_a_day, check_follow_up


@dataclass(frozen=True)
class LogRank:
    """A test: chi-squared with its degrees of freedom and p value."""

    chi_squared: float
    degrees_of_freedom: int
    p_value: float


def fit_logrank(days: Floats, status: Ints, group: Ints) -> LogRank:
    """Return the test that the groups (whole numbers) share one hazard.

    Raises ValueError for bad follow-up, fewer than two groups, or no events.
    """
    check_follow_up(days, status)
    labels = np.unique(group)
    if len(labels) < 2:
        raise ValueError("there is only one group")
    if not status.sum():
        raise ValueError("there are no events")
    days = at_half_a_day(days, status)
    member = group[:, None] == labels[None, :]
    excess, variance = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for time in np.unique(days[status == 1]):
        at_risk = member[days >= time].sum(axis=0).astype(float)
        died = member[(days == time) & (status == 1)].sum(axis=0)
        n, d, share = at_risk.sum(), died.sum(), at_risk / at_risk.sum()
        excess += died - d * share
        scale = d * (n - d) / (n - 1) if n > 1 else 0.0
        variance += scale * (np.diag(share) - np.outer(share, share))
    degrees = len(labels) - 1
    chi = float(excess[:-1] @ np.linalg.pinv(variance[:-1, :-1]) @ excess[:-1])
    return LogRank(chi, degrees, float(stats.chi2.sf(chi, degrees)))


def fit_pairwise(
    days: Floats, status: Ints, group: Ints
) -> list[tuple[int, int, LogRank | str, float | None]]:
    """Return a test per pair of groups with Holm's p value (Holm 1979), or why there is none."""
    found: list[tuple[int, int, LogRank | str]] = []
    for a, b in combinations(sorted(set(group.tolist())), 2):
        rows = (group == a) | (group == b)
        try:
            found.append((a, b, fit_logrank(days[rows], status[rows], group[rows])))
        except ValueError as error:
            found.append((a, b, str(error)))
    adjusted = iter(holm([test.p_value for *_, test in found if isinstance(test, LogRank)]))
    return [
        (a, b, test, next(adjusted) if isinstance(test, LogRank) else None) for a, b, test in found
    ]


def holm(p_values: list[float]) -> list[float]:
    """Return p values adjusted for their number by Holm's step-down method."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted
