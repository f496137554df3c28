"""Standardised (adjusted) risks: what the Cox model predicts for everybody, group by group.

G-computation over a Cox model: each patient's survival is predicted as if in each group in turn,
with the other covariates as they are, and averaged (Makuch 1982; R's `survfit(newdata)` averaged).
Standard errors add up what each patient's weight does to the average, the coefficients and the
baseline hazard (the infinitesimal jackknife; Gail and Byar 1986, Ozenne et al. 2020): no draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Unpack

import numpy as np

from .baseline_hazard import Baseline, find_baseline
from .cox import CoxFit, CoxRefused
from .curve import fit_curve
from .design import Design
from .difference import BEYOND, from_own_intervals
from .proportion import Z_95
from .row import CANNOT, Analysis, Estimate, Number, missing, place
from .times import BoolArray, FloatArray, Labels

METHOD = "standardised over the Cox model (Efron), 95 % log-log interval (infinitesimal jackknife)"
CONTRAST = "contrast of standardised risks, 95 % normal interval (infinitesimal jackknife)"
NO_RISK = "there is no risk to compare: nobody had the event by that day"


@dataclass(frozen=True, eq=False)
class Standardised:
    """Standardised survival of one group: (T,) per day, and (n, T) what each patient adds to it."""

    survival: FloatArray
    influence: FloatArray

    @property
    def errors(self) -> FloatArray:
        """Return the standard errors of the survival, (T,)."""
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0)))


def standardise_group(fit: CoxFit, baseline: Baseline, term: str, group: str) -> Standardised:
    """Return the survival if every patient of the model were in `group` of the covariate `term`."""
    values = _as_if_in(fit.design, term, group) - fit.design.values.mean(axis=0)
    hazards = np.exp(values @ fit.coefficients)
    each = np.exp(-hazards[:, None] * baseline.hazard)
    n, survival = len(each), each.mean(axis=0)
    slope = -(each * hazards[:, None]).mean(axis=0)
    tilt = -baseline.hazard * ((values * hazards[:, None]).T @ each) / n
    influence = (each - survival) / n + slope * baseline.influence
    return Standardised(survival, influence + baseline.coefficients_influence @ tilt)


def _as_if_in(design: Design, term: str, group: str) -> FloatArray:
    values = design.values.copy()
    for i, (name, of_term) in enumerate(zip(design.columns, design.terms, strict=True)):
        if of_term == term:
            values[:, i] = float(name.startswith(f"{term}: {group} against "))
    return values


def standardised_rows(
    fit: CoxFit | CoxRefused,
    term: str,
    members: Sequence[str],
    groups: Sequence[str],
    days: Iterable[float],
    **analysis: Unpack[Analysis],
) -> Iterator[Estimate]:
    """Yield the standardised risk of each group on each day, then contrasts on the last day.

    `members` holds the group of each patient of the model's design. Rows rest on the group's own
    patients and events up to the day; of a pair, the group named earlier is the reference. A day
    to which nobody of a group was followed and a group that the model does not have give the same
    rows with the reason, a refused model those of the last day.
    """
    wanted, labels = sorted(set(days)), np.asarray(members, dtype=str)
    found: dict[str, Standardised | str] = {}
    if isinstance(fit, CoxFit):
        baseline = find_baseline(fit, wanted)
        levels = {level.name for level in fit.design.levels if level.term == term and level.n}
        found = {g: standardise_group(fit, baseline, term, g) for g in groups if g in levels}
    else:  # one reason for all days, so once
        wanted, found = wanted[-1:], dict.fromkeys(groups, fit.reason)
    refused = {g: f"the model has no group {g}" for g in groups if g not in found}
    every: dict[str, Standardised | str] = {g: (found | refused)[g] for g in groups}
    for group, result in every.items():
        here = labels == group
        for i, day in enumerate(wanted):
            yield _row(_risk(result, i, _unseen(fit.design, here, day)), fit.design, here, group,
                       "standardised risk", day, METHOD, analysis)  # fmt: skip
    yield from _contrasts(every, fit.design, labels, wanted, analysis)


def _contrasts(
    every: dict[str, Standardised | str],
    design: Design,
    labels: Labels,
    days: Sequence[float],
    analysis: Analysis,
) -> Iterator[Estimate]:
    for reference, group in combinations(every, 2):
        pair, here = (every[group], every[reference]), np.isin(labels, (group, reference))
        unseen = next(filter(None, (_unseen(design, labels == g, days[-1])
                                    for g in (group, reference))), None)  # fmt: skip
        for term, number in (
            ("standardised risk difference", _difference(*pair, unseen)),
            ("standardised risk ratio", _ratio(*pair, unseen)),
        ):
            yield _row(number, design, here, f"{group} against {reference}", term, days[-1],
                       CONTRAST, analysis)  # fmt: skip


def _row(  # noqa: PLR0913, PLR0917 - a row stands at many coordinates
    number: Number,
    design: Design,
    here: BoolArray,
    group: str,
    term: str,
    day: float,
    method: str,
    analysis: Analysis,
) -> Estimate:
    n_events = int((design.status[here] * (design.days[here] <= day)).sum())
    return place(number, **analysis, group=group, term=term, time_days=day, n=int(here.sum()),
                 n_events=n_events, method=method)  # fmt: skip


def _unseen(design: Design, here: BoolArray, day: float) -> str | None:
    """Return why a group's risk on a day would be a guess, or None."""
    curve = fit_curve(design.days[here], design.status[here])
    if curve.n == 0 or (day > curve.times[-1] and curve.survival[-1] > 0):
        return str(curve.survival_at(day).note).removeprefix(CANNOT)
    return None


def _risk(result: Standardised | str, i: int, unseen: str | None) -> Number:
    if isinstance(result, str) or unseen:
        return missing(result if isinstance(result, str) else str(unseen))
    survival, error = float(result.survival[i]), float(result.errors[i])
    if survival in (0.0, 1.0):
        return missing(NO_RISK)
    width = Z_95 * error / (survival * abs(math.log(survival)))
    low, high = (survival ** math.exp(side * width) for side in (-1, 1))
    return Number(1 - survival, 1 - low, 1 - high)


def _difference(group: Standardised | str, other: Standardised | str, unseen: str | None) -> Number:
    if isinstance(group, str) or isinstance(other, str) or unseen:
        return missing(next(w for w in (group, other, unseen) if isinstance(w, str)))
    difference = float(other.survival[-1] - group.survival[-1])
    error = _norm(other.influence[:, -1] - group.influence[:, -1])
    if abs(difference) + Z_95 * error > 1:
        own = _risk(group, -1, None), _risk(other, -1, None)
        return from_own_intervals(difference, own[0], own[1], BEYOND)
    return Number(difference, difference - Z_95 * error, difference + Z_95 * error)


def _ratio(group: Standardised | str, other: Standardised | str, unseen: str | None) -> Number:
    if isinstance(group, str) or isinstance(other, str) or unseen:
        return missing(next(w for w in (group, other, unseen) if isinstance(w, str)))
    risk, reference = (1 - float(part.survival[-1]) for part in (group, other))
    if not risk or not reference:
        return missing(NO_RISK)
    width = Z_95 * _norm(other.influence[:, -1] / reference - group.influence[:, -1] / risk)
    ratio = risk / reference
    return Number(ratio, ratio * math.exp(-width), ratio * math.exp(width))


def _norm(influence: FloatArray) -> float:
    return float(np.sqrt((influence**2).sum()))
