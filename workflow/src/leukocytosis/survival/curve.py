"""Kaplan–Meier (1958): survival, risk and median with log-log intervals.

Written with numpy: equal to lifelines and to R's `survfit(conf.type = "log-log")`, and the median
follows R's convention on a step at exactly one half, where lifelines does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import numpy.typing as npt

from leukocytosis.prose import count_patients

from .proportion import Z_95, exact_bound
from .row import Analysis, Estimate, Number, missing, place
from .times import FloatArray, IntArray, check_times

METHOD = "Kaplan–Meier, 95 % log-log interval"
QUANTILE_METHOD = "Kaplan–Meier quantile, 95 % Brookmeyer–Crowley interval (log-log)"
MEDIAN_METHOD = "Kaplan–Meier median, 95 % Brookmeyer–Crowley interval (log-log)"
TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))  # R's, for a step at exactly one half
UPPER_NOT_REACHED = "upper end of the interval not reached"
NEITHER_REACHED = "no interval, because neither end of it is reached"


@dataclass(frozen=True, eq=False)
class Curve:
    """A Kaplan–Meier curve: arrays with one element per distinct time, the first of which is 0.

    `n_at_risk` is just before the time, `n_events` and `n_censored` at it, `survival` just after
    it, `ci_low` and `ci_high` the pointwise 95 % log-log interval of the survival (Kalbfleisch
    and Prentice 1980; NaN where survival is 0 or 1 and the transformation has no value). Without
    patients all arrays are empty.
    """

    n: int
    times: FloatArray
    n_at_risk: IntArray
    n_events: IntArray
    n_censored: IntArray
    survival: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray

    def at_risk_at(self, days: npt.ArrayLike) -> IntArray:
        """Return how many were at risk just before each of `days`: the table under a figure."""
        at_risk = np.append(self.n_at_risk, 0)
        return at_risk[np.searchsorted(self.times, np.asarray(days, np.float64), side="left")]

    def events_by(self, day: float) -> int:
        """Return the number of events up to and on `day`."""
        return int(self.n_events[self.times <= day].sum())

    def survival_at(self, day: float) -> Number:
        """Return the survival just after `day` with its 95 % interval, or why there is none.

        There is none beyond the last observed time, unless survival had reached 0 by then.
        ValueError when `day` is negative.
        """
        if day < 0:
            raise ValueError("survival is asked for before the index day")
        if self.n == 0:
            return missing("there are no patients")
        if day > self.times[-1] and self.survival[-1] > 0:
            return missing(f"nobody was followed to day {day:g}")
        here = np.searchsorted(self.times, day, side="right") - 1
        survival = float(self.survival[here])
        if survival in (0.0, 1.0):
            return self._at_the_edge(survival, day)
        return Number(survival, float(self.ci_low[here]), float(self.ci_high[here]))

    def risk_at(self, day: float) -> Number:
        """Return the risk up to and on `day`, 1 − survival, as `survival_at` does."""
        number = self.survival_at(day)
        if number.estimate is None:
            return number
        low = None if number.ci_high is None else 1 - number.ci_high
        high = None if number.ci_low is None else 1 - number.ci_low
        return Number(1 - number.estimate, low, high, number.note)

    def median(self) -> Number:
        """Return the median time in days with its interval, "not reached" where it is not.

        Interval: where the log-log band crosses one half (Brookmeyer and Crowley 1982).
        """
        return self.quantile(0.5)

    def quantile(self, share: float) -> Number:
        """Return the days by which a `share` (0 to 1) had the event, as `median` does for 0.5.

        Interval: where the log-log band crosses 1 − share. ValueError for a share of 0 or 1, or
        beyond them.
        """
        if not 0 < share < 1:
            raise ValueError(f"a quantile needs a share between 0 and 1; got {share:g}")
        if self.n == 0:
            return missing("there are no patients")
        left = 1 - share
        middle = _crossing(self.times, self.survival, left)
        low, high = (_crossing(self.times, band, left) for band in (self.ci_low, self.ci_high))
        note = "not reached" if middle is None else None
        if middle is not None and high is None:
            note = UPPER_NOT_REACHED if low is not None else NEITHER_REACHED
        return Number(middle, low, high, note)

    def _at_the_edge(self, survival: float, day: float) -> Number:
        """Give a survival of 0 or 1, where log-log fails, an exact interval where one is valid.

        Nobody had the event: everyone who was not censored earlier was seen event-free on `day`,
        so these are 0 events in that many patients. All had it: only known to be all when nobody
        was censored.
        """
        if survival == 1.0:
            followed = int(self.at_risk_at(day))
            who = count_patients(followed)
            note = f"no events: exact (Clopper–Pearson) interval from the {who} followed"
            return Number(1.0, 1 - exact_bound(followed), 1.0, note)
        if self.n_censored.any():
            return Number(0.0, note="no interval, because nobody was left at risk")
        note = "all had the event: exact (Clopper–Pearson) interval"
        return Number(0.0, 0.0, exact_bound(self.n), note)


def fit_curve(days: npt.ArrayLike, status: npt.ArrayLike) -> Curve:
    """Return the Kaplan–Meier curve of patients followed for `days`; status 0 censored, 1 event.

    Shapes: both (n,). At a tie, censored patients are at risk for the event. ValueError for
    missing, infinite or negative times and for status 2: Kaplan–Meier would count patients with a
    competing event as still able to have the event (Aalen–Johansen is the way, not yet here).
    """
    followed, ends = check_times(days, status)
    times = np.unique(np.append(followed, 0.0)) if followed.size else followed
    at = np.searchsorted(times, followed)
    events = np.bincount(at, ends, minlength=times.size).astype(np.int64)
    left = np.bincount(at, minlength=times.size)
    at_risk = followed.size - np.cumsum(left) + left
    survival = np.cumprod(1 - events / at_risk)
    low, high = _log_log_band(survival, events, at_risk)
    return Curve(followed.size, times, at_risk, events, left - events, survival, low, high)


def _log_log_band(
    survival: FloatArray, events: IntArray, at_risk: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the 95 % band on the log(−log) scale from Greenwood's (1926) variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        width = Z_95 * np.sqrt(variance) / np.log(inside)
        centre = np.log(-np.log(inside))
    return np.exp(-np.exp(centre - width)), np.exp(-np.exp(centre + width))


def _crossing(times: FloatArray, survival: FloatArray, level: float) -> float | None:
    """Return the first time at which `survival` is at most `level`, as R's `quantile.survfit` does.

    Where it is exactly the level and falls further later, the middle of that flat step.
    """
    below = np.flatnonzero(survival < level + TOLERANCE)
    if not below.size:
        return None
    first = below[0]
    lower = below[survival[below] < survival[first]]
    if abs(survival[first] - level) < TOLERANCE and lower.size:
        return float(times[first] + times[lower[0]]) / 2
    return float(times[first])


def risk_rows(
    curve: Curve, days: Iterable[float], group: str, **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return one row per day: the risk up to and on it (term `risk`), as a fraction."""
    return tuple(
        place(
            curve.risk_at(day),
            **analysis,
            group=group,
            term="risk",
            time_days=day,
            n=curve.n,
            n_events=curve.events_by(day),
            method=METHOD,
        )
        for day in days
    )


def survival_rows(
    curve: Curve, days: Iterable[float], group: str, **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return one row per day: the survival just after it (term `survival`), as a fraction."""
    return tuple(
        place(
            curve.survival_at(day),
            **analysis,
            group=group,
            term="survival",
            time_days=day,
            n=curve.n,
            n_events=curve.events_by(day),
            method=METHOD,
        )
        for day in days
    )


def quantile_rows(
    curve: Curve, shares: Iterable[float], group: str, **analysis: Unpack[Analysis]
) -> tuple[Estimate, ...]:
    """Return one row per share: the days by which it had the event (term `25 % had it`, …)."""
    return tuple(
        place(
            curve.quantile(share),
            **analysis,
            group=group,
            term=f"{100 * share:g} % had it",
            n=curve.n,
            n_events=int(curve.n_events.sum()),
            method=QUANTILE_METHOD,
        )
        for share in shares
    )


def median_row(curve: Curve, group: str, **analysis: Unpack[Analysis]) -> Estimate:
    """Return the row of the median time in days (term `median`)."""
    return place(
        curve.median(),
        **analysis,
        group=group,
        term="median",
        n=curve.n,
        n_events=int(curve.n_events.sum()),
        method=MEDIAN_METHOD,
    )
