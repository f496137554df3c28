"""What a printed number is: its row, its formula and code, its protocol, its inputs, its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from leukocytosis.errors import LeukocytosisError, Problem, nearest
from leukocytosis.explain import places, way
from leukocytosis.explain.keys import list_keys
from leukocytosis.explain.places import Found, Row, find_cells, name_row
from leukocytosis.explain.register import find_entry
from leukocytosis.prose import name_group
from leukocytosis.report import ReportInputs
from leukocytosis.rounding import NOT_SHOWN, format_number
from leukocytosis.tables import BY_NAME

PRINTED = re.compile(r"[−-]?\d[\d,]*(\.\d+)?\s*%?")
MOST = 25  # rows listed of a number that many print


def is_number(name: str) -> bool:
    """Return whether a name is a number as texts print it: `74.7`, `9,770`, `−0.33`, `33.2 %`."""
    return PRINTED.fullmatch(name.strip()) is not None


def is_reference(name: str) -> bool:
    """Return whether a name is the reference of a row: `estimates/risk/…`."""
    table, slash, _ = name.partition("/")
    return bool(slash) and table in BY_NAME


def explain_number(asked: str, inputs: ReportInputs, study: Path, extract: Path) -> str:
    """Return what a number, or the row of a reference, is and comes from.

    `study` and `extract` are the folders of their tables. Of several rows that print alike the
    one that methods or results are bound to is explained; where there is none, they are listed.
    LeukocytosisError when no released row prints so, or none has the reference.
    """
    folders, release = (study, extract), study / "release"
    if is_reference(asked):
        table, row = find_row(asked, inputs)
        return _join([f"# {asked}", *_explain_row(table, row, inputs, folders)])
    cells = find_cells(asked, inputs)
    if not cells:
        raise LeukocytosisError(
            Problem(f"'{asked}'", "no released row prints so", "ask with the digits as printed; "
                    "what the policy hides is not explained")
        )  # fmt: skip
    chosen = choose(asked, cells, inputs, release)
    lines = [f"# {asked}", "", *_list_places(asked, cells, inputs, release)]
    if chosen is None:
        example = cells[0].reference
        lines += ["", f"{len(cells)} cells print so and no text chooses among them: ask for a row, "
                  f"such as `leukocytosis explain '{example}'`."]  # fmt: skip
    else:
        lines += _explain_row(chosen.table, chosen.row, inputs, folders)
    return _join(lines)


def _join(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def choose(asked: str, cells: Sequence[Found], inputs: ReportInputs, release: Path) -> Found | None:
    """Return the row that is meant: the only one, or the only one that the text is bound to."""
    if len({cell.reference for cell in cells}) == 1:
        return cells[0]
    bound = {places.reference_of(row, inputs) for row in places.find_in_texts(asked, release)}
    meant = {cell.reference: cell for cell in reversed(cells) if cell.reference in bound}
    return next(iter(meant.values())) if len(meant) == 1 else None


def find_row(reference: str, inputs: ReportInputs) -> tuple[str, Row]:
    """Return the table and the row of a reference; LeukocytosisError names the nearest."""
    table = reference.partition("/")[0]
    rows = {name_row(table, row): row for row in inputs.rows(table)}
    if reference.rstrip("/") not in rows:
        raise LeukocytosisError(
            Problem(reference, f"no such row is released{nearest(reference, rows)}",
                    f"{table} has {len(rows)} rows: release/tables/{table}.csv")
        )  # fmt: skip
    return table, rows[reference.rstrip("/")]


def _list_places(
    asked: str, cells: Sequence[Found], inputs: ReportInputs, release: Path
) -> Iterator[str]:
    yield from ("## Where it stands", "")
    for row in places.find_in_texts(asked, release):
        reference = places.reference_of(row, inputs) or f"{row['source']} {row['key']}"
        yield f"{row['text']}, number {row['number']} ({row['words']}): {reference}"
    yield from places.find_in_pages(asked, release)
    for cell in cells[:MOST]:
        yield f"{cell.reference}: {cell.column} = {cell.row[cell.column]}"
    if len(cells) > MOST:
        yield f"and {len(cells) - MOST} more rows"


def _explain_row(table: str, row: Row, inputs: ReportInputs, folders: way.Folders) -> Iterator[str]:
    entry, reference = find_entry(table, row), name_row(table, row)
    yield from ("", f"## What it is: {entry.number}", "", entry.says, reference)
    yield from _describe_key(row, inputs)
    yield from ("", *_list_values(table, row))
    figures = places.find_figures(folders[0] / "release").get(reference)
    if figures:
        yield f"drawn in figures: {', '.join(figures)}"
    yield from ("", "## Formula and code", "", f"Formula: {entry.formula}")
    if entry.paper:
        yield f"Paper: {entry.paper}"
    yield from (f"Code: {place}" for place in entry.places)
    if entry.r:
        yield f"Twin in R (tests/oracle): {entry.r}; difference: {entry.differs}"
    yield from ("", "## Protocol", "")
    yield from list_keys(inputs.protocol, entry.keys, str(row.get("outcome_id", "")))
    yield from ("", "## Made by, the latest step first", "", *way.trace(table, folders))
    yield from way.list_tables([table, *entry.from_], folders)
    yield from way.list_raw_files(folders[1])
    yield from ("", "## Rows on the way", "", *way.count_rows(inputs))
    if "n_events" in row:
        yield f"this number: {_count(row, 'n')} patients, {_count(row, 'n_events')} events"


def _describe_key(row: Row, inputs: ReportInputs) -> Iterator[str]:
    """Yield the outcome and the group of a row as readers call them."""
    titles = {outcome.id: outcome.title for outcome in inputs.protocol.outcomes}
    outcome, _, event = str(row.get("outcome_id", "")).partition(":")
    if outcome in titles:
        yield f"outcome: {titles[outcome]}" + (f", {event} first" if event else "")
    if row.get("group"):
        yield f"group: {name_group(str(row['group']))}"


def _list_values(table: str, row: Row) -> Iterator[str]:
    for column in BY_NAME[table].columns:
        value = row[column.name]
        if column.name in BY_NAME[table].key:
            continue
        if value is None:
            yield f"{column.name}: none, or not shown"
        else:
            told = int(value) if column.kind == "integer" else value
            yield f"{column.name}: {told} ({column.says.rstrip('.')})"


def _count(row: Row, column: str) -> str:
    value = row.get(column)
    return NOT_SHOWN if value is None else format_number(value)
