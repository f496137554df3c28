"""The primary contrast under other rules for ties, day 0, the horizon and the end of observation.

Rules that a protocol must choose and a paper seldom prints; the rows show what the choice does.
The last one starts the clock when every window in which a cause could be found had closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.design import LAST_CONTACT, NOBODY_LOST, find_last_window

from .analyses import covariate_frame, share
from .covariates import COVARIATES, find_references
from .cox import cox_rows
from .design import code_design
from .firth import fit_cox_or_firth
from .landmark import set_landmark
from .logrank import logrank_rows
from .risk_sets import Ties
from .row import CANNOT, Analysis, Estimate
from .times import at_half_a_day

if TYPE_CHECKING:
    import pandas as pd

RULES, HINDSIGHT = "rules", "hindsight"
DECLARED = "as declared"
LATE, GONE = "cause known only after day 0", "follow-up over before the cause was known"
WORDS = {
    LAST_CONTACT: "end of observation: at the last encounter",
    NOBODY_LOST: "end of observation: nobody lost before the horizon",
}


@dataclass(frozen=True)
class Setting:
    """The primary contrast's data under one rule: `frame` as `covariate_frame` makes it."""

    term: str
    frame: pd.DataFrame
    ties: Ties = "efron"
    note: str | None = None


def fit_alternatives(
    protocol: Protocol, patients: pd.DataFrame, otherwise: pd.DataFrame
) -> Iterator[Estimate]:
    """Yield the primary contrast as declared, then one row per other rule.

    `patients` is the `analysis_set`, `otherwise` the table `outcomes_otherwise`.
    """
    settings = [
        *_in_time(protocol, patients),
        *_otherwise(protocol, patients, otherwise),
        *_from_closed_windows(protocol, patients),
    ]
    for setting in settings:
        row = fit_contrast(protocol, setting)
        said = (setting.note if row.estimate is not None else None, row.note)
        note = "; ".join(filter(None, said)) or None
        yield replace(row, analysis_id=RULES, term=setting.term, note=note)


def _frame(protocol: Protocol, patients: pd.DataFrame) -> pd.DataFrame:
    return covariate_frame(protocol, protocol.analyses.primary_contrast.outcome, patients)


def _in_time(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Setting]:
    """Yield the declared rules, then other days for the events of day 0, and other ties."""
    contrast, frame = protocol.analyses.primary_contrast, _frame(protocol, patients)
    yield Setting(DECLARED, frame)
    days = patients[f"{contrast.outcome}_days"].to_numpy(dtype=float)
    on_day_0 = (days == 0) & (frame["status"].to_numpy() == 1)
    note = None if on_day_0.any() else "nobody had the event on day 0, so nothing changes"
    yield Setting("events on day 0: at 0 days", frame.assign(days=days), note=note)
    late = np.where(on_day_0, 1.0, days)
    yield Setting("events on day 0: at 1 day", frame.assign(days=late), note=note)
    if contrast.measure != "log_rank":
        yield Setting("ties: after Breslow", frame, "breslow")


def _otherwise(
    protocol: Protocol, patients: pd.DataFrame, otherwise: pd.DataFrame
) -> Iterator[Setting]:
    """Yield the other horizons and the other ends of observation."""
    frame = _frame(protocol, patients)
    for rule, rows in otherwise.groupby("rule", sort=True):
        found = rows.set_index("episode_id").reindex(patients["episode_id"])
        status = found["status"].to_numpy(dtype=np.int64)
        days, _ = at_half_a_day(found["days"].to_numpy(dtype=float), status)
        term = WORDS.get(str(rule)) or str(rule).replace("horizon_", "horizon: day ")
        yield Setting(term, frame.assign(days=days, status=status))


def _from_closed_windows(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Setting]:
    """Yield the contrast among those still followed when a cause could be found no more."""
    last, frame = find_last_window(protocol), _frame(protocol, patients)
    if last > 0:
        never = np.full(len(frame), np.nan)
        landmark = set_landmark(frame["days"], frame["status"], never, last)
        rows = frame[landmark.followed].assign(days=landmark.days, status=landmark.status)
        yield Setting(f"landmark: day {last}, when every window for a cause had closed", rows)


def fit_contrast(protocol: Protocol, setting: Setting) -> Estimate:
    """Return the row of the primary contrast under a setting: number, interval and p value."""
    contrast = protocol.analyses.primary_contrast
    analysis: Analysis = {"analysis_id": RULES, "outcome_id": contrast.outcome}
    if contrast.measure == "log_rank":
        groups = setting.frame[COVARIATES["cause_group"]]
        pair = setting.frame[groups.isin(contrast.groups)]
        labels = pair[COVARIATES["cause_group"]].tolist()
        return logrank_rows(pair["days"], pair["status"], labels, **analysis)[0]
    return _fit_ratio(protocol, setting, analysis)


def _fit_ratio(protocol: Protocol, setting: Setting, analysis: Analysis) -> Estimate:
    contrast, analyses = protocol.analyses.primary_contrast, protocol.analyses
    adjusted = contrast.measure == "adjusted_hazard_ratio"
    terms = protocol.covariates.adjusted_for if adjusted else ("cause_group",)
    names = [COVARIATES[term] for term in terms]
    design = code_design(setting.frame, names, find_references(protocol, terms))
    design = replace(design, ties=setting.ties)
    fit = fit_cox_or_firth(design, min_events_per_parameter=analyses.min_events_per_parameter)
    of_groups = [
        row for row in cox_rows(fit, **analysis) if row.term.startswith(COVARIATES["cause_group"])
    ]
    wanted = f": {contrast.groups[0]} against {contrast.groups[1]}"
    found = next((row for row in of_groups if row.term.endswith(wanted)), None)
    if found is None:  # the group has nobody, so the model has no column for it
        found = _nobody(of_groups[0], contrast.groups[0])
    method = found.method.replace("Efron", "Breslow") if setting.ties == "breslow" else found.method
    return replace(found, method=method)


def _nobody(row: Estimate, group: str) -> Estimate:
    reason = row.note if row.estimate is None else f"{CANNOT}nobody is in the group {group}"
    return replace(row, estimate=None, ci_low=None, ci_high=None, p_value=None, note=reason)


def fit_hindsight(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield, per cause group, how many causes rest on what was recorded after day 0.

    And in how many of those whose cause has a day the follow-up of the primary outcome was over
    before it: they were sorted by records, or by their absence, that they did not live to have.
    """
    outcome = protocol.analyses.primary_contrast.outcome
    known = patients["cause_group_known_day"].to_numpy(dtype=float, na_value=np.nan)
    days = patients[f"{outcome}_days"].to_numpy(dtype=float)
    for group in ("all", *protocol.analyses.groups):
        here = (patients["cause_group"] == group).to_numpy() | (group == "all")
        here &= ~np.isnan(known)
        n = int(here.sum())
        for term, found in ((LATE, known > 0), (GONE, known > days)):
            yield share(HINDSIGHT, term, int((found & here).sum()), n, group)
