"""Rows of `estimates` and points of `states` for every outcome whose events compete.

Such an outcome counts several events (death, hospice) and ends with the first; here each event has
rows of its own, under the outcome's id and the event's (`death_or_hospice_12w:hospice`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.protocol import Outcome

from ..analyses import covariate_frame
from ..covariates import COVARIATES
from ..cox import cox_rows, fit_cox
from ..curve import fit_curve, median_row
from ..design import code_design
from ..row import CANNOT, Estimate, Number, missing, place
from .fine_gray import fine_gray_rows, fit_fine_gray
from .gray import fit_gray
from .occupation import METHOD, Measure, Occupation, fit_occupation
from .paths import DEAD_AFTER, DEAD_WITHOUT, IN_HOSPICE, STATES, Paths, find_paths

if TYPE_CHECKING:
    import pandas as pd

NOT_RECORDED = "no discharge of the whole extract is recorded as to hospice: it was not assessed"
EVENTS: dict[str, Measure] = {"hospice": (IN_HOSPICE, DEAD_AFTER), "death": (DEAD_WITHOUT,)}
EVER_IN_HOSPICE = "ever in hospice"
MEASURES: dict[str, Measure] = {
    **{name: (state,) for state, name in enumerate(STATES)},
    EVER_IN_HOSPICE: EVENTS["hospice"],
}
CAUSE_SPECIFIC = "cause-specific Cox model (Efron; the other event ends the time at risk)"


@dataclass(frozen=True)
class Part:
    """The paths of one group, how likely each state is, and why what follows hospice is unknown."""

    group: str
    paths: Paths
    occupation: Occupation
    unknown: str | None


def fit_competing(protocol: Protocol, patients: pd.DataFrame, *, recorded: bool) -> list[Estimate]:
    """Return the rows of every outcome that death and hospice compete for.

    `incidence`, `gray`, `cause_specific_*` and `fine_gray_*` for each event; `states` and
    `after_hospice`. `patients` is the analysis set; `recorded` says whether the extract records
    discharges to hospice at all: otherwise every row says that it was not assessed.
    """
    rows: list[Estimate] = []
    for outcome in _compete(protocol):
        for part in _parts(protocol, outcome, patients):
            rows += _describe(protocol, outcome, part)
        for event in EVENTS:
            rows += _compare(protocol, outcome, event, patients)
    return rows if recorded else [_not_recorded(row) for row in rows]


def find_states(
    protocol: Protocol, patients: pd.DataFrame, *, recorded: bool
) -> Iterator[dict[str, object]]:
    """Yield the points of `states`: one per outcome, group, state and day something happened."""
    for outcome in _compete(protocol) if recorded else ():
        for part in _parts(protocol, outcome, patients):
            times = {*part.occupation.times.tolist(), float(outcome.horizon_days)}
            for day in sorted(time for time in times if time <= outcome.horizon_days):
                for state, measure in MEASURES.items():
                    number = _at(part, measure, day)
                    if number.estimate is not None:
                        yield {
                            "outcome_id": outcome.id, "group": part.group, "state": state,
                            "time_days": day, "n": _count(part.paths, measure, day),
                            "probability": number.estimate, "ci_low": number.ci_low,
                            "ci_high": number.ci_high,
                        }  # fmt: skip


def _compete(protocol: Protocol) -> list[Outcome]:
    return [outcome for outcome in protocol.outcomes if set(outcome.events) == set(EVENTS)]


def _death_alone(protocol: Protocol, outcome: Outcome) -> Outcome | None:
    """Return an outcome that follows everybody, hospice or not, to death at least as long."""
    alone = [
        other
        for other in protocol.outcomes
        if other.events == ("death",) and other.horizon_days >= outcome.horizon_days
    ]
    return max(alone, key=lambda other: other.horizon_days) if alone else None


def _parts(protocol: Protocol, outcome: Outcome, patients: pd.DataFrame) -> Iterator[Part]:
    death = _death_alone(protocol, outcome)
    unknown = None if death else (
        f"no outcome of the protocol follows patients in hospice to death until day "
        f"{outcome.horizon_days}"
    )  # fmt: skip
    for group in ("all", *protocol.analyses.groups):
        rows = patients if group == "all" else patients[patients["cause_group"] == group]
        ended = rows[f"{outcome.id}_ended_by"].to_numpy()
        followed = [rows[f"{death.id}_{column}"] for column in ("days", "status")] if death else []
        paths = find_paths(
            rows[f"{outcome.id}_days"], ended == "hospice", ended == "death", *followed
        )
        yield Part(group, paths, fit_occupation(paths, tuple(MEASURES.values())), unknown)


def _describe(protocol: Protocol, outcome: Outcome, part: Part) -> Iterator[Estimate]:
    horizon = outcome.horizon_days
    days = sorted({float(day) for day in (*protocol.analyses.at_days, horizon) if day <= horizon})
    for event, measure in EVENTS.items():
        for day in days:
            yield _row(part, measure, day, "incidence", f"{outcome.id}:{event}", "risk")
    for state, name in enumerate(STATES):
        for day in days:
            yield _row(part, (state,), day, "states", outcome.id, name)
    yield from _after_hospice(outcome, part)


def _row(
    part: Part, measure: Measure, day: float, analysis_id: str, outcome_id: str, term: str
) -> Estimate:
    return place(
        _at(part, measure, day), analysis_id=analysis_id, outcome_id=outcome_id, group=part.group,
        term=term, time_days=day, n=part.paths.n, n_events=_count(part.paths, measure, day),
        method=METHOD,
    )  # fmt: skip


def _at(part: Part, measure: Measure, day: float) -> Number:
    if part.unknown and measure in ((IN_HOSPICE,), (DEAD_AFTER,)):
        return missing(part.unknown)
    return part.occupation.at(measure, day)


def _count(paths: Paths, measure: Measure, day: float) -> int:
    if len(measure) > 1:
        return paths.n_moved_into(measure, day)
    return paths.n_seen_in(measure[0], day)


def _after_hospice(outcome: Outcome, part: Part) -> Iterator[Estimate]:
    """Yield the median days from hospice discharge to death, and who was not seen again."""
    paths = part.paths
    stays = paths.origin == IN_HOSPICE
    days, died = (paths.left - paths.entered)[stays], paths.target[stays] == DEAD_AFTER
    median = median_row(fit_curve(days, died), part.group,
                        analysis_id="after_hospice", outcome_id=outcome.id)  # fmt: skip
    unseen = int(((days == 0) & ~died).sum())
    nobody = None if stays.any() else "nobody was discharged to hospice"
    number = missing(part.unknown) if part.unknown else Number(float(unseen), note="a count")
    yield replace(median, term="median days after discharge", **_because(part.unknown or nobody))
    yield place(number, analysis_id="after_hospice", outcome_id=outcome.id, group=part.group,
                term="not seen after discharge", n=int(stays.sum()), n_events=unseen,
                method="count")  # fmt: skip


def _because(reason: str | None) -> dict[str, Any]:
    return {"note": CANNOT + reason} if reason else {}


def _compare(
    protocol: Protocol, outcome: Outcome, event: str, patients: pd.DataFrame
) -> Iterator[Estimate]:
    """Yield Gray's test and the two kinds of regression of one event, unadjusted and adjusted."""
    outcome_id = f"{outcome.id}:{event}"
    frame = covariate_frame(protocol, outcome.id, patients)
    ended = patients[f"{outcome.id}_ended_by"].to_numpy()
    frame["status"] = np.select([ended == event, np.isin(ended, list(EVENTS))], [1, 2], 0)
    yield _gray_row(frame, outcome_id)
    models = {"unadjusted": ("cause_group",), "adjusted": protocol.covariates.adjusted_for}
    for model, terms in models.items():
        yield from _fit_models(protocol, frame, terms, model, outcome_id)


