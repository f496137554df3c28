"""The planted truth of a synthetic extract, and how well the rules find it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.errors import ExtractError, Problem
from leukocytosis.survival.quoted import fit_quoted


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


def compare_with_truth(
    protocol: Protocol, by_rules: Mapping[str, str], truth: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield rows of `accuracy`: sensitivity and positive predictive value per cause.

    Both mappings are patient → cause. A patient in truth's cohort whom the rules did not find
    counts against sensitivity; one they found wrongly, against the predictive value.
    """
    for cause in (cause.id for cause in protocol.causes):
        true = {patient for patient, name in truth.items() if name == cause}
        found = {patient for patient, name in by_rules.items() if name == cause}
        right = len(true & found)
        yield _row(cause, "sensitivity", right, len(true))
        yield _row(cause, "ppv", right, len(found))


def _row(cause: str, measure: str, n_right: int, n: int) -> dict[str, Any]:
    row: dict[str, Any] = {"cause": cause, "measure": measure, "n_right": n_right, "n": n}
    if n:
        share, method = fit_quoted(n_right, n)
        row |= {"estimate": share.estimate, "ci_low": share.ci_low, "ci_high": share.ci_high,
                "method": method}  # fmt: skip
    return row
