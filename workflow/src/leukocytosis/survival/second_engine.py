"""The headline numbers once more, by other people's software: two engines must agree.

lifelines for Kaplan–Meier, medians, restricted means and the log-rank test, statsmodels for the Cox
model, scipy for proportions. Their imports cost half a second of processor time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol

from .adjusted import code_adjusted
from .analyses import SHARES, covariate_frame, follow
from .proportion import Z_95
from .row import Estimate, Number, missing

if TYPE_CHECKING:
    import pandas as pd

PREFIX = "second_engine_"
OF_A_GROUP = ("risk", "survival", "median", "rmst")
MODEL = "Cox model (Efron)"  # the second engine fits no other
WHOLE_MODEL = "likelihood ratio test"
Curves = dict[tuple[str, str], Any]


def fit_second_engine(
    protocol: Protocol, patients: pd.DataFrame, rows: Sequence[Estimate]
) -> Iterator[Estimate]:
    """Yield each headline number of `rows` that has an estimate, by a second engine.

    The rows stand at the same place, under `second_engine_` and the analysis; `method` names the
    engine with its version. Headlines: shares; risk, or survival, at the horizon;
    medians; restricted means; the log-rank test of all groups; the adjusted hazard ratios.
    """
    curves = _fit_curves(protocol, patients)
    models: dict[str, dict[str, Number]] = {}
    for row in rows:
        if not _is_headline(protocol, row):
            continue
        if row.analysis_id in SHARES:
            number, method = _share(row), _engine("scipy", "binomtest")
        elif row.analysis_id in OF_A_GROUP:
            number = _of_curve(curves[row.outcome_id, row.group], row)
            method = _engine("lifelines", "KaplanMeierFitter")
        elif row.analysis_id == "logrank":
            number = _logrank(protocol, patients, row.outcome_id)
            method = _engine("lifelines", "multivariate_logrank_test")
        else:
            if row.outcome_id not in models:
                models[row.outcome_id] = _fit_model(protocol, patients, row.outcome_id)
            number, method = models[row.outcome_id][row.term], _engine("statsmodels", "PHReg")
        yield _placed(row, number, method)


def _is_headline(protocol: Protocol, row: Estimate) -> bool:
    if row.estimate is None or row.term == WHOLE_MODEL:
        return False
    if row.analysis_id in ("risk", "survival"):
        horizon = next(o.horizon_days for o in protocol.outcomes if o.id == row.outcome_id)
        shown = "survival" if row.outcome_id == protocol.analyses.survival_outcome else "risk"
        return row.time_days == horizon and row.analysis_id == shown
    if row.analysis_id == "rmst":
        return row.term == "restricted mean"
    if row.analysis_id == "logrank":
        return row.group == "all"
    if row.analysis_id == "cox_adjusted":
        return row.method.startswith(MODEL)
    return row.analysis_id in (*SHARES, "median")


def _placed(row: Estimate, number: Number, method: str) -> Estimate:
    return replace(
        row,
        analysis_id=PREFIX + row.analysis_id,
        estimate=number.estimate,
        ci_low=number.ci_low,
        ci_high=number.ci_high,
        p_value=None,
        method=method,
        note=number.note,
    )


@cache
def _engine(package: str, what: str) -> str:
    from importlib.metadata import version

    return f"{package} {version(package)}, {what}"


def _share(row: Estimate) -> Number:
    from scipy.stats import binomtest

    found = binomtest(int(row.n_events or 0), int(row.n or 0))
    interval = found.proportion_ci(0.95, method="wilson")
    return Number(float(found.statistic), float(interval.low), float(interval.high))


def _fit_curves(protocol: Protocol, patients: pd.DataFrame) -> Curves:
    from lifelines import KaplanMeierFitter

    return {
        (outcome.id, part.group): KaplanMeierFitter().fit(part.days, part.status)
        for outcome in protocol.outcomes
        for part in follow(protocol, outcome.id, patients)
        if part.days.size
    }


def _of_curve(curve: Any, row: Estimate) -> Number:
    if row.analysis_id == "rmst":
        from lifelines.utils import restricted_mean_survival_time

        return Number(float(restricted_mean_survival_time(curve, t=row.time_days)))
    if row.analysis_id == "median":
        return _median(curve)
    return _at_day(curve, float(row.time_days or 0), flip=row.analysis_id == "risk")


def _median(curve: Any) -> Number:
    from lifelines.utils import median_survival_times

    ends = median_survival_times(curve.confidence_interval_).to_numpy(dtype=float)[0]
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    if not np.isfinite(curve.median_survival_time_):  # ours can be, on a last step at one half
        return missing("the second engine does not see it reached")
    return Number(float(curve.median_survival_time_), low, high)


def _at_day(curve: Any, day: float, *, flip: bool) -> Number:
    survival = float(curve.survival_function_at_times(day).iloc[0])
    band = curve.confidence_interval_
    here = band.index.searchsorted(day, side="right") - 1
    low, high = (float(end) for end in band.iloc[here])
    if survival in (0.0, 1.0):
        return Number(1 - survival if flip else survival)
    return Number(1 - survival, 1 - high, 1 - low) if flip else Number(survival, low, high)


def _logrank(protocol: Protocol, patients: pd.DataFrame, outcome_id: str) -> Number:
    from lifelines.statistics import multivariate_logrank_test

    frame = covariate_frame(protocol, outcome_id, patients)
    test = multivariate_logrank_test(frame["days"], frame["cause group"], frame["status"])
    return Number(float(test.test_statistic))


def _fit_model(protocol: Protocol, patients: pd.DataFrame, outcome_id: str) -> dict[str, Number]:
    from statsmodels.duration.hazard_regression import PHReg

    design = code_adjusted(protocol, covariate_frame(protocol, outcome_id, patients))
    scale = design.values.std(axis=0)
    scaled = (design.values - design.values.mean(axis=0)) / scale
    fit = PHReg(design.days, scaled, status=design.status, ties="efron").fit()
    if not np.isfinite(fit.bse).all():
        return dict.fromkeys(design.columns, missing("the second engine did not converge"))
    middle, error = fit.params / scale, fit.bse / scale
    ends = (np.exp(middle + side * Z_95 * error) for side in (0, -1, 1))
    columns = zip(design.columns, *(end.tolist() for end in ends), strict=True)
    return {name: Number(*numbers) for name, *numbers in columns}
