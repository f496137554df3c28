"""Codelists to SQL: what a code and a name are matched by, and what only looks like it."""

from __future__ import annotations

import duckdb
import pytest

from leukocytosis.config.codelist import Entry
from leukocytosis.matching import compile_in_systems, compile_is_one_of, compile_words_match
from leukocytosis.store import quoted


def ask(condition: str, **given: str | None) -> bool | None:
    columns = ", ".join(
        f"CAST({'NULL' if value is None else quoted(value)} AS VARCHAR) AS {column}"
        for column, value in given.items()
    )
    with duckdb.connect() as con:
        return con.execute(f"SELECT {condition} FROM (SELECT {columns})").fetchall()[0][0]


def entry(code: str, match: str, system: str = "ICD-10-CM") -> Entry:
    return Entry(system, code, match, "", "", "")


@pytest.mark.parametrize(
    ("code", "system", "matched"),
    [
        ("C349", "ICD-10-CM", True),
        ("C34", "ICD-10-CM", True),
        ("XC34", "ICD-10-CM", False),
        ("D473", "ICD-10-CM", True),
        ("D4731", "ICD-10-CM", False),
        ("C349", "ICD-9-CM", False),
        ("2049", "ICD-9-CM", True),
        ("204.9", "ICD-9-CM", False),
        (None, "ICD-10-CM", None),
    ],
)
def test_codes(code: str | None, system: str, matched: bool | None) -> None:
    entries = [entry("C34", "prefix"), entry("D473", "exact"), entry("2049", "exact", "ICD-9-CM")]
    found = ask(compile_in_systems("code", "system", entries), code=code, system=system)
    assert found is matched


@pytest.mark.parametrize(
    ("name", "matched"),
    [
        ("Depo-Medrol 80 mg", True),
        ("DEPO  MEDROL", True),
        ("depomedrol", False),
        ("Medrol depo", False),
        ("filgrastim", True),
        ("pegfilgrastim", False),
        ("filgrastim(Neupogen)", True),
        ("filgrastims", False),
        (None, None),
    ],
)
def test_names(name: str | None, matched: bool | None) -> None:
    words = [entry("depo medrol", "word", "drug_name"), entry("filgrastim", "word", "drug_name")]
    assert ask(compile_words_match("name", words), name=name) is matched


@pytest.mark.parametrize("in_dictionary", [True, False])
def test_one_of_a_list(in_dictionary: bool) -> None:
    listed = compile_is_one_of("code", {"6690-2", "770-8"}, in_dictionary=in_dictionary)
    assert [bool(ask(listed, code=c)) for c in ("770-8", "70-8", None)] == [True, False, False]
    nothing = compile_is_one_of("code", set(), in_dictionary=in_dictionary)
    assert not ask(nothing, code="770-8")
