"""The published studies: what each wants of an index, and that each runs to a scorecard."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from conftest import CODELISTS, ROOT, SEED, Run, protocol_of

from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import (
    Protocol,
    load_claims,
    load_manifest,
    load_policy,
    load_protocol,
    load_units,
)
from leukocytosis.errors import ConfigError
from leukocytosis.estimate import estimate
from leukocytosis.followup import derive_analysis_set, derive_outcomes
from leukocytosis.release import compare
from leukocytosis.review import adjudicate
from leukocytosis.store import connect, read_frame, write_rows
from leukocytosis.tables import CANONICAL

FAMILY = {path.stem: path for path in sorted((ROOT / "config/claims").glob("*.yaml"))}
PUBLISHED = ROOT.parent / "shared/published"
INDEX_AT = datetime(2016, 6, 15, 9)
Rows = dict[str, list[dict[str, Any]]]


def count(
    patient: str, value: float, at: datetime, concept: str = "wbc_blood", precision: str = "second"
) -> dict[str, Any]:
    return {"lab_id": f"{patient} {at} {concept}", "patient_id": patient, "taken_at": at,
            "taken_precision": precision, "code_system": "LOINC", "code": "26464-8",
            "concept": concept, "value": value, "unit": "10*9/L"}  # fmt: skip


def find(protocol: Protocol, rows: Rows, folder: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return index day by patient and patients left by attrition step, of made-up records."""
    patients = sorted({row["patient_id"] for row in rows["labs"]})
    rows = rows | {"patients": [{"patient_id": p, "birth_year": 1950} for p in patients]}
    with connect(folder / ".scratch") as con:
        for table in CANONICAL:
            write_rows(con, rows.get(table.name, []), table, folder / f"{table.name}.parquet")
    find_index(protocol, CODELISTS, folder, folder / "study")
    episodes = read_frame(folder / "study/episodes.parquet")
    steps = read_frame(folder / "study/attrition.parquet")
    days = {e: (at - INDEX_AT).days for e, at in zip(episodes["episode_id"], episodes["index_at"])}  # noqa: B905
    return days, dict(zip(steps["reason_id"], steps["n_patients_left"], strict=True))


@pytest.mark.parametrize("study", FAMILY)
def test_each_value_says_what_the_paper_says_or_what_we_chose(study: str) -> None:
    protocol = protocol_of(study)
    assert protocol.claims == study and load_claims(FAMILY[study]).study == study
    declared = [protocol.index, *protocol.evidence, *protocol.causes]
    assert all(one.basis and one.source for one in declared)


@pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published studies are not beside the project"
)
@pytest.mark.parametrize("study", FAMILY)
def test_claims_hold_only_numbers_that_were_read(study: str) -> None:
    published = yaml.safe_load((PUBLISHED / f"{study}.yaml").read_text(encoding="utf-8"))
    assert protocol_of(study).index.above.value == published["threshold"]["value_1e9_per_L"]
    assert protocol_of(study).index.above.operator == published["threshold"]["operator"]
    known = set(_numbers(published))
    for claim in load_claims(FAMILY[study]).claims:
        for number in (claim.numerator, claim.denominator):
            assert number is None or float(number) in known, (claim.id, number)
        if claim.unit == "count":
            assert claim.value in known, claim.id


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for part in value.values() for n in _numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in _numbers(part)]
    return [float(value)] if isinstance(value, (int, float)) else []


@pytest.mark.parametrize(("apart", "enters"), [(29, False), (30, True), (31, True)])
def test_a_repeated_count_starts_the_clock_at_the_second(
    apart: int, enters: bool, tmp_path: Path
) -> None:
    rows: Rows = {
        "labs": [count("p", 25, INDEX_AT), count("p", 26, INDEX_AT + timedelta(apart))],
        "diagnoses": [
            {"diagnosis_id": "d", "patient_id": "p", "recorded_at": INDEX_AT - timedelta(50),
             "recorded_precision": "day", "code_system": "ICD-10-CM", "code": "C679"}
        ],
    }  # fmt: skip
    days, steps = find(protocol_of("urothelial2015"), rows, tmp_path)
    assert days == ({"p": apart} if enters else {})
    assert (steps["above_threshold"], steps["repeated"]) == (1, int(enters))


def test_a_clock_from_the_first_count_is_refused(project: Path) -> None:
    path = project / "config/studies/urothelial2015.yaml"
    path.write_text(path.read_text().replace("clock: second", "clock: first"), encoding="utf-8")
    with pytest.raises(ConfigError, match="immortal time") as caught:
        load_protocol(path, CODELISTS)
    assert "use clock 'second'" in str(caught.value)


@pytest.mark.parametrize(
    ("minutes", "enters"), [(-1, False), (0, True), (1440, True), (1441, False)]
)
def test_the_first_day_of_a_stay(minutes: int, enters: bool, tmp_path: Path) -> None:
    rows: Rows = {
        "labs": [count("p", 35, INDEX_AT)],
        "encounters": [
            {"encounter_id": "e", "patient_id": "p", "setting": "inpatient",
             "started_at": INDEX_AT - timedelta(minutes=minutes),
             "ended_at": INDEX_AT + timedelta(3)}
        ],
    }  # fmt: skip
    days, steps = find(protocol_of("cureus38062_2023"), rows, tmp_path)
    assert (days, steps["near_admission"]) == ({"p": 0} if enters else {}, int(enters))


