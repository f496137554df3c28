"""Every patient of the tiny extract ends as its one-line story says."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
from conftest import ROOT, Run

with (ROOT / "tests/data/tiny/stories.csv").open() as stream:
    STORIES = list(csv.DictReader(stream))
IN_COHORT = [story for story in STORIES if story["in_cohort"] == "1"]
LEFT_OUT = [story for story in STORIES if story["in_cohort"] == "0"]


def by_patient(run: Run, table: str) -> pd.DataFrame:
    return pd.read_parquet(run.study / f"{table}.parquet").set_index("episode_id")


@pytest.mark.parametrize("story", IN_COHORT, ids=lambda s: s["story"])
def test_cause_and_certainty(tiny: Run, story: dict[str, str]) -> None:
    cause = by_patient(tiny, "causes").loc[story["patient"]]
    assert (cause["primary_cause"], cause["grade"]) == (story["cause"], story["grade"])


@pytest.mark.parametrize("story", IN_COHORT, ids=lambda s: s["story"])
def test_outcome(tiny: Run, story: dict[str, str]) -> None:
    row = by_patient(tiny, "analysis_set").loc[story["patient"]]
    found = row["death_or_hospice_12w_days"], row["death_or_hospice_12w_status"]
    assert found == (float(story["days"]), int(story["status"]))


@pytest.mark.parametrize("story", LEFT_OUT, ids=lambda s: s["story"])
def test_left_out(tiny: Run, story: dict[str, str]) -> None:
    assert story["patient"] not in by_patient(tiny, "episodes").index


def test_attrition_counts_each_reason(tiny: Run) -> None:
    attrition = pd.read_parquet(tiny.study / "attrition.parquet").set_index("reason_id")
    dropped = attrition["n_patients_before"] - attrition["n_patients_left"]
    for reason in {story["left_out_at"] for story in LEFT_OUT}:
        assert dropped[reason] == sum(story["left_out_at"] == reason for story in LEFT_OUT)
    assert attrition["n_patients_left"].iloc[-1] == len(IN_COHORT)


def test_all_causes_are_kept_beside_the_chosen_one(tiny: Run) -> None:
    several = next(s["patient"] for s in STORIES if "all three are kept" in s["story"])
    cause = by_patient(tiny, "causes").loc[several]
    assert cause["all_causes"] == "growth_factor+infection+corticosteroid"
    assert cause["decided_by"] == "step 3: growth_factor (definite)"


def test_hospice_ends_the_composite_but_not_survival(tiny: Run) -> None:
    hospice = next(s["patient"] for s in STORIES if "hospice" in s["story"])
    outcomes = by_patient(tiny, "outcomes").loc[hospice].set_index("outcome_id")
    assert outcomes.loc["death_or_hospice_12w", "ended_by"] == "hospice"
    assert outcomes.loc["death_or_hospice_12w", "source_table"] == "encounters"
    assert outcomes.loc["death_1y", "ended_by"] == "horizon"


def test_every_rule_and_status_is_told(tiny: Run) -> None:
    evidence = pd.read_parquet(tiny.study / "evidence.parquet")
    assert len(evidence) == len(IN_COHORT) * evidence["rule_id"].nunique()
    unknown = evidence[evidence["status"] == "not_assessed"]
    assert unknown["note"].notna().all()
    met = evidence[evidence["status"] == "met"]
    assert (met["n_events"] > 0).all()


def test_peak_is_not_removed_as_an_outlier(tiny: Run) -> None:
    bound = next(s["patient"] for s in STORIES if ">440" in s["story"])
    episode = by_patient(tiny, "episodes").loc[bound]
    assert (episode["wbc_1e9_per_l"], episode["peak_wbc_1e9_per_l"]) == (52.3, 440)
    assert episode["peak_day"] == 3
