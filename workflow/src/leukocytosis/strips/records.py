"""What a strip shows: the records of an episode, placed in days from the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leukocytosis.config import Codelist
from leukocytosis.store import connect, fetch_rows, scan

Row = Mapping[str, Any]
FAR = 1_000_000  # a day after every record
LANES = ("stays", "codes", "cultures", "drugs", "other results")
DAY_OF = "date_diff('second', e.index_on, {at}) / 86400.0"


@dataclass(frozen=True)
class Item:
    """A record, or several of one name, on the days from `first` to `last` of a lane."""

    lane: str
    first: float
    last: float
    label: str
    rules: tuple[str, ...] = ()  # ids of the rules it meets
    n: int = 1


@dataclass(frozen=True)
class Count:
    """A blood white count in 10*9/L; `bound` is < or > when only a bound was printed."""

    day: float
    value: float
    bound: str = ""


@dataclass
class Strip:
    """Everything a strip may show of one episode. `episode` and `cause` are rows of their tables.

    Neither deaths nor where a stay ended are read: a strip shows what a cause is judged by.
    """

    episode: Row
    cause: Row
    counts: list[Count] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)


def read_strips(
    study: Path, codelists: Mapping[str, Codelist], concept: str, until_day: int = FAR
) -> list[Strip]:
    """Return the strips of a study, by episode; `concept` is that of the index count.

    Records after `until_day` are not read at all: neither a bar nor a number of records can then
    tell that there were any. Of stays it is the view that cuts the end.
    """
    with connect(study / ".scratch") as con:
        episodes = fetch_rows(con, f"SELECT * FROM {scan(study / 'episodes.parquet')}")
        causes = _by_episode(fetch_rows(con, f"SELECT * FROM {scan(study / 'causes.parquet')}"))
        strips = {
            row["episode_id"]: Strip(row, causes[row["episode_id"]][0])
            for row in sorted(episodes, key=lambda row: str(row["episode_id"]))
        }
        evidence = fetch_rows(con, f"SELECT * FROM {scan(study / 'evidence.parquet')}")
        for episode_id, rows in _by_episode(evidence).items():
            strips[episode_id].evidence = rows
        for row in fetch_rows(con, _compile_labs(study, "=", concept, until_day)):
            count = Count(row["first"], row["value"], row["comparator"] or "")
            strips[row["episode_id"]].counts.append(count)
        terms = _terms(codelists)
        for lane, query in _compile_lanes(study, concept, until_day).items():
            for row in fetch_rows(con, query):
                strips[row["episode_id"]].items.append(_item(lane, row, terms))
    return list(strips.values())


def _by_episode(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["episode_id"]].append(row)
    return grouped


def _item(lane: str, row: Row, terms: Mapping[tuple[str, str], str]) -> Item:
    label = str(row["label"])
    if lane == "codes":
        label = f"{label} {_term(row, terms)}".strip()
    rules = tuple(sorted(set(row["rules"] or ())))
    return Item(lane, row["first"], max(row["first"], row["last"]), label, rules, row["n"])


def _terms(codelists: Mapping[str, Codelist]) -> dict[tuple[str, str], str]:
    return {(e.code_system, e.code): e.term for c in codelists.values() for e in c.entries}


def _term(row: Row, terms: Mapping[tuple[str, str], str]) -> str:
    """Return the term of the longest listed beginning of a code."""
    system, code = row["code_system"], row["code"]
    for length in range(len(code), 1, -1):
        if (system, code[:length]) in terms:
            return terms[system, code[:length]]
    return ""


def _compile_lanes(study: Path, concept: str, until_day: int) -> dict[str, str]:
    """Return one query per lane: label, first and last day, records, and the rules they meet."""
    return {
        "stays": _compile_stays(study),
        "codes": _compile_grouped(study, "diagnoses", "code", until_day, extra="code_system, code"),
        "cultures": _compile_grouped(study, "microbiology", CULTURE, until_day),
        "drugs": _compile_grouped(study, "drugs", DRUG, until_day),
        "other results": _compile_labs(study, "<>", concept, until_day),
    }


CULTURE = (
    "concat_ws(': ', specimen, nullif(test, specimen), "
    "CASE result WHEN 'positive' THEN coalesce(organism, 'positive') "
    "WHEN 'pending' THEN 'pending' ELSE 'no growth or negative' END)"
)
DRUG = (
    "concat_ws(' ', coalesce(name, code), format('{:g}', dose), dose_unit, route, "
    "format('{:g} a day', doses_per_day), if(kind = 'given', NULL, concat('(', kind, ')')))"
)
RESULT = "concat(replace(concept, '_', ' '), ' ', comparator, format('{:g}', value), ' ', unit)"


def _compile_stays(study: Path) -> str:
    return (
        f"SELECT c.episode_id, {DAY_OF.format(at='c.started_at')} AS first, "
        f"{DAY_OF.format(at='coalesce(c.ended_at, c.started_at)')} AS last, "
        "coalesce(setting, 'stay') AS label, NULL AS rules, 1 AS n "
        f"FROM {scan(study / 'cohort_encounters.parquet')} c "
        f"JOIN {scan(study / 'episodes.parquet')} e USING (episode_id) ORDER BY ALL"
    )


def _compile_grouped(
    study: Path, table: str, label: str, until_day: int, extra: str = "NULL AS code"
) -> str:
    """Return the records of a table, those of one label on days in a row taken together."""
    last = "last_day_from_index" if table == "drugs" else "days_from_index"
    key = {"diagnoses": "diagnosis_id", "microbiology": "micro_id", "drugs": "drug_id"}[table]
    order = "PARTITION BY episode_id, label ORDER BY first, last, id"
    before = f"{order} ROWS BETWEEN UNBOUNDED PRECEDING"
    return f"""
        WITH met AS (
            SELECT episode_id, event_id, list(rule_id) AS rules
            FROM {scan(study / "evidence_events.parquet")} WHERE source_table = '{table}'
            GROUP BY ALL
        ), placed AS (
            SELECT c.episode_id, {label} AS label, {extra}, c.{key} AS id, rules,
                   days_from_index AS first, least({last}, {until_day}) AS last
            FROM {scan(study / f"cohort_{table}.parquet")} c
            LEFT JOIN met ON met.episode_id = c.episode_id AND met.event_id = c.{key}
            WHERE days_from_index <= {until_day}
        ), parted AS (
            SELECT *, first > 1 + max(last) OVER ({before} AND 1 PRECEDING) AS begins FROM placed
        ), numbered AS (
            SELECT *, count(*) FILTER (begins) OVER ({before} AND CURRENT ROW) AS run FROM parted
        )
        SELECT * EXCLUDE (run) FROM (
            SELECT * EXCLUDE (id, rules, first, last, begins), min(first) AS first,
                   max(last) AS last, count(*) AS n,
                   flatten(list(rules) FILTER (rules IS NOT NULL)) AS rules
            FROM numbered GROUP BY ALL
        ) ORDER BY ALL
    """


def _compile_labs(study: Path, operator: str, concept: str, until_day: int) -> str:
    return f"""
        SELECT c.episode_id, {RESULT} AS label, {DAY_OF.format(at="c.taken_at")} AS first,
               first AS last, value, comparator, 1 AS n,
               list_sort(list(rule_id) FILTER (rule_id IS NOT NULL)) AS rules
        FROM {scan(study / "cohort_labs.parquet")} c
        JOIN {scan(study / "episodes.parquet")} e USING (episode_id)
        LEFT JOIN {scan(study / "evidence_events.parquet")} m
             ON m.episode_id = c.episode_id AND m.event_id = c.lab_id AND m.source_table = 'labs'
        WHERE concept {operator} '{concept}' AND c.days_from_index <= {until_day}
        GROUP BY ALL ORDER BY ALL
    """
