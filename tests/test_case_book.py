"""Every patient of the case book ends as its story says."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import CODELISTS, ROOT, UNITS, protocol_of

from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import Codelist, Protocol, load_manifest
from leukocytosis.config.casebook import Case, expand, load_chapters
from leukocytosis.errors import ConfigError
from leukocytosis.standardise import standardise

INDEX_ON = date(2016, 6, 15)
PROTOCOL = protocol_of("granger2009")
CHAPTERS = load_chapters(ROOT / "tests/cases")
CASES = dict(patient for chapter in CHAPTERS for case in chapter.cases for patient in expand(case))
Row = dict[str, Any]


def at(day: int, time: str = "00:00") -> str:
    return f"{INDEX_ON + timedelta(days=day)} {time}:00"


def write_patient(name: str, case: Case) -> Iterator[tuple[str, Row]]:
    """Yield (file, row) for every record of a case."""
    who = {"patient_id": name}
    stay = "" if "stay" in case.leave_out else f"{name} stay"
    seen = {"observed_from_on": "2005-01-01", "observed_until_on": "2019-01-01"}
    yield "patients", who | seen | {"sex": "female", "birth_year": 1956}
    if stay:
        yield "encounters", who | {"encounter_id": stay, "started_at": at(-2, "08:00"),
                                   "ended_at": at(12, "12:00"), "setting": "inpatient",
                                   "disposition": "home"}  # fmt: skip
    if "tumour" not in case.leave_out:
        yield "diagnoses", who | {"recorded_at": at(-200), "code_system": "ICD-10-CM",
                                  "code": "C34.90"}  # fmt: skip
    for code in case.codes:
        yield "diagnoses", who | {"encounter_id": stay if code.in_stay else "",
                                  "recorded_at": at(code.day or 0), "code_system": code.system,
                                  "code": code.code}  # fmt: skip
    for drug in case.drugs:
        day = drug.day or 0
        ends = "" if drug.to_day is None else at(drug.to_day, drug.at)
        yield "drugs", who | {"encounter_id": stay, "started_at": at(day, drug.at),
                              "ended_at": ends, "name": drug.drug, "dose": drug.dose,
                              "dose_unit": drug.unit, "doses_per_day": drug.per_day,
                              "route": drug.route, "kind": drug.kind}  # fmt: skip
    yield from write_results(who, case)
    yield from write_cultures(who, case)


def stay_on(who: Row, case: Case, day: int) -> str:
    return f"{who['patient_id']} stay" if "stay" not in case.leave_out and -2 <= day <= 12 else ""


def write_results(who: Row, case: Case) -> Iterator[tuple[str, Row]]:
    counts: dict[int, Any] = {} if "count" in case.leave_out else {0: 52.3}
    rows = [(day, "09:00", "wbc_blood", value, "K/uL", "Blood")
            for day, value in (counts | case.counts).items()]  # fmt: skip
    rows += [(r.day or 0, r.at, r.of, r.value, r.unit, r.specimen) for r in case.results]
    for day, time, concept, value, unit, specimen in rows:
        (code, *_) = CODELISTS[concept].of("LOINC")
        where = {"encounter_id": stay_on(who, case, day), "specimen": specimen}
        what = {"code_system": "LOINC", "code": code.code, "value_text": value, "unit": unit}
        yield "labs", who | where | what | {"taken_at": at(day, time)}


def write_cultures(who: Row, case: Case) -> Iterator[tuple[str, Row]]:
    rows = [] if "culture" in case.leave_out else [(0, "Blood culture", "culture", "negative", "")]
    for c in case.cultures:
        result = c.result or ("positive" if c.organism else "negative")
        rows.append((c.day or 0, c.specimen, c.test, result, c.organism or ""))
    for day, specimen, test, result, organism in rows:
        yield "microbiology", who | {"collected_at": at(day, "07:00"), "specimen": specimen,
                                     "test": test, "result": result,
                                     "organism": organism}  # fmt: skip


COLUMNS = {
    "patients": ["patient_id", "sex", "birth_year", "observed_from_on", "observed_until_on"],
    "encounters": ["encounter_id", "patient_id", "started_at", "ended_at", "setting",
                   "disposition"],
    "labs": ["lab_id", "patient_id", "encounter_id", "taken_at", "code_system", "code",
             "value_text", "unit", "specimen"],
    "diagnoses": ["diagnosis_id", "patient_id", "encounter_id", "recorded_at", "code_system",
                  "code"],
    "drugs": ["drug_id", "patient_id", "encounter_id", "started_at", "ended_at", "name", "dose",
              "dose_unit", "doses_per_day", "route", "kind"],
    "microbiology": ["micro_id", "patient_id", "encounter_id", "specimen_id", "collected_at",
                     "specimen", "test", "result", "organism"],
}  # fmt: skip


def write_extract(folder: Path, cases: Iterable[tuple[str, Case]], absent: frozenset[str]) -> None:
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS if name not in absent}
    for name, case in cases:
        for n, (file, row) in enumerate(write_patient(name, case)):
            if file in rows:
                own = dict.fromkeys(COLUMNS[file][:1], f"{name} {n}")
                rows[file].append(own | {"specimen_id": f"{name} {n}"} | row)
    for file, found in rows.items():
        with (folder / f"{file}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS[file], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(found)


@dataclass(frozen=True)
class Found:
    """What the rules made of every patient of the book."""

    evidence: pd.Series[Any]
    causes: pd.DataFrame


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return run_cases(PROTOCOL, CODELISTS, CASES, tmp_path_factory.mktemp("cases"))


def run_cases(
    protocol: Protocol, codelists: dict[str, Codelist], cases: dict[str, Case], folder: Path
) -> Found:
    """Run every patient: those whose extract lacks the same tables together."""

    def absent_in(patient: tuple[str, Case]) -> list[str]:
        return sorted(patient[1].absent)

    runs = []
    for absent, patients in groupby(sorted(cases.items(), key=absent_in), absent_in):
        place = folder / ("_".join(absent) or "whole")
        place.mkdir()
        runs.append(run_extract(protocol, codelists, place, list(patients), frozenset(absent)))
    evidence = pd.concat([run.evidence for run in runs])
    return Found(evidence, pd.concat([run.causes for run in runs]))


def run_extract(
    protocol: Protocol,
    codelists: dict[str, Codelist],
    folder: Path,
    patients: list[tuple[str, Case]],
    absent: frozenset[str],
) -> Found:
    manifest = load_manifest(ROOT / "tests/case_book.yaml")
    manifest = manifest.model_copy(update={
        "root": str(folder),
        "files": {name: f for name, f in manifest.files.items() if name not in absent},
        "tables": {name: t for name, t in manifest.tables.items() if name not in absent},
        "absent": {**manifest.absent, **dict.fromkeys(absent, "left out by the case")},
    })  # fmt: skip
    write_extract(folder, patients, absent)
    standardise(manifest, codelists, UNITS, ROOT, folder / "extract")
    find_index(protocol, codelists, folder / "extract", folder / "study")
    narrow(folder / "extract", folder / "study")
    collect_evidence(protocol, codelists, UNITS, frozenset(manifest.absent), folder / "study")
    classify(protocol, folder / "study")
    evidence = pd.read_parquet(folder / "study/evidence.parquet")
    causes = pd.read_parquet(folder / "study/causes.parquet")
    by_rule = evidence.set_index(["episode_id", "rule_id"])["status"]
    return Found(by_rule, causes.set_index("episode_id"))


def check_case(found: Found, name: str, case: Case) -> None:
    """Fail unless a patient ends as the case expects."""
    expected = case.expect
    if not expected.in_cohort:
        assert name not in found.causes.index
        return
    cause = found.causes.loc[name]
    statuses = {rule: found.evidence[name, rule] for rule in expected.evidence}
    assert statuses == expected.evidence
    assert expected.cause in (None, cause["primary_cause"])
    assert expected.grade in (None, cause["grade"])
    assert expected.present in (None, cause["all_causes"])
    assert (expected.reason or "") in cause["decided_by"]


@pytest.mark.parametrize("name", CASES)
def test_case(found: Found, name: str) -> None:
    check_case(found, name, CASES[name])


def test_the_book_has_at_least_eighty_patients() -> None:
    assert len(CASES) >= 80
    assert sum(len(chapter.cases) for chapter in CHAPTERS) >= 80


def test_every_rule_and_cause_has_a_case() -> None:
    told = {rule for case in CASES.values() for rule in (*case.about, *case.expect.evidence)}
    told |= {case.expect.cause for case in CASES.values() if case.expect.cause}
    assert {rule.id for rule in PROTOCOL.evidence} - told == set()
    assert {cause.id for cause in PROTOCOL.causes} - told == set()


def test_every_edge_of_every_window_is_tried_on_both_sides() -> None:
    tried: dict[str, set[int]] = {}
    for chapter in CHAPTERS:
        for case in chapter.cases:
            if case.days:
                tried.setdefault(case.about[0], set()).update(case.days)
    missing = [
        f"{rule.id}: day {day}"
        for rule in PROTOCOL.evidence
        if not rule.through
        for day in edges(rule.window.from_day, rule.window.to_day)
        if rule.none_before_day is None or day >= rule.none_before_day  # else out of the cohort
        if day not in tried.get(rule.id, set())
    ]
    assert missing == []


def edges(first: int | None, last: int | None) -> set[int]:
    """The day before, on and inside the first end; inside, on and after the last."""
    days = set() if first is None else {first - 1, first}
    return days | (set() if last is None else {last, last + 1})


def test_every_pair_of_causes_is_tried() -> None:
    causes = [cause.id for cause in PROTOCOL.causes if not cause.residual]
    seen = {case.expect.present for case in CASES.values()}
    pairs = {f"{a}+{b}" for i, a in enumerate(causes) for b in causes[i + 1 :]}
    assert pairs - seen == set()


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "chapter: one\ncases:\n  - {id: same, story: a}\n  - {id: same, story: b}\n"
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="two cases are called 'same'"):
        load_chapters(tmp_path)


def test_a_loose_record_needs_days(tmp_path: Path) -> None:
    text = "chapter: one\ncases:\n  - {id: loose, story: a, codes: [{code: J18.9}]}\n"
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="records without a day need 'days'"):
        load_chapters(tmp_path)
