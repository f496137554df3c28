"""A study's tables in a notebook: typed, with a dictionary, and never a person on the screen."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Run

from leukocytosis.dataset import PersonFrame, Study, open_study
from leukocytosis.errors import OutputError

STANDING = ["primary_cause", "cause_group", "wbc_1e9_per_l"]


@pytest.fixture
def study(tiny: Run, tmp_path: Path) -> Study:
    for place, folder in (("studies/granger2009", tiny.study), ("extracts", tiny.extract)):
        (tmp_path / "results" / place).mkdir(parents=True)
        (tmp_path / "results" / place / "tiny").symlink_to(folder)
    (tmp_path / "config").symlink_to(ROOT / "config")
    return open_study("granger2009", "tiny", tmp_path)


def test_tables_come_in_the_types_of_their_contract(study: Study) -> None:
    causes, patients = study["causes"], study["analysis_set"]
    assert causes["primary_cause"].dtype == "string"
    assert patients["age_at_index_years"].dtype == "Int64"
    assert patients["metastatic"].dtype == "boolean"
    assert patients["wbc_1e9_per_l"].dtype == "float64"
    assert causes.index.name == "episode_id"
    assert list(study["evidence"].index.names) == ["episode_id", "rule_id"]
    assert type(study["attrition"]) is pd.DataFrame


def test_a_table_brings_its_dictionary(study: Study) -> None:
    words = study.describe("analysis_set")
    assert words.loc["wbc_1e9_per_l", "unit"] == "10*9/L"
    assert set(words.index) == {"episode_id", *study["analysis_set"].columns}
    assert "death_or_hospice_12w_days" in words.index


def shows(thing: object) -> str:
    html = thing._repr_html_() if hasattr(thing, "_repr_html_") else None
    return f"{thing!r} {thing!s} {html}"


def test_persons_are_computed_with_but_not_printed(study: Study) -> None:
    patients = study["analysis_set"]
    persons = [
        patients, patients.head(), patients[patients["wbc_1e9_per_l"] > 50], patients["sex"],
        patients.reset_index(), patients.iloc[0:1], patients[["sex", "grade"]],
        patients.sort_values("wbc_1e9_per_l"), patients.iloc[0], patients["wbc_1e9_per_l"] * 2,
        patients[STANDING].iloc[0],
        patients.merge(study["causes"], left_index=True, right_index=True), patients.T,
    ]  # fmt: skip
    ids = [str(episode) for episode in patients.index]
    counts = [f"{count:g}" for count in patients["wbc_1e9_per_l"]]
    for thing in persons:
        words = shows(thing)
        assert "not printed" in words
        assert not any(re.search(rf"\b{re.escape(w)}\b", words) for w in ids + counts)


def test_what_is_computed_from_persons_is_printed(study: Study) -> None:
    patients = study["analysis_set"]
    for thing in (
        patients.groupby("cause_group").size(),
        patients["primary_cause"].value_counts(),
        patients["wbc_1e9_per_l"].describe(),
        patients.groupby("cause_group")[["wbc_1e9_per_l"]].median(),
        pd.crosstab(patients["primary_cause"], patients["sex"]),
    ):
        assert "not printed" not in shows(thing)
    html = patients.groupby("cause_group")[["wbc_1e9_per_l"]].median()._repr_html_()
    assert html and "<table" in html


def test_aggregates_of_a_person_frame_are_frames(study: Study) -> None:
    medians = study["analysis_set"].groupby("cause_group")[["log2_wbc"]].median()
    assert isinstance(medians, PersonFrame)
    assert medians.index.name == "cause_group"


def test_a_table_or_study_that_is_not_there_is_told_with_the_nearest(study: Study) -> None:
    with pytest.raises(OutputError, match="did you mean 'causes'"):
        study["cause"]
    with pytest.raises(OutputError, match="make study STUDY=granger2009 EXTRACT=nowhere"):
        open_study("granger2009", "nowhere", study.folders[0].parents[3])
