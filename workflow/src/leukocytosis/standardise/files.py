"""The raw files of an extract: found, opened, their columns looked up, their rows counted."""

from __future__ import annotations

import csv
import errno
import gzip
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import duckdb

from leukocytosis.config.manifest import Manifest, RawFile
from leukocytosis.errors import ConfigError, ExtractError, Problem, listed, nearest
from leukocytosis.standardise.values import is_in_utc
from leukocytosis.store import Connection, fetch, quoted

# what the engine says of our own mistakes; all else it says of a file that is read
OURS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
CHECK = "check that it is whole"
CHECK_CSV = f"{CHECK}, its lines all end alike, and the manifest names its encoding and delimiter"

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
    check_formats(con, manifest)
    root = project / manifest.root
    if not root.is_dir():
        raise ExtractError(Problem(str(root), "is not a folder", "set 'root' in the manifest"))
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
        except duckdb.Error as error:
            problems.append(unreadable(root, file, error))
    problems += _wrong_columns(manifest, root, columns)
    problems += _uneven_files(con, manifest, root, columns)
    if problems:
        raise ExtractError(problems)
    return columns


def check_formats(con: Connection, manifest: Manifest) -> None:
    """Raise ConfigError for a format that is none, and for two that read one text as two days."""
    place = f"manifest {manifest.extract}: date_formats"
    days: dict[str, str] = {}  # what is printed by a format → the format
    for pattern in manifest.date_formats:
        clock = pattern.replace("%z", "+00")
        try:
            asked = f"SELECT strftime(TIMESTAMP '2001-02-03 04:05:06', {quoted(clock)})"
            printed = fetch(con, asked)[0][0]
            known = [f"try_strptime({quoted(printed)}, {quoted(other)})" for other in days.values()]
            own = f"strptime({quoted(printed)}, {quoted(clock)})"
            read = fetch(con, f"SELECT {', '.join([own, *known])}")[0]
        except duckdb.Error:
            raise ConfigError(
                Problem(place, f"'{pattern}' is no format of a time", "such as '%d.%m.%Y %H:%M'")
            ) from None
        for other, at in zip(days.values(), read[1:], strict=True):
            if at is not None and at.date() != read[0].date():
                raise ConfigError(
                    Problem(
                        place,
                        f"'{other}' and '{pattern}' read one text as different days",
                        "keep one; put dates that are printed otherwise right in a 'sql' view",
                    )
                )
        days[printed] = clock


def _cannot_open(root: Path, file: RawFile) -> Problem | None:
    try:
        return _not_there(root, file)
    except OSError as error:
        return Problem(file.path, f"cannot be opened: {error.strerror}", "check permissions")


def _not_there(root: Path, file: RawFile) -> Problem | None:
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