def _gray_row(frame: pd.DataFrame, outcome_id: str) -> Estimate:
    test = fit_gray(frame["days"], frame["status"], frame["cause group"].tolist())
    degrees = f"chi-squared on {test.df} degree{'s' if test.df != 1 else ''} of freedom"
    number = missing(test.reason) if test.reason else Number(test.chi_squared, note=degrees)
    return place(number, test.p_value, analysis_id="gray", outcome_id=outcome_id, group="all",
                 term="Gray's test", n=int(test.n.sum()), n_events=int(test.events.sum()),
                 method=test.method)  # fmt: skip


def _fit_models(
    protocol: Protocol, frame: pd.DataFrame, terms: tuple[str, ...], model: str, outcome_id: str
) -> Iterator[Estimate]:
    covariates = [COVARIATES[term] for term in terms]
    references = {
        COVARIATES[term]: level
        for term, level in {"cause_group": protocol.analyses.groups[0], "sex": "female"}.items()
        if term in terms
    }
    least = protocol.analyses.min_events_per_parameter
    of_event = frame.assign(status=(frame["status"] == 1).astype(int))
    cox = fit_cox(code_design(of_event, covariates, references), min_events_per_parameter=least)
    for row in cox_rows(cox, analysis_id=f"cause_specific_{model}", outcome_id=outcome_id):
        yield replace(row, method=row.method.replace("Cox model (Efron)", CAUSE_SPECIFIC))
    fine_gray = fit_fine_gray(frame, covariates, references, min_events_per_parameter=least)
    yield from fine_gray_rows(fine_gray, analysis_id=f"fine_gray_{model}", outcome_id=outcome_id)


def _not_recorded(row: Estimate) -> Estimate:
    return replace(row, estimate=None, ci_low=None, ci_high=None, p_value=None, n_events=None,
                   note=CANNOT + NOT_RECORDED)  # fmt: skip
