"""Codelists: which codes of which system count as what, each system's format checked."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config.reading import read_text
from leukocytosis.errors import ConfigError, Problem, nearest

COLUMNS = ["code_system", "code", "match", "term", "category", "source"]
LAB_SYSTEM, COUNT_PER_VOLUME = "LOINC", "count_per_volume"
DIAGNOSIS_SYSTEMS = ("ICD-10-CM", "ICD-9-CM")
DRUG_SYSTEMS = ("ATC", "drug_name")
WORD_SYSTEMS = ("drug_name", "specimen_name", "organism_name", "test_name")
FORMATS = {
    "LOINC": r"\d{1,5}-\d",
    "ICD-10-CM": r"[A-Z]\d[0-9A-Z]{0,5}",
    "ICD-9-CM": r"(\d{2,5}|V\d{1,4}|E\d{2,4})",
    "ATC": r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?",
    **dict.fromkeys(WORD_SYSTEMS, r"[a-z0-9]+( [a-z0-9]+)*"),
}


@dataclass(frozen=True)
class Entry:
    """One code: matched exactly, by prefix, or (for names) as whole words in order."""

    code_system: str
    code: str
    match: str
    term: str
    category: str
    source: str


@dataclass(frozen=True)
class Codelist:
    """A named list of codes; `version` is the first 12 letters of its file's SHA-256."""

    name: str
    entries: tuple[Entry, ...]
    version: str = ""

    @property
    def quantity(self) -> str | None:
        """Return what a list of laboratory codes measures; None for any other list.

        The category of such a list names a quantity of config/units.csv; without one its codes
        are counts per volume.
        """
        codes = self.of(LAB_SYSTEM)
        return (codes[0].category or COUNT_PER_VOLUME) if codes else None

    def of(self, *systems: str) -> tuple[Entry, ...]:
        """Return the entries of these code systems."""
        return tuple(entry for entry in self.entries if entry.code_system in systems)


def load_codelists(folder: Path) -> dict[str, Codelist]:
    """Return every `*.csv` of a folder by name; ConfigError lists every bad row of every file."""
    problems: list[Problem] = []
    lists: dict[str, Codelist] = {}
    for path in sorted(folder.glob("*.csv")):
        entries = tuple(_entries(path, problems))
        if not entries:
            problems.append(Problem(str(path), "is empty", "list a code or remove the file"))
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        lists[path.stem] = Codelist(path.stem, entries, version)
    if not lists:
        problems.append(Problem(str(folder), "holds no codelist"))
    if problems:
        raise ConfigError(problems)
    return lists


def _entries(path: Path, problems: list[Problem]) -> Iterator[Entry]:
    reader = csv.DictReader(read_text(path).splitlines())
    if reader.fieldnames != COLUMNS:
        problems.append(Problem(f"{path}:1", f"columns must be {', '.join(COLUMNS)}"))
        return
    seen: set[tuple[str, str]] = set()
    for line, row in enumerate(reader, start=2):
        entry = Entry(**{column: row[column] or "" for column in COLUMNS})
        fault = _fault(entry) or (
            "is listed twice" if (entry.code_system, entry.code) in seen else None
        )
        seen.add((entry.code_system, entry.code))
        if fault:
            problems.append(Problem(f"{path}:{line}", f"'{entry.code}' {fault}"))
        else:
            yield entry


def _fault(entry: Entry) -> str | None:
    pattern = FORMATS.get(entry.code_system)
    if pattern is None:
        return f"is of unknown system '{entry.code_system}'{nearest(entry.code_system, FORMATS)}"
    if not re.fullmatch(pattern, entry.code):
        return f"is not written like a code of {entry.code_system}"
    matches = ("word",) if entry.code_system in WORD_SYSTEMS else ("exact", "prefix")
    if entry.match not in matches:
        return f"must be matched by {' or '.join(matches)}, not '{entry.match}'"
    return None
