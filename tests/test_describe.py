"""Which comparisons Table 1 makes, and that p values are made only for a protocol that asks."""

from __future__ import annotations

import pytest
from conftest import ROOT
from pydantic import ValidationError
from report_fixtures import protocol
from test_nesting import draw

from leukocytosis.config import Protocol, load_codelists
from leukocytosis.config.protocol import Population, TableOneP
from leukocytosis.describe import compare_patients, describe_patients
from leukocytosis.prose import TUMOURS, name_tumour

PATIENTS = draw({"infection": 60, "plr": 12, "growth_factor": 90, "new_leukaemia": 2}, 3, 0.1)
ASKED = {"basis": "operationalised", "source": "the journal asks for them"}


def asking() -> Protocol:
    study = protocol()
    changed = {"table_one_p": TableOneP.model_validate(ASKED)}
    return study.model_copy(update={"analyses": study.analyses.model_copy(update=changed)})


def test_each_pair_is_compared_once_the_later_against_the_earlier() -> None:
    rows = [r for r in compare_patients(protocol(), PATIENTS, 1) if r["term"] == "sex"]
    by_group, by_cause = (
        [row["group"] for row in rows if row["analysis_id"] == f"standardised_difference{suffix}"]
        for suffix in ("", "_by_cause")
    )
    assert by_group == [
        "plr against infection", "other against infection", "other against plr",
    ]  # fmt: skip
    assert len(by_cause) == 6


def test_a_cause_of_too_few_patients_says_why_it_is_not_compared() -> None:
    rows = compare_patients(protocol(), PATIENTS, 1)
    few = [r for r in rows if "new_leukaemia" in r["group"].split(" against ")]
    assert few and all(row["estimate"] is None for row in few)
    assert {row["note"] for row in few} == {
        "cannot be estimated, because one of the groups has fewer than 5 patients with a value"
    }


def test_how_sure_a_cause_is_sets_no_groups_apart() -> None:
    """The rules of each cause allow its own certainties: a difference would be of our making."""
    assert "certainty of the cause" not in {
        row["term"] for row in compare_patients(asking(), PATIENTS, 1)
    }


def test_a_variable_that_nobody_has_a_value_of_does_not_vanish() -> None:
    unknown = PATIENTS.assign(metastatic=None, sex=None)
    rows = [row for row in describe_patients(protocol(), unknown) if row["group"] == "all"]
    missing = {row["variable"]: row["n_missing"] for row in rows}
    assert missing["metastasis coded up to the index"] == missing["sex"] == len(PATIENTS)
    assert {row["level"] for row in rows if row["variable"] == "sex"} == {"any"}


def test_a_study_that_asks_for_no_tumour_has_no_row_of_it() -> None:
    everybody = protocol().model_copy(update={"population": Population()})
    rows = list(describe_patients(everybody, PATIENTS))
    assert {"sex", "cause"} < {row["variable"] for row in rows}
    assert "tumour" not in {row["variable"] for row in rows}
    assert "tumour" in {row["variable"] for row in describe_patients(protocol(), PATIENTS)}


def test_every_group_of_tumours_has_a_name_for_readers() -> None:
    tumours = load_codelists(ROOT / "config/codelists")["solid_tumour"]
    assert {entry.category for entry in tumours.entries} == set(TUMOURS) - {"none_coded"}
    assert name_tumour("none_coded") == "none coded"
    assert name_tumour(None) == "unknown"


def test_no_p_value_is_made_unless_the_protocol_asks() -> None:
    rows = compare_patients(protocol(), PATIENTS, 1)
    assert not any(row["analysis_id"].startswith("table_one_test") for row in rows)
    assert not any(row.get("p_value") is not None for row in rows)


def test_a_protocol_that_asks_gets_an_exact_test_where_groups_are_small() -> None:
    first = list(compare_patients(asking(), PATIENTS, 1))
    rows = {row["term"]: row for row in first if row["analysis_id"] == "table_one_test"}
    assert "drawn deals" in rows["age at index, years"]["method"]  # 12 have a PLR
    assert rows["sex"]["method"] == "Fisher's exact test, every table"
    assert all(0 < row["p_value"] <= 1 for row in rows.values())
    again = compare_patients(asking(), PATIENTS, 1)
    assert [r for r in again if r.get("p_value")] == [r for r in first if r.get("p_value")]


def test_who_asks_for_p_values_says_why() -> None:
    with pytest.raises(ValidationError, match="table_one_p"):
        type(protocol().analyses).model_validate(
            {**protocol().analyses.model_dump(), "table_one_p": True}
        )


def test_every_patient_is_in_one_group_and_in_one_cause() -> None:
    rows = [row for row in describe_patients(protocol(), PATIENTS) if row["variable"] == "sex"]
    for by in ("cohort", "cause_group", "cause"):
        counts = sum(row["spread_low"] for row in rows if row["grouped_by"] == by)
        assert counts == len(PATIENTS)
