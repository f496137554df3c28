"""Every row of a study's bias analysis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.bias import BiasPlan
from leukocytosis.store import Connection, fetch, scan
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.times import BoolArray, IntArray, Labels

from .calendar import calendar_rows
from .contrast import fit_model
from .e_value import e_value_rows
from .matrix import confusion_rows, find_confusion
from .misclassification import Cohort, misclassification_rows
from .tipping import tipping_rows

if TYPE_CHECKING:
    import pandas as pd


def fit_bias(
    protocol: Protocol,
    plan: BiasPlan,
    con: Connection,
    study: Path,
    patients: pd.DataFrame,
    truth: Mapping[str, str],
) -> Iterator[Estimate]:
    """Yield the bias analysis of a study from its analysis set and its other tables.

    `truth` is the planted cause by patient of a synthetic extract, else empty. Each part draws
    from a stream of its own, so that one does not move another.
    """
    streams = np.random.default_rng(plan.seed).spawn(1 + len(protocol.outcomes))
    episodes = patients["episode_id"].tolist()
    primary = fit_model(protocol, protocol.analyses.primary_outcome, patients)
    by_rules = dict(zip(episodes, _read(con, study, "rule_cause", "causes", episodes), strict=True))
    causes = protocol.cause_ids
    confusion = find_confusion(causes, by_rules, con, study, plan.accuracy, truth)
    yield from confusion_rows(confusion)
    labels: Labels = np.array(list(by_rules.values()), dtype=str)
    cohort = Cohort(protocol, patients, labels, primary)
    yield from misclassification_rows(cohort, confusion, plan.draws, streams[0])
    for outcome, rng in zip(protocol.outcomes, streams[1:], strict=True):
        model = fit_model(protocol, outcome.id, patients)
        groups: Labels = patients["cause_group"].to_numpy(dtype=str)[model.complete]
        hospice = _find_after_hospice(con, study, episodes)[model.complete]
        yield from tipping_rows(
            model, groups, hospice, float(outcome.horizon_days), plan.imputations, rng
        )
    yield from e_value_rows(protocol, primary, patients)
    years: IntArray = np.array(
        _read(con, study, "year(index_on)", "episodes", episodes), dtype=np.int64
    )
    yield from calendar_rows(protocol, patients, years, plan.dates_shifted)


def _read(con: Connection, study: Path, column: str, table: str, episodes: list[str]) -> list[str]:
    """Return a column of a table in the order of the analysis set."""
    query = f"SELECT episode_id, {column} FROM {scan(study / f'{table}.parquet')}"
    found = dict(fetch(con, query))
    return [found[episode] for episode in episodes]


def _find_after_hospice(con: Connection, study: Path, episodes: list[str]) -> BoolArray:
    """Return who was discharged to hospice from the index day on."""
    rows = fetch(
        con,
        f"SELECT DISTINCT episode_id FROM {scan(study / 'cohort_encounters.parquet')} "
        "WHERE disposition = 'hospice' AND ended_at IS NOT NULL AND last_day_from_index >= 0",
    )
    known = {row[0] for row in rows}
    return np.array([episode in known for episode in episodes], dtype=bool)
