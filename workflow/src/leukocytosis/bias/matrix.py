"""How often a cause by the rules is which cause in truth: charts counted in a matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leukocytosis.config.bias import Accuracy
from leukocytosis.store import Connection, fetch, scan
from leukocytosis.survival.proportion import fit_proportion
from leukocytosis.survival.row import Estimate, cannot, place
from leukocytosis.survival.times import BoolArray, FloatArray, IntArray, Labels

UNREAD = (
    "nobody knows how often the rules are right here: no chart was settled in a review, and the "
    "manifest names no published accuracy"
)
ACTIVE = "the reviewed charts were chosen actively, which shows the rules at their worst"
METHOD = "share of charts with 95 % Wilson interval: "


@dataclass(frozen=True, eq=False)
class Confusion:
    """Charts by cause: `counts` (k, k), a row per cause by the rules, a column per true cause.

    `right` (k,) marks rows that are taken to be without error. `of_patients` (n,) holds the true
    cause of the cohort's own charts, as its place among `causes`, −1 where unknown; None when the
    charts are not of this cohort. `fixed` says whether those patients keep their cause when the
    others are redrawn.
    """

    causes: tuple[str, ...]
    counts: FloatArray
    source: str
    right: BoolArray
    of_patients: IntArray | None = None
    fixed: bool = False


@dataclass(frozen=True)
class NoMatrix:
    """Why there is no matrix."""

    reason: str


def find_confusion(
    causes: Sequence[str],
    by_rules: Mapping[str, str],
    con: Connection,
    study: Path,
    accuracy: Accuracy | None,
    truth: Mapping[str, str],
) -> Confusion | NoMatrix:
    """Return the matrix of the study: of its chart review, else published, else planted.

    `by_rules` is episode → cause by the rules, in the order of the analysis set; `truth` the
    planted cause by patient, empty for a real extract.
    """
    settled, active = _read_settled(con, study)
    if settled and not active:
        return count_charts(causes, by_rules, settled, "charts of this cohort's review", fixed=True)
    if accuracy:
        return _from_file(causes, accuracy)
    if truth:
        source = "the causes planted in this synthetic extract, as if every chart had been read"
        return count_charts(causes, by_rules, truth, source, fixed=False)
    return NoMatrix(ACTIVE if settled else UNREAD)


def _read_settled(con: Connection, study: Path) -> tuple[dict[str, str], bool]:
    rows = fetch(con, "SELECT episode_id, cause, sampling FROM "
                 f"{scan(study / 'adjudications.parquet')} WHERE cause IS NOT NULL")  # fmt: skip
    return {row[0]: row[1] for row in rows}, any(row[2] == "active" for row in rows)


def count_charts(
    causes: Sequence[str],
    by_rules: Mapping[str, str],
    charts: Mapping[str, str],
    source: str,
    *,
    fixed: bool,
) -> Confusion:
    """Return the matrix of charts of this cohort; `charts` is episode → true cause."""
    place_of = {cause: i for i, cause in enumerate(causes)}
    true = np.array([place_of.get(charts.get(episode, ""), -1) for episode in by_rules], np.int64)
    found = np.array([place_of[cause] for cause in by_rules.values()], np.int64)
    counts = np.zeros((len(causes), len(causes)))
    np.add.at(counts, (found[true >= 0], true[true >= 0]), 1)
    none: BoolArray = np.zeros(len(causes), dtype=bool)
    return Confusion(tuple(causes), counts, source, none, true, fixed)


def _from_file(causes: Sequence[str], accuracy: Accuracy) -> Confusion:
    counts = [[accuracy.charts.get(rule, {}).get(true, 0) for true in causes] for rule in causes]
    right: BoolArray = np.isin(np.array(causes), np.array(accuracy.taken_as_right, dtype=str))
    source = f"published accuracy: {accuracy.title} ({accuracy.source})"
    if accuracy.taken_as_right:
        source += f"; taken as right: {', '.join(accuracy.taken_as_right)}, because {accuracy.why}"
    return Confusion(tuple(causes), np.array(counts, np.float64), source, right)


def unread_causes(confusion: Confusion, found: Labels) -> list[str]:
    """Return the causes the rules gave to patients but of which no chart was read."""
    here = {cause for cause in confusion.causes if (found == cause).any()}
    read = confusion.right | (confusion.counts.sum(axis=1) > 0)
    return [c for c, known in zip(confusion.causes, read, strict=True) if c in here and not known]


def confusion_rows(confusion: Confusion | NoMatrix) -> Iterator[Estimate]:
    """Yield the matrix: group is the cause by the rules, term the true cause."""
    where: dict[str, Any] = {"analysis_id": "confusion", "outcome_id": "-"}
    if isinstance(confusion, NoMatrix):
        yield cannot(
            confusion.reason, group="all", term="true cause", method=METHOD + "none", **where
        )
        return
    for rule, counts in zip(confusion.causes, confusion.counts, strict=True):
        charts = Counter(dict(zip(confusion.causes, counts.astype(int).tolist(), strict=True)))
        for true, n_true in charts.items():
            if n_true:
                number = fit_proportion(n_true, charts.total())
                yield place(number, group=rule, term=true, n=charts.total(), n_events=n_true,
                            method=METHOD + confusion.source, **where)  # fmt: skip
