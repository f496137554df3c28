"""Codelists to SQL: which codes and names a list means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from leukocytosis.config.codelist import Entry
from leukocytosis.store import quoted

BETWEEN = "[^a-z0-9]"  # words of a name


def compile_in_systems(code: str, system: str, entries: Iterable[Entry]) -> str:
    """Return the condition that a code of its system is named by one of the entries.

    One regular expression a system: a row costs one run over its code however long the list,
    where the engine would try the values of an IN beside an OR one after the other.
    """
    patterns: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        end = "" if entry.match == "prefix" else "$"
        patterns[entry.code_system].add(re.escape(entry.code) + end)
    parts = [
        f"({system} = {quoted(key)} AND regexp_matches({code}, {_one_of('^', codes, '')}))"
        for key, codes in sorted(patterns.items())
    ]
    return "(" + " OR ".join(parts or ["false"]) + ")"


def compile_is_one_of(code: str, codes: Collection[str], *, in_dictionary: bool) -> str:
    """Return the condition that a code is one of these, in a form that keeps the rows in order.

    The engine plans a long IN as a join, which does not. A function of a column in Parquet is
    tried on each entry of its dictionary, not on each row; without a dictionary it is slower
    than comparing.
    """
    if in_dictionary:
        return f"list_position([{', '.join(map(quoted, sorted(codes)))}], {code}) > 0"
    return f"({' OR '.join(f'{code} = {quoted(c)}' for c in sorted(codes)) or 'false'})"


def compile_words_match(raw: str, entries: Iterable[Entry]) -> str:
    """Return the condition that a name holds the words of one of the entries, in their order.

    Words are runs of letters and digits, whatever stands between them; case does not matter.
    """
    names = {entry.code.replace(" ", f"{BETWEEN}+") for entry in entries if entry.match == "word"}
    if not names:
        return "false"
    return f"regexp_matches(lower({raw}), {_one_of(f'(^|{BETWEEN})', names, f'({BETWEEN}|$)')})"


def _one_of(before: str, patterns: Iterable[str], after: str) -> str:
    return quoted(f"{before}({'|'.join(sorted(patterns))}){after}")


def compile_drug_match(entries: Iterable[Entry]) -> str:
    """Return the condition that a row of `drugs` is named by an entry, by code or by name."""
    entries = tuple(entries)
    codes = [entry for entry in entries if entry.match != "word"]
    by_code = compile_in_systems("code", "code_system", codes)
    by_name = compile_words_match("name", entries)
    return f"(coalesce({by_code}, false) OR coalesce({by_name}, false))"


WORDS_IN = {"specimen_name": "specimen", "test_name": "test", "organism_name": "organism"}


def compile_named(entries: Iterable[Entry], table: str) -> str:
    """Return the condition that a row of a canonical table is named by an entry."""
    if table == "drugs":
        return compile_drug_match(entries)
    asked = tuple(entries)
    codes = [entry for entry in asked if entry.match != "word"]
    parts = [compile_in_systems("code", "code_system", codes)] if codes else []
    for system, column in WORDS_IN.items():
        names = [entry for entry in asked if entry.code_system == system]
        parts += [f"coalesce({compile_words_match(column, names)}, false)"] if names else []
    return f"({' OR '.join(parts)})"


def compile_dated(precision: str = "taken_precision") -> str:
    """Return the condition that the day of a record is known, not its month or year alone."""
    return f"{precision} IN ('second', 'day')"


# an order counts only in a stay of which no administration is on record: there the extract
# cannot tell what was given
COMPILED_GIVEN = "(kind IN ('given', 'dispensed') OR NOT doses_recorded)"


def compile_systemic(routes: Iterable[str], forms: Iterable[Entry]) -> list[str]:
    """Return the conditions that a row of `drugs` has none of these routes and local forms."""
    local, named = ", ".join(quoted(r.upper()) for r in sorted(routes)), tuple(forms)
    conditions = [f"upper(trim(coalesce(route, ''))) NOT IN ({local})"] if local else []
    if named:
        conditions.append(f"NOT coalesce({compile_words_match('name', named)}, false)")
    return conditions
