"""The numbers of each variant: shares of causes, risks by group, and the contrast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.multiverse.labels import Labelled
from leukocytosis.multiverse.materials import Sample
from leukocytosis.survival.curve import Curve, fit_curve
from leukocytosis.survival.grouped_cox import Grouped, fit_grouped_cox
from leukocytosis.survival.proportion import fit_proportion
from leukocytosis.survival.row import Number
from leukocytosis.survival.times import BoolArray, FloatArray, IntArray, at_half_a_day

HAZARD_RATIO = "hazard_ratio"
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Patients:
    """One variant's patients: causes, and follow-up with events on day 0 at half a day; (n,)."""

    sample: Sample
    labelled: Labelled
    days: FloatArray
    status: IntArray


def prepare(sample: Sample, labelled: Labelled) -> Patients:
    """Return a variant's patients as the estimators want them."""
    days, _ = at_half_a_day(sample.days, sample.status)
    return Patients(sample, labelled, days, sample.status)


def fit_rows(protocol: Protocol, everybody: Sequence[Patients]) -> Iterator[Row]:
    """Yield the rows of `multiverse`: variant by variant, every number with interval or reason."""
    contrasts = fit_contrasts(protocol, everybody)
    for patients, contrast in zip(everybody, contrasts, strict=True):
        number = patients.sample.variant.number
        for row in (*_fit_shares(protocol, patients), *_fit_risks(patients), contrast):
            yield {"variant": number, **row}


def fit_contrasts(protocol: Protocol, everybody: Sequence[Patients]) -> list[Row]:
    """Return each variant's unadjusted hazard ratio of the contrast, all groups in the model."""
    group, reference = protocol.analyses.primary_contrast.groups
    names = [reference, group]
    names += [other for other in protocol.analyses.groups if other not in names]
    samples = [Grouped(p.days, p.status, _code(p, names)) for p in everybody]
    numbers = fit_grouped_cox(
        samples, names, min_events_per_parameter=protocol.analyses.min_events_per_parameter
    )
    term = f"{group} against {reference}"
    return [
        _row(HAZARD_RATIO, "all", term, number, int(p.status.size), int(p.status.sum()),
             float(_horizon(p)))
        for p, number in zip(everybody, numbers, strict=True)
    ]  # fmt: skip


def _code(patients: Patients, names: Sequence[str]) -> IntArray:
    groups = np.zeros(patients.days.size, dtype=np.int64)
    for i, name in enumerate(names):
        groups[patients.labelled.group == name] = i
    return groups


def _fit_shares(protocol: Protocol, patients: Patients) -> Iterator[Row]:
    causes, n = patients.labelled.cause, patients.days.size
    for cause in protocol.cause_ids:
        here = int((causes == cause).sum())
        yield _row("cause_shares", "all", cause, fit_proportion(here, n), n, here)


def _fit_risks(patients: Patients) -> Iterator[Row]:
    protocol = patients.sample.variant.protocol
    for group in ("all", *protocol.analyses.groups):
        here: BoolArray = (patients.labelled.group == group) | (group == "all")
        curve = fit_curve(patients.days[here], patients.status[here])
        for day in _days(patients):
            yield _fit_risk(curve, group, day)


def _fit_risk(curve: Curve, group: str, day: float) -> Row:
    return _row("risk", group, "risk", curve.risk_at(day), curve.n, curve.events_by(day), day)


def _days(patients: Patients) -> list[float]:
    """Return the variant's horizon, and day 84 where it lies before it."""
    return sorted({min(84.0, _horizon(patients)), _horizon(patients)})


def _horizon(patients: Patients) -> float:
    protocol = patients.sample.variant.protocol
    wanted = protocol.analyses.primary_outcome
    (outcome,) = (o for o in protocol.outcomes if o.id == wanted)
    return float(outcome.horizon_days)


def _row(
    analysis: str, group: str, term: str, number: Number, n: int, n_events: int,
    day: float | None = None,
) -> Row:  # fmt: skip
    return {
        "analysis_id": analysis, "group": group, "term": term, "time_days": day,
        "estimate": number.estimate, "ci_low": number.ci_low, "ci_high": number.ci_high,
        "n": n, "n_events": n_events, "note": number.note,
    }  # fmt: skip
