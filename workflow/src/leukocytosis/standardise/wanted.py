"""Which raw codes some codelist names; the rest is counted, not read."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from leukocytosis.config.codelist import WORD_SYSTEMS, Codelist, Entry
from leukocytosis.config.manifest import Manifest
from leukocytosis.config.reading import read_text
from leukocytosis.errors import ConfigError, Problem
from leukocytosis.store import quoted

MAP_COLUMNS = ["code_system", "code", "to_code_system", "to_code", "term"]
LAB_SYSTEM = "LOINC"
DIAGNOSIS_SYSTEMS = ("ICD-10-CM", "ICD-9-CM")
DRUG_SYSTEMS = ("ATC",)


def compile_in_systems(code: str, system: str, entries: Iterable[Entry]) -> str:
    """Return the condition that a code of its system is named by one of the entries.

    Prefixes become one look-up per length, which costs a row a few hashes however long the list.
    """
    sets: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for entry in entries:
        length = len(entry.code) if entry.match == "prefix" else 0
        sets[entry.code_system, entry.match, length].add(entry.code)
    parts = [
        f"({system} = {quoted(key[0])} AND {_cut(code, key)} IN ({_texts(codes)}))"
        for key, codes in sorted(sets.items())
    ]
    return "(" + " OR ".join(parts or ["false"]) + ")"


def _cut(code: str, key: tuple[str, str, int]) -> str:
    return f"left({code}, {key[2]})" if key[1] == "prefix" else code


def _texts(values: Iterable[str]) -> str:
    return ", ".join(quoted(value) for value in sorted(values))


def compile_words_match(words: str, entries: Iterable[Entry]) -> str:
    """Return the condition that a name (as words with blanks around) holds one of the entries."""
    names = sorted({entry.code for entry in entries if entry.match == "word"})
    if not names:
        return "false"
    return f"regexp_matches({words}, {quoted(' (' + '|'.join(names) + ') ')})"


def all_of(codelists: Mapping[str, Codelist], systems: Iterable[str]) -> list[Entry]:
    """Return the entries of these systems over all codelists."""
    systems = tuple(systems)
    return [entry for codelist in codelists.values() for entry in codelist.of(*systems)]


def drug_names(codelists: Mapping[str, Codelist]) -> list[Entry]:
    """Return every drug name some codelist lists."""
    return [e for e in all_of(codelists, WORD_SYSTEMS) if e.code_system == "drug_name"]


def load_code_map(manifest: Manifest, folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Return local (system, code) → standard (system, code) from the manifest's code maps."""
    mapped: dict[tuple[str, str], tuple[str, str]] = {}
    for file in manifest.code_maps:
        reader = csv.DictReader(read_text(folder / file).splitlines())
        if reader.fieldnames != MAP_COLUMNS:
            columns = ", ".join(MAP_COLUMNS)
            raise ConfigError(Problem(f"{folder / file}:1", f"columns must be {columns}"))
        for row in reader:
            key = row["code_system"], row["code"]
            mapped[key] = row["to_code_system"], row["to_code"]
    return mapped


def lab_concepts(
    codelists: Mapping[str, Codelist], code_map: Mapping[tuple[str, str], tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return (system, code) → concept for every lab code, standard and local.

    Raises ConfigError when two lab codelists claim one code.
    """
    concepts: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    for codelist in codelists.values():
        for entry in codelist.of(LAB_SYSTEM):
            key = entry.code_system, entry.code
            if concepts.setdefault(key, codelist.name) != codelist.name:
                problems.append(
                    Problem(
                        f"codelists {concepts[key]}, {codelist.name}", f"both hold {entry.code}"
                    )
                )
    if problems:
        raise ConfigError(problems)
    local = {key: concepts[to] for key, to in code_map.items() if to in concepts}
    return concepts | local
