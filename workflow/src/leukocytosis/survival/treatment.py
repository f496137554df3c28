"""Treatment begun after the index: as it changes, from landmarks, and the naive way as a warning.

Rows of `estimates` with the analysis `treatment_time_dependent`, `treatment_landmark`,
`landmark_flow` (who is left out), and `treatment_naive`: the ever-treated against the never
treated, which is biased by design and printed only to show by how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.design import Treatment

from .analyses import WILSON, covariate_frame, list_points
from .covariates import COVARIATES, find_references
from .cox import CoxFit, CoxRefused, cox_rows, fit_cox
from .curve import METHOD, Curve, fit_curve
from .design import Design, RowColumns, code_design
from .landmark import Landmark, set_landmark
from .proportion import fit_proportion
from .row import Analysis, Estimate, Number, cannot, missing, place
from .time_dependent import ENTRY, PATIENT, share_guaranteed, split_at_treatment
from .times import FloatArray

if TYPE_CHECKING:
    import pandas as pd

TREATED, UNTREATED, TREATED_DAY = "treated", "untreated", "treated day"
TIME_DEPENDENT, LANDMARK = "treatment_time_dependent", "treatment_landmark"
FLOW, NAIVE = "landmark_flow", "treatment_naive"
EVER, NEVER, WAITING = "ever treated", "never treated", "waiting for treatment"
UNSEEN = "the extract has no drug on record after the index"
DEMONSTRATION = "demonstration of immortal-time bias, not an answer: "


@dataclass(frozen=True)
class Part:
    """The patients of one cause group, or all, with follow-up, covariates and day of treatment."""

    protocol: Protocol
    treatment: Treatment
    group: str
    frame: pd.DataFrame

    @property
    def horizon(self) -> int:
        """Return the last day of the outcome."""
        outcomes = {outcome.id: outcome.horizon_days for outcome in self.protocol.outcomes}
        return outcomes[self.treatment.outcome]

    def analysis(self, analysis_id: str) -> Analysis:
        """Return the place that all rows of one analysis share."""
        return {"analysis_id": analysis_id, "outcome_id": self.treatment.outcome}


def fit_treatment(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the rows of the protocol's treatment from its `analysis_set`; none without one.

    Where no drug after the index is on record, nobody knows who was treated: every row says so.
    """
    for part in _parts(protocol, patients):
        if not patients["treatment_assessed"].all():
            yield cannot(UNSEEN, **part.analysis(TIME_DEPENDENT), group=part.group,
                         term="hazard ratio", method="none")  # fmt: skip
            continue
        if "time_dependent" in part.treatment.enters:
            yield from _fit_time_dependent(part)
        for day in part.treatment.landmark_days if "landmark" in part.treatment.enters else ():
            yield from _fit_landmark(part, day)
        if part.group == "all":
            yield from _fit_naive(part)


def _parts(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Part]:
    treatment = protocol.treatment
    if treatment is None:
        return
    frame = covariate_frame(protocol, treatment.outcome, patients)
    frame[TREATED_DAY] = patients["treated_day"].to_numpy(dtype=float, na_value=np.nan)
    for group in ("all", *protocol.analyses.groups):
        here = frame[COVARIATES["cause_group"]] == group
        yield Part(protocol, treatment, group, frame if group == "all" else frame[here])


def _fit_time_dependent(part: Part) -> Iterator[Estimate]:
    rows = split_at_treatment(part.frame, TREATED_DAY, TREATED)
    columns: RowColumns = {"entry": ENTRY, "patient": PATIENT}
    method = "treatment as time-dependent: "
    yield from _ratios(part, rows, columns, part.analysis(TIME_DEPENDENT), None, method)


def _fit_landmark(part: Part, day: int) -> Iterator[Estimate]:
    landmark = _set(part, day)
    yield from _count_flow(part, landmark)
    analysis = part.analysis(LANDMARK)
    for arm in (TREATED, UNTREATED):
        here = landmark.treated == (arm == TREATED)
        curve = fit_curve(landmark.days[here], landmark.status[here])
        left = float(part.horizon - day)
        number = _find_survival(part, curve, day)
        yield place(number, **analysis, group=part.group, term=f"survival: {arm}",
                    time_days=float(day), n=curve.n, n_events=curve.events_by(max(left, 0.0)),
                    method=f"from a landmark, {METHOD}")  # fmt: skip
    rows = part.frame[landmark.followed].assign(
        days=landmark.days, status=landmark.status, **{TREATED: landmark.treated.astype(float)}
    )
    yield from _ratios(part, rows, {}, analysis, float(day), "from a landmark: ")


def _find_survival(part: Part, curve: Curve, day: int) -> Number:
    """Return the survival at the horizon of a curve that begins at a landmark.

    A reason names the day from the index, as all other days of the table are.
    """
    if day >= part.horizon:
        return missing(_behind(part, day))
    number = curve.survival_at(float(part.horizon - day))
    if curve.n and number.estimate is None:
        return missing(f"nobody was followed to day {part.horizon}")
    return number


