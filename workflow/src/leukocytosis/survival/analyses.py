"""The protocol's analyses of one analysis set: rows of `estimates` and points of `curves`.

Every number has its interval, the patients and events it rests on and its method; what cannot be
estimated is a row that says why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import UNDETERMINED, Protocol

from .covariates import COVARIATES
from .cox_models import fit_models
from .curve import Curve, fit_curve, median_row, risk_rows, survival_rows
from .follow_up import crude_risk_row, follow_up_row
from .logrank import logrank_rows
from .proportion import fit_proportion
from .restricted_mean import mean_rows
from .row import Estimate, Number, place
from .times import FloatArray, IntArray, at_half_a_day

if TYPE_CHECKING:
    import pandas as pd

SHARES = ("cause_shares", "group_shares", "plr_interval")  # analyses of `fit_shares`
WILSON = "proportion, 95 % Wilson interval"


@dataclass(frozen=True)
class Followed:
    """Follow-up of one group: days (events on day 0 at half a day) and status."""

    group: str
    days: FloatArray
    status: IntArray
    n_on_day_0: int


def fit_all(protocol: Protocol, patients: pd.DataFrame) -> list[Estimate]:
    """Return every estimate of a protocol from its `analysis_set` (one row per episode)."""
    rows = [*fit_shares(protocol, patients), *fit_features(protocol, patients)]
    for outcome in protocol.outcomes:
        for part in follow(protocol, outcome.id, patients):
            rows += _describe_follow_up(protocol, outcome.id, outcome.horizon_days, part)
        rows += _fit_means(protocol, outcome.id, outcome.horizon_days, patients)
        rows += _compare(protocol, outcome.id, patients)
    return rows


def fit_shares(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield cause and group shares, the PLR interval, and the overlap before precedence."""
    n, primary = len(patients), patients["primary_cause"]
    for cause in protocol.cause_ids:
        yield share("cause_shares", cause, int((primary == cause).sum()), n)
    for group in protocol.analyses.groups:
        yield share("group_shares", group, int((patients["cause_group"] == group).sum()), n)
    plr = [cause.id for cause in protocol.causes if cause.residual and cause.group == "plr"]
    yield share("plr_interval", "plr_narrow", int(primary.isin(plr).sum()), n)
    yield share("plr_interval", "plr_wide", int(primary.isin([*plr, UNDETERMINED]).sum()), n)
    for combination, count in sorted(patients["all_causes"].value_counts().items()):
        yield share("overlap", str(combination), int(count), n)


def share(analysis_id: str, term: str, n_events: int, n: int, group: str = "all") -> Estimate:
    """Return a proportion with its Wilson interval, or why there is none."""
    number = fit_proportion(n_events, n)
    return place(number, analysis_id=analysis_id, outcome_id="-", group=group, term=term,
                 n=n, n_events=n_events, method=WILSON)  # fmt: skip


