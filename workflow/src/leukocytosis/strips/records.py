"""What a strip shows: the records of an episode, placed in days from the index."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from leukocytosis.config import Codelist, Protocol
from leukocytosis.store import Connection, connect, scan
from leukocytosis.strips.blind import Blind, add_seen, list_answers

Row = Mapping[str, Any]
LANES = ("counts", "stays", "codes", "cultures", "drugs", "other results")
DAY_OF = "date_diff('second', e.index_on, {at}) / 86400.0"
# what stands above a strip; the peak of the count is left out, it looks 12 weeks ahead
SHOWN = (
    "episode_id, encounter_id, index_at, index_on, wbc_1e9_per_l, age_at_index_years, sex, "
    "tumour_group"
)
PREFIX = re.compile(r"codes beginning with \w+, such as: ")
APART = 1.0  # days: records of one name further apart than this are drawn apart


class Span(NamedTuple):
    """Days from `first` to `last`, whether a record in them met a rule, and how many there are."""

    first: float
    last: float
    met: bool = False
    n: int = 1


@dataclass(frozen=True)
class Item:
    """Records of one name in a lane, and the ids of the rules they meet."""

    lane: str
    label: str
    spans: tuple[Span, ...]
    rules: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Return how many records there are."""
        return sum(span.n for span in self.spans)

    @property
    def first(self) -> float:
        """Return the day of the first record."""
        return self.spans[0].first

    @property
    def last(self) -> float:
        """Return the day of the last record."""
        return max(span.last for span in self.spans)


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
    study: Path, codelists: Mapping[str, Codelist], protocol: Protocol, blind: Blind | None = None
) -> list[Strip]:
    """Return the strips of a study, by episode; of a blind one no more is read than is shown."""
    terms = _terms(codelists)
    with connect(study / ".scratch") as con:
        strips = _start(con, study)
        add_seen(con, study, codelists, blind)
        answers = list_answers(blind, protocol, [rule.id for rule in protocol.evidence])
        _add_answers(con, study, answers)
        for row in _rows(con, "FROM answers ORDER BY episode_id, rule_id"):
            strips[row["episode_id"]].evidence.append(row)
        for lane, query in _compile_lanes(protocol.index.concept).items():
            for item_of, item in _items(lane, _rows(con, query), terms):
                strips[item_of].items.append(item)
        counts = _rows(con, _compile_labs("=", protocol.index.concept))
        for row in counts:
            found = Count(row["first"], row["value"], row["comparator"] or "")
            strips[row["episode_id"]].counts.append(found)
        for item_of, item in _met_counts(counts):
            strips[item_of].items.append(item)
    return list(strips.values())


def _start(con: Connection, study: Path) -> dict[str, Strip]:
    con.execute(
        f"CREATE VIEW shown_episodes AS SELECT {SHOWN} FROM {scan(study / 'episodes.parquet')}"
    )
    rows = _rows(con, f"FROM {scan(study / 'causes.parquet')}")
    causes = {row["episode_id"]: row for row in rows}
    episodes = _rows(con, "FROM shown_episodes ORDER BY episode_id")
    return {row["episode_id"]: Strip(row, causes[row["episode_id"]]) for row in episodes}


def _add_answers(con: Connection, study: Path, rules: list[str]) -> None:
    """Make the views `answers` and `met`: the rules' answers and the records behind them."""
    con.execute("CREATE TABLE answered (rule_id VARCHAR)")
    if rules:
        con.executemany("INSERT INTO answered VALUES (?)", [[rule] for rule in rules])
    evidence, events = study / "evidence.parquet", study / "evidence_events.parquet"
    con.execute(f"CREATE VIEW answers AS FROM {scan(evidence)} SEMI JOIN answered USING (rule_id)")
    con.execute(
        "CREATE VIEW met AS SELECT episode_id, source_table, event_id, list(rule_id) AS rules "
        f"FROM {scan(events)} SEMI JOIN answered USING (rule_id) GROUP BY ALL"
    )


def _rows(con: Connection, query: str) -> list[Row]:
    found = con.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def _met_counts(rows: Iterable[Row]) -> Iterator[tuple[str, Item]]:
    """Yield each episode's white counts that met the same rules as one item."""
    grouped: dict[tuple[str, tuple[str, ...]], list[Row]] = defaultdict(list)
    for row in rows:
        if row["rules"]:
            grouped[row["episode_id"], tuple(sorted(row["rules"]))].append(row)
    for (episode, rules), found in grouped.items():
        days = sorted(row["first"] for row in found)
        label = f"{found[0]['value']:g}" if len(found) == 1 else "counts"
        yield episode, Item("counts", label, tuple(Span(day, day, met=True) for day in days), rules)