def _set(part: Part, day: int) -> Landmark:
    frame = part.frame
    return set_landmark(frame["days"], frame["status"], frame[TREATED_DAY], day)


def _behind(part: Part, day: int) -> str:
    return f"the landmark, day {day}, is not before the horizon, day {part.horizon}"


def _count_flow(part: Part, landmark: Landmark) -> Iterator[Estimate]:
    """Yield how many stand in each arm, and how many were left out and why: they add up."""
    n, n_treated = len(part.frame), int(landmark.treated.sum())
    counts = {
        "left out: had the event": landmark.n_had_event,
        "left out: no longer observed": landmark.n_lost,
        TREATED: n_treated,
        UNTREATED: landmark.treated.size - n_treated,
    }
    for term, count in counts.items():
        yield place(fit_proportion(count, n), **part.analysis(FLOW), group=part.group, term=term,
                    time_days=landmark.day, n=n, n_events=count, method=WILSON)  # fmt: skip


def _fit_naive(part: Part) -> Iterator[Estimate]:
    """Yield the comparison not to make, and how much time it gives away."""
    days, begun = _arrays(part)
    analysis, ever = part.analysis(NAIVE), begun < days
    for arm, here in _arms(ever).items():
        curve = fit_curve(days[here], part.frame["status"][here])
        yield place(curve.survival_at(part.horizon), **analysis, group="all",
                    term=f"survival: {arm}", n=curve.n, n_events=curve.events_by(part.horizon),
                    method=f"{DEMONSTRATION}{METHOD}")  # fmt: skip
    rows = part.frame.assign(**{TREATED: ever.astype(float)})
    (crude, _) = _ratios(part, rows, {}, analysis, None, DEMONSTRATION)
    yield crude
    share = share_guaranteed(days, begun)
    number = missing("nobody was treated") if share is None else Number(share)
    yield place(number, **analysis, group="all", term="guaranteed share of their days",
                n=int(ever.sum()), n_events=None, method="days before treatment ÷ days followed, "
                "of the ever treated; a description, so without an interval")  # fmt: skip


def _arrays(part: Part) -> tuple[FloatArray, FloatArray]:
    return part.frame["days"].to_numpy(float), part.frame[TREATED_DAY].to_numpy(float)


def _arms(ever: np.ndarray) -> Mapping[str, np.ndarray]:
    return {EVER: ever, NEVER: ~ever}


def _ratios(
    part: Part,
    rows: pd.DataFrame,
    columns: RowColumns,
    analysis: Analysis,
    day: float | None,
    method: str,
) -> Iterator[Estimate]:
    """Yield the hazard ratio of treatment, alone and with the protocol's covariates."""
    protocol = part.protocol
    wanted = tuple(
        t for t in protocol.covariates.adjusted_for if part.group == "all" or t != "cause_group"
    )
    least = protocol.analyses.min_events_per_parameter
    models: dict[str, tuple[str, ...]] = {"hazard ratio": (), "adjusted hazard ratio": wanted}
    for term, terms in models.items():
        names = [TREATED, *(COVARIATES[t] for t in terms)]
        design = code_design(rows, names, find_references(protocol, terms), **columns)
        found = cox_rows(_fit(design, least), group=part.group, **analysis)
        row = next(row for row in found if row.term == TREATED)
        yield replace(row, term=term, time_days=day, method=method + row.method)


def _fit(design: Design, least: float) -> CoxFit | CoxRefused:
    """Return the model, refused where an arm has too few events to be more than described."""
    fit = fit_cox(design, min_events_per_parameter=least)
    treated = design.values[:, design.columns.index(TREATED)] == 1
    for arm, here in (("treated", treated), ("untreated", ~treated)):
        if isinstance(fit, CoxFit) and design.status[here].sum() < least:
            return CoxRefused(design, f"there are fewer than {least:g} events among the {arm}")
    return fit


def find_treatment_curves(
    protocol: Protocol, patients: pd.DataFrame
) -> Iterator[dict[str, object]]:
    """Yield points of `curves`: the naive arms, the wait of the ever-treated, each landmark's arms.

    Days of a landmark's curves count from the landmark; the event of the wait is treatment.
    """
    if not len(patients) or not patients["treatment_assessed"].all():
        return
    everybody = next(_parts(protocol, patients), None)
    if everybody is None:
        return
    outcome = everybody.treatment.outcome
    days, begun = _arrays(everybody)
    status, ever = everybody.frame["status"].to_numpy(np.int64), begun < days
    curves = {arm: (days[here], status[here]) for arm, here in _arms(ever).items()}
    curves[WAITING] = (begun[ever], np.ones(int(ever.sum()), dtype=np.int64))
    for day in everybody.treatment.landmark_days:
        found = _set(everybody, day)
        for arm, here in ((TREATED, found.treated), (UNTREATED, ~found.treated)):
            curves[name_arm(day, arm)] = (found.days[here], found.status[here])
    for group, (times, ends) in curves.items():
        if times.size:
            yield from list_points(outcome, group, fit_curve(times, ends))


def name_arm(day: int, arm: str) -> str:
    """Return the group under which `curves` holds an arm of a landmark."""
    return f"{arm} by day {day}"
