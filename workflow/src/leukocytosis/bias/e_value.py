"""E-values (VanderWeele and Ding 2017): how strong an unmeasured confounder would have to be."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.survival.analyses import follow
from leukocytosis.survival.cox import CoxRefused
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.proportion import Z_95
from leukocytosis.survival.row import Estimate, Number, missing, place

from .contrast import Model

if TYPE_CHECKING:
    import pandas as pd

COMMON = 0.15  # beyond this risk a hazard ratio is no longer close to a risk ratio
METHOD = "E-value (VanderWeele and Ding 2017) of the adjusted hazard ratio"


def convert_hazard_ratio(ratio: float, *, common: bool) -> float:
    """Return the risk ratio a hazard ratio stands for.

    Of a common outcome (1 − 0.5^√HR) / (1 − 0.5^√(1/HR)) (VanderWeele 2017), of a rare one itself.
    """
    if not common:
        return ratio
    above, below = (1 - exp(-log(2) * sqrt(value)) for value in (ratio, 1 / ratio))
    return above / below


def fit_e_value(risk_ratio: float) -> float:
    """Return RR + √(RR (RR − 1)), of the inverse below 1. ValueError unless it is positive."""
    if not risk_ratio > 0:
        raise ValueError("a risk ratio is positive")
    away = max(risk_ratio, 1 / risk_ratio)
    return away + sqrt(away * (away - 1))


def e_value_of(ratio: float, low: float, high: float, *, common: bool) -> tuple[float, float]:
    """Return the E-values of a hazard ratio and of the end of its interval nearest to 1.

    That of an interval that holds 1 is 1: nothing needs explaining away.
    """
    nearest = 1.0 if low <= 1 <= high else min((low, high), key=lambda end: abs(log(end)))
    converted = [convert_hazard_ratio(value, common=common) for value in (ratio, nearest)]
    estimate, end = (fit_e_value(value) for value in converted)
    return estimate, end


def e_value_rows(protocol: Protocol, model: Model, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield, for each group against the reference, the E-values of the ratio and of its interval.

    The outcome counts as common where the risk of either group exceeds 15 % at the horizon.
    """
    horizon = next(o.horizon_days for o in protocol.outcomes if o.id == model.outcome_id)
    curves = {
        p.group: fit_curve(p.days, p.status) for p in follow(protocol, model.outcome_id, patients)
    }
    for column, group in enumerate(model.groups or protocol.analyses.groups[1:]):
        risks = [curves[name].risk_at(horizon).estimate for name in (group, model.reference)]
        common = any(risk is not None and risk > COMMON for risk in risks)
        numbers = _numbers(model, column, common=common)
        for term, number in zip(("estimate", "interval"), numbers, strict=True):
            yield place(
                number, analysis_id="e_value", outcome_id=model.outcome_id,
                group=model.contrast(group), term=term, n=model.design.n,
                n_events=model.design.n_events, method=METHOD,
            )  # fmt: skip


def _numbers(model: Model, column: int, *, common: bool) -> tuple[Number, Number]:
    if isinstance(model.fit, CoxRefused):
        reason = missing(model.fit.reason)
        return reason, reason
    middle, half = model.fit.coefficients[column], Z_95 * model.fit.standard_errors[column]
    ratio, low, high = np.exp([middle, middle - half, middle + half]).tolist()
    estimate, end = e_value_of(ratio, low, high, common=common)
    how = "converted as of a common outcome" if common else "taken as a risk ratio: rare outcome"
    nothing = "; the interval holds 1" if end == 1 else ""
    return Number(estimate, note=how), Number(end, note=how + nothing)