def fit_features(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield, per group, the share with neutrophil predominance and with metastases."""
    cut = protocol.covariates.neutrophil_predominance_percent
    for group in protocol.analyses.groups:
        of_group = patients[patients["cause_group"] == group]
        neutrophils = of_group["neutrophil_percent"].dropna()
        n_high = int((neutrophils > cut).sum())
        yield share("features", "neutrophil_predominance", n_high, len(neutrophils), group)
        metastatic = of_group["metastatic"].dropna().astype(bool)
        yield share("features", "metastatic", int(metastatic.sum()), len(metastatic), group)


def follow(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[Followed]:
    """Yield the follow-up of everybody, then of each group in the protocol's order."""
    for group in ("all", *protocol.analyses.groups):
        rows = patients if group == "all" else patients[patients["cause_group"] == group]
        status = rows[f"{outcome_id}_status"].to_numpy(dtype=np.int64)
        days, n_on_day_0 = at_half_a_day(rows[f"{outcome_id}_days"].to_numpy(dtype=float), status)
        yield Followed(group, days, status, n_on_day_0)


def _describe_follow_up(
    protocol: Protocol, outcome_id: str, horizon: int, part: Followed
) -> list[Estimate]:
    days = sorted({float(day) for day in (*protocol.analyses.at_days, horizon) if day <= horizon})
    curve = fit_curve(part.days, part.status)
    n, n_events, group = part.days.size, int(part.status.sum()), part.group
    on_day_0 = place(
        Number(float(part.n_on_day_0), note="counted at half a day"),
        analysis_id="day_0", outcome_id=outcome_id, group=group, term="events on day 0",
        n=n, n_events=n_events, method="count",
    )  # fmt: skip
    return [
        *risk_rows(curve, days, group, analysis_id="risk", outcome_id=outcome_id),
        *survival_rows(curve, days, group, analysis_id="survival", outcome_id=outcome_id),
        median_row(curve, group, analysis_id="median", outcome_id=outcome_id),
        crude_risk_row(part.days, part.status, float(horizon), group,
                       analysis_id="crude", outcome_id=outcome_id),
        follow_up_row(part.days, part.status, group,
                      analysis_id="follow_up", outcome_id=outcome_id),
        on_day_0,
    ]  # fmt: skip


def _fit_means(
    protocol: Protocol, outcome_id: str, horizon: int, patients: pd.DataFrame
) -> Iterator[Estimate]:
    parts = follow(protocol, outcome_id, patients)
    curves = {part.group: fit_curve(part.days, part.status) for part in parts}
    for day in protocol.analyses.restricted_days:
        if day <= horizon:
            yield from mean_rows(curves, float(day), analysis_id="rmst", outcome_id=outcome_id)


def _compare(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> list[Estimate]:
    """Return log-rank tests and Cox models of the groups."""
    frame = covariate_frame(protocol, outcome_id, patients)
    tests = logrank_rows(
        frame["days"].to_numpy(), frame["status"].to_numpy(), frame["cause group"].tolist(),
        analysis_id="logrank", outcome_id=outcome_id,
    )  # fmt: skip
    return [*tests, *fit_models(protocol, outcome_id, frame)]


def covariate_frame(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> pd.DataFrame:
    """Return follow-up and covariates under their names in the model, in the model's units."""
    import pandas as pd

    (everybody, *_) = follow(protocol, outcome_id, patients)
    columns: dict[str, Any] = {
        "days": everybody.days,
        "status": everybody.status,
        COVARIATES["cause_group"]: patients["cause_group"].to_numpy(),
        COVARIATES["age"]: patients["age_at_index_years"].to_numpy(dtype=float) / 10,
        COVARIATES["sex"]: patients["sex"].to_numpy(),
        COVARIATES["metastatic"]: patients["metastatic"].to_numpy(dtype=float, na_value=np.nan),
        COVARIATES["log2_wbc"]: patients["log2_wbc"].to_numpy(dtype=float),
        COVARIATES["neutrophil_percent"]: patients["neutrophil_percent"].to_numpy(dtype=float) / 10,
    }
    return pd.DataFrame(columns)


def find_curves(protocol: Protocol, patients: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the points of `curves`: one per outcome, group and distinct time."""
    for outcome in protocol.outcomes:
        for part in follow(protocol, outcome.id, patients):
            if part.days.size:
                yield from list_points(outcome.id, part.group, fit_curve(part.days, part.status))


def list_points(outcome_id: str, group: str, curve: Curve) -> Iterator[dict[str, object]]:
    """Yield the points of one curve as rows of `curves`."""
    columns = (curve.times, curve.n_at_risk, curve.n_events, curve.n_censored, curve.survival,
               curve.ci_low, curve.ci_high)  # fmt: skip
    names = ("time_days", "n_at_risk", "n_events", "n_censored", "survival", "ci_low", "ci_high")
    for point in zip(*(column.tolist() for column in columns), strict=True):
        row = dict(zip(names, point, strict=True))
        known = {name: None if math.isnan(value) else value for name, value in row.items()}
        yield {"outcome_id": outcome_id, "group": group, **known}
