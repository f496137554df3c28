"""Difference and ratio of two groups' risks by a day, from their Kaplan–Meier curves.

Greenwood's (1926) standard errors; a normal interval for the difference, one on the log scale for
the ratio (Klein and Moeschberger 2003, 4.2 and 7.8). Where a risk is 0 or 1 Greenwood's error is 0
and would promise certainty; in small groups the normal interval can pass a difference of 1. There
the difference takes its interval from the groups' own (Zou and Donner 2008), which cannot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Unpack

import numpy as np

from .curve import Curve
from .proportion import Z_95
from .row import CANNOT, Analysis, Estimate, Number, missing, place

DIFFERENCE = "difference of Kaplan–Meier risks, 95 % normal interval (Greenwood)"
RATIO = "ratio of Kaplan–Meier risks, 95 % normal interval on the log scale (Greenwood)"
CERTAIN, BEYOND = "a risk is 0 or 1", "the normal interval would pass 100 points"
FROM_OWN = "{why}: interval from the groups' own (Zou and Donner 2008)"


def find_greenwood_error(curve: Curve, day: float) -> float:
    """Return Greenwood's standard error of the survival just after `day`."""
    seen = (curve.times <= day) & (curve.n_at_risk > curve.n_events)
    events, at_risk = curve.n_events[seen], curve.n_at_risk[seen]
    survival = float(curve.survival[np.searchsorted(curve.times, day, side="right") - 1])
    return survival * math.sqrt(float((events / (at_risk * (at_risk - events))).sum()))


def fit_risk_difference(curve: Curve, reference: Curve, day: float) -> Number:
    """Return risk minus the reference's risk up to and on `day`, as a fraction, or why not."""
    risks = curve.risk_at(day), reference.risk_at(day)
    refused = _refuse(*risks)
    if refused:
        return refused
    risk, other = (float(found.estimate or 0.0) for found in risks)
    difference = risk - other
    if {risk, other} & {0.0, 1.0}:
        return from_own_intervals(difference, *risks, CERTAIN)
    error = math.hypot(find_greenwood_error(curve, day), find_greenwood_error(reference, day))
    if abs(difference) + Z_95 * error > 1:
        return from_own_intervals(difference, *risks, BEYOND)
    return Number(difference, difference - Z_95 * error, difference + Z_95 * error)


def fit_risk_ratio(curve: Curve, reference: Curve, day: float) -> Number:
    """Return risk divided by the reference's risk up to and on `day`, or why there is none."""
    risks = curve.risk_at(day), reference.risk_at(day)
    refused = _refuse(*risks)
    if refused:
        return refused
    risk, other = (float(found.estimate or 0.0) for found in risks)
    if other == 0:
        return missing("there are no events to divide by in the reference group")
    if risk == 0:
        return Number(0.0, note="no interval, because there are no events in the group")
    if {risk, other} & {1.0}:
        return Number(risk / other, note="no interval, because all had the event in a group")
    errors = (find_greenwood_error(curve, day) / risk,
              find_greenwood_error(reference, day) / other)  # fmt: skip
    ratio, width = risk / other, Z_95 * math.hypot(*errors)
    return Number(ratio, ratio * math.exp(-width), ratio * math.exp(width))


def _refuse(risk: Number, reference: Number) -> Number | None:
    for found, whose in ((risk, "of the group"), (reference, "of the reference group")):
        if found.estimate is None:
            return missing(f"{whose}, {str(found.note).removeprefix(CANNOT)}")
    return None


def from_own_intervals(difference: float, risk: Number, reference: Number, why: str) -> Number:
    """Combine the groups' own intervals: squares of the distances to their near ends add up."""
    ends = (risk.ci_low, risk.ci_high, reference.ci_low, reference.ci_high)
    if None in ends or risk.estimate is None or reference.estimate is None:
        return Number(difference, note="no interval, because nobody was left at risk in a group")
    low, high, other_low, other_high = (float(end or 0.0) for end in ends)
    down = math.hypot(risk.estimate - low, other_high - reference.estimate)
    up = math.hypot(high - risk.estimate, reference.estimate - other_low)
    return Number(difference, difference - down, difference + up, FROM_OWN.format(why=why))


def difference_rows(
    curves: Mapping[str, Curve], day: float, **analysis: Unpack[Analysis]
) -> Iterator[Estimate]:
    """Yield, for each pair of groups, the risk difference and the risk ratio by `day`.

    `curves` is group → curve; of a pair, the group named earlier is the reference.
    """
    for reference, group in combinations(curves, 2):
        pair = (curves[group], curves[reference])
        n_events = sum(curve.events_by(day) for curve in pair)
        for term, method, number in (
            ("risk difference", DIFFERENCE, fit_risk_difference(*pair, day)),
            ("risk ratio", RATIO, fit_risk_ratio(*pair, day)),
        ):
            yield place(number, **analysis, group=f"{group} against {reference}", term=term,
                        time_days=day, n=sum(curve.n for curve in pair), n_events=n_events,
                        method=method)  # fmt: skip
