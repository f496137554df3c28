"""What `leukocytosis explain` says of a rule."""

from __future__ import annotations

import pytest
from conftest import CODELISTS, ROOT, UNITS, Run, protocol_of

from leukocytosis.config import load_manifest
from leukocytosis.config.casebook import load_chapters
from leukocytosis.errors import ConfigError
from leukocytosis.explain import Shelf, explain


@pytest.fixture
def shelf(tiny: Run) -> Shelf:
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    chapters = load_chapters(ROOT / "tests/cases")
    return Shelf(protocol_of("granger2009"), manifest, CODELISTS, UNITS, chapters, tiny.extract)


@pytest.mark.parametrize("rule", [rule.id for rule in protocol_of("granger2009").evidence])
def test_every_rule_is_explained(shelf: Shelf, rule: str) -> None:
    words = explain(rule, shelf)
    assert shelf.protocol.rule(rule).title in words
    assert "## Query" in words and "SELECT" in words
    assert "No case tests it yet" not in words


def test_codes_are_counted_and_those_that_match_nothing_are_listed(shelf: Shelf, tiny: Run) -> None:
    words = explain("short_acting_growth_factor", shelf)
    drugs = (ROOT / "tests/data/tiny/drugs.csv").read_text(encoding="utf-8").lower()
    rows = drugs.count(",filgrastim,")
    assert f"{rows:>9,}  drug_name filgrastim (word)" in words
    assert "Match nothing here" in words and "drug_name leukine" in words


def test_a_cause_is_explained_by_its_ways(shelf: Shelf) -> None:
    words = explain("infection", shelf)
    assert "refractory" in words and "qing2014" in words


def test_an_unknown_name_says_the_nearest(shelf: Shelf) -> None:
    with pytest.raises(ConfigError, match="did you mean 'infection_code'"):
        explain("infection_kode", shelf)


def test_no_patient_is_named(shelf: Shelf) -> None:
    assert "T04" not in explain("short_acting_growth_factor", shelf)
