"""Kaplan–Meier curves with log-log intervals (Kaplan and Meier 1958, J Am Stat Assoc 53:457).

Equal to R's `survfit(conf.type = "log-log")`. Written out, because the median of a flat step at
one half follows R's convention, which the library at hand does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Z = 1.959963984540054  # 97.5th centile of the standard normal distribution
HALF_DAY = 0.5  # an event on day 0 counts here: time-to-event models know no event at time 0


@dataclass(frozen=True)
class Curve:
    """Arrays with one entry per distinct time, in days; survival holds just after the time."""

    time_days: Floats
    n_at_risk: Ints
    n_events: Ints
    n_censored: Ints
    survival: Floats
    ci_low: Floats  # NaN where the log-log interval does not exist (survival 1 or 0)
    ci_high: Floats

    @property
    def last_day(self) -> float:
        """Return the longest follow-up."""
        return float(self.time_days[-1])

    def at(self, day: float) -> tuple[float, float, float] | None:
        """Return survival and interval at a day; None beyond the last follow-up above zero."""
        if day > self.last_day and self.survival[-1] > 0:
            return None
        i = int(np.searchsorted(self.time_days, day, side="right")) - 1
        if i < 0:
            return 1.0, float("nan"), float("nan")
        return float(self.survival[i]), float(self.ci_low[i]), float(self.ci_high[i])

    def at_risk(self, day: float) -> int:
        """Return how many were at risk just before a day."""
        i = int(np.searchsorted(self.time_days, day, side="left"))
        return int(self.n_at_risk[i]) if i < len(self.time_days) else 0

    def median(self) -> tuple[float | None, float | None, float | None]:
        """Return the median time and its Brookmeyer–Crowley interval; None: not reached."""
        low, high = _crossing(self, self.ci_low), _crossing(self, self.ci_high)
        return _crossing(self, self.survival), low, high


def _crossing(curve: Curve, values: Floats) -> float | None:
    """Return where a step function reaches one half, R's midpoint on a flat step at one half."""
    # an interval that does not exist crosses nothing
    known = np.nan_to_num(values, nan=1.0)
    below = np.flatnonzero(known <= 0.5 + 1e-12)
    if not len(below):
        return None
    first = int(below[0])
    if abs(known[first] - 0.5) < 1e-12:
        later = np.flatnonzero(known < 0.5 - 1e-12)
        if len(later):
            return float(curve.time_days[first] + curve.time_days[later[0]]) / 2
    return float(curve.time_days[first])


def check_follow_up(days: Floats, status: Ints) -> None:
    """Raise ValueError, with counts, for follow-up that no estimator here can take."""
    if len(days) != len(status) or not len(days):
        raise ValueError("follow-up is empty or its columns differ in length")
    bad = int(np.sum(~np.isfinite(days) | (days < 0)))
    if bad:
        raise ValueError(f"{bad} of {len(days)} follow-up times are negative or missing")
    competing = int(np.sum(~np.isin(status, (0, 1))))
    if competing:
        raise ValueError(
            f"{competing} rows have a competing event: Kaplan–Meier would count them as censored; "
            "use the cumulative incidence (Aalen–Johansen)"
        )


def at_half_a_day(days: Floats, status: Ints) -> Floats:
    """Return times in which an event on day 0 counts at half a day."""
    return np.where((days == 0) & (status == 1), HALF_DAY, days)


def fit_curve(days: Floats, status: Ints) -> Curve:
    """Return the Kaplan–Meier curve of follow-up in days and status (0 censored, 1 event).

    Raises ValueError on empty, negative or missing times and on competing events.
    """
    check_follow_up(days, status)
    days = at_half_a_day(days, status)
    times, place = np.unique(days, return_inverse=True)
    events = np.bincount(place, weights=status).astype(np.int64)
    leaving = np.bincount(place).astype(np.int64)
    at_risk = len(days) - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    survival = np.cumprod(1 - events / at_risk)
    low, high = _log_log(survival, events, at_risk)
    return Curve(times, at_risk, events, leaving - events, survival, low, high)


def _log_log(survival: Floats, events: Ints, at_risk: Ints) -> tuple[Floats, Floats]:
    """Return the interval of Kalbfleisch and Prentice, from Greenwood's variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        spread = Z * greenwood / np.abs(np.log(survival))
        low, high = survival ** np.exp(spread), survival ** np.exp(-spread)
    exists = (survival > 0) & (survival < 1)
    return np.where(exists, low, np.nan), np.where(exists, high, np.nan)


def is_complete(days: Floats, status: Ints, horizon_days: float) -> bool:
    """Whether everybody had the event or was observed through the horizon."""
    return bool(np.all((status == 1) | (days >= horizon_days)))


def median_follow_up(days: Floats, status: Ints) -> tuple[float | None, float | None, float | None]:
    """Return median potential follow-up by reverse Kaplan–Meier (Schemper and Smith 1996)."""
    check_follow_up(days, status)
    return fit_curve(at_half_a_day(days, status), 1 - status).median()
