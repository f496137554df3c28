"""The synthetic extract: the paper's counts, found again; one seed, one set of bytes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Run, protocol_of, run_study

from leukocytosis.config import load_manifest
from leukocytosis.synthetic import draw_extract


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    draw_extract(folder, 2009)
    return folder


@pytest.fixture(scope="module")
def run(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    manifest = manifest.model_copy(update={"root": str(drawn)})
    return run_study(protocol_of("granger2009"), manifest, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def truth(drawn: Path) -> pd.DataFrame:
    return pd.read_csv(drawn / "truth.csv").set_index("patient_id")


def test_truth_has_the_published_counts(truth: pd.DataFrame) -> None:
    cohort = truth[truth["in_cohort"] == 1]
    assert (len(truth), len(cohort)) == (3770, 758)
    assert cohort["true_cause"].value_counts().to_dict() == {
        "growth_factor": 522, "infection": 112, "plr": 77, "corticosteroid": 38, "new_leukaemia": 9,
    }  # fmt: skip


def test_the_road_finds_exactly_this_cohort(run: Run, truth: pd.DataFrame) -> None:
    attrition = pd.read_parquet(run.study / "attrition.parquet").set_index("reason_id")
    assert attrition.loc["above_threshold", "n_patients_left"] == 3770
    episodes = pd.read_parquet(run.study / "episodes.parquet").set_index("episode_id")
    cohort = truth[truth["in_cohort"] == 1]
    assert set(episodes.index) == set(cohort.index)
    on = episodes["index_on"].astype(str)
    assert (on == cohort["true_index_on"].reindex(on.index)).all()


def test_plr_as_published(run: Run, truth: pd.DataFrame) -> None:
    patients = pd.read_parquet(run.study / "analysis_set.parquet").set_index("episode_id")
    plr = patients[truth["true_cause"].reindex(patients.index) == "plr"]
    assert len(plr) == 77
    assert (plr["neutrophil_percent"] > 70).sum() == 74
    assert plr["metastatic"].sum() == 60
    assert plr["death_or_hospice_12w_status"].sum() == 60
    assert ((plr["death_1y_status"] == 0) & (plr["death_1y_days"] == 365)).sum() == 8


def test_only_what_was_hidden_is_missed(run: Run, drawn: Path, truth: pd.DataFrame) -> None:
    found = pd.read_parquet(run.study / "causes.parquet").set_index("episode_id")["primary_cause"]
    wrong = found[found != truth["true_cause"].reindex(found.index)]
    planted = pd.read_csv(drawn / "planted.csv").set_index("defect")["n_rows"]
    hidden = ("growth_factor_given_elsewhere", "infection_without_culture_or_code",
              "plr_without_any_culture")  # fmt: skip
    assert len(wrong) == sum(planted[name] for name in hidden)


def test_planted_rows_are_refused_under_their_rule(run: Run, drawn: Path) -> None:
    planted = pd.read_csv(drawn / "planted.csv").set_index("defect")["n_rows"]
    refused = pd.read_parquet(run.extract / "rejects.parquet")["rule_id"].value_counts()
    assert refused["value_negative"] == planted["negative_count"]
    assert refused["specimen_not_blood"] == planted["urine_count"] + planted["pleural_count"]
    assert refused["value_not_a_number"] == planted["text_result"] + planted["see_comment"]
    assert refused["superseded_by_correction"] == planted["correction_below_the_threshold"]
    assert refused["taken_at_not_read"] == planted["impossible_date"]
    assert refused["unit_missing"] == planted["unit_missing_two_units"]
    assert refused["unit_missing_assumed"] == planted["unit_missing_but_one_unit_everywhere"]
    assert refused["duplicate"] == planted["exact_duplicate"]


def test_one_seed_one_set_of_bytes(drawn: Path, tmp_path: Path) -> None:
    draw_extract(tmp_path / "again", 2009)
    draw_extract(tmp_path / "other", 2010)
    for path in drawn.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    labs = "labs_old_system.csv"
    assert (drawn / labs).read_bytes() != (tmp_path / "other" / labs).read_bytes()


def test_a_true_extreme_stays(run: Run) -> None:
    episodes = pd.read_parquet(run.study / "episodes.parquet")
    assert episodes["wbc_1e9_per_l"].max() > 200
