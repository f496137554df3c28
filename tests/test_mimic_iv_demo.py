"""The real extract: who is found and who is left out, checked against its files one by one."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Run, protocol_of, run_study

from leukocytosis.config import load_manifest

MANIFEST = load_manifest(ROOT / "config/extracts/mimic_iv_demo.yaml")
RAW = ROOT / MANIFEST.root
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason=f"the MIMIC-IV demo is not at {MANIFEST.root} (not ours to commit)"
)


@pytest.fixture(scope="module")
def above15(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_study(protocol_of("granger2009_above15"), MANIFEST, tmp_path_factory.mktemp("m"))


def raw(name: str) -> list[dict[str, str]]:
    with gzip.open(RAW / f"{name}.csv.gz", "rt", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_every_row_of_every_file_is_accounted_for(above15: Run) -> None:
    ledger = pd.read_parquet(above15.extract / "ledger.parquet")
    for (source, _), n in ledger.groupby(["source", "table"])["n_rows"].sum().items():
        assert n == len(raw(source))


def test_views_are_read_in_one_order(above15: Run, tmp_path: Path) -> None:
    again = run_study(protocol_of("granger2009_above15"), MANIFEST, tmp_path)
    for path in sorted(above15.extract.glob("*.parquet")):
        assert (again.extract / path.name).read_bytes() == path.read_bytes(), path.name


def counts_of_blood() -> list[dict[str, str]]:
    blood = {"51300", "51301", "51755", "51756"}  # the same words name counts in other fluids
    return [row for row in raw("labevents") if row["itemid"] in blood and row["valuenum"]]


def test_counts_above_the_threshold_by_hand(above15: Run) -> None:
    found = {row["subject_id"] for row in counts_of_blood() if float(row["valuenum"]) > 15}
    attrition = pd.read_parquet(above15.study / "attrition.parquet").set_index("reason_id")
    assert attrition.loc["above_threshold", "n_patients_left"] == len(found)


def test_a_count_whose_text_is_masked_is_still_a_count(above15: Run) -> None:
    """De-identification masks the text of some results (___) and keeps their number."""
    masked = {row["labevent_id"]: row for row in counts_of_blood() if row["value"] == "___"}
    assert masked
    labs = pd.read_parquet(above15.extract / "labs.parquet").set_index("lab_id")["value"]
    for lab_id, row in masked.items():
        assert labs[lab_id] == float(row["valuenum"])


def test_urine_counts_are_not_blood_counts(above15: Run) -> None:
    labs = pd.read_parquet(above15.extract / "labs.parquet")
    assert "51516" not in set(labs["code"])
    assert set(labs.loc[labs["concept"] == "wbc_blood", "code"]) <= {
        "51300",
        "51301",
        "51755",
        "51756",
    }


def test_chronic_leukaemia_with_a_testis_cancer_does_not_belong(above15: Run) -> None:
    codes: dict[str, set[str]] = {}
    for row in raw("diagnoses_icd"):
        codes.setdefault(row["subject_id"], set()).add(row["icd_code"])
    both = {p for p, c in codes.items() if any(x.startswith("C911") for x in c)
            and any(x.startswith("C62") for x in c)}  # fmt: skip
    assert both
    assert not both & set(pd.read_parquet(above15.study / "episodes.parquet")["patient_id"])


def test_eye_drops_are_no_systemic_steroid(above15: Run) -> None:
    drugs = pd.read_parquet(above15.study / "cohort_drugs.parquet")
    events = pd.read_parquet(above15.study / "evidence_events.parquet")
    steroid = events[events["rule_id"] == "high_dose_corticosteroid"]
    behind = drugs[drugs["drug_id"].isin(steroid["event_id"])]
    assert len(behind)
    assert not behind["name"].str.contains("Ophth|Cream|Otic", case=False).any()
    assert not behind["route"].isin(["BOTH EYES", "LEFT EYE", "RIGHT EYE", "TP"]).any()


def test_a_cancelled_culture_was_not_taken_and_a_screen_for_carriage_shows_no_infection(
    above15: Run,
) -> None:
    """Else a patient of whom nothing was cultured has a negative culture, or a carrier a positive.

    A cancelled test often says so in its comment only.
    """
    rows = raw("microbiologyevents")
    cancelled = {
        row["microevent_id"]
        for row in rows
        if not row["org_name"] and row["comments"].upper().startswith("TEST CANCELLED")
    }
    screens = {row["microevent_id"] for row in rows if row["test_name"].endswith("aureus Screen")}
    assert cancelled
    assert screens
    kept = set(pd.read_parquet(above15.extract / "microbiology.parquet")["micro_id"])
    assert not kept & (cancelled | screens)


def test_hospice_by_hand(above15: Run) -> None:
    hospice = {
        row["hadm_id"] for row in raw("admissions") if row["discharge_location"] == "HOSPICE"
    }
    outcomes = pd.read_parquet(above15.study / "outcomes.parquet")
    ended = outcomes[outcomes["ended_by"] == "hospice"]
    assert len(ended)
    assert set(ended["source_id"]) <= hospice


def test_what_cannot_be_estimated_says_why(tmp_path: Path) -> None:
    from leukocytosis.survival.analyses import fit_all

    protocol = protocol_of("granger2009")
    run = run_study(protocol, MANIFEST, tmp_path)
    rows = fit_all(protocol, pd.read_parquet(run.study / "analysis_set.parquet"))
    models = [row for row in rows if row.analysis_id.startswith("cox")]
    assert models
    assert all(row.estimate is None and "cannot be estimated" in (row.note or "") for row in models)


def told() -> dict[str, list[str]]:
    """The table of the documentation: patient → its other cells."""
    text = (ROOT / "docs/mimic_iv_demo.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| 1")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("study", ["granger2009", "all_comers_with_blood_cancer"])
def test_every_patient_above_40_is_explained_in_the_documentation(
    study: str, above15: Run, tmp_path: Path
) -> None:
    run = run_study(protocol_of(study), MANIFEST, tmp_path)
    labs = pd.read_parquet(above15.extract / "labs.parquet")
    above = labs[(labs["concept"] == "wbc_blood") & (labs["value"] > 40)]
    assert set(told()) == set(above["patient_id"])
    first = above.sort_values("taken_at").groupby("patient_id")["value"].first()
    causes = pd.read_parquet(run.study / "causes.parquet").set_index("episode_id")["primary_cause"]
    for patient, cells in told().items():
        assert float(cells[0]) == first[patient]
        said = cells[1 if study == "granger2009" else 2]
        if said.startswith("left out"):
            assert patient not in causes.index
        else:
            assert causes[patient] == said
    steps = pd.read_parquet(run.study / "attrition.parquet")
    if study == "granger2009":
        lost = steps["n_patients_before"] - steps["n_patients_left"]
        for reason, n in zip(steps["reason_id"][3:], lost[3:], strict=True):
            assert sum(cells[1] == f"left out at {reason}" for cells in told().values()) == n
