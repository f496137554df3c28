"""The estimate stage: every number of a study, from its analysis set."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from leukocytosis.accuracy import compare_with_truth
from leukocytosis.attribution import fit_attribution
from leukocytosis.config import Claims, Protocol
from leukocytosis.describe import describe_patients
from leukocytosis.errors import ExtractError, Problem
from leukocytosis.review import fit_reviews
from leukocytosis.review.answers import Answer
from leukocytosis.scorecard import score
from leukocytosis.store import Connection, connect, fetch, read_frame, scan, table, write_rows
from leukocytosis.survival.analyses import find_curves, fit_all, share
from leukocytosis.survival.row import Estimate


def estimate(
    protocol: Protocol, claims: Claims | None, truth: Path | None, study: Path, setting: str = ""
) -> None:
    """Write `estimates`, `curves`, `table_one`, `scorecard` and `accuracy` of a study.

    `accuracy` is empty without a truth planted for this study, `scorecard` without claims.
    `setting` says what agreement with the paper means on this extract.
    """
    patients = read_frame(study / "analysis_set.parquet")
    with connect(study / ".scratch") as con:
        fitted = [
            *fit_all(protocol, patients),
            *fit_attribution(protocol, con, study),
            *_fit_reviews(protocol, con, study),
        ]
        estimates = [vars(row) for row in fitted]
        rows: dict[str, Sequence[dict[str, Any]]] = {
            "estimates": estimates,
            "curves": list(find_curves(protocol, patients)),
            "table_one": list(describe_patients(protocol, patients)),
        }
        found = score(claims, estimates, _attrition(con, study), setting) if claims else ()
        rows["scorecard"] = list(found)
        causes = dict(zip(patients["episode_id"], patients["primary_cause"], strict=True))
        known = read_truth(truth) if truth else {}
        rows["accuracy"] = list(compare_with_truth(protocol, causes, known)) if known else []
        for name, written in rows.items():
            write_rows(con, written, table(name), study / f"{name}.parquet")


def _fit_reviews(protocol: Protocol, con: Connection, study: Path) -> Iterator[Estimate]:
    """Yield how many labels come from charts, and what the reviews say of the rules."""
    path = scan(study / "causes.parquet")
    causes = fetch(con, f"SELECT episode_id, rule_cause, source FROM {path}")
    n_adjudicated = sum(source == "adjudicated" for *_, source in causes)
    yield share("labels", "adjudicated", n_adjudicated, len(causes))
    answers = [
        Answer(*row)
        for row in fetch(
            con,
            "SELECT episode_id, reviewer, cause, certainty, sampling "
            f"FROM {scan(study / 'reviews.parquet')} ORDER BY ALL",
        )
    ]
    yield from fit_reviews(protocol, answers, {episode: cause for episode, cause, _ in causes})


def _attrition(con: Connection, study: Path) -> list[dict[str, Any]]:
    query = f"SELECT reason_id, n_patients_left FROM {scan(study / 'attrition.parquet')}"
    return [{"reason_id": reason, "n_patients_left": n} for reason, n in fetch(con, query)]


def read_truth(path: Path) -> dict[str, str]:
    """Return patient → true cause of the planted cohort; ExtractError when it is not there."""
    if not path.exists():
        raise ExtractError(Problem(str(path), "does not exist", "mend 'truth' in the manifest"))
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            row["patient_id"]: row["true_cause"]
            for row in csv.DictReader(stream)
            if row["in_cohort"] == "1"
        }
