"""The files of a folder as they lie there: how each can be read, and its columns."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from unicodedata import normalize

import duckdb

from leukocytosis.config.manifest import RawFile
from leukocytosis.errors import ExtractError, Problem, listed
from leukocytosis.standardise.files import SAVE_AS, UNREAD, compile_reader
from leukocytosis.standardise.opening import unreadable
from leukocytosis.store import Connection, fetch, name

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
PERHAPS = (".txt", ".txt.gz")  # a table, or somebody's notes
DELIMITERS = ",;\t|"
HEAD_BYTES = 2**20
FIRST_ROWS = 1_000_000  # of a longer file the rest is not looked at


@dataclass(frozen=True)
class Seen:
    """A raw file: its name in the manifest, how it is read, its columns with their SQL types."""

    name: str
    file: RawFile
    types: Mapping[str, str]

    @property
    def relation(self) -> str:
        """Return the view of its first rows."""
        return name(f"seen_{self.name}")


def look_at(con: Connection, folder: Path) -> list[Seen]:
    """Return the data files of a folder and those below it, each with a view of its first rows.

    ExtractError when there is none, or names every file that cannot be read.
    """
    if not folder.is_dir():
        raise ExtractError(Problem(str(folder), "is not a folder", "name the folder of the export"))
    paths = sorted(p for p in folder.rglob("*") if p.name.lower().endswith((*TABLES, *PERHAPS)))
    problems: list[Problem] = []
    seen: list[Seen] = []
    for path in paths:
        file = RawFile(path=str(path.relative_to(folder)))
        try:
            file = file.model_copy(update=_find_dialect(path))
            seen.append(_open(con, folder, file, {one.name for one in seen}))
        except (OSError, EOFError, duckdb.Error) as error:
            if not path.name.lower().endswith(PERHAPS):
                problems.append(unreadable(folder, file, error))
    if not (seen or problems):
        unread = find_unread(folder)
        way_out = f"the names of tables end in {', '.join((*TABLES, *PERHAPS))}"
        not_read = f" that is read, but {listed(unread)}" if unread else ""
        way_out = f"{SAVE_AS}; {way_out}" if unread else way_out
        problems.append(Problem(str(folder), f"holds no table{not_read}", way_out))
    if problems:
        raise ExtractError(problems)
    return seen


def find_unread(folder: Path) -> list[str]:
    """Return the spreadsheets and the like of a folder, which may hold what is missed elsewhere."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix.lower() in UNREAD and not path.name.startswith(("~$", ".~lock"))
    )


def _open(con: Connection, folder: Path, file: RawFile, taken: set[str]) -> Seen:
    called = call(file.path, taken)
    reader = compile_reader(folder, file)
    view = name(f"seen_{called}")
    con.execute(f"CREATE OR REPLACE VIEW {view} AS FROM {reader} LIMIT {FIRST_ROWS}")
    types = {str(row[0]): str(row[1]) for row in fetch(con, f"DESCRIBE {view}")}
    return Seen(called, file, types)


def call(path: str, taken: set[str]) -> str:
    """Return a name for a file; what it ends in, or a number, tells it from one called alike."""
    path = normalize("NFC", path)  # some systems write a letter and its accent apart
    plain = re.sub(r"\.(csv|tsv|txt|parquet)(\.gz)?$", "", path, flags=re.IGNORECASE)
    short, whole = (re.sub(r"\W+", "_", text).strip("_").lower() for text in (plain, path))
    numbered = (f"{whole}_{i}" for i in count(2))
    return next(
        called for called in chain((short, whole), numbered) if called and called not in taken
    )


def _find_dialect(path: Path) -> dict[str, str]:
    """Return the encoding and the delimiter of a text file, where they are not the usual ones."""
    if path.suffix.lower() == ".parquet":
        return {}
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    encoding = _find_encoding(head)
    header = head.decode(encoding, "replace").splitlines()[:1]
    delimiter = max(DELIMITERS, key="".join(header).count)
    found = {"encoding": encoding, "delimiter": delimiter}
    return {key: value for key, value in found.items() if value not in ("utf-8", ",")}


def _find_encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1].decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
