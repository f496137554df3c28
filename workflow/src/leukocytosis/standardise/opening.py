"""The raw files opened: each a view of the engine, or everything that is wrong with them."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import duckdb

from leukocytosis.config.manifest import Manifest, RawFile
from leukocytosis.errors import ConfigError, ExtractError, Problem, listed, nearest
from leukocytosis.standardise.columns import find_uneven_files, find_wrong_columns
from leukocytosis.standardise.files import (
    SAVE_AS,
    UNREAD,
    compile_reader,
    find_paths,
    is_parquet,
)
from leukocytosis.standardise.lines import find_uneven
from leukocytosis.standardise.packed import find_damaged
from leukocytosis.store import Connection, fetch, quoted

# what the engine says of our own mistakes; all else it says of a file that is read
OURS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
CHECK = "check that it is whole"
CHECK_CSV = f"{CHECK}, its lines all end alike, and the manifest names its encoding and delimiter"


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
    damaged = find_damaged(manifest, root)
    for name, file in sorted(manifest.files.items()):
        problem = _cannot_open(root, file) or damaged.get(name)
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
    problems += find_wrong_columns(manifest, root, columns)
    problems += find_uneven_files(con, manifest, root, columns)
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
        if path.suffix.lower() in UNREAD:
            way_out = f"{SAVE_AS}, and name that file"
            return Problem(file.path, f"is of a kind that is not read ({path.suffix})", way_out)
        with path.open("rb") as stream:
            if not stream.read(1):
                return Problem(file.path, "is empty (0 bytes)", "check the export")
    return None


def unreadable(root: Path, file: RawFile, error: Exception) -> Problem:
    """Return a problem for a file that DuckDB could not read, without quoting its rows.

    An error that is not of the file is raised again: of our queries, or of a disk that is full.
    """
    if isinstance(error, OURS) or os.strerror(errno.ENOSPC) in str(error):
        raise error
    if not is_parquet(file) and (uneven := find_uneven(root, file)):
        return uneven
    # the engine's own text quotes the line it choked on, which holds a patient's values
    line = re.search(r"CSV Error on Line: (\d+)", str(error))
    where = f"{file.path}:{line.group(1)}" if line else file.path
    return Problem(where, "cannot be read", CHECK if is_parquet(file) else CHECK_CSV)
