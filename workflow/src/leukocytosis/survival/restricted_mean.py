"""Restricted mean survival time (RMST): days alive, or free of the event, up to a horizon.

The area under the Kaplan–Meier curve, its variance by Greenwood's terms weighted with the squared
area that is left (Klein and Moeschberger 2003, 4.5; the `rmean` of R's survfit). Differences and
ratios have normal intervals, ratios on the log scale (Royston and Parmar 2013; Uno et al. 2014).
Where few make an interval pass the horizon, or 0, it is cut there, which costs it no coverage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from leukocytosis.prose import name_group

from .curve import Curve
from .proportion import Z_95
from .row import Analysis, Estimate, Number, missing, place

METHOD = "restricted mean, area under Kaplan–Meier, 95 % normal interval"
CUT = "the normal interval passes what is possible and is cut there"
NO_EVENTS = "no events up to that day in a group, so there is no interval"


@dataclass(frozen=True)
class RestrictedMean:
    """Days up to a horizon: their mean and its standard error (0 without events)."""

    days: float
    error: float


Contrast = Callable[[RestrictedMean, RestrictedMean], Number]


def fit_restricted_mean(curve: Curve, horizon: float) -> RestrictedMean | str:
    """Return the restricted mean to a horizon in days, or why there is none.

    The horizon must lie within what was observed of the group: beyond the last follow-up the
    curve, and with it the area, is unknown (unless it had reached 0).
    """
    seen = curve.survival_at(horizon)
    if seen.estimate is None:
        return str(seen.note).removeprefix("cannot be estimated, because ")
    inside = curve.times < horizon
    times = np.append(curve.times[inside], horizon)
    areas = curve.survival[inside] * np.diff(times)
    events, at_risk = curve.n_events[inside], curve.n_at_risk[inside]
    left = np.cumsum(areas[::-1])[::-1]  # the area after each time, its own step included
    spread = (events > 0) & (at_risk > events)
    terms = left[spread] ** 2 * events[spread]
    variance = (terms / (at_risk[spread] * (at_risk[spread] - events[spread]))).sum()
    return RestrictedMean(float(areas.sum()), math.sqrt(float(variance)))


def mean_rows(
    curves: Mapping[str, Curve], horizon: float, **analysis: Unpack[Analysis]
) -> Iterator[Estimate]:
    """Yield the restricted mean of each group, then differences and ratios to the first group.

    `curves` is group → curve; `all` stands apart and is not compared. Differences are in days.
    """
    means = {group: fit_restricted_mean(curve, horizon) for group, curve in curves.items()}
    for group, mean in means.items():
        yield _row(
            _number(mean, horizon), curves[group], group, "restricted mean", horizon, analysis
        )
    compared = [group for group in curves if group != "all"]
    for group in compared[1:]:
        reference = compared[0]
        for term, contrast in (("difference", _difference), ("ratio", _ratio)):
            number = _contrast(means[group], means[reference], group, reference, contrast)
            if term == "difference" and number.ci_low is not None:
                number = _cut(number, -horizon, horizon)
            yield _row(number, curves[group], group, f"{term} to {reference}", horizon, analysis)


def _row(
    number: Number, curve: Curve, group: str, term: str, horizon: float, analysis: Analysis
) -> Estimate:
    return place(number, **analysis, group=group, term=term, time_days=horizon, n=curve.n,
                 n_events=curve.events_by(horizon), method=METHOD)  # fmt: skip


def _number(mean: RestrictedMean | str, horizon: float) -> Number:
    if isinstance(mean, str):
        return missing(mean)
    if mean.error == 0:
        return Number(mean.days, note=NO_EVENTS)
    width = Z_95 * mean.error
    return _cut(Number(mean.days, mean.days - width, mean.days + width), 0, horizon)


def _cut(number: Number, least: float, most: float) -> Number:
    """Return the number with its interval within what is possible, and a note where it was not."""
    low, high = float(number.ci_low or 0.0), float(number.ci_high or 0.0)
    if least <= low and high <= most:
        return number
    return Number(number.estimate, max(low, least), min(high, most), CUT)


def _contrast(
    mean: RestrictedMean | str,
    reference: RestrictedMean | str,
    group: str,
    name: str,
    contrast: Contrast,
) -> Number:
    for found, whose in ((mean, group), (reference, name)):
        if isinstance(found, str):
            return missing(f"of {name_group(whose)}, {found}")
    assert isinstance(mean, RestrictedMean) and isinstance(reference, RestrictedMean)
    number = contrast(mean, reference)
    if mean.error == 0 or reference.error == 0:
        return Number(number.estimate, note=NO_EVENTS)
    return number


def _difference(mean: RestrictedMean, reference: RestrictedMean) -> Number:
    days = mean.days - reference.days
    error = math.hypot(mean.error, reference.error)
    return Number(days, days - Z_95 * error, days + Z_95 * error)


def _ratio(mean: RestrictedMean, reference: RestrictedMean) -> Number:
    ratio = mean.days / reference.days
    error = math.hypot(mean.error / mean.days, reference.error / reference.days)
    return Number(ratio, ratio * math.exp(-Z_95 * error), ratio * math.exp(Z_95 * error))
