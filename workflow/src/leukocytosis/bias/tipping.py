"""Tipping points: what those lost would have to suffer for the conclusion to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from leukocytosis.survival.cox import CoxRefused
from leukocytosis.survival.proportion import Z_95
from leukocytosis.survival.row import Estimate, Number, missing, place
from leukocytosis.survival.times import BoolArray, Labels

from .contrast import Model
from .imputation import AT_ONCE, Fates, pool, prepare_fates
from .many_models import fit_many

DELTAS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, AT_ONCE)
METHOD = (
    "adjusted Cox model; those lost imputed with their group's hazard × δ after last contact, "
    "pooled after Rubin"
)
AS_ANALYSED = "as analysed"
ALL_CONTRASTS = "all contrasts"
NOBODY = "nobody was lost: all were followed to an event or to the horizon"
Interval = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Lost:
    """A set of patients censored before the horizon; `of` is their group, None for several."""

    name: str
    who: BoolArray
    of: str | None = None


def name_delta(delta: float) -> str:
    """Return the term of a scenario: `never`, `hazard × 2`, `at once`."""
    if delta == AT_ONCE:
        return "at once"
    return f"hazard × {delta:g}" if delta else "never"


def find_lost(model: Model, groups: Labels, after_hospice: BoolArray, horizon: float) -> list[Lost]:
    """Return the sets of lost patients whose fate is varied; all arrays are of complete cases."""
    lost = (model.design.status == 0) & (model.design.days < horizon)
    sets = [Lost("all lost", lost), Lost("lost after hospice", lost & after_hospice)]
    names = (model.reference, *model.groups)
    return sets + [Lost(f"lost of {name}", lost & (groups == name), name) for name in names]


def tipping_rows(
    model: Model,
    groups: Labels,
    after_hospice: BoolArray,
    horizon: float,
    n_imputations: int,
    rng: Generator,
) -> Iterator[Estimate]:
    """Yield the hazard ratios under each δ, for each set of lost patients (analysis `tipping`).

    `group` is the set, `term` the contrast and δ, `n` the lost of the set. The lost of one group
    are varied only in the contrasts of that group.
    """
    if isinstance(model.fit, CoxRefused):
        yield _row(model, "all lost", ALL_CONTRASTS, missing(model.fit.reason), None)
        return
    design = model.design
    fates = prepare_fates(design.days, design.status, groups, horizon, n_imputations, rng)
    for lost in find_lost(model, groups, after_hospice, horizon):
        yield from _rows_of(model, fates, lost)


def _rows_of(model: Model, fates: Fates, lost: Lost) -> Iterator[Estimate]:
    n = int(lost.who.sum())
    if not n:
        yield _row(model, lost.name, ALL_CONTRASTS, missing(NOBODY), n)
        return
    found = fit_scenarios(model, fates, lost.who)
    analysed = as_analysed(model)
    for column, group in enumerate(model.groups):
        if lost.of in (group, model.reference, None):
            contrast = model.contrast(group)
            yield _row(model, lost.name, f"{contrast}: {AS_ANALYSED}", Number(*analysed[column]), n)
            for delta, intervals in found.items():
                interval = intervals[column]
                number = (
                    Number(*interval) if interval else missing("the imputed data have no model")
                )
                yield _row(model, lost.name, f"{contrast}: {name_delta(delta)}", number, n)


def as_analysed(model: Model) -> list[Interval]:
    """Return the hazard ratios of the model itself with their Wald intervals."""
    if isinstance(model.fit, CoxRefused):
        return []
    middle, half = model.fit.coefficients, Z_95 * model.fit.standard_errors
    ends = np.exp(np.stack([middle, middle - half, middle + half], axis=1))
    return [tuple(row) for row in ends[: len(model.groups)].tolist()]


def fit_scenarios(model: Model, fates: Fates, who: BoolArray) -> dict[float, list[Interval | None]]:
    """Return by δ the pooled hazard ratio of each group against the reference."""
    imputed = [fates.impute(who, delta) for delta in DELTAS]
    fits = fit_many(
        model.design.values[None],
        np.concatenate([days for days, _ in imputed]),
        np.concatenate([status for _, status in imputed]),
    )
    variances = np.diagonal(fits.covariance, axis1=1, axis2=2)
    found: dict[float, list[Interval | None]] = {}
    start = 0
    for delta, (days, _) in zip(DELTAS, imputed, strict=True):
        part = slice(start, start := start + len(days))
        known = fits.found[part].all()
        found[delta] = [
            _exponentiate(pool(fits.coefficients[part, c], variances[part, c])) if known else None
            for c in range(len(model.groups))
        ]
    return found


def _exponentiate(interval: Interval) -> Interval:
    middle, low, high = np.exp(interval).tolist()
    return middle, low, high


def conclude(interval: Interval) -> int:
    """Return 1 for an interval above 1, −1 for one below, 0 for one that holds 1."""
    _, low, high = interval
    return int(low > 1) - int(high < 1)


def find_tip(
    intervals: Mapping[float, Interval | None], analysed: Interval, *, above: bool
) -> float | None:
    """Return the δ nearest to 1, above or below it, under which the conclusion is another one."""
    deltas = sorted((d for d in intervals if (d > 1) == above and d != 1), reverse=not above)
    for delta in deltas:
        interval = intervals[delta]
        if interval is not None and conclude(interval) != conclude(analysed):
            return delta
    return None


def _row(model: Model, group: str, term: str, number: Number, n: int | None) -> Estimate:
    where: dict[str, Any] = {"analysis_id": "tipping", "outcome_id": model.outcome_id}
    return place(number, group=group, term=term, n=n, method=METHOD, **where)
