"""The published studies: what each wants of an index, and that each runs to a scorecard."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from conftest import CODELISTS, ROOT, protocol_of
from family import FAMILY

from leukocytosis.causes.classify import decide
from leukocytosis.cohort import find_index
from leukocytosis.config import (
    Protocol,
    load_claims,
    load_manifest,
    load_policy,
    load_protocol,
)
from leukocytosis.errors import ConfigError
from leukocytosis.release import compare
from leukocytosis.report.compare import say_percent
from leukocytosis.store import connect, read_frame, write_rows
from leukocytosis.survival.analyses import fit_shares
from leukocytosis.tables import CANONICAL

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
    rows = {"patients": [{"patient_id": p, "birth_year": 1950} for p in patients]} | rows
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
    population = protocol.population
    declared = [protocol.index, *population.include, *population.exclude, *protocol.evidence,
                *protocol.causes, *protocol.outcomes]  # fmt: skip
    declared += [population.minimum_age] if population.minimum_age else []
    assert all(one.basis and one.source for one in declared)


@pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published studies are not beside the project"
)
@pytest.mark.parametrize("study", FAMILY)
def test_claims_hold_only_numbers_that_were_read(study: str) -> None:
    published = yaml.safe_load((PUBLISHED / f"{study}.yaml").read_text(encoding="utf-8"))
    assert protocol_of(study).index.above.value == published["threshold"]["value_1e9_per_L"]
    assert protocol_of(study).index.above.operator == published["threshold"]["operator"]
    known = {round(number, 2) for number in _numbers(published)}
    weeks = {7 * number for number in known}
    for claim in load_claims(FAMILY[study]).claims:
        for number in (claim.numerator, claim.denominator, claim.value):
            found = known | weeks if claim.unit == "days" else known
            assert number is None or float(number) in found, (claim.id, number)
        if claim.numerator is not None and claim.denominator is not None:
            share = 100 * claim.numerator / claim.denominator
            assert claim.value == pytest.approx(share, abs=0.005), claim.id


@pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published studies are not beside the project"
)
@pytest.mark.parametrize("study", FAMILY)
def test_each_printed_number_is_a_claim_or_says_why_not(study: str) -> None:
    published = yaml.safe_load((PUBLISHED / f"{study}.yaml").read_text(encoding="utf-8"))
    claims = load_claims(FAMILY[study])
    texts = [item.text for item in (*claims.claims, *claims.not_assessable)]
    said = {
        float(n.replace(",", "")) for text in texts for n in re.findall(r"\d[\d,]*\.?\d*", text)
    }
    said |= {claim.value for claim in claims.claims}
    sections = ("sample", "causes", "survival", "features", "associations")
    for figure in (figure for section in sections for figure in published.get(section) or []):
        printed = [figure.get(key) for key in ("n", "value", "pct_printed", "p")]
        number = next((float(n) for n in printed if isinstance(n, (int, float))), None)
        assert number is None or number in said, figure.get("name") or figure["label_in_paper"]


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


@pytest.mark.parametrize(("precision", "starts"), [("day", timedelta(hours=1)),
                                                   ("second", timedelta(hours=9))])  # fmt: skip
def test_dates_without_a_time_cannot_be_placed_to_the_hour(
    precision: str, starts: timedelta, tmp_path: Path
) -> None:
    stay = {"encounter_id": "e", "patient_id": "p", "setting": "inpatient",
            "started_at": INDEX_AT - starts}  # fmt: skip
    rows: Rows = {"labs": [count("p", 40, INDEX_AT, precision=precision)], "encounters": [stay]}
    days, steps = find(protocol_of("cureus38062_2023"), rows, tmp_path)
    assert (days, steps["above_threshold"], steps["timed"]) == ({}, 1, 0)


@pytest.mark.parametrize(("day", "setting", "enters"),
                         [(-1, "inpatient", False), (0, "inpatient", True), (3, "inpatient", True),
                          (4, "inpatient", False), (0, "outpatient", False)])  # fmt: skip
def test_a_count_of_an_inpatient_stay(day: int, setting: str, enters: bool, tmp_path: Path) -> None:
    stay = {
        "encounter_id": "e",
        "patient_id": "p",
        "setting": setting,
        "started_at": INDEX_AT + timedelta(hours=3),
        "ended_at": INDEX_AT + timedelta(3),
    }
    rows: Rows = {"labs": [count("p", 30, INDEX_AT + timedelta(day))], "encounters": [stay]}
    days, steps = find(protocol_of("potasman2013"), rows, tmp_path)
    assert (days, steps["in_stay"]) == ({"p": day} if enters else {}, int(enters))


def test_a_differential_is_known_and_high_or_named_as_missing(tmp_path: Path) -> None:
    shares = {"high": 50.1, "fifty": 50.0}
    labs = [count(p, 30, INDEX_AT) for p in (*shares, "none", "old", "bound", "bands", "only")]
    labs += [count(p, share, INDEX_AT, "neutrophils_percent") for p, share in shares.items()]
    labs.append(count("old", 90, INDEX_AT - timedelta(2), "neutrophils_percent"))
    labs.append(count("bound", 90, INDEX_AT, "neutrophils_percent") | {"comparator": ">"})
    labs.append(count("bands", 40, INDEX_AT, "neutrophils_percent"))
    labs += [count(p, 20, INDEX_AT, "bands_percent") for p in ("bands", "only")]
    days, steps = find(protocol_of("reding1998"), {"labs": labs}, tmp_path)
    assert days == {"high": 0, "bands": 0}
    passed = steps["above_threshold"], steps["differential_known"], steps["differential"]
    assert passed == (7, 3, 2)


def test_the_differential_nearest_to_the_count_is_asked(tmp_path: Path) -> None:
    before, after = (INDEX_AT + timedelta(hours=hours) for hours in (-5, 3))
    labs = [count(p, 30, INDEX_AT) for p in ("p", "q")]
    for patient, (early, late) in {"p": (20, 90), "q": (90, 20)}.items():
        labs += [count(patient, early, before, "neutrophils_percent"),
                 count(patient, late, after, "neutrophils_percent")]  # fmt: skip
    assert find(protocol_of("reding1998"), {"labs": labs}, tmp_path)[0] == {"p": 0}


POSITIVE = {"micro_id": "m", "patient_id": "p", "specimen_id": "s", "specimen": "Stool",
            "collected_precision": "second", "test": "C. difficile toxin"}  # fmt: skip


@pytest.mark.parametrize(("day", "result", "enters"),
                         [(-8, "positive", False), (-7, "positive", True), (0, "positive", True),
                          (1, "positive", False), (0, "negative", False)])  # fmt: skip
def test_the_test_comes_before_the_count(
    day: int, result: str, enters: bool, tmp_path: Path
) -> None:
    test = POSITIVE | {"collected_at": INDEX_AT + timedelta(day), "result": result}
    rows: Rows = {"labs": [count("p", 36, INDEX_AT)], "microbiology": [test]}
    days, steps = find(protocol_of("marinella2004"), rows, tmp_path)
    assert (days, steps["after_test"]) == ({"p": 0} if enters else {}, int(enters))


def test_the_clock_starts_when_the_test_and_the_count_are_known(tmp_path: Path) -> None:
    test = POSITIVE | {"collected_at": INDEX_AT + timedelta(2), "result": "positive"}
    labs = [count("p", value, INDEX_AT + timedelta(day)) for day, value in ((0, 90), (3, 40))]
    rows: Rows = {"labs": labs, "microbiology": [test]}
    assert find(protocol_of("marinella2004"), rows, tmp_path)[0] == {"p": 3}


@pytest.mark.parametrize(("born", "enters"), [(1998, True), (1999, False)])
def test_the_least_age_is_judged_by_year_of_birth(born: int, enters: bool, tmp_path: Path) -> None:
    rows: Rows = {
        "patients": [{"patient_id": "p", "birth_year": born}],
        "labs": [count("p", 60, INDEX_AT)],
    }
    days, steps = find(protocol_of("portich2020"), rows, tmp_path)
    assert (days, steps["age"]) == ({"p": 0} if enters else {}, int(enters))


@pytest.mark.parametrize(
    ("study", "old", "new", "said"),
    [
        ("urothelial2015", "clock: second", "clock: first", "use clock 'second'"),
        ("marinella2004", "take: first", "take: peak", "finds the same patients"),
        ("reding1998", "to_day: 0}", "to_day: 1}", "only for those who lived to have it"),
        ("all_comers", "id: solid_tumour, drop", "id: solid_tumor, drop",
         "all_comers.yaml:12: drops 'solid_tumor', which is not there (did you mean "
         "'solid_tumour'?)"),
    ],
)  # fmt: skip
def test_what_would_look_ahead_or_miss_its_aim_is_refused(
    study: str, old: str, new: str, said: str, project: Path
) -> None:
    path = project / f"config/studies/{study}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_protocol(path, CODELISTS)
    assert said in str(caught.value)


def test_an_extending_protocol_drops_items_and_lengthens_lists() -> None:
    base, wider = protocol_of("granger2009"), protocol_of("all_comers")
    assert [criterion.id for criterion in base.population.include] == ["solid_tumour"]
    assert wider.population.include == ()
    assert wider.precedence[:-1] == base.precedence
    assert wider.precedence[-1].cause == "unexplained"


def test_what_another_paper_states_is_not_stated_by_this_one() -> None:
    lower, other = protocol_of("granger2009_above15"), protocol_of("reding1998")
    assert lower.outcomes[0].basis == "stated"  # the same paper, at another threshold
    assert other.outcomes[0].basis == "operationalised"
    assert other.outcomes[0].source.startswith("as in all_comers_with_blood_cancer: doi:10.1002/")
    causes = {cause.id: cause.basis for cause in other.causes}
    assert (causes["infection"], causes["growth_factor"]) == ("stated", "operationalised")


def test_known_leukaemia_explains_where_the_study_keeps_it() -> None:
    kept, left_out = protocol_of("missouri2008"), protocol_of("potasman2013")
    assert kept.population.exclude == () and kept.rule("new_leukaemia_code").none_before_day is None
    assert kept.rule("new_leukaemia_code").window.from_day is None
    (earlier, _) = left_out.population.exclude
    assert earlier.window.to_day == 60


def diagnosis(patient: str, days: int, code: str) -> dict[str, Any]:
    return {"diagnosis_id": f"{patient} {code}", "patient_id": patient, "code": code,
            "code_system": "ICD-10-CM", "recorded_at": INDEX_AT + timedelta(days),
            "recorded_precision": "second"}  # fmt: skip


def test_the_tumour_is_told_of_everybody_where_none_is_needed_to_enter(tmp_path: Path) -> None:
    labs = [count(patient, 60, INDEX_AT) for patient in ("lung", "lung first", "late", "without")]
    codes = [
        diagnosis("lung", -200, "C349"),
        diagnosis("lung first", -200, "C349"),
        diagnosis("lung first", -3, "C787"),  # a metastasis names no primary
        diagnosis("late", 31, "C349"),
    ]
    find(protocol_of("all_comers"), {"labs": labs, "diagnoses": codes}, tmp_path)
    episodes = read_frame(tmp_path / "study/episodes.parquet").set_index("episode_id")
    assert episodes["tumour_group"].to_dict() == {
        "lung": "lung", "lung first": "lung", "late": "none_coded", "without": "none_coded",
    }  # fmt: skip


def test_without_diagnoses_nobody_is_said_to_have_no_tumour(tmp_path: Path) -> None:
    find(protocol_of("all_comers"), {"labs": [count("a", 60, INDEX_AT)]}, tmp_path)
    episodes = read_frame(tmp_path / "study/episodes.parquet")
    assert episodes["tumour_group"].isna().all() and len(episodes) == 1


@pytest.mark.parametrize(
    ("tumour", "culture", "cause"),
    [
        ("met", "not_met", "plr"),
        ("met", "not_assessed", "undetermined"),
        ("not_met", "not_met", "unexplained"),
        ("not_met", "not_assessed", "unexplained"),  # no tumour: no PLR, whatever was looked for
        ("not_assessed", "not_met", "undetermined"),
    ],
)
def test_plr_needs_a_tumour_where_all_comers_enter(tumour: str, culture: str, cause: str) -> None:
    protocol = protocol_of("all_comers")
    statuses = {rule.id: "not_met" for rule in protocol.evidence}
    statuses |= {"solid_tumour_code": tumour, "any_culture_positive": culture}
    assert decide(protocol, statuses).primary_cause == cause


def test_the_plr_interval_leaves_out_who_has_no_tumour() -> None:
    causes = ["plr", "undetermined", "unexplained", "unexplained"]
    patients = pd.DataFrame({"primary_cause": causes, "all_causes": causes,
                             "cause_group": ["plr", "other", "other", "other"]})  # fmt: skip
    rows = {row.term: row.n_events for row in fit_shares(protocol_of("all_comers"), patients)
            if row.analysis_id == "plr_interval"}  # fmt: skip
    assert rows == {"plr_narrow": 1, "plr_wide": 2}


@pytest.mark.parametrize("study", FAMILY)
def test_each_study_runs_and_judges_every_claim(family: Path, study: str) -> None:
    scorecard = read_frame(family / "studies" / study / "tiny/scorecard.parquet")
    claims = load_claims(FAMILY[study])
    assert len(scorecard) == len(claims.claims) + len(claims.not_assessable)
    assert scorecard["reason"].notna().all()
    unanswered = scorecard[scorecard["reason"].str.startswith("this run makes no such estimate")]
    assert unanswered.empty, list(unanswered["claim_id"])


@pytest.mark.parametrize(
    ("value", "denominator", "printed"),
    [(14.78, 758, "14.8 %"), (78.0, None, "78 %"), (26.5, None, "26.5 %"), (10.39, 77, "10 %")],
)
def test_printed_percentages_have_the_decimals_ours_would_have(
    value: float, denominator: int | None, printed: str
) -> None:
    claims = load_claims(FAMILY["granger2009"]).claims
    claim = next(c for c in claims if c.analysis == "cause_shares" and c.term == "infection")
    assert say_percent(claim.model_copy(update={"value": value, "denominator": denominator})) == (
        printed
    )


def compare_all(family: Path, policy: str, folder: Path) -> str:
    """Return the page of all studies as one text, its tags left out."""
    studies = [(protocol_of(study), load_claims(FAMILY[study])) for study in FAMILY]
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    compare(studies, manifest, load_policy(ROOT / f"config/policies/{policy}.yaml"), family, folder)
    page = (folder / "studies.html").read_text(encoding="utf-8")
    assert "https://" not in page.replace("http://www.w3.org", "")  # opens offline
    without_figures = re.sub(r"<(svg|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s*(<[^>]*>\s*)+", " | ", without_figures)


def test_the_page_sets_the_studies_beside_each_other(family: Path, tmp_path: Path) -> None:
    page = compare_all(family, "open", tmp_path)
    assert "Synthetic data" in page and "The patients were drawn after no paper" in page
    n = len(pd.read_parquet(family / "studies/potasman2013/tiny/episodes.parquet"))
    assert f"up to 60 days after the index | {n} | 173 |" in page
    assert "Nobody meets every criterion of cureus38062_2023, marinella2004 and" in page
    assert "cannot be estimated, because there are no patients" in page
    assert "PLR 119 days; infection 175 days" in page and "PLR 78 %" in page
    assert "| granger2009, the paper | 14.8 % | 10.2 % | 68.9 % | 5.0 % | 1.2 % |" in page
    claims = [claim for path in FAMILY.values() for claim in load_claims(path).claims]
    assert f"Of {len(claims)} numbers the papers print" in page
    assert all(f"| {claim.text} |" in page for claim in claims)
    assert (tmp_path / "figures/studies.pdf").stat().st_size > 1000


def test_the_page_leaves_through_the_same_door(family: Path, tmp_path: Path) -> None:
    page = compare_all(family, "default", tmp_path)
    assert "| hidden [" in page
    pair = ("granger2009", "taskaynatan2019")  # one narrower than the other by a few patients
    tables = [family / f"studies/{study}/tiny/causes.parquet" for study in pair]
    is_plr = [pd.read_parquet(table)["primary_cause"] == "plr" for table in tables]
    assert 1 <= is_plr[1].sum() - is_plr[0].sum() <= 4
    assert not any(f"{100 * found.mean():.1f}" in page for found in is_plr)
