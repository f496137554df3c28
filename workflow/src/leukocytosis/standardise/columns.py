"""What is wrong with the columns of raw files, before any row is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from leukocytosis.config.manifest import Manifest, RawFile
from leukocytosis.errors import Problem, listed, nearest
from leukocytosis.standardise.files import find_paths, find_seen, is_parquet, list_paths
from leukocytosis.standardise.lines import find_uneven, read_header
from leukocytosis.standardise.values import is_in_utc
from leukocytosis.store import Connection, fetch


def find_wrong_columns(
    manifest: Manifest, root: Path, columns: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    """Yield a problem for each wanted column that a file lacks, has twice, or cannot date by.

    `columns` gives the columns, with their SQL types, of each file that could be opened.
    """
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
    if uneven := find_uneven(root, file):
        return uneven
    names = [column for column in known if not any(sign.isdigit() for sign in column)]
    hints = [f"'{column}'{nearest(column, names)}" for column in sorted(wanted)]
    return Problem(
        file.path,
        f"has none of the columns {listed(hints, 30)}",
        "check that its first line names the columns, and 'delimiter' and 'encoding' in the "
        "manifest",
    )


def find_uneven_files(
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
        schema = f"SELECT file_name, name FROM parquet_schema({list_paths(paths)})"
        for path, column in fetch(con, schema):
            having[column].add(Path(path))
        return having
    for path in paths if len(paths) > 1 else ():
        for column in read_header(path, file):
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
    headers = [] if is_parquet(file) else [read_header(p, file) for p in find_paths(root, file)]
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
