"""The log-rank test (Mantel 1966) of any number of groups, and of pairs after Holm (1979).

Written with numpy, after R's `survdiff`: hypergeometric variance at tied times, and a group never
at risk at an event takes no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Unpack

import numpy as np
import numpy.typing as npt

from .permutation import is_small, permute_logrank
from .row import Analysis, Estimate, Number, missing, place
from .times import BoolArray, FloatArray, IntArray, Labels, check_times

METHOD = "log-rank test"


@dataclass(frozen=True, eq=False)
class LogRank:
    """A log-rank test: per group (in `groups` order) patients, observed and expected events.

    `chi_squared`, `df` and `p_value` are None where `reason` says why.
    """

    groups: tuple[str, ...]
    n: IntArray
    observed: IntArray
    expected: FloatArray
    chi_squared: float | None = None
    df: int | None = None
    p_value: float | None = None
    reason: str | None = None


def fit_logrank(
    days: npt.ArrayLike, status: npt.ArrayLike, groups: Sequence[str] | Labels
) -> LogRank:
    """Return the log-rank test that survival is the same in all groups.

    Shapes: all (n,); status 0 or 1. ValueError as `check_times`, and for missing group labels.
    """
    followed, ends = check_times(days, status)
    labels = check_labels(groups, followed.size)
    names, member = np.unique(labels, return_inverse=True)
    belongs = np.eye(names.size, dtype=np.int64)[member]
    at_risk, events = count_by_group(followed, ends, belongs)
    expected, covariance = expect_events(at_risk, events.sum(axis=1))
    observed = events.sum(axis=0)
    test = judge_excess(observed - expected, covariance, expected > 0, int(observed.sum()))
    return LogRank(
        tuple(str(name) for name in names), belongs.sum(axis=0), observed, expected, *test
    )


def check_labels(groups: Sequence[str] | Labels, n: int) -> Labels:
    """Return one group name per patient as text; ValueError where one is missing."""
    labels: Labels = np.asarray(groups, dtype=object)
    if labels.shape != (n,):
        raise ValueError(f"one group per patient is needed; got {labels.size} for {n} patients")
    n_missing = sum(not isinstance(label, str) for label in labels)
    if n_missing:
        raise ValueError(f"{n_missing} of {n} patients have no group name")
    return labels.astype(str)


def count_by_group(
    days: FloatArray, status: IntArray, belongs: IntArray
) -> tuple[IntArray, IntArray]:
    """Return patients at risk and events, (distinct event times × groups) each."""
    times = np.unique(days[status == 1])
    events = np.zeros((times.size, belongs.shape[1]), dtype=np.int64)
    np.add.at(events, np.searchsorted(times, days[status == 1]), belongs[status == 1])
    last = np.searchsorted(times, days, side="right")  # at risk at the first `last` event times
    leaving = np.zeros((times.size + 1, belongs.shape[1]), dtype=np.int64)
    np.add.at(leaving, last, belongs)
    return leaving[::-1].cumsum(axis=0)[::-1][1:], events


def expect_events(at_risk: IntArray, deaths: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return expected events by group (k,) and their covariance (k, k) if all groups were alike.

    `at_risk` (t, k) and `deaths` (t,) are those of each time.
    """
    total = at_risk.sum(axis=1)
    share = at_risk / total[:, None]
    spread = deaths * (total - deaths) / np.maximum(total - 1, 1)
    within = np.diag((spread[:, None] * share).sum(axis=0))
    between = np.einsum("t,tg,th->gh", spread, share, share)
    return (deaths[:, None] * share).sum(axis=0), within - between


def judge_excess(
    excess: FloatArray, covariance: FloatArray, takes_part: BoolArray, n_events: int
) -> tuple[float | None, int | None, float | None, str | None]:
    """Return chi-squared, degrees of freedom, p, and the reason where there is no test."""
    from scipy.special import chdtrc

    if excess.size < 2:
        reason = "there is only one group" if excess.size else "there are no patients"
        return None, None, None, reason
    if n_events == 0:
        return None, None, None, "there are no events"
    kept = np.flatnonzero(takes_part)
    if kept.size < 2:
        return None, None, None, "only one group was at risk when events happened"
    rest = kept[1:]  # the excesses add up to 0, so one group says nothing new
    matrix = covariance[np.ix_(rest, rest)]
    if np.linalg.matrix_rank(matrix) < rest.size:
        return None, None, None, "the events leave no variance (all at risk had the event)"
    chi_squared = float(excess[rest] @ np.linalg.solve(matrix, excess[rest]))
    return chi_squared, rest.size, float(chdtrc(rest.size, chi_squared)), None


