"""The protocol's analyses of one analysis set: rows of `estimates` and points of `curves`.

Every number has its interval, the patients and events it rests on and its method; what cannot be
estimated is a row that says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.estimation.adjusted import fit_models
from leukocytosis.estimation.curve import (
    Curve,
    Floats,
    Ints,
    fit_curve,
    is_complete,
    median_follow_up,
)
from leukocytosis.estimation.logrank import LogRank, fit_logrank, fit_pairwise
from leukocytosis.estimation.proportion import fit_proportion
from leukocytosis.estimation.row import Estimate

if TYPE_CHECKING:
    import pandas as pd

WILSON = "proportion, Wilson interval"
KAPLAN_MEIER = "Kaplan–Meier, log-log interval"
UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class FollowUp:
    """Days and status of one outcome in one group."""

    outcome_id: str
    group: str
    days: Floats
    status: Ints

    @property
    def row(self) -> dict[str, str | int]:
        """Return the columns every estimate of this follow-up shares."""
        return {
            "outcome_id": self.outcome_id,
            "group": self.group,
            "n": len(self.days),
            "n_events": int(self.status.sum()),
        }


def fit_all(protocol: Protocol, patients: pd.DataFrame) -> list[Estimate]:
    """Return every estimate of a protocol from its `analysis_set` (one row per episode)."""
    return [
        *fit_shares(protocol, patients),
        *fit_features(protocol, patients),
        *(
            row
            for outcome in protocol.outcomes
            for row in _fit_outcome(protocol, outcome.id, patients)
        ),
    ]


def fit_shares(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield cause and group shares, the PLR interval, and the overlap before precedence."""
    n, primary = len(patients), patients["primary_cause"]
    causes = [cause.id for cause in protocol.causes] + [UNDETERMINED]
    for cause in causes:
        yield share("cause_shares", cause, int((primary == cause).sum()), n)
    for group in protocol.analyses.groups:
        yield share("group_shares", group, int((patients["cause_group"] == group).sum()), n)
    residual = [cause.id for cause in protocol.causes if cause.residual]
    yield share("plr_interval", "plr_narrow", int(primary.isin(residual).sum()), n)
    yield share("plr_interval", "plr_wide", int(primary.isin([*residual, UNDETERMINED]).sum()), n)
    for combination, count in sorted(patients["all_causes"].value_counts().items()):
        yield share("overlap", str(combination), int(count), n)


def share(analysis_id: str, term: str, n_events: int, n: int, group: str = "all") -> Estimate:
    """Return a proportion with its Wilson interval, or why there is none."""
    row = Estimate(analysis_id, term, group=group, n=n, n_events=n_events, method=WILSON)
    if not n:
        return row.because("there are no patients")
    estimate, low, high = fit_proportion(n_events, n)
    return replace(row, estimate=estimate, ci_low=low, ci_high=high)


