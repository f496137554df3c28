"""Which raw codes some codelist names; the rest is counted, not read."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from leukocytosis.config.codelist import LAB_SYSTEM, Codelist, Entry
from leukocytosis.config.manifest import Manifest
from leukocytosis.config.reading import read_text
from leukocytosis.errors import ConfigError, Problem

MAP_COLUMNS = ["code_system", "code", "to_code_system", "to_code", "term"]


def all_of(codelists: Mapping[str, Codelist], systems: Iterable[str]) -> list[Entry]:
    """Return the entries of these systems over all codelists."""
    systems = tuple(systems)
    return [entry for codelist in codelists.values() for entry in codelist.of(*systems)]


def load_code_map(manifest: Manifest, folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Return local (system, code) → standard (system, code) from the manifest's code maps."""
    mapped: dict[tuple[str, str], tuple[str, str]] = {}
    problems: list[Problem] = []
    for file in manifest.code_maps:
        reader = csv.DictReader(read_text(folder / file).splitlines(), restkey="more")
        if reader.fieldnames != MAP_COLUMNS:
            columns = ", ".join(MAP_COLUMNS)
            raise ConfigError(Problem(f"{folder / file}:1", f"columns must be {columns}"))
        for row in reader:
            place = f"{folder / file}:{reader.line_num}"
            if None in row.values() or "more" in row:
                problems.append(Problem(place, f"must have {len(MAP_COLUMNS)} fields"))
                continue
            key, to = (row["code_system"], row["code"]), (row["to_code_system"], row["to_code"])
            if mapped.setdefault(key, to) != to:
                words = f"maps {row['code']} to another code than before"
                problems.append(Problem(place, words, "keep one of the lines"))
    if problems:
        raise ConfigError(problems)
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


def spell_otherwise(
    names: Mapping[tuple[str, str], str], code_map: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return what differs from a lab code in case or a blank alone, but for codes of their own.

    So few spellings are looked for in the same pass; to fold each row's code would take another.
    """
    return {
        (system, spelling): concept
        for (system, code), concept in sorted(names.items())
        for cased in (code, code.lower(), code.upper(), code.capitalize())
        for spelling in (cased, f"{cased} ", f" {cased}")
        if (system, spelling) not in names and (system, spelling) not in code_map
    }