def _items(
    lane: str, rows: Iterable[Row], terms: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, Item]]:
    """Yield each episode's records of one name as one item."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        label = f"{row['label']} {_term(row, terms)}".strip() if lane == "codes" else row["label"]
        if row.get("undated"):
            label += " (coded after the index)"
        grouped[row["episode_id"], label].append(row)
    for (episode, label), found in grouped.items():
        rules = {rule for row in found for rule in row["rules"] or ()}
        yield episode, Item(lane, label, _join(found), tuple(sorted(rules)))


def _join(rows: Iterable[Row]) -> tuple[Span, ...]:
    """Return the days of records as spans, those that follow one another in one."""
    spans: list[Span] = []
    for row in sorted(rows, key=lambda row: (row["first"], row["last"])):
        met, last = bool(row["rules"]), max(row["first"], row["last"])
        before = spans[-1] if spans else None
        if before and before.met == met and row["first"] - before.last <= APART:
            spans[-1] = before._replace(last=max(before.last, last), n=before.n + 1)
        else:
            spans.append(Span(row["first"], last, met))
    return tuple(spans)


def _terms(codelists: Mapping[str, Codelist]) -> dict[tuple[str, str], str]:
    return {
        (entry.code_system, entry.code): PREFIX.sub("such as ", entry.term)
        for codelist in codelists.values()
        for entry in codelist.entries
    }


def _term(row: Row, terms: Mapping[tuple[str, str], str]) -> str:
    """Return the term of the longest listed beginning of a code."""
    system, code = row["code_system"], row["code"]
    for length in range(len(code), 1, -1):
        if (system, code[:length]) in terms:
            return terms[system, code[:length]]
    return ""


def _compile_lanes(concept: str) -> dict[str, str]:
    """Return one query per lane: a row per record with label, first and last day, rules met."""
    return {
        "stays": STAYS,
        "codes": _compile_records(
            "diagnoses", "diagnosis_id", "code", extra="code_system, code, undated"
        ),
        "cultures": _compile_records("microbiology", "micro_id", CULTURE),
        "drugs": _compile_records("drugs", "drug_id", DRUG, last="last_day_from_index + 9e-1"),
        "other results": _compile_labs("<>", concept),
    }


STAYS = (
    f"SELECT episode_id, {DAY_OF.format(at='c.started_at')} AS first, "
    f"{DAY_OF.format(at='coalesce(c.ended_at, c.started_at)')} AS last, "
    "coalesce(setting, 'stay') AS label, NULL AS rules "
    "FROM seen_encounters c JOIN shown_episodes e USING (episode_id) ORDER BY ALL"
)
CULTURE = (
    "concat_ws(': ', specimen, nullif(test, specimen), "
    "CASE result WHEN 'positive' THEN coalesce(organism, 'positive') "
    "WHEN 'pending' THEN 'pending' ELSE 'no growth or negative' END)"
)
DRUG = (
    "concat_ws(' ', coalesce(name, code), format('{:g}', dose), dose_unit, route, "
    "format('{:g} a day', doses_per_day), concat('(', kind, ')'))"
)
RESULT = "concat(replace(concept, '_', ' '), ' ', comparator, format('{:g}', value), ' ', unit)"


def _compile_records(
    table: str, key: str, label: str, last: str = "days_from_index", extra: str = "NULL AS extra"
) -> str:
    return (
        f"SELECT c.episode_id, {label} AS label, {extra}, "
        f"days_from_index AS first, {last} AS last, rules "
        f"FROM seen_{table} c LEFT JOIN met m ON m.episode_id = c.episode_id "
        f"AND m.source_table = '{table}' AND m.event_id = c.{key} ORDER BY ALL"
    )


def _compile_labs(operator: str, concept: str) -> str:
    return (
        f"SELECT c.episode_id, {RESULT} AS label, {DAY_OF.format(at='c.taken_at')} AS first, "
        "first AS last, value, comparator, rules FROM seen_labs c "
        "JOIN shown_episodes e USING (episode_id) LEFT JOIN met m ON m.episode_id = c.episode_id "
        "AND m.source_table = 'labs' AND m.event_id = c.lab_id "
        f"WHERE concept {operator} '{concept}' ORDER BY ALL"
    )