def fit_pairwise_logrank(
    days: npt.ArrayLike, status: npt.ArrayLike, groups: Sequence[str] | Labels
) -> tuple[tuple[LogRank, float | None], ...]:
    """Return the log-rank test of each pair of groups with its p value adjusted after Holm.

    Pairs come in alphabetical order. Pairs that cannot be tested are not counted in the
    adjustment.
    """
    followed, ends = check_times(days, status)
    labels = check_labels(groups, followed.size)
    tests = []
    for pair in combinations(np.unique(labels), 2):
        chosen = np.isin(labels, pair)
        tests.append(fit_logrank(followed[chosen], ends[chosen], labels[chosen]))
    adjusted = adjust_holm([test.p_value for test in tests])
    return tuple(zip(tests, adjusted, strict=True))


def adjust_holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p values adjusted step-down after Holm (1979); None stays None, uncounted."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(known):
        running = max(running, min(1.0, p * (len(known) - rank)))
        adjusted[i] = running
    return adjusted


def logrank_rows(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    groups: Sequence[str] | Labels,
    **analysis: Unpack[Analysis],
) -> tuple[Estimate, ...]:
    """Return the overall test (group `all`), then each pair's, its p value plain and after Holm.

    `estimate` is chi-squared; terms are `log-rank` and `log-rank (Holm)`. Where a group has fewer
    than 20 patients or 5 events the p value comes from permutation, and `method` says so. With two
    groups the one pair would repeat the overall test and is left out.
    """
    followed, ends = check_times(days, status)
    labels = check_labels(groups, followed.size)
    overall = fit_logrank(followed, ends, labels)
    rows = [_row(overall, *_judge(overall, followed, ends, labels), "all", **analysis)]
    pairs = fit_pairwise_logrank(followed, ends, labels) if len(overall.groups) > 2 else ()
    judged = [_judge(test, followed, ends, labels) for test, _ in pairs]
    adjusted = adjust_holm([p_value for p_value, _ in judged])
    for (test, _), (p_value, method), holm in zip(pairs, judged, adjusted, strict=True):
        group = " against ".join(test.groups)
        rows.append(_row(test, p_value, method, group, **analysis))
        after_holm = f"{method}, p value adjusted after Holm"
        rows.append(_row(test, holm, after_holm, group, "log-rank (Holm)", **analysis))
    return tuple(rows)


def _judge(
    test: LogRank, days: FloatArray, status: IntArray, labels: Labels
) -> tuple[float | None, str]:
    """Return a test's p value, by permutation where a group is small, and the method."""
    if test.p_value is None or not is_small(test.n, test.observed):
        return test.p_value, METHOD
    chosen = np.isin(labels, test.groups)
    member = np.searchsorted(test.groups, labels[chosen])
    p_value, how = permute_logrank(days[chosen], status[chosen], member)
    return p_value, f"{METHOD}, {how}"


def _row(
    test: LogRank,
    p_value: float | None,
    method: str,
    group: str,
    term: str = "log-rank",
    **analysis: Unpack[Analysis],
) -> Estimate:
    return place(
        Number(test.chi_squared, note=_note(test)) if test.reason is None else missing(test.reason),
        p_value,
        **analysis,
        group=group,
        term=term,
        n=int(test.n.sum()),
        n_events=int(test.observed.sum()),
        method=method,
    )


def _note(test: LogRank) -> str:
    freedom = f"chi-squared on {test.df} degree{'s' if test.df != 1 else ''} of freedom"
    absent = [
        name for name, expected in zip(test.groups, test.expected, strict=True) if expected == 0
    ]
    return freedom + (f"; never at risk when events happened: {', '.join(absent)}" * bool(absent))
