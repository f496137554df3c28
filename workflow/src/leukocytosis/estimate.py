"""The estimate stage: every number of a study, from its analysis set."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukocytosis.accuracy import compare_with_truth
from leukocytosis.attribution import fit_attribution
from leukocytosis.bias import fit_bias
from leukocytosis.config import BiasPlan, Claims, Protocol
from leukocytosis.describe import describe_patients
from leukocytosis.errors import ExtractError, Problem
from leukocytosis.scorecard import score
from leukocytosis.store import Connection, connect, fetch, read_frame, scan, table, write_rows
from leukocytosis.survival.analyses import find_curves, fit_all
from leukocytosis.validation import fit_review


def estimate(
    protocol: Protocol,
    claims: Claims | None,
    truth: Path | None,
    study: Path,
    setting: str = "",
    bias: BiasPlan | None = None,
) -> None:
    """Write `estimates`, `curves`, `table_one`, `scorecard` and `accuracy` of a study.

    `accuracy` is empty without a truth planted for this study, `scorecard` without claims.
    `setting` says what agreement with the paper means on this extract; without a plan there is no
    bias analysis.
    """
    patients = read_frame(study / "analysis_set.parquet")
    known = read_truth(truth) if truth else {}
    with connect(study / ".scratch") as con:
        fitted = [
            *fit_all(protocol, patients),
            *fit_attribution(protocol, con, study),
            *fit_review(protocol, con, study),
            *(fit_bias(protocol, bias, con, study, patients, known) if bias else ()),
        ]
        estimates = [vars(row) for row in fitted]
        rows: dict[str, Sequence[dict[str, Any]]] = {
            "estimates": estimates,
            "curves": list(find_curves(protocol, patients)),
            "table_one": list(describe_patients(protocol, patients)),
        }
        found = score(claims, estimates, _attrition(con, study), setting) if claims else ()
        rows["scorecard"] = list(found)
        by_rules = f"SELECT episode_id, rule_cause FROM {scan(study / 'causes.parquet')}"
        causes = dict(fetch(con, by_rules))
        rows["accuracy"] = list(compare_with_truth(protocol, causes, known)) if known else []
        for name, written in rows.items():
            write_rows(con, written, table(name), study / f"{name}.parquet")


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