def test_a_count_dated_to_the_day_cannot_be_placed_to_the_hour(
    tmp_path: Path,
) -> None:
    stay = {"encounter_id": "e", "patient_id": "p", "setting": "inpatient",
            "started_at": INDEX_AT - timedelta(hours=1)}  # fmt: skip
    rows: Rows = {"labs": [count("p", 40, INDEX_AT, precision="day")], "encounters": [stay]}
    assert find(protocol_of("cureus38062_2023"), rows, tmp_path)[0] == {}


def test_a_differential_is_known_and_high_or_named_as_missing(tmp_path: Path) -> None:
    shares = {"high": 50.1, "fifty": 50.0, "unknown": None}
    labs = [count(patient, 30, INDEX_AT) for patient in (*shares, "old")]
    labs += [
        count(p, share, INDEX_AT, "neutrophils_percent") for p, share in shares.items() if share
    ]
    labs.append(count("old", 90, INDEX_AT - timedelta(2), "neutrophils_percent"))
    days, steps = find(protocol_of("reding1998"), {"labs": labs}, tmp_path)
    assert days == {"high": 0}
    assert (steps["above_threshold"], steps["differential_known"], steps["differential"]) == (
        4,
        2,
        1,
    )


@pytest.mark.parametrize(("day", "result", "enters"),
                         [(-8, "positive", False), (-7, "positive", True), (7, "positive", True),
                          (8, "positive", False), (0, "negative", False)])  # fmt: skip
def test_a_positive_test_as_an_entry(day: int, result: str, enters: bool, tmp_path: Path) -> None:
    test = {"micro_id": "m", "patient_id": "p", "specimen_id": "s", "specimen": "Stool",
            "collected_at": INDEX_AT + timedelta(day), "collected_precision": "second",
            "test": "C. difficile toxin", "result": result}  # fmt: skip
    rows: Rows = {"labs": [count("p", 36, INDEX_AT)], "microbiology": [test]}
    assert find(protocol_of("marinella2004"), rows, tmp_path)[0] == ({"p": 0} if enters else {})


def test_known_leukaemia_explains_where_the_study_keeps_it() -> None:
    kept, left_out = protocol_of("missouri2008"), protocol_of("potasman2013")
    assert kept.population.exclude == () and kept.rule("new_leukaemia_code").none_before_day is None
    assert kept.rule("new_leukaemia_code").window.from_day is None
    (earlier, _) = left_out.population.exclude
    assert earlier.window.to_day == 60


def test_plr_needs_a_tumour_where_all_comers_enter() -> None:
    for study in ("all_comers", "reding1998", "potasman2013", "marinella2004"):
        protocol = protocol_of(study)
        (plr,) = [cause for cause in protocol.causes if cause.residual]
        assert all("solid_tumour_code" in way.all_of for way in plr.ways)
        assert "solid_tumour" not in {criterion.id for criterion in protocol.population.include}


@pytest.fixture(scope="module")
def results(tiny: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every study of the family on the tiny extract, as far as its scorecard."""
    folder = tmp_path_factory.mktemp("family")
    (folder / "extracts").mkdir()
    (folder / "extracts/tiny").symlink_to(tiny.extract)
    units = load_units(ROOT / "config/units.csv")
    for study, claims in FAMILY.items():
        protocol, out = protocol_of(study), folder / "studies" / study / "tiny"
        find_index(protocol, CODELISTS, tiny.extract, out)
        narrow(tiny.extract, out)
        collect_evidence(protocol, CODELISTS, units, frozenset(), out)
        classify(protocol, out)
        adjudicate(protocol, load_manifest(ROOT / "config/extracts/tiny.yaml"), SEED, ROOT, out)
        derive_outcomes(protocol, tiny.extract, out)
        derive_analysis_set(protocol, CODELISTS, out)
        estimate(protocol, load_claims(claims), None, out)
    return folder


@pytest.mark.parametrize("study", FAMILY)
def test_each_study_runs_and_judges_every_claim(results: Path, study: str) -> None:
    scorecard = read_frame(results / "studies" / study / "tiny/scorecard.parquet")
    claims = load_claims(FAMILY[study])
    assert len(scorecard) == len(claims.claims) + len(claims.not_assessable)
    assert scorecard["reason"].notna().all()
    unanswered = scorecard[scorecard["reason"] == "this run makes no such estimate"]
    assert unanswered.empty, list(unanswered["claim_id"])


def test_the_page_sets_the_studies_beside_each_other(results: Path, tmp_path: Path) -> None:
    studies = [(protocol_of(study), load_claims(FAMILY[study])) for study in FAMILY]
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    compare(studies, manifest, load_policy(ROOT / "config/policies/open.yaml"), results, tmp_path)
    page = (tmp_path / "studies.html").read_text(encoding="utf-8")
    assert all(study in page for study in FAMILY)
    assert "Synthetic data" in page and "https://" not in page.replace("http://www.w3.org", "")
    cohort = pd.read_parquet(results / "studies/potasman2013/tiny/episodes.parquet")
    assert f">{len(cohort)}<" in page
    assert (tmp_path / "figures/studies.pdf").stat().st_size > 1000
