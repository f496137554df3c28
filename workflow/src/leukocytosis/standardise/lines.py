"""The lines of a CSV as plain text, read where the engine does not say what is wrong with them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from leukocytosis.config.manifest import RawFile
from leukocytosis.errors import Problem
from leukocytosis.standardise.files import find_paths

UNREADABLE = (OSError, EOFError, UnicodeError, csv.Error, TypeError)  # TypeError: a wide delimiter


def find_uneven(root: Path, file: RawFile) -> Problem | None:
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
    except UNREADABLE:
        return


def read_header(path: Path, file: RawFile) -> list[str]:
    """Return the fields of a CSV's first line, none where it cannot be read."""
    try:
        with _open_text(path, file) as stream:
            return next(csv.reader(stream, delimiter=file.delimiter), [])
    except UNREADABLE:
        return []


def _open_text(path: Path, file: RawFile) -> IO[str]:
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")
