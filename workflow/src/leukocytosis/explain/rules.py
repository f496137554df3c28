"""What a rule or a cause says, asks, counts and is tested by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.causes.evidence import Vocabulary, compile_rule
from leukocytosis.config import Codelist, Manifest, Protocol, Unit
from leukocytosis.config.casebook import Chapter, find_cases
from leukocytosis.config.codelist import Entry
from leukocytosis.config.evidence import Rule
from leukocytosis.errors import ConfigError, Problem, nearest
from leukocytosis.matching import compile_named
from leukocytosis.prose import describe_cause, describe_rule
from leukocytosis.store import connect, fetch, scan


@dataclass(frozen=True)
class Shelf:
    """Where explanations are looked up: configuration, case book, and an extract's tables."""

    protocol: Protocol
    manifest: Manifest
    codelists: Mapping[str, Codelist]
    units: tuple[Unit, ...]
    chapters: tuple[Chapter, ...]
    extract: Path


def explain(name: str, shelf: Shelf) -> str:
    """Return what the rule or cause `name` says, its query, its codes and its cases.

    Each code stands with the number of rows of the extract that carry it, and those that none
    carries are listed apart. ConfigError when the protocol has no such rule or cause.
    """
    rules = {rule.id: rule for rule in shelf.protocol.evidence}
    causes = {cause.id: cause for cause in shelf.protocol.causes}
    if name in rules:
        lines = list(_explain_rule(rules[name], shelf))
    elif name in causes:
        declared = causes[name]
        lines = [f"# {declared.title}", "", describe_cause(shelf.protocol, declared),
                 f"Basis: {declared.basis}; {declared.source}"]  # fmt: skip
    else:
        known = [*rules, *causes]
        raise ConfigError(
            Problem(
                f"study {shelf.protocol.study}",
                f"has no rule or cause '{name}'{nearest(name, known)}",
                f"rules and causes: {', '.join(known)}",
            )
        )
    return "\n".join([*lines, "", *_list_cases(name, shelf)]) + "\n"


def _explain_rule(rule: Rule, shelf: Shelf) -> Iterator[str]:
    vocabulary = Vocabulary(
        shelf.codelists, shelf.units, frozenset(shelf.manifest.absent), shelf.protocol
    )
    yield from (f"# {rule.title}", "", describe_rule(rule))
    yield f"Basis: {rule.basis}; {rule.source}"
    yield from ("", "## Query", "", compile_rule(rule, vocabulary))
    names = [rule.codelist, rule.test, rule.organism, rule.ambiguous]
    for name in dict.fromkeys(name for name in names if name):
        yield from _list_codes(rule, shelf.codelists[name], shelf)


def _list_codes(rule: Rule, codelist: Codelist, shelf: Shelf) -> Iterator[str]:
    yield from ("", f"## Codelist {codelist.name} in {shelf.manifest.extract}", "")
    table = shelf.extract / f"{rule.from_}.parquet"
    if rule.from_ in shelf.manifest.absent:
        yield f"The extract has no {rule.from_}."
        return
    if not table.exists():
        yield f"{table} is not there yet: run `leukocytosis run` on this extract first."
        return
    counts = count_rows(codelist, rule.from_, table)
    found = [entry for entry in codelist.entries if counts[entry]]
    for entry in sorted(found, key=lambda e: (-counts[e], e.code)):
        yield f"{counts[entry]:>9,}  {entry.code_system} {entry.code} ({entry.match}): {entry.term}"
    missed = [f"{e.code_system} {e.code}" for e in codelist.entries if not counts[e]]
    if missed:
        yield f"Match nothing here ({len(missed)}): {', '.join(missed)}"


def count_rows(codelist: Codelist, table: str, path: Path) -> dict[Entry, int]:
    """Return how many rows of a canonical table each entry of a codelist matches.

    A row may match several entries. Lab codes are counted as the extract has them: a local code
    that is mapped to a standard one counts under its concept only, not under the standard code.
    """
    conditions = [compile_named([entry], table) for entry in codelist.entries]
    counted = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
    with connect(path.parent / ".scratch") as con:
        (counts,) = fetch(con, f"SELECT {counted} FROM {scan(path)}")
    return dict(zip(codelist.entries, counts, strict=True))


def _list_cases(name: str, shelf: Shelf) -> Iterator[str]:
    cases = find_cases(shelf.chapters, name)
    yield from ("## Cases that test it", "")
    yield from (f"- {case_id}: {story}" for case_id, story in cases.items())
    if not cases:
        yield "No case tests it yet: write one in tests/cases/."
