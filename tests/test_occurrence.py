"""How much of each codelist occurs in an extract: counted by hand here, through SQL there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import report_fixtures as fixtures

from leukocytosis.config import Codelist, Manifest, Policy
from leukocytosis.config.codelist import Entry
from leukocytosis.disclosure import disclose
from leukocytosis.documents.methods import list_codelists, list_found_codelists
from leukocytosis.report.codelists import describe_unfound, list_occurrence
from leukocytosis.report.release import write_report
from leukocytosis.standardise.occurrence import count_codes

ROWS = {
    "labs": [
        {"patient_id": "a", "code_system": "LAB", "code": "WBC"},
        {"patient_id": "a", "code_system": "LAB", "code": "WBC"},
        {"patient_id": "b", "code_system": "LOINC", "code": "6690-2"},
        {"patient_id": "b", "code_system": "OTHER", "code": "26464-8"},  # no code of LOINC
    ],
    "diagnoses": [
        {"patient_id": "a", "code_system": "ICD-10-CM", "code": "C349"},
        {"patient_id": "a", "code_system": "ICD-10-CM", "code": "C341"},
        {"patient_id": "b", "code_system": "ICD-9-CM", "code": "C34"},
    ],
    "drugs": [
        {"patient_id": "a", "code_system": None, "code": None, "name": "Filgrastim 300"},
        {"patient_id": "b", "code_system": "ATC", "code": "L03AA02", "name": None},
        {"patient_id": "c", "code_system": None, "code": None, "name": "Pegfilgrastim"},
    ],
    "microbiology": [
        {"patient_id": "a", "specimen": "Blood culture", "test": None, "organism": "E. coli"}
    ],
}
LISTS = {
    "wbc": (("LOINC", "26464-8"), ("LOINC", "6690-2"), ("LOINC", "804-5")),
    "calcium": (("LOINC", "17861-6"),),
    "lung": (("ICD-10-CM", "C34"), ("ICD-10-CM", "C34"), ("ICD-9-CM", "162")),
    "growth_factor": (("ATC", "L03AA02"), ("drug_name", "filgrastim")),
    "dying": (("ICD-10-CM", "Z515"), ("specimen_name", "blood")),
}
MATCH = {"LOINC": "exact", "ATC": "exact", "drug_name": "word", "specimen_name": "word"}
CODELISTS = {
    name: Codelist(name, tuple(Entry(s, c, MATCH.get(s, "prefix"), "", "", "") for s, c in codes))
    for name, codes in LISTS.items()
}


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, rows in ROWS.items():
        frame = pd.DataFrame(rows, dtype="string")
        duckdb.sql(f"COPY (FROM frame) TO '{folder / name}.parquet'")
        assert len(frame) == len(rows)
    return folder


def count(extract: Path, **absent: str) -> dict[tuple[str, str], dict[str, Any]]:
    manifest = fixtures.manifest().model_copy(
        update={"code_maps": ("codes.csv",), "absent": absent}
    )
    (extract / "codes.csv").write_text(
        "code_system,code,to_code_system,to_code,term\nLAB,WBC,LOINC,26464-8,Counts\n"
    )
    assert isinstance(manifest, Manifest)
    count_codes(manifest, CODELISTS, extract, extract)
    rows = pd.read_parquet(extract / "codelists.parquet").to_dict("records")
    return {(row["codelist"], row["table"]): row for row in rows}


def numbers(row: dict[str, Any]) -> list[int]:
    return [row[name] for name in ("n_codes", "n_codes_found", "n_rows", "n_patients")]


def test_codes_rows_and_patients_are_those_counted_by_hand(extract: Path) -> None:
    found = count(extract)
    assert numbers(found["wbc", "labs"]) == [3, 2, 3, 2]  # WBC by the code map, 6690-2 itself
    assert numbers(found["calcium", "labs"]) == [1, 0, 0, 0]
    assert numbers(found["lung", "diagnoses"]) == [3, 2, 2, 1]
    assert numbers(found["growth_factor", "drugs"]) == [2, 2, 2, 2]  # no part of a longer word
    assert numbers(found["dying", "diagnoses"]) == [1, 0, 0, 0]
    assert numbers(found["dying", "microbiology"]) == [1, 1, 1, 1]


def test_what_the_extract_has_no_table_for_is_missing_and_not_0(extract: Path) -> None:
    row = count(extract, microbiology="not exported")["dying", "microbiology"]
    assert row["n_codes"] == 1 and pd.isna(row["n_codes_found"]) and pd.isna(row["n_patients"])
    assert row["note"] == "the extract has no microbiology"


def test_counts_are_rounded_and_those_of_few_hidden() -> None:
    counts = {"none": (0, 0), "few": (40, 4), "some": (12, 8), "more": (17, 11)}
    rows = pd.DataFrame(
        {"codelist": name, "table": "drugs", "n_codes": 9, "n_codes_found": min(n, 3),
         "n_rows": n, "n_patients": of, "note": None}
        for name, (n, of) in counts.items()
    ).astype(dict.fromkeys(("n_codes_found", "n_rows", "n_patients"), "Int64"))  # fmt: skip
    shown = disclose({"codelists": rows}, Policy(policy="p", title="t", min_count=5))["codelists"]
    told = {row["codelist"]: row for row in shown.to_dict("records")}
    assert numbers(told["none"]) == [9, 0, 0, 0]
    assert all(pd.isna(number) for number in numbers(told["few"])[1:])
    assert told["few"]["note"].startswith("hidden")
    assert numbers(told["some"]) == [9, 3, 10, 10] and numbers(told["more"]) == [9, 3, 15, 10]


def test_the_report_warns_of_a_list_of_which_nothing_occurs(tmp_path: Path) -> None:
    inputs = fixtures.inputs()
    assert str(describe_unfound(inputs)).startswith(
        "Nothing in the extract is named by the codelist mobiliser. "
    )
    grid = list_occurrence(inputs)
    assert grid.rows[0][:5] == ("mobiliser", "drugs", "0 of 6", "0", "0")
    assert ("culture_specimen", "microbiology") in {row[:2] for row in grid.rows[1:]}
    write_report(inputs, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert str(describe_unfound(inputs)) in html and f"{grid.caption} " in html
    assert describe_unfound(fixtures.inputs(codelists=fixtures.codelists()[1:])) is None


def test_the_methods_say_of_each_list_what_occurs_and_a_protocol_does_not() -> None:
    inputs = fixtures.inputs()
    told = {row[0]: row[-1] for row in list_found_codelists(inputs).rows}
    assert told["mobiliser"] == "0 of 6 codes, 0 patients"
    assert told["wbc_blood"] == "3 of 4 codes, 9,606 patients"
    assert told["culture_specimen"] == "the extract has no microbiology"
    assert "In the extract" not in list_codelists(inputs).head