def fit_features(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the share with neutrophil predominance and with metastases in each group."""
    cut = protocol.covariates.neutrophil_predominance_percent
    for group in protocol.analyses.groups:
        of_group = patients[patients["cause_group"] == group]
        neutrophils = of_group["neutrophil_percent"].dropna()
        n_high = int((neutrophils > cut).sum())
        yield share("features", "neutrophil_predominance", n_high, len(neutrophils), group)
        metastatic = of_group["metastatic"].dropna().astype(bool)
        yield share("features", "metastatic", int(metastatic.sum()), len(metastatic), group)


def follow_up(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[FollowUp]:
    """Yield the follow-up of everybody, then of each group in the protocol's order."""
    for group in ("all", *protocol.analyses.groups):
        rows = patients if group == "all" else patients[patients["cause_group"] == group]
        days = rows[f"{outcome_id}_days"].to_numpy(dtype=float)
        status = rows[f"{outcome_id}_status"].to_numpy(dtype=np.int64)
        yield FollowUp(outcome_id, group, days, status)


def _fit_outcome(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[Estimate]:
    horizon = next(o.horizon_days for o in protocol.outcomes if o.id == outcome_id)
    for part in follow_up(protocol, outcome_id, patients):
        yield from fit_risks(protocol, part, horizon)
        yield _fit_median(part)
        yield _fit_crude(part, horizon)
        yield _fit_follow_up(part)
        n_early = int(((part.days == 0) & (part.status == 1)).sum())
        yield Estimate("day_0", "events on day 0, counted at half a day", estimate=n_early,
                       method="count", **part.row)  # type: ignore[arg-type]  # fmt: skip
    yield from fit_tests(protocol, outcome_id, patients)
    yield from fit_models(protocol, outcome_id, patients)


def fit_risks(protocol: Protocol, part: FollowUp, horizon: int) -> Iterator[Estimate]:
    """Yield the risk 1 − S(t) and survival S(t) at the protocol's days and at the horizon."""
    days = sorted({day for day in (*protocol.analyses.at_days, horizon) if day <= horizon})
    curve = fit_curve(part.days, part.status) if len(part.days) else None
    for day in days:
        for term in ("risk", "survival"):
            row = Estimate(term, term, time_days=float(day), method=KAPLAN_MEIER, **part.row)  # type: ignore[arg-type]
            yield _at(curve, row)


def _at(curve: Curve | None, row: Estimate) -> Estimate:
    if curve is None:
        return row.because("there are no patients in the group")
    found = curve.at(row.time_days or 0.0)
    if found is None:
        return row.because(f"the longest follow-up is {curve.last_day:g} days")
    survival, low, high = found
    if row.term == "risk":
        survival, low, high = 1 - survival, 1 - high, 1 - low
    if np.isnan(low):
        note = "no interval: the log-log interval does not exist at a survival of 0 or 1"
        return replace(row, estimate=survival, note=note)
    return replace(row, estimate=survival, ci_low=low, ci_high=high)


def _fit_median(part: FollowUp) -> Estimate:
    row = Estimate("median", "median", method="Kaplan–Meier, Brookmeyer–Crowley", **part.row)  # type: ignore[arg-type]
    if not len(part.days):
        return row.because("there are no patients in the group")
    estimate, low, high = fit_curve(part.days, part.status).median()
    if estimate is None:
        return row.because("it was not reached: more than half were free of the event throughout")
    note = None if high is not None else "upper end not reached"
    return replace(row, estimate=estimate, ci_low=low, ci_high=high, note=note)


def _fit_crude(part: FollowUp, horizon: int) -> Estimate:
    row = Estimate("crude", "proportion", time_days=float(horizon), method=WILSON, **part.row)  # type: ignore[arg-type]
    if not len(part.days):
        return row.because("there are no patients in the group")
    if not is_complete(part.days, part.status, horizon):
        lost = int(((part.status == 0) & (part.days < horizon)).sum())
        return row.because(
            f"{lost} left observation before day {horizon}; read the Kaplan–Meier risk"
        )
    estimate, low, high = fit_proportion(int(part.status.sum()), len(part.days))
    note = "crude proportion; follow-up to the horizon is complete"
    return replace(row, estimate=estimate, ci_low=low, ci_high=high, note=note)


def _fit_follow_up(part: FollowUp) -> Estimate:
    term = "median follow-up"
    row = Estimate("follow_up", term, method="reverse Kaplan–Meier", **part.row)  # type: ignore[arg-type]
    if not len(part.days):
        return row.because("there are no patients in the group")
    estimate, low, high = median_follow_up(part.days, part.status)
    if estimate is None:
        return row.because("half or more had the event before they could be censored")
    return replace(row, estimate=estimate, ci_low=low, ci_high=high)


def fit_tests(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the overall log-rank test of the groups and the pairwise ones with Holm's p values."""
    groups = protocol.analyses.groups
    known = patients[patients["cause_group"].isin(groups)]
    days = known[f"{outcome_id}_days"].to_numpy(dtype=float)
    status = known[f"{outcome_id}_status"].to_numpy(dtype=np.int64)
    group = known["cause_group"].map(list(groups).index).to_numpy(dtype=np.int64)
    n, n_events = len(known), int(status.sum())
    row = Estimate("logrank", "overall", outcome_id, n=n, n_events=n_events, method="log-rank test")
    try:
        yield _tested(row, fit_logrank(days, status, group), None)
    except ValueError as error:
        yield row.because(str(error))
    for a, b, test, adjusted in fit_pairwise(days, status, group):
        rows = (group == a) | (group == b)
        pair = Estimate(
            "logrank", f"{groups[a]} vs {groups[b]}", outcome_id, n=int(rows.sum()),
            n_events=int(status[rows].sum()), method="log-rank test, Holm",
        )  # fmt: skip
        yield pair.because(test) if isinstance(test, str) else _tested(pair, test, adjusted)


def _tested(row: Estimate, test: LogRank, adjusted: float | None) -> Estimate:
    p_value = test.p_value if adjusted is None else adjusted
    note = f"chi-squared on {test.degrees_of_freedom} df"
    return replace(row, estimate=test.chi_squared, p_value=p_value, note=note)


def find_curves(protocol: Protocol, patients: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the points of `curves`: one per outcome, group and distinct time."""
    for outcome in protocol.outcomes:
        for part in follow_up(protocol, outcome.id, patients):
            if not len(part.days):
                continue
            curve = fit_curve(part.days, part.status)
            for i, time in enumerate(curve.time_days):
                yield {
                    "outcome_id": outcome.id, "group": part.group, "time_days": float(time),
                    "n_at_risk": int(curve.n_at_risk[i]), "n_events": int(curve.n_events[i]),
                    "n_censored": int(curve.n_censored[i]), "survival": float(curve.survival[i]),
                    "ci_low": _number(curve.ci_low[i]), "ci_high": _number(curve.ci_high[i]),
                }  # fmt: skip


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
