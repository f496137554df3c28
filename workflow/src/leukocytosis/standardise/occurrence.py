"""How much of each codelist occurs in an extract: a list of which nothing does found nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from leukocytosis.config import Codelist, Manifest
from leukocytosis.config.codelist import DIAGNOSIS_SYSTEMS, DRUG_SYSTEMS, LAB_SYSTEM, Entry
from leukocytosis.matching import compile_named
from leukocytosis.standardise.wanted import load_code_map
from leukocytosis.store import Connection, add_views, connect, fetch, write_rows
from leukocytosis.tables import CODELISTS

SYSTEMS = {
    "labs": (LAB_SYSTEM,),
    "diagnoses": DIAGNOSIS_SYSTEMS,
    "drugs": DRUG_SYSTEMS,
    "microbiology": ("specimen_name", "test_name", "organism_name"),
}
NAMED_BY = {
    "labs": "code_system, code",
    "diagnoses": "code_system, code",
    "drugs": "code_system, code, name",
    "microbiology": "specimen, test, organism",
}
Row = dict[str, Any]
Lists = Mapping[str, tuple[Entry, ...]]
Local = Mapping[tuple[str, str], tuple[str, str]]  # (system, code) of the extract → of the standard


def count_codes(
    manifest: Manifest, codelists: Mapping[str, Codelist], extracts: Path, folder: Path
) -> None:
    """Write `codelists`: of each list, the codes that occur in the canonical tables of `folder`.

    `extracts` is the folder of manifests, where the extract's code maps are.
    """
    local, rows = load_code_map(manifest, extracts), list[Row]()
    with connect(folder / ".scratch") as con:
        add_views(con, folder, tuple(SYSTEMS))
        for table, systems in SYSTEMS.items():
            named = {name: codelist.of(*systems) for name, codelist in codelists.items()}
            lists = {name: entries for name, entries in named.items() if entries}
            absent = manifest.absent.get(table)
            rows += _leave_out(table, lists) if absent else _count(con, table, lists, local)
        write_rows(con, rows, CODELISTS, folder / "codelists.parquet")


def _leave_out(table: str, lists: Lists) -> Iterator[Row]:
    """Yield a row per list without counts: what the extract has no table for is not 0."""
    for name, entries in lists.items():
        told = {"codelist": name, "table": table, "n_codes": len(entries)}
        yield {**told, "note": f"the extract has no {table}"}


def _count(con: Connection, table: str, lists: Lists, local: Local) -> Iterator[Row]:
    """Yield a row per list: names are matched once each, then the table is read once."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE names AS SELECT DISTINCT {NAMED_BY[table]} FROM {table}"
    )
    found = _count_rows(con, table, lists, local)
    for name, entries in lists.items():
        told = {"codelist": name, "table": table, "n_codes": len(entries)}
        n_rows, n_patients = found.get(name, (0, 0))
        n_found = sum(_find_entries(con, table, entries, local)) if n_rows else 0
        yield {**told, "n_codes_found": n_found, "n_rows": n_rows, "n_patients": n_patients}


def _find_entries(
    con: Connection, table: str, entries: Iterable[Entry], local: Local
) -> Iterable[bool]:
    """Return of each entry whether a name of the table is meant by it."""
    asked = (f"coalesce(bool_or({_compile([entry], table, local)}), false)" for entry in entries)
    return fetch(con, f"SELECT {', '.join(asked)} FROM names")[0]


def _count_rows(
    con: Connection, table: str, lists: Lists, local: Local
) -> dict[str, tuple[int, int]]:
    """Return, by list of which anything occurs, its rows and its patients."""
    columns = NAMED_BY[table].split(", ")
    same = " AND ".join(f"t.{column} IS NOT DISTINCT FROM m.{column}" for column in columns)
    meant = " UNION ALL ".join(
        f"SELECT '{name}' AS codelist, * FROM names WHERE {_compile(entries, table, local)}"
        for name, entries in lists.items()
    )
    query = (
        f"SELECT codelist, count(*), count(DISTINCT patient_id) FROM {table} t "
        f"JOIN ({meant}) m ON {same} GROUP BY codelist"
    )
    return {name: (n_rows, n_patients) for name, n_rows, n_patients in fetch(con, query)}


def _compile(entries: Iterable[Entry], table: str, local: Local) -> str:
    """Return the condition that a name is meant by an entry, or by a local code mapped to one."""
    asked = list(entries)
    codes = {entry.code for entry in asked if entry.code_system == LAB_SYSTEM}
    asked += [
        Entry(system, code, "exact", "", "", "")
        for (system, code), to in local.items()
        if to[0] == LAB_SYSTEM and to[1] in codes
    ]
    return compile_named(asked, table)
