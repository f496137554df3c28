"""Which table a file holds, told by the names of its columns and its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from leukocytosis.config.names import Names, TableNames
from leukocytosis.drafting.looking import Seen

# what a row must say; `code` may be missing where drugs have names
NEEDED = {
    "patients": ("patient_id",),
    "deaths": ("patient_id", "died_on"),
    "encounters": ("encounter_id", "patient_id", "started_at"),
    "labs": ("patient_id", "taken_at", "code", "value"),
    "diagnoses": ("patient_id", "recorded_at", "code"),
    "drugs": ("patient_id", "started_at", "name"),
    "microbiology": ("patient_id", "collected_at", "specimen", "result"),
}
EVERYWHERE = ("patient_id", "encounter_id")  # columns that tell no table from another
ENOUGH = 3


@dataclass(frozen=True)
class Match:
    """A file taken for a table: canonical column → raw column, and the columns that are not read.

    `doubtful` are those of the latter that may say that a row does not count.
    """

    seen: Seen
    table: str
    columns: Mapping[str, str]
    unused: tuple[str, ...]
    doubtful: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what a row must say, but no column of the file says."""
        return tuple(c for c in NEEDED[self.table] if c not in self.columns)


def match_files(files: Sequence[Seen], names: Names) -> list[Match]:
    """Return each file that looks like a table, in the order of the tables, then of the files."""
    best = [match for seen in files if (match := _match(seen, names)) is not None]
    order = list(names.tables)
    return sorted(best, key=lambda match: (order.index(match.table), match.seen.name))


def _match(seen: Seen, names: Names) -> Match | None:
    """Return the likeliest table of a file; None where no table is likely."""
    if _words(seen) & {fold(word) for word in names.ignored}:
        return None
    found = {table: _find_columns(seen, known) for table, known in names.tables.items()}
    scores = {t: _score(seen, columns, names.tables[t]) for t, columns in found.items()}
    table = max(scores, key=lambda t: scores[t])
    if scores[table] < ENOUGH or "patient_id" not in found[table]:
        return None
    columns = found[table]
    unused = tuple(raw for raw in seen.types if raw not in columns.values())
    doubts = {fold(column) for column in names.doubts.get(table, ())}
    return Match(seen, table, columns, unused, tuple(c for c in unused if fold(c) in doubts))


def _score(seen: Seen, columns: Mapping[str, str], known: TableNames) -> int:
    telling = sum(column not in EVERYWHERE for column in columns)
    return telling + ENOUGH * bool(_words(seen) & {fold(file) for file in known.files})


def _words(seen: Seen) -> set[str]:
    return {fold(word) for word in re.split(r"[\W_\d]+", seen.name)} | {fold(seen.name)}


def _find_columns(seen: Seen, known: TableNames) -> dict[str, str]:
    """Return canonical column → raw column; of two names that fit, the first listed is taken."""
    raw = {fold(column): column for column in seen.types}
    found: dict[str, str] = {}
    for column, others in known.columns.items():
        fitting = [raw[fold(o)] for o in others if fold(o) in raw]
        free = [column for column in fitting if column not in found.values()]
        if free:
            found[column] = free[0]
    return found


def fold(text: str) -> str:
    """Return a name without case, blanks and signs; a letter with its accent is one letter."""
    return re.sub(r"[\W_]+", "", normalize("NFC", text)).casefold()
