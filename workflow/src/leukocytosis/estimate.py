"""The estimate stage: every number of a study, from its analysis set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.accuracy import compare_with_truth, read_truth
from leukocytosis.attribution import fit_attribution
from leukocytosis.bias import fit_bias
from leukocytosis.config import BiasPlan, Claims, Protocol
from leukocytosis.describe import compare_patients, describe_patients
from leukocytosis.scorecard import score
from leukocytosis.store import Connection, connect, fetch, read_frame, scan, table, write_rows
from leukocytosis.survival.adjusted import fit_adjusted
from leukocytosis.survival.alternatives import fit_alternatives, fit_hindsight
from leukocytosis.survival.analyses import find_curves, fit_all
from leukocytosis.survival.by_cause import fit_by_cause
from leukocytosis.survival.competing.analyses import find_states, fit_competing
from leukocytosis.survival.crude import fit_crude
from leukocytosis.survival.quoted import quote
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.second_engine import fit_second_engine
from leukocytosis.survival.treatment import find_treatment_curves, fit_treatment
from leukocytosis.survival.unadjusted import fit_unadjusted
from leukocytosis.survival.unusable import split_outcomes
from leukocytosis.validation import fit_review
from leukocytosis.white_counts import describe_white_counts

if TYPE_CHECKING:
    import pandas as pd

SEED = 2009


@dataclass(frozen=True)
class Beside:
    """What the estimates of a study need beside its protocol and its own tables.

    `encounters` are the extract's, which show whether it records hospice; `truth` are the planted
    causes of a synthetic extract; `setting` says what agreement with the paper means on this
    extract, and `own` whether it is of the paper's hospital; `seed` is that of every draw.
    """

    encounters: Path
    claims: Claims | None = None
    truth: Path | None = None
    setting: str = ""
    seed: int = SEED
    bias: BiasPlan | None = None
    own: bool = False


def estimate(protocol: Protocol, study: Path, beside: Beside) -> None:
    """Write a study's estimates, curves, states, white counts, Table 1, scorecard and accuracy.

    `accuracy` is empty without a truth planted for this study, `scorecard` without claims; without
    a plan there is no bias analysis.
    """
    patients = read_frame(study / "analysis_set.parquet")
    known = read_truth(beside.truth) if beside.truth else {}
    with connect(study / ".scratch") as con:
        recorded = records_hospice(con, beside.encounters)
        usable, refused = split_outcomes(protocol, patients)
        fitted = [
            *refused,
            *_fit_outcomes(usable, patients, beside.seed, recorded=recorded),
            *_fit_design(usable, patients, study),
            *fit_attribution(protocol, con, study),
            *fit_review(protocol, con, study),
            *_fit_bias(usable, beside.bias, con, study, patients, known),
        ]
        estimates = [*map(vars, fitted), *compare_patients(protocol, patients, beside.seed)]
        rows: dict[str, list[dict[str, Any]]] = {
            "estimates": estimates,
            "curves": [*find_curves(usable, patients), *_find_arms(usable, patients)],
            "states": list(find_states(usable, patients, recorded=recorded)),
            "white_counts": list(describe_white_counts(protocol, con, study)),
            "table_one": list(describe_patients(protocol, patients)),
            "scorecard": list(_score(beside, estimates, con, study)),
            "accuracy": list(_compare_with_truth(protocol, known, con, study)),
        }
        for name, written in rows.items():
            write_rows(con, written, table(name), study / f"{name}.parquet")


def _fit_outcomes(
    usable: Protocol, patients: pd.DataFrame, seed: int, *, recorded: bool
) -> Iterator[Estimate]:
    """Yield the numbers of each outcome; `recorded` says whether the extract records hospice."""
    first = fit_all(usable, patients)
    yield from first
    yield from fit_by_cause(usable, patients, recorded=recorded)
    yield from fit_crude(usable, patients)
    yield from fit_unadjusted(usable, patients, first)
    yield from fit_adjusted(usable, patients, seed)
    yield from fit_second_engine(usable, patients, first)
    yield from fit_competing(usable, patients, recorded=recorded)


def _fit_design(usable: Protocol, patients: pd.DataFrame, study: Path) -> Iterator[Estimate]:
    """Yield what shows the design fair, as far as the outcomes it asks about can be used."""
    outcomes = {outcome.id for outcome in usable.outcomes}
    if usable.analyses.primary_contrast.outcome in outcomes:
        otherwise = read_frame(study / "outcomes_otherwise.parquet")
        yield from fit_hindsight(usable, patients)
        yield from fit_alternatives(usable, patients, otherwise)
    if usable.treatment and usable.treatment.outcome in outcomes:
        yield from fit_treatment(usable, patients)


def _fit_bias(
    usable: Protocol,
    plan: BiasPlan | None,
    con: Connection,
    study: Path,
    patients: pd.DataFrame,
    known: dict[str, str],
) -> Iterator[Estimate]:
    if plan and usable.analyses.primary_outcome in {outcome.id for outcome in usable.outcomes}:
        yield from fit_bias(usable, plan, con, study, patients, known)


def _find_arms(usable: Protocol, patients: pd.DataFrame) -> Iterator[dict[str, object]]:
    if usable.treatment and usable.treatment.outcome in {o.id for o in usable.outcomes}:
        yield from find_treatment_curves(usable, patients)


def records_hospice(con: Connection, encounters: Path) -> bool:
    """Return whether any discharge of the extract went to hospice; without one nobody can tell."""
    query = f"SELECT count(*) FROM {scan(encounters)} WHERE disposition = 'hospice'"
    return bool(fetch(con, query)[0][0])


def _score(
    beside: Beside, estimates: Sequence[dict[str, Any]], con: Connection, study: Path
) -> Iterator[dict[str, Any]]:
    if beside.claims:
        query = f"SELECT reason_id, n_patients_left FROM {scan(study / 'attrition.parquet')}"
        attrition = [{"reason_id": step, "n_patients_left": n} for step, n in fetch(con, query)]
        quoted = [*map(quote, estimates)]
        yield from score(beside.claims, quoted, attrition, beside.setting, own=beside.own)


def _compare_with_truth(
    protocol: Protocol, known: Mapping[str, str], con: Connection, study: Path
) -> Iterator[dict[str, Any]]:
    if known:
        query = f"SELECT episode_id, rule_cause FROM {scan(study / 'causes.parquet')}"
        yield from compare_with_truth(protocol, dict(fetch(con, query)), known)
