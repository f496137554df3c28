"""Who is at risk at each event, and what they were like: the sums behind every Cox model.

A row is at risk on (entry, days], within its stratum. Ties are Efron's (1977): of d events at one
time in one stratum, the k-th (from 0) sees those d rows at weight 1 − k/d; or Breslow's (1974):
every one of them sees all d rows whole. The sums of squares
are never held per event: each row gathers what it adds at all events it was at risk at, so that a
step costs a sort-free pass over the rows and one matrix product. Covariates lie along the rows of
arrays, patients along the columns: sums over patients then run through memory in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .times import FloatArray, IntArray

Ties = Literal["efron", "breslow"]
VANISHED = 1e-200  # of the largest hazard: no cohort differs so much, a likelihood without top does


@dataclass(frozen=True, eq=False)
class AtRisk:
    """Who is at risk at the events of one stratum, worked out once for all steps of a fit.

    `rows` (n,) are the stratum's rows by last day; all other positions are in that order. Of the T
    distinct times of m events: `events` (m,) who had one, `tie` (m,) at which time, `share` (m,)
    Efron's k/d (Breslow's is 0), `starts` (T,) the first event of each time, `first` (T,) the first
    row still followed, `until` (n,) how many times a row saw. With delayed entry, `by_entry` (n,)
    sorts rows by entry, `not_yet` (T,) is the first of them that had not entered, `since` (n,) how
    many times had passed when a row entered.
    """

    rows: IntArray
    events: IntArray
    times: FloatArray
    tie: IntArray
    share: FloatArray
    starts: IntArray
    first: IntArray
    until: IntArray
    by_entry: IntArray | None = None
    not_yet: IntArray | None = None
    since: IntArray | None = None


def find_at_risk(
    days: FloatArray,
    status: IntArray,
    entry: FloatArray | None = None,
    strata: IntArray | None = None,
    ties: Ties = "efron",
) -> tuple[AtRisk, ...]:
    """Return who is at risk in each stratum that saw an event, strata in ascending order."""
    if strata is None:
        whole = np.arange(days.size)
        return (_find(whole, days, status, entry, ties),) if status.any() else ()
    by_stratum = np.argsort(strata, kind="stable")
    borders = np.flatnonzero(np.diff(strata[by_stratum])) + 1
    parts = np.split(by_stratum, borders)
    return tuple(_find(rows, days, status, entry, ties) for rows in parts if status[rows].any())


def _find(
    rows: IntArray, days: FloatArray, status: IntArray, entry: FloatArray | None, ties: Ties
) -> AtRisk:
    rows = rows[np.argsort(days[rows], kind="stable")]
    ends = days[rows]
    events = np.flatnonzero(status[rows] == 1)
    times, starts, deaths = np.unique(ends[events], return_index=True, return_counts=True)
    tie = np.repeat(np.arange(times.size), deaths)
    share = (np.arange(events.size) - starts[tie]) / deaths[tie]
    delayed: dict[str, IntArray] = {}
    if entry is not None:
        entered = entry[rows]
        by_entry = np.argsort(entered, kind="stable")
        delayed = {
            "by_entry": by_entry,
            "not_yet": np.searchsorted(entered[by_entry], times, side="left"),
            "since": np.searchsorted(times, entered, side="right"),
        }
    return AtRisk(
        rows=rows,
        events=events,
        times=times,
        tie=tie,
        share=share if ties == "efron" else np.zeros_like(share),
        starts=starts,
        first=np.searchsorted(ends, times, side="left"),
        until=np.searchsorted(times, ends, side="right"),
        **delayed,
    )


@dataclass(frozen=True, eq=False)
class StratumSets:
    """The risk sets of one stratum when hazards are exp(coefficients @ columns).

    Shapes, with n rows, m events and p covariates: `columns` (p, n), `hazard` (n,) relative to the
    largest, `total` (m,) the hazard of all at risk at each event, `mean` (p, m) their covariates.
    `log_likelihood` is minus infinity where the hazards of those at risk vanish beside the largest.
    """

    at_risk: AtRisk
    columns: FloatArray
    hazard: FloatArray
    total: FloatArray
    mean: FloatArray
    log_likelihood: float

    @property
    def days(self) -> FloatArray:
        """Return the day of each event, (m,)."""
        return np.asarray(self.at_risk.times[self.at_risk.tie])

    @property
    def own(self) -> FloatArray:
        """Return the covariates of each row that had an event, (p, m)."""
        return np.asarray(self.columns[:, self.at_risk.events])

    def gather(self, jumps: FloatArray) -> FloatArray:
        """Return what each row gathers (k, n) of the `jumps` (k, m) while it is at risk."""
        who = self.at_risk
        reached = np.zeros((jumps.shape[0], who.times.size + 1))
        np.cumsum(np.add.reduceat(jumps, who.starts, axis=1), axis=1, out=reached[:, 1:])
        gathered = reached[:, who.until]
        if who.since is not None:
            gathered -= reached[:, who.since]
        missed = np.add.reduceat(who.share * jumps, who.starts, axis=1)
        gathered[:, who.events] -= missed[:, who.tie]
        return np.asarray(gathered)

    def gather_hazard(self) -> tuple[FloatArray, FloatArray]:
        """Return what each row gathers of 1 / total (n,), and of mean / total (p, n)."""
        gathered = self.gather(np.vstack([np.ones(self.total.size), self.mean]) / self.total)
        return gathered[0], gathered[1:]

    def information(self, weights: FloatArray | None = None) -> FloatArray:
        """Return the sum over events of the covariance (p, p) of those at risk, `weights` (m,)."""
        weight: FloatArray | float = 1.0 if weights is None else weights
        seen = self.hazard * self.gather((weight / self.total)[None, :])[0]
        squares = (self.columns * seen) @ self.columns.T
        return np.asarray(squares - (self.mean * weight) @ self.mean.T)

    def residuals(self) -> FloatArray:
        """Return the score residuals (p, n): what each row adds to the score."""
        who = self.at_risk
        lasting, means = self.gather_hazard()
        residuals = -self.hazard * (self.columns * lasting - means)
        at_time = np.add.reduceat(self.mean, who.starts, axis=1) / np.bincount(who.tie)
        residuals[:, who.events] += self.own - at_time[:, who.tie]
        return residuals


def weigh_stratum(columns: FloatArray, who: AtRisk, coefficients: FloatArray) -> StratumSets:
    """Return the risk sets of a stratum; its `columns` (p, n) in the order of `who.rows`."""
    log_hazard = coefficients @ columns
    log_hazard -= log_hazard.max()  # cancels in the likelihood, and keeps exp() finite
    hazard = np.exp(log_hazard)
    sums = np.empty((columns.shape[0] + 1, columns.shape[1]))
    sums[0] = hazard
    np.multiply(columns, hazard, out=sums[1:])
    seen = _still_followed(sums, who)
    dying = np.add.reduceat(sums[:, who.events], who.starts, axis=1)
    there = seen[:, who.tie] - who.share * dying[:, who.tie]
    total = there[0]
    if total.min() < VANISHED:
        total, log_likelihood = np.ones_like(total), -np.inf
    else:
        log_likelihood = float((log_hazard[who.events] - np.log(total)).sum())
    return StratumSets(
        at_risk=who,
        columns=columns,
        hazard=hazard,
        total=total,
        mean=there[1:] / total,
        log_likelihood=log_likelihood,
    )


def _still_followed(sums: FloatArray, who: AtRisk) -> FloatArray:
    """Return the sums (k, T) over those at risk at each time, of the rows' `sums` (k, n)."""
    between = np.add.reduceat(sums, who.first, axis=1)  # from each time to the next, or to the end
    followed = between[:, ::-1].cumsum(axis=1)[:, ::-1]
    if who.by_entry is None:
        return np.asarray(followed)
    later = np.zeros((sums.shape[0], sums.shape[1] + 1))
    np.cumsum(sums[:, who.by_entry[::-1]], axis=1, out=later[:, 1:])
    return np.asarray(followed - later[:, sums.shape[1] - who.not_yet])
