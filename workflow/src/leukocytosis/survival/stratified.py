"""The log-rank test within strata, and for a trend over ordered groups.

Observed and expected events and their covariance are added up over the strata, each with risk sets
of its own (Mantel and Haenszel 1959; R's `survdiff(… + strata())`). The test for trend scores the
ordered groups and asks whether events and scores go together (Tarone 1975): one degree of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import numpy.typing as npt

from .logrank import LogRank, check_labels, count_by_group, expect_events, judge_excess
from .permutation import TOLERANCE, deal_in_strata, find_scores, is_small
from .row import Analysis, Estimate, Number, missing, place
from .times import FloatArray, IntArray, Labels, check_times

STRATIFIED = "stratified log-rank test"
TREND = "log-rank test for trend"


@dataclass(frozen=True, eq=False)
class Tally:
    """Events observed and expected per group, added up over strata; shapes (g,) and (g, g)."""

    groups: tuple[str, ...]
    n: IntArray
    observed: IntArray
    expected: FloatArray
    covariance: FloatArray


@dataclass(frozen=True)
class Trend:
    """A test for trend: chi-squared on 1 degree of freedom, its direction, or the reason why not.

    `excess_score` is above 0 where events come more often than expected with higher scores.
    """

    n: int
    n_events: int
    chi_squared: float | None = None
    p_value: float | None = None
    excess_score: float | None = None
    reason: str | None = None


def tally_strata(
    days: FloatArray, status: IntArray, groups: Labels, strata: npt.ArrayLike
) -> Tally:
    """Return the tally of the log-rank test; `strata` is one label per patient, (n,)."""
    names, member = np.unique(groups, return_inverse=True)
    belongs = np.eye(names.size, dtype=np.int64)[member]
    stratum_of = np.asarray(strata)
    observed = np.zeros(names.size, dtype=np.int64)
    expected, covariance = np.zeros(names.size), np.zeros((names.size, names.size))
    for stratum in np.unique(stratum_of):
        here = stratum_of == stratum
        at_risk, events = count_by_group(days[here], status[here], belongs[here])
        more, spread = expect_events(at_risk, events.sum(axis=1))
        observed, expected = observed + events.sum(axis=0), expected + more
        covariance = covariance + spread
    return Tally(tuple(names.tolist()), belongs.sum(axis=0), observed, expected, covariance)


def fit_stratified_logrank(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    groups: Sequence[str] | Labels,
    strata: Sequence[str] | Labels,
) -> LogRank:
    """Return the log-rank test of the groups within strata.

    Shapes: all (n,). A stratum in which only one group is at risk adds nothing. ValueError as
    `fit_logrank`, also for a missing stratum: leave those patients out, and say how many.
    """
    followed, ends = check_times(days, status)
    labels, within = check_labels(groups, followed.size), check_labels(strata, followed.size)
    tally = tally_strata(followed, ends, labels, within)
    test = judge_excess(
        tally.observed - tally.expected,
        tally.covariance,
        np.diag(tally.covariance) > 0,
        int(ends.sum()),
    )
    if test[3] and test[3].startswith("the events leave no variance"):
        test = (*test[:3], "within the strata the groups do not meet, or all at risk had the event")
    return LogRank(tally.groups, tally.n, tally.observed, tally.expected, *test)


def fit_trend(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    scores: npt.ArrayLike,
    strata: Sequence[str] | Labels | None = None,
) -> Trend:
    """Return the log-rank test for trend over `scores`, (n,): one number per patient's group.

    With `strata` the trend is looked for within them. ValueError as `fit_logrank`, and for scores
    that are missing or infinite.
    """
    from scipy.special import chdtrc

    followed, ends = check_times(days, status)
    score_of = _check_scores(scores, followed.size)
    within = np.zeros(followed.size) if strata is None else check_labels(strata, followed.size)
    levels, member = np.unique(score_of, return_inverse=True)
    tally = tally_strata(followed, ends, member, within)
    n, n_events = followed.size, int(ends.sum())
    reason = _why_no_trend(levels, n_events)
    variance = float(levels @ tally.covariance @ levels)
    if reason is None and variance <= TOLERANCE:
        reason = "at no event were patients of different scores at risk"
    if reason:
        return Trend(n, n_events, reason=reason)
    excess = float(levels @ (tally.observed - tally.expected))
    chi_squared = excess**2 / variance
    return Trend(n, n_events, chi_squared, float(chdtrc(1, chi_squared)), excess)


def _check_scores(scores: npt.ArrayLike, n: int) -> FloatArray:
    score_of = np.asarray(scores, dtype=np.float64)
    if score_of.shape != (n,):
        raise ValueError(f"one score per patient is needed; got {score_of.size} for {n} patients")
    n_bad = int((~np.isfinite(score_of)).sum())
    if n_bad:
        raise ValueError(f"{n_bad} of {n} scores are missing or infinite")
    return score_of


def _why_no_trend(levels: FloatArray, n_events: int) -> str | None:
    if not levels.size:
        return "there are no patients"
    if levels.size < 2:
        return "all patients have the same score"
    return None if n_events else "there are no events"


def stratified_row(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    groups: Sequence[str] | Labels,
    strata: Sequence[str] | Labels,
    named: str,
    **analysis: Unpack[Analysis],
) -> Estimate:
    """Return the row of the stratified test (term `log-rank within {named}`).

    By permutation within strata where a group has fewer than 20 patients or 5 events.
    """
    test = fit_stratified_logrank(days, status, groups, strata)
    p_value, method = test.p_value, STRATIFIED
    if p_value is not None and is_small(test.n, test.observed):
        p_value, how = permute_stratified(days, status, groups, strata)
        method = f"{STRATIFIED}, {how}"
    degrees = f"chi-squared on {test.df} degree{'s' if test.df != 1 else ''} of freedom"
    number = missing(test.reason) if test.reason else Number(test.chi_squared, note=degrees)
    return place(number, p_value, **analysis, group="all", term=f"log-rank within {named}",
                 n=int(test.n.sum()), n_events=int(test.observed.sum()), method=method)  # fmt: skip


def trend_row(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    scores: npt.ArrayLike,
    term: str,
    **analysis: Unpack[Analysis],
) -> Estimate:
    """Return the row of the test for trend; by permutation where a score is rare."""
    test = fit_trend(days, status, scores)
    p_value, method = test.p_value, TREND
    levels, member = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    events = np.bincount(member, np.asarray(status, dtype=np.float64), minlength=levels.size)
    if p_value is not None and is_small(np.bincount(member), events.astype(np.int64)):
        p_value, how = permute_trend(days, status, levels, member)
        method = f"{TREND}, {how}"
    if test.excess_score is None:
        number = missing(str(test.reason))
    else:
        way = "more" if test.excess_score > 0 else "fewer"
        note = f"chi-squared on 1 degree of freedom; {way} events with higher scores"
        number = Number(test.chi_squared, note=note)
    return place(number, p_value, **analysis, group="all", term=term, n=test.n,
                 n_events=test.n_events, method=method)  # fmt: skip


def permute_stratified(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    groups: Sequence[str] | Labels,
    strata: Sequence[str] | Labels,
) -> tuple[float, str]:
    """Return the p value of the stratified test from deals within strata, and how it was found.

    The statistic is the quadratic form of the groups' sums of scores in the covariance that the
    deals give them (Hothorn et al. 2006); with two groups, the distance from 0.
    """
    followed, ends = check_times(days, status)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    _, stratum = np.unique(np.asarray(strata), return_inverse=True)
    scores = _scores_within(followed, ends, stratum)
    inverse = np.linalg.pinv(_spread_of_deals(scores, member, stratum), hermitian=True)
    dealt, observed, how = deal_in_strata(scores, member, stratum)
    found = np.einsum("dg,gh,dh->d", dealt, inverse, dealt)
    return _share_beyond(found, float(observed @ inverse @ observed), how), how


def permute_trend(
    days: npt.ArrayLike, status: npt.ArrayLike, levels: FloatArray, member: IntArray
) -> tuple[float, str]:
    """Return the two-sided p value of the test for trend from deals, and how it was found."""
    followed, ends = check_times(days, status)
    one = np.zeros(followed.size, dtype=np.int64)
    dealt, observed, how = deal_in_strata(find_scores(followed, ends), member, one)
    return _share_beyond(np.abs(dealt @ levels), abs(float(observed @ levels)), how), how


def _scores_within(days: FloatArray, status: IntArray, stratum: IntArray) -> FloatArray:
    scores = np.zeros(days.size)
    for i in range(stratum.max() + 1):
        here = stratum == i
        scores[here] = find_scores(days[here], status[here])
    return scores


def _spread_of_deals(scores: FloatArray, member: IntArray, stratum: IntArray) -> FloatArray:
    """Return the covariance of the groups' sums of scores over all deals within strata."""
    n_groups = int(member.max()) + 1
    covariance = np.zeros((n_groups, n_groups))
    for i in range(stratum.max() + 1):
        here = stratum == i
        if here.sum() > 1:
            sizes = np.bincount(member[here], minlength=n_groups).astype(np.float64)
            spread = scores[here].var(ddof=1)
            covariance += spread * (np.diag(sizes) - np.outer(sizes, sizes) / here.sum())
    return covariance


def _share_beyond(found: FloatArray, observed: float, how: str) -> float:
    """Return the share of deals at least as far out; drawn deals count the observed one too."""
    n_beyond = int((found >= observed - TOLERANCE).sum())
    if how.startswith("exact"):
        return n_beyond / found.size
    return (1 + n_beyond) / (1 + found.size)
