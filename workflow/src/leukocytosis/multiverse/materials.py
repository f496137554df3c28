"""What all variants share, looked up once: index events, evidence and outcomes.

Every distinct index event of any variant is an episode, every distinct rule a rule and every
distinct outcome an outcome of one large protocol, which the study's own stages then run. A
variant is a choice of rows and columns from what they find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leukocytosis.causes import collect_evidence
from leukocytosis.cohort import find_indices, narrow
from leukocytosis.config import Codelist, Protocol, Unit
from leukocytosis.config.evidence import Rule
from leukocytosis.config.index import Index
from leukocytosis.config.protocol import Outcome, Population
from leukocytosis.followup import derive_outcomes
from leukocytosis.multiverse.variants import Variant
from leukocytosis.store import connect, fetch, scan
from leukocytosis.survival.times import FloatArray, IntArray
from leukocytosis.tables import STATUSES

ByteMatrix = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Sample:
    """One variant's patients: the status of each rule, and how follow-up ended.

    `statuses` (n, rules) holds places in `tables.STATUSES`, the rules in the protocol's order;
    `days` and `status` (n,) of the primary outcome, as in `outcomes`.
    """

    variant: Variant
    episodes: IntArray
    statuses: ByteMatrix
    days: FloatArray
    status: IntArray


@dataclass(frozen=True)
class Vocabulary:
    """What the stages need beside protocols: codelists, units, and the tables an extract lacks."""

    codelists: Mapping[str, Codelist]
    units: tuple[Unit, ...]
    absent: frozenset[str]


def materialise(
    variants: Sequence[Variant], vocabulary: Vocabulary, extract: Path, folder: Path
) -> list[Sample]:
    """Return the sample of each variant; `folder` is used for what the stages write."""
    entries: dict[tuple[Index, Population], Protocol] = {}
    for variant in variants:
        entries.setdefault(_entry_of(variant), variant.protocol)
    found = find_indices([*entries.values()], vocabulary.codelists, extract, folder)
    narrow(extract, folder)

    rules, columns = _gather_rules(variants)
    outcomes, followed = _gather_outcomes(variants)
    everything = variants[0].protocol.model_copy(
        update={"evidence": tuple(rules), "outcomes": tuple(outcomes)}
    )
    collect_evidence(everything, vocabulary.codelists, vocabulary.units, vocabulary.absent, folder)
    derive_outcomes(everything, extract, folder)

    place = {episode: i for i, episode in enumerate(sorted({e for es in found for e in es}))}
    rows = [np.array([place[e] for e in episodes], dtype=np.int64) for episodes in found]
    of_entry = dict(zip(entries, rows, strict=True))
    statuses = _read_statuses(folder, place, [rule.id for rule in rules])
    ends = _read_outcomes(folder, place, [outcome.id for outcome in outcomes])
    samples = []
    for variant, chosen, outcome in zip(variants, columns, followed, strict=True):
        here = of_entry[_entry_of(variant)]
        days, status = ends[outcome]
        picked = statuses[here][:, chosen]
        samples.append(Sample(variant, here, picked, days[here], status[here]))
    return samples


def _entry_of(variant: Variant) -> tuple[Index, Population]:
    return variant.protocol.index, variant.protocol.population


def _gather_rules(variants: Sequence[Variant]) -> tuple[list[Rule], list[list[int]]]:
    """Return the distinct rules, and for each variant the places of its own among them."""
    rules: dict[Rule, Rule] = {}  # as declared → with an id of its own
    columns = []
    for variant in variants:
        named: dict[str, Rule] = {}
        # a rule that looks through a course needs that course's rule first
        for rule in sorted(variant.protocol.evidence, key=lambda rule: rule.through is not None):
            asked = _resolve(rule, variant.protocol, named)
            n = len(rules)
            update = {"id": f"{rule.id}__{n}"}
            named[rule.id] = rules.setdefault(asked, asked.model_copy(update=update))
        order = {rule.id: i for i, rule in enumerate(rules.values())}
        columns.append([order[named[rule.id].id] for rule in variant.protocol.evidence])
    return [*rules.values()], columns


def _resolve(rule: Rule, protocol: Protocol, named: Mapping[str, Rule]) -> Rule:
    """Return a rule that refers to nothing in its protocol by a name that variants share."""
    if rule.above_index_threshold:
        bound = {"value": protocol.index.above, "above_index_threshold": False}
        rule = rule.model_copy(update=bound)
    if rule.through:
        through = rule.through.model_copy(update={"course": named[rule.through.course].id})
        rule = rule.model_copy(update={"through": through})
    return rule


def _gather_outcomes(variants: Sequence[Variant]) -> tuple[list[Outcome], list[int]]:
    """Return the distinct primary outcomes, and for each variant the place of its own."""
    outcomes: dict[Outcome, Outcome] = {}
    followed = []
    for variant in variants:
        wanted = variant.protocol.analyses.primary_outcome
        (own,) = (o for o in variant.protocol.outcomes if o.id == wanted)
        outcomes.setdefault(own, own.model_copy(update={"id": f"{own.id}__{len(outcomes)}"}))
        followed.append([*outcomes].index(own))
    return [*outcomes.values()], followed


def _read_statuses(folder: Path, place: Mapping[str, int], rules: Sequence[str]) -> ByteMatrix:
    """Return the status of every rule (columns) in every episode (rows)."""
    column, code = ({name: i for i, name in enumerate(names)} for names in (rules, STATUSES))
    matrix = np.zeros((len(place), len(rules)), dtype=np.int8)
    with connect(folder / ".scratch") as con:
        query = f"SELECT episode_id, rule_id, status FROM {scan(folder / 'evidence.parquet')}"
        for episode, rule, status in fetch(con, query):
            matrix[place[episode], column[rule]] = code[status]
    return matrix


def _read_outcomes(
    folder: Path, place: Mapping[str, int], outcomes: Sequence[str]
) -> list[tuple[FloatArray, IntArray]]:
    """Return days and status of every episode for each outcome."""
    order = {outcome: i for i, outcome in enumerate(outcomes)}
    days = np.zeros((len(outcomes), len(place)))
    status = np.zeros((len(outcomes), len(place)), dtype=np.int64)
    with connect(folder / ".scratch") as con:
        table = scan(folder / "outcomes.parquet")
        query = f"SELECT outcome_id, episode_id, days, status FROM {table}"
        for outcome, episode, day, end in fetch(con, query):
            days[order[outcome], place[episode]] = day
            status[order[outcome], place[episode]] = end
    return [*zip(days, status, strict=True)]
