"""The raw files of an extract: found, opened, their columns looked up, their rows counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from leukocytosis.config.manifest import Manifest, RawFile
from leukocytosis.errors import ExtractError, Problem, listed, nearest
from leukocytosis.standardise.values import is_in_utc
from leukocytosis.store import Connection, fetch, quoted

UNREADABLE = (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException)


NUMBERED = "row_number() OVER ()"


def find_paths(root: Path, file: RawFile) -> list[Path]:
    """Return the files a manifest entry names, sorted."""
    if any(sign in file.path for sign in "*?["):
        return sorted(root.glob(file.path))
    path = root / file.path
    return [path] if path.exists() else []


def is_parquet(file: RawFile) -> bool:
    """Whether the raw file is Parquet (else CSV)."""
    return file.path.endswith(".parquet")


def compile_reader(root: Path, file: RawFile) -> str:
    """Return the FROM item that reads a raw file."""
    paths = find_paths(root, file)
    if is_parquet(file):
        return f"read_parquet({_listed(paths)}, union_by_name = true)"
    return compile_csv(paths, file)


def compile_csv(paths: Sequence[Path], file: RawFile) -> str:
    """Return the FROM item that reads CSVs as a manifest entry says; every column is text."""
    # by itself the engine takes rows that begin with # for comments, and drops them uncounted
    nulls = "[" + ", ".join(quoted(text) for text in file.missing) + "]"
    return (
        f"read_csv({_listed(paths)}, all_varchar = true, header = true, "
        f"delim = {quoted(file.delimiter)}, quote = '\"', escape = '\"', nullstr = {nulls}, "
        f"encoding = {quoted(file.encoding)}, strict_mode = true, null_padding = false, "
        "comment = '')"
    )


def _listed(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(quoted(str(path)) for path in paths) + "]"


def find_places(root: Path, file: RawFile, view: str) -> tuple[str, str]:
    """Return the FROM item of a file (its view, if it will do) and the SQL of a row's place in it.

    To number rows the engine must read them in one thread; one Parquet file knows their places.
    """
    if is_parquet(file) and len(find_paths(root, file)) == 1:
        return compile_reader(root, file), "file_row_number + 1"
    return view, NUMBERED


def open_files(con: Connection, manifest: Manifest, project: Path) -> dict[str, dict[str, str]]:
    """Make each raw file a view by its manifest name; return its columns with their types.

    Raises ExtractError with every file that is missing, unreadable or empty.
    """
    root = project / manifest.root
    problems: list[Problem] = []
    columns: dict[str, dict[str, str]] = {}
    for name, file in sorted(manifest.files.items()):
        problem = _cannot_open(root, file)
        if problem:
            problems.append(problem)
            continue
        try:
            con.execute(f'CREATE OR REPLACE VIEW "{name}" AS FROM {compile_reader(root, file)}')
            described = fetch(con, f'DESCRIBE "{name}"')
            columns[name] = {str(row[0]): str(row[1]) for row in described}
            if not fetch(con, f'SELECT 1 FROM "{name}" LIMIT 1'):
                problems.append(Problem(file.path, "holds no rows", "check the export"))
        except UNREADABLE as error:
            problems.append(unreadable(file.path, error))
    problems += _wrong_columns(manifest, columns)
    if problems:
        raise ExtractError(problems)
    return columns


def _cannot_open(root: Path, file: RawFile) -> Problem | None:
    try:
        return _not_there(root, file)
    except OSError as error:
        return Problem(file.path, f"cannot be opened: {error.strerror}", "check permissions")


def _not_there(root: Path, file: RawFile) -> Problem | None:
    if not root.is_dir():
        return Problem(str(root), "is not a folder", "set 'root' in the manifest")
    paths = find_paths(root, file)
    if not paths:
        there = [str(p.relative_to(root)) for p in sorted(root.rglob("*")) if p.is_file()]
        hint = nearest(file.path, there)
        return Problem(file.path, f"does not exist{hint}", f"there is: {listed(there)}")
    for path in paths:
        with path.open("rb") as stream:
            if not stream.read(1):
                return Problem(file.path, "is empty (0 bytes)", "check the export")
    return None


def _wrong_columns(manifest: Manifest, columns: dict[str, dict[str, str]]) -> Iterator[Problem]:
    for table, sources in sorted(manifest.tables.items()):
        for source in sources:
            known = columns.get(source.rows_of)
            for canonical, raw in sorted(source.columns.items()):
                if known is not None and raw not in known:
                    yield Problem(
                        f"{manifest.files[source.rows_of].path} → {table}.{canonical}",
                        f"has no column '{raw}'{nearest(raw, known)}",
                        f"its columns are: {listed(list(known), 30)}",
                    )
            if known is not None:
                place = f"{manifest.files[source.rows_of].path} → {table}"
                yield from find_clockless(manifest, place, source.columns.items(), known)


def find_clockless(
    manifest: Manifest, place: str, columns: Iterable[tuple[str, str]], types: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield a problem for each typed column of moments, where no clock says which day they are on.

    `columns` pairs each canonical column with the raw one, whose SQL type `types` tells.
    """
    for canonical, raw in sorted(columns):
        if manifest.time_zone is None and is_in_utc(types.get(raw, "")):
            yield Problem(
                f"{place}.{canonical}",
                "holds times in UTC, which do not tell on which day of the hospital they are",
                "name the hospital's clock in the manifest (time_zone: Europe/London)",
            )


def unreadable(path: str, error: Exception) -> Problem:
    """Return a problem for a file that DuckDB could not read, without quoting its rows."""
    # the engine's own text quotes the line it choked on, which holds a patient's values
    line = re.search(r"(?:on Line|Line):? *(\d+)", str(error), re.IGNORECASE)
    where = f"{path}:{line.group(1)}" if line else path
    return Problem(
        where,
        f"cannot be read ({type(error).__name__})",
        "check that it is whole, in the encoding and with the delimiter the manifest names",
    )


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
    footers = f"parquet_file_metadata({_listed(find_paths(root, file))})"
    return int(fetch(con, f"SELECT sum(num_rows) FROM {footers}")[0][0])
