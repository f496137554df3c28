"""What a strip leaves out: nothing for its owner, whatever tells the outcome for a reviewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import Codelist, Protocol
from leukocytosis.matching import compile_in_systems, compile_words_match
from leukocytosis.store import Connection, scan

TELLS_THE_OUTCOME = "tells_the_outcome"  # the codelist of dying and palliative care
TABLES = ("encounters", "labs", "diagnoses", "drugs", "microbiology")


@dataclass(frozen=True)
class Blind:
    """What a reviewer may see.

    Results, cultures and drugs up to `last_day`; codes of later days too, up to `codes_until` or
    of the index stay, because that is when a stay is coded, but without their day; stays only up
    to the index. Never a death, where a stay ended, or a code that tells of either. `rules`:
    whether the rules' answers are hidden as well.
    """

    last_day: int
    codes_until: int
    rules: bool


def find_blind(protocol: Protocol, rules: bool) -> Blind:
    """Return the blind of a protocol: it falls with the last window by which a cause can hold.

    Windows of what a cause is only graded by, and of PLR, which is what remains, do not count.
    """
    deciding = {rule for c in protocol.causes if not c.residual for w in c.ways for rule in w.rules}
    found = [rule for rule in protocol.evidence if rule.id in deciding]
    ends = {
        coded: [r.window.to_day or 0 for r in found if (r.from_ == "diagnoses") == coded]
        for coded in (True, False)
    }
    return Blind(max([0, *ends[False]]), max([0, *ends[True]]), rules)


def add_seen(
    con: Connection, study: Path, codelists: Mapping[str, Codelist], blind: Blind | None
) -> None:
    """Make the view `seen_<table>` for each cohort table: its records as far as they are shown."""
    for table in TABLES:
        rows = f"FROM {scan(study / f'cohort_{table}.parquet')}"
        query = _compile_seen(table, rows, codelists, blind) if blind else f"SELECT * {rows}"
        if table == "diagnoses" and not blind:
            query = f"SELECT *, false AS undated {rows}"
        con.execute(f"CREATE OR REPLACE VIEW seen_{table} AS {query}")


def _compile_seen(table: str, rows: str, codelists: Mapping[str, Codelist], blind: Blind) -> str:
    telling = codelists[TELLS_THE_OUTCOME].entries if TELLS_THE_OUTCOME in codelists else ()
    early = f"days_from_index <= {blind.last_day}"
    if table == "encounters":
        return (
            "SELECT c.* REPLACE (least(c.ended_at, e.index_at) AS ended_at) "
            f"{rows} c JOIN shown_episodes e USING (episode_id) WHERE c.started_at <= e.index_at"
        )
    if table == "diagnoses":
        shown = compile_in_systems("c.code", "c.code_system", telling)
        late = "c.days_from_index > 0"
        day = f"if({late}, {blind.last_day}, c.days_from_index) AS days_from_index"
        return (
            f"SELECT c.* REPLACE ({day}), {late} AS undated "
            f"{rows} c JOIN shown_episodes e USING (episode_id) WHERE NOT {shown} AND ("
            f"c.days_from_index <= {blind.codes_until} OR c.encounter_id = e.encounter_id)"
        )
    if table == "drugs":
        last = f"least(last_day_from_index, {blind.last_day}) AS last_day_from_index"
        return f"SELECT * REPLACE ({last}) {rows} WHERE {early}"
    if table == "microbiology":
        taken = compile_words_match("specimen", telling)
        return f"SELECT * {rows} WHERE {early} AND NOT {taken}"
    return f"SELECT * {rows} WHERE {early}"


def list_answers(blind: Blind | None, protocol: Protocol, rules: Iterable[str]) -> list[str]:
    """Return those of the rules whose answer may be shown: none that looks behind the blind."""
    if blind is None:
        return list(rules)
    if blind.rules:
        return []
    late = {
        rule.id
        for rule in protocol.evidence
        if rule.window.to_day is None or rule.window.to_day > blind.last_day
        if rule.from_ != "diagnoses"
    }
    return [rule for rule in rules if rule not in late]
