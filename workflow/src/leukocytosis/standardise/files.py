"""The raw files of an extract: found, read by the engine, their rows counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from leukocytosis.config.manifest import Manifest, RawFile
from leukocytosis.store import Connection, fetch, quoted

# what spreadsheets and statistical packages keep tables in, which is not read
UNREAD = (".xlsx", ".xlsm", ".xls", ".ods", ".sas7bdat", ".sav", ".dta", ".rds", ".zip")
SAVE_AS = "save each sheet or table as CSV (in UTF-8, not zipped) or as Parquet"
NUMBERED = "row_number() OVER ()"


def find_paths(root: Path, file: RawFile) -> list[Path]:
    """Return the files a manifest entry names, sorted."""
    path = root / file.path
    if path.exists():
        return [path]
    start = Path(Path(file.path).anchor)  # the root of all files, where the pattern begins there
    return sorted((root / start).glob(str(Path(file.path).relative_to(start))))


def find_all_paths(manifest: Manifest, project: Path) -> list[Path]:
    """Return the raw files of an extract, as far as they are there and may be seen."""
    root = project / manifest.root
    return sorted(p for file in manifest.files.values() for p in find_seen(root, file))


def find_seen(root: Path, file: RawFile) -> list[Path]:
    """Return the files a manifest entry names, none where they may not be seen."""
    try:
        return find_paths(root, file)
    except OSError:  # the reading says why, with all else that is wrong
        return []


def is_parquet(file: RawFile) -> bool:
    """Whether the raw file is Parquet (else CSV)."""
    return file.path.lower().endswith(".parquet")


def compile_reader(root: Path, file: RawFile) -> str:
    """Return the FROM item that reads a raw file."""
    paths = find_paths(root, file)
    if is_parquet(file):
        return f"read_parquet({list_paths(paths)}, union_by_name = true)"
    return compile_csv(paths, file)


def compile_csv(paths: Sequence[Path], file: RawFile) -> str:
    """Return the FROM item that reads CSVs as a manifest entry says; every column is text."""
    # by itself the engine takes rows that begin with # for comments, and drops them uncounted
    nulls = "[" + ", ".join(quoted(text) for text in file.missing) + "]"
    return (
        f"read_csv({list_paths(paths)}, all_varchar = true, header = true, "
        f"delim = {quoted(file.delimiter)}, quote = '\"', escape = '\"', nullstr = {nulls}, "
        f"encoding = {quoted(file.encoding)}, strict_mode = true, null_padding = false, "
        "comment = '')"
    )


def list_paths(paths: Sequence[Path]) -> str:
    """Return paths as a list of SQL texts."""
    return "[" + ", ".join(quoted(str(path)) for path in paths) + "]"


def find_places(root: Path, file: RawFile, view: str) -> tuple[str, str]:
    """Return the FROM item of a file (its view, if it will do) and the SQL of a row's place in it.

    To number rows the engine must read them in one thread; one Parquet file knows their places.
    """
    if is_parquet(file) and len(find_paths(root, file)) == 1:
        return compile_reader(root, file), "file_row_number + 1"
    return view, NUMBERED


def counted(con: Connection, profile: Path, work: Callable[[], Any], from_csv: bool) -> int | None:
    """Run `work` and return how many CSV rows the engine read meanwhile (None for Parquet).

    A second pass over a CSV of 100 million rows only to count them would double the time, so the
    engine's own profile of the one pass gives the number.
    """
    if not from_csv:
        work()
        return None
    con.execute("PRAGMA enable_profiling = 'json'")
    con.execute(f"PRAGMA profiling_output = {quoted(str(profile))}")
    try:
        work()
    finally:
        con.execute("PRAGMA disable_profiling")
    rows = sum(_rows_read(node) for node in json.loads(profile.read_text())["operator"])
    profile.unlink()
    return rows


def _rows_read(node: dict[str, Any]) -> int:
    own = 0
    if str(node["extra_info"].get("Function", "")).startswith("READ_CSV"):
        own = int(node["intermediate_rows"])
    return own + sum(_rows_read(child) for child in node.get("children", []))


def count_parquet_rows(con: Connection, root: Path, file: RawFile) -> int:
    """Return the rows of Parquet files from their footers."""
    footers = f"parquet_file_metadata({list_paths(find_paths(root, file))})"
    return int(fetch(con, f"SELECT sum(num_rows) FROM {footers}")[0][0])
