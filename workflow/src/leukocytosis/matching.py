"""Codelists to SQL: which codes and names a list means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from leukocytosis.config.codelist import Entry
from leukocytosis.store import quoted


def compile_words(raw: str) -> str:
    """Return a name as lower-case words with a blank before, between and after them."""
    return f"(' ' || trim(regexp_replace(lower({raw}), '[^a-z0-9]+', ' ', 'g')) || ' ')"


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


def compile_drug_match(entries: Iterable[Entry]) -> str:
    """Return the condition that a row of `drugs` is named by an entry, by code or by name."""
    entries = tuple(entries)
    codes = [entry for entry in entries if entry.match != "word"]
    by_code = compile_in_systems("code", "code_system", codes)
    by_name = compile_words_match(compile_words("name"), entries)
    return f"(coalesce({by_code}, false) OR coalesce({by_name}, false))"


# an order counts only in a stay of which no administration is on record: there the extract
# cannot tell what was given
COMPILED_GIVEN = "(kind IN ('given', 'dispensed') OR NOT doses_recorded)"


def compile_systemic(routes: Iterable[str], forms: Iterable[Entry]) -> list[str]:
    """Return the conditions that a row of `drugs` has none of these routes and local forms."""
    local, named = _texts(route.upper() for route in routes), tuple(forms)
    conditions = [f"upper(trim(coalesce(route, ''))) NOT IN ({local})"] if local else []
    if named:
        words = compile_words_match(compile_words("name"), named)
        conditions.append(f"NOT coalesce({words}, false)")
    return conditions