def _wrong_columns(
    manifest: Manifest, root: Path, columns: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    for table, sources in sorted(manifest.tables.items()):
        for source in sources:
            file, known = manifest.files[source.rows_of], columns.get(source.rows_of)
            if known is None:
                continue
            place = f"{file.path} → {table}"
            if not _has_header(file, source.columns.values(), known):
                yield _headless(root, file, source.columns.values(), known)
                continue
            yield from _missing_columns(place, source.columns, known)
            yield from _repeated_columns(root, file, source.columns.values())
            yield from find_clockless(manifest, place, source.columns.items(), known)


def _has_header(file: RawFile, wanted: Iterable[str], known: Iterable[str]) -> bool:
    """Whether names of columns are surely names, not a patient's values."""
    names = {column.casefold() for column in wanted}
    return is_parquet(file) or not names or not names.isdisjoint(c.casefold() for c in known)


def _headless(root: Path, file: RawFile, wanted: Iterable[str], known: Iterable[str]) -> Problem:
    """Return a problem for a CSV without any wanted column, without quoting its first line."""
    if uneven := _find_uneven(root, file):
        return uneven
    names = [column for column in known if not any(sign.isdigit() for sign in column)]
    hints = [f"'{column}'{nearest(column, names)}" for column in sorted(wanted)]
    return Problem(
        file.path,
        f"has none of the columns {listed(hints, 30)}",
        "check that its first line names the columns, and 'delimiter' and 'encoding' in the "
        "manifest",
    )


def _uneven_files(
    con: Connection, manifest: Manifest, root: Path, opened: Collection[str]
) -> Iterator[Problem]:
    """Yield a problem for each wanted column that some files of an entry have, and some not.

    The engine would take it for missing in every row of those Parquet files, and not say which
    CSV it stumbles at.
    """
    for table, sources in sorted(manifest.tables.items()):
        for source in sources:
            file = manifest.files[source.rows_of]
            if is_parquet(file) and source.rows_of not in opened:
                continue
            having = _find_having(con, paths := find_seen(root, file), file)
            for canonical, raw in sorted(source.columns.items()):
                without = [str(p.relative_to(root)) for p in paths if p not in having[raw]]
                if 0 < len(without) < len(paths):
                    yield Problem(
                        f"{listed(without)} → {table}.{canonical}",
                        f"has no column '{raw}', which other files of {file.path} have",
                        "mend the export, or give these files an entry and a source of their own",
                    )


def _find_having(
    con: Connection, paths: Sequence[Path], file: RawFile
) -> Mapping[str, Collection[Path]]:
    """Return which of the files have each column."""
    having: dict[str, set[Path]] = defaultdict(set)
    if is_parquet(file):
        schema = f"SELECT file_name, name FROM parquet_schema({_listed(paths)})"
        for path, column in fetch(con, schema):
            having[column].add(Path(path))
        return having
    for path in paths if len(paths) > 1 else ():
        for column in _read_header(path, file):
            having[column].add(path)
    return having


def _missing_columns(
    place: str, wanted: Mapping[str, str], known: Mapping[str, str]
) -> Iterator[Problem]:
    for canonical, raw in sorted(wanted.items()):
        if raw not in known:
            yield Problem(
                f"{place}.{canonical}",
                f"has no column '{raw}'{nearest(raw, known)}",
                f"its columns are: {listed(list(known), 30)}",
            )


def _repeated_columns(root: Path, file: RawFile, wanted: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each wanted column that a CSV has twice: the engine takes the first."""
    headers = [] if is_parquet(file) else [_read_header(p, file) for p in find_paths(root, file)]
    for column in sorted({*wanted}):
        n = max((header.count(column) for header in headers), default=0)
        if n > 1:
            yield Problem(
                file.path,
                f"has {n} columns called '{column}'",
                "rename them in the export: nobody can tell which is meant",
            )


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


def unreadable(root: Path, file: RawFile, error: Exception) -> Problem:
    """Return a problem for a file that DuckDB could not read, without quoting its rows.

    An error that is not of the file is raised again: of our queries, or of a disk that is full.
    """
    if isinstance(error, OURS) or os.strerror(errno.ENOSPC) in str(error):
        raise error
    if not is_parquet(file) and (uneven := _find_uneven(root, file)):
        return uneven
    # the engine's own text quotes the line it choked on, which holds a patient's values
    line = re.search(r"CSV Error on Line: (\d+)", str(error))
    where = f"{file.path}:{line.group(1)}" if line else file.path
    return Problem(where, "cannot be read", CHECK if is_parquet(file) else CHECK_CSV)


def _find_uneven(root: Path, file: RawFile) -> Problem | None:
    """Return a problem for the first line of a CSV that has more or fewer fields than its header.

    It is looked for only when something is wrong: the engine does not always say where.
    """
    for path in find_paths(root, file):
        rows = _read_rows(path, file)
        _, width = next(rows, (0, 0))
        for line, n_fields in rows:
            if n_fields not in (0, width):
                return Problem(
                    f"{path.relative_to(root) if path.is_relative_to(root) else path}:{line}",
                    f"has {n_fields} fields where its first line has {width}",
                    "check that the export is whole, and texts that hold the delimiter are quoted",
                )
    return None


def _read_rows(path: Path, file: RawFile) -> Iterator[tuple[int, int]]:
    """Yield line and number of fields of a CSV's rows, as far as they can be read."""
    try:
        with _open_text(path, file) as stream:
            reader = csv.reader(stream, delimiter=file.delimiter)
            for row in reader:
                yield reader.line_num, len(row)
    except (OSError, EOFError, UnicodeError, csv.Error, TypeError):  # TypeError: a wide delimiter
        return


def _read_header(path: Path, file: RawFile) -> list[str]:
    try:
        with _open_text(path, file) as stream:
            return next(csv.reader(stream, delimiter=file.delimiter), [])
    except (OSError, EOFError, UnicodeError, csv.Error, TypeError):
        return []


def _open_text(path: Path, file: RawFile) -> IO[str]:
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


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
