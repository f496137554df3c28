"""A hospital in the OMOP Common Data Model: what it can show is what the original shows."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from conftest import CODELISTS, ROOT, UNITS, Run, protocol_of, run_study
from omop import RAW, Tables, build_omop, patient_of, person_of, write_omop

from leukocytosis.cli import main
from leukocytosis.config import Manifest, load_manifest
from leukocytosis.errors import ExtractError
from leukocytosis.standardise import standardise

PATH = ROOT / "config/extracts/omop_cdm.yaml"
PAGE = (ROOT / "docs/omop.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"```sql ([^\n]+)\n(.*?)```", PAGE, re.S))

# why each patient differs; all others must not
NO_STATUS = {"T30"}  # the correction is not told from what it corrects
NO_MONTH = {"T36"}  # a count known to the month only has an invented day
NO_ANALYSER = {"T35"}  # a missing unit cannot be taken from the analyser's other results
NO_DOSE = {"T16", "T17", "T24"}
CULTURES = {"sterile_site_pathogen", "c_difficile_test_positive", "any_culture_positive"}
WITHOUT_THE_FIRST_COUNT = {"neutrophil_predominance", "second_count_above"}  # of T35


def manifest_of(folder: Path, **changed: object) -> Manifest:
    return load_manifest(PATH).model_copy(update={"root": str(folder), **changed})


def read(manifest: Manifest, out: Path) -> Path:
    standardise(manifest, CODELISTS, UNITS, ROOT, out)
    return out


def read_changed(tables: Tables, folder: Path) -> Path:
    return read(manifest_of(write_omop(tables, folder / "raw")), folder / "extract")


def add(tables: Tables, name: str, **row: object) -> None:
    """Add a row to a table; what is None is not said."""
    said = {column: [value] for column, value in row.items() if value is not None}
    tables[name] = pd.concat([tables[name], pd.DataFrame(said).convert_dtypes()])


def with_cultures(folder: Path) -> Manifest:
    """The manifest as docs/omop.md says to change it."""
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    written, base = yaml.safe_load(block), yaml.safe_load(PATH.read_text(encoding="utf-8"))
    for part, entries in written.items():
        base[part] |= entries
    del base["absent"]["microbiology"]
    return Manifest.model_validate(base | {"root": str(folder)})


def by_patient(run: Run, table: str) -> pd.DataFrame:
    """A table of a study under the patients' own names."""
    frame = pd.read_parquet(run.study / f"{table}.parquet")
    named = frame["episode_id"].map(lambda i: i if i.startswith("T") else patient_of(i))
    return frame.assign(patient=named).set_index("patient").sort_index()


def statuses(run: Run) -> pd.Series:
    return by_patient(run, "evidence").set_index("rule_id", append=True)["status"]


@pytest.fixture(scope="module")
def omop(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("omop")
    return run_study(
        protocol_of("granger2009"), manifest_of(write_omop(build_omop(), folder / "raw")), folder
    )


@pytest.fixture(scope="module")
def cultured(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("cultured")
    raw = write_omop(build_omop(), folder / "raw")
    cultures = pd.read_csv(RAW / "microbiology.csv", dtype=str)
    cultures = cultures.assign(
        patient=cultures["patient"].map(person_of),
        encounter=cultures["encounter"].str[1:3].map(lambda n: 9000 + int(n)),
    ).rename(
        columns={"id": "culture_id", "patient": "person_id", "encounter": "visit_occurrence_id",
                 "day": "collected_at"}
    )  # fmt: skip
    cultures.to_csv(raw / "cultures.csv", index=False)
    return run_study(protocol_of("granger2009"), with_cultures(raw), folder)


def test_the_same_patients_have_the_same_index(omop: Run, tiny: Run) -> None:
    found, own = by_patient(omop, "episodes"), by_patient(tiny, "episodes")
    assert set(found.index) - set(own.index) == NO_STATUS | NO_MONTH
    assert set(own.index) <= set(found.index)
    told = found.columns.difference(["episode_id", "patient_id", "encounter_id"])
    alike = [patient for patient in own.index if patient not in NO_ANALYSER]
    pd.testing.assert_frame_equal(found.loc[alike, told], own.loc[alike, told])
    (moved,) = NO_ANALYSER
    assert (found.loc[moved, "index_on"] - own.loc[moved, "index_on"]).days == 5
    assert found.loc[moved, "wbc_1e9_per_l"] == own.loc[moved, "peak_wbc_1e9_per_l"]


def test_what_differs_is_not_assessed_and_never_not_met(omop: Run, tiny: Run) -> None:
    both = pd.DataFrame({"found": statuses(omop), "own": statuses(tiny)}).dropna()
    differs = both[both["found"] != both["own"]]
    assert set(differs["found"]) == {"not_assessed"}
    patients = differs.reset_index().groupby("rule_id")["patient"].agg(set)
    assert set(patients.index) <= CULTURES | WITHOUT_THE_FIRST_COUNT | {"high_dose_corticosteroid"}
    assert patients["high_dose_corticosteroid"] == NO_DOSE
    for rule in WITHOUT_THE_FIRST_COUNT:
        assert patients[rule] == NO_ANALYSER
    of_cultures = both[both.index.get_level_values("rule_id").isin(CULTURES)]
    assert set(of_cultures["found"]) == {"not_assessed"}


def test_causes_that_need_a_culture_are_undetermined(omop: Run, tiny: Run) -> None:
    found, own = by_patient(omop, "causes"), by_patient(tiny, "causes")
    for patient, cause in own["primary_cause"].items():
        if found.loc[patient, "primary_cause"] != cause:
            assert found.loc[patient, "primary_cause"] == "undetermined", patient
            assert "any_culture_positive" in found.loc[patient, "decided_by"], patient
    kept = {"growth_factor", "new_leukaemia"}
    assert set(own.index[own["primary_cause"].isin(kept)]) == set(
        found.index[found["primary_cause"].isin(kept)]
    )
    assert "plr" not in set(found["primary_cause"])


def test_with_cultures_only_the_named_patients_differ(cultured: Run, tiny: Run) -> None:
    found, own = by_patient(cultured, "causes"), by_patient(tiny, "causes")
    told = ["primary_cause", "grade", "all_causes"]
    alike = [patient for patient in own.index if patient not in NO_DOSE]
    pd.testing.assert_frame_equal(found.loc[alike, told], own.loc[alike, told])
    undosed = found.loc[sorted(NO_DOSE)]
    assert list(undosed["primary_cause"]) == ["undetermined", "undetermined", "growth_factor"]
    assert list(undosed["all_causes"])[-1] == "growth_factor+infection"
    # who should not be there is taken for a patient: the page warns of both
    assert list(found.loc[sorted(NO_STATUS | NO_MONTH), "primary_cause"]) == ["plr", "undetermined"]


def test_outcomes_are_the_same(omop: Run, tiny: Run) -> None:
    told = ["outcome_id", "days", "status", "ended_by"]
    found, own = by_patient(omop, "outcomes")[told], by_patient(tiny, "outcomes")[told]
    alike = own.index.difference([*NO_ANALYSER])
    order = ["patient", "outcome_id"]
    pd.testing.assert_frame_equal(
        found.loc[alike].reset_index().sort_values(order, ignore_index=True),
        own.loc[alike].reset_index().sort_values(order, ignore_index=True),
    )


def test_the_page_names_the_patients_that_differ() -> None:
    section = PAGE.split("## How it was tested")[1]
    named = set(re.findall(r"\bT\d\d\b", section))
    assert named == NO_STATUS | NO_MONTH | NO_ANALYSER | NO_DOSE


def test_every_row_of_every_table_is_accounted_for(omop: Run) -> None:
    ledger = pd.read_parquet(omop.extract / "ledger.parquet")
    tables = build_omop()
    for (source, _), n in ledger.groupby(["source", "table"])["n_rows"].sum().items():
        assert n == len(tables[source]), source


def test_parquet_is_read_as_csv_is(omop: Run, tmp_path: Path) -> None:
    raw = write_omop(build_omop(), tmp_path / "raw", "parquet")
    files = {
        name: file.model_copy(update={"path": f"{name}.parquet"})
        for name, file in load_manifest(PATH).files.items()
    }
    out = read(manifest_of(raw, files=files), tmp_path / "extract")
    for table in ("patients", "deaths", "encounters", "labs", "diagnoses", "drugs"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(out / f"{table}.parquet"),
            pd.read_parquet(omop.extract / f"{table}.parquet"),
        )


def test_version_5_3_is_read_too(omop: Run, tmp_path: Path) -> None:
    tables = build_omop()
    tables["visit_occurrence"].columns = tables["visit_occurrence"].columns.str.replace(
        "discharged_to", "discharge_to"
    )
    out = read_changed(tables, tmp_path)
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "encounters.parquet"),
        pd.read_parquet(omop.extract / "encounters.parquet"),
    )


def test_ids_exported_as_floats_are_the_same_ids(omop: Run, tmp_path: Path) -> None:
    tables = {
        name: table.astype({c: "Float64" for c in table.columns if str(table[c].dtype) == "Int64"})
        for name, table in build_omop().items()
    }
    out = read_changed(tables, tmp_path)
    assert "9001.0" in (tmp_path / "raw/measurement.csv").read_text(encoding="utf-8")
    for path in sorted(out.glob("*.parquet")):
        pd.testing.assert_frame_equal(
            pd.read_parquet(path), pd.read_parquet(omop.extract / path.name)
        )


@pytest.mark.parametrize(
    ("table", "column", "value", "place"),
    [
        ("visit_occurrence", "visit_concept_id", 0, "encounters.setting"),
        ("visit_occurrence", "visit_concept_id", None, "encounters.setting"),
        ("visit_occurrence", "discharged_to_concept_id", 8840, "encounters.disposition"),
        ("visit_occurrence", "discharged_to_source_value", "SNF W HSPC", "encounters.disposition"),
        ("drug_exposure", "drug_type_concept_id", 32817, "drugs.kind"),
        ("drug_exposure", "drug_type_concept_id", None, "drugs.kind"),
        ("condition_occurrence", "condition_source_concept_id", 701, "diagnoses.code_system"),
        ("condition_occurrence", "condition_source_concept_id", 0, "diagnoses.code_system"),
        ("condition_occurrence", "condition_status_concept_id", 4188893, "diagnoses.code_system"),
        ("person", "gender_concept_id", 9999, "patients.sex"),
        ("measurement", "unit_concept_id", 604, "labs.unit"),
    ],
)
def test_what_nobody_listed_stops_the_run(
    table: str, column: str, value: object, place: str, tmp_path: Path
) -> None:
    tables = build_omop()
    tables[table].loc[0, column] = value
    with pytest.raises(ExtractError, match=f"{place}.*1 rows hold what nobody listed"):
        read_changed(tables, tmp_path)


def test_codes_without_a_concept_are_read_once_their_edition_is_named(
    omop: Run, tmp_path: Path
) -> None:
    tables = build_omop()
    conditions = tables["condition_occurrence"]
    own = conditions["condition_source_concept_id"].astype(object)
    conditions["condition_source_concept_id"] = own.where(conditions["person_id"] > 2, 0)
    manifest = manifest_of(write_omop(tables, tmp_path / "raw"))
    values = manifest.values | {
        "diagnoses.code_system": manifest.values["diagnoses.code_system"]
        | {"source value": "ICD-10-CM"}
    }
    out = read(manifest.model_copy(update={"values": values}), tmp_path / "extract")
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "diagnoses.parquet"),
        pd.read_parquet(omop.extract / "diagnoses.parquet"),
    )


def test_a_history_of_leukaemia_in_observation_leaves_a_patient_out(
    tiny: Run, tmp_path: Path
) -> None:
    tables = build_omop()
    add(tables, "concept", concept_id=2001, vocabulary_id="ICD10CM", concept_code="Z85.6")
    add(tables, "observation", observation_id=2, person_id=1, observation_date="2006-06-15",
        observation_source_concept_id=2001)  # fmt: skip
    manifest = manifest_of(write_omop(tables, tmp_path / "raw"))
    run = run_study(protocol_of("granger2009"), manifest, tmp_path)
    steps = pd.read_parquet(run.study / "attrition.parquet").set_index("reason_id")
    left_out = steps["n_patients_before"] - steps["n_patients_left"]
    assert left_out["blood_cancer_in_history"] == 1
    assert "T01" in by_patient(tiny, "episodes").index
    assert "T01" not in by_patient(run, "episodes").index


def test_observation_ends_at_the_first_gap(tmp_path: Path) -> None:
    tables = build_omop()
    periods = {
        "T01": [("2000-01-01", "2005-12-31"), ("2006-01-01", "2006-12-31")],  # they touch
        "T02": [("2000-01-01", "2007-12-31"), ("2001-01-01", "2002-12-31")],  # one in the other
        "T03": [("2007-01-01", "2008-12-31"), ("2000-01-01", "2006-07-01")],  # a gap
    }
    rows = [(person_of(patient), *ends) for patient, both in periods.items() for ends in both]
    columns = ["person_id", "observation_period_start_date", "observation_period_end_date"]
    tables["observation_period"] = pd.DataFrame(rows, columns=columns)
    patients = pd.read_parquet(read_changed(tables, tmp_path) / "patients.parquet")
    until = patients.set_index("patient_id")["observed_until_on"].astype(str)
    assert list(until[["1", "2", "3"]]) == ["2006-12-31", "2007-12-31", "2006-07-01"]
    assert until["4"] in ("NaT", "None")  # nobody said


def test_a_death_recorded_twice_is_one_and_without_a_day_where_the_records_differ(
    omop: Run, tmp_path: Path
) -> None:
    tables = build_omop()
    again = tables["death"].copy()
    again.iloc[0, again.columns.get_loc("death_date")] = "2007-01-01"
    tables["death"] = pd.concat([again, tables["death"]])
    out = read_changed(tables, tmp_path)
    found = pd.read_parquet(out / "deaths.parquet")
    once = pd.read_parquet(omop.extract / "deaths.parquet")
    differing = found["patient_id"] == str(again["person_id"].iloc[0])
    assert found.loc[differing, "died_on"].isna().sum() == 1
    pd.testing.assert_frame_equal(found[~differing], once[~differing])
    rejects = pd.read_parquet(out / "rejects.parquet")
    assert (rejects["rule_id"] == "id_repeated").sum() == len(found) - 1


@pytest.mark.parametrize("column", ["condition_type_concept_id", "condition_status_concept_id"])
def test_a_code_of_a_discharge_is_dated_to_it(column: str, tmp_path: Path) -> None:
    tables = build_omop()
    value = {"condition_type_concept_id": 32821, "condition_status_concept_id": 32896}[column]
    tables["condition_occurrence"].loc[[0, 1], column] = value
    tables["condition_occurrence"].loc[0, "visit_occurrence_id"] = 9001
    diagnoses = pd.read_parquet(read_changed(tables, tmp_path) / "diagnoses.parquet")
    at = diagnoses.set_index("diagnosis_id")["recorded_at"]
    assert str(at["condition_occurrence:1"].date()) == "2006-06-27"
    assert str(at["condition_occurrence:2"].date()) == "2005-11-27"  # of no visit


def result(**columns: object) -> dict[str, object]:
    """A white count of the first patient, otherwise as `columns` say."""
    return {"measurement_id": 900, "person_id": 1, "measurement_concept_id": 501,
            "measurement_date": "2006-06-15", "measurement_datetime": "2006-06-15 18:00:00",
            "value_as_number": 44.0, "unit_concept_id": 601, "value_source_value": "44"
            } | columns  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"operator_concept_id": 4171755}, (44.0, ">", "2006-06-15 18:00:00", "second")),
        ({"operator_concept_id": 4171756}, (44.0, "<", "2006-06-15 18:00:00", "second")),
        # the ETL kept the number only: the printed sign still says that it is a bound
        ({"value_source_value": "> 44"}, (44.0, ">", "2006-06-15 18:00:00", "second")),
        # printed value with printed unit, whatever unit the concept says
        ({"value_as_number": None, "value_source_value": "44000", "unit_source_value": "/uL"},
         (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"unit_concept_id": 0, "unit_source_value": "K/uL"},
         (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"unit_concept_id": 0, "unit_source_value": "{cells}/uL", "value_as_number": 44000.0},
         (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"unit_concept_id": 0, "unit_source_value": "10*6/L", "value_as_number": 44000.0},
         (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"measurement_concept_id": 0, "measurement_source_concept_id": 501},
         (44.0, None, "2006-06-15 18:00:00", "second")),
        ({"measurement_datetime": None}, (44.0, None, "2006-06-15 00:00:00", "day")),
        ({"measurement_datetime": "2006-06-15 00:00:00"},
         (44.0, None, "2006-06-15 00:00:00", "day")),
        # a time of another day than the required date is not believed
        ({"measurement_datetime": "2006-06-16 01:00:00"},
         (44.0, None, "2006-06-15 00:00:00", "day")),
    ],
)  # fmt: skip
def test_a_result_is_read(
    columns: dict[str, object], told: tuple[object, ...], tmp_path: Path
) -> None:
    tables = build_omop()
    add(tables, "measurement", **result(**columns))
    labs = pd.read_parquet(read_changed(tables, tmp_path) / "labs.parquet").set_index("lab_id")
    row = labs.loc["900"]
    found = (row["value"], row["comparator"], str(row["taken_at"]), row["taken_precision"])
    assert found == told
    assert row["concept"] == "wbc_blood"


def test_an_operator_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    tables = build_omop()
    add(tables, "measurement", **result(operator_concept_id=7))
    rejects = pd.read_parquet(read_changed(tables, tmp_path) / "rejects.parquet")
    refused = rejects.set_index("source_row")["rule_id"]
    assert refused["900"] == "operator_not_known"


def test_fahrenheit_is_given_in_celsius(tmp_path: Path) -> None:
    tables = build_omop()
    add(tables, "concept", concept_id=2002, vocabulary_id="LOINC", concept_code="8310-5")
    warm = result(measurement_concept_id=2002, value_as_number=101.3, unit_concept_id=606)
    add(tables, "measurement", **warm)
    labs = pd.read_parquet(read_changed(tables, tmp_path) / "labs.parquet").set_index("lab_id")
    assert (labs.loc["900", "value"], labs.loc["900", "unit"]) == (38.5, "Cel")


def test_the_route_and_the_code_of_a_drug(omop: Run) -> None:
    drugs = pd.read_parquet(omop.extract / "drugs.parquet")
    drops = drugs[drugs["name"].str.contains("Ophthalmic")]
    assert set(drops["route"]) == {"EYE"}
    assert drugs["dose"].isna().all()
    given = drugs.set_index("name")["code"]
    assert set(given.filter(like="ceftriaxone")) == {"J01DD04"}
    assert given.filter(like="dexamethasone").isna().all()  # one name, several ATC codes


def test_a_local_code_is_named_by_a_code_map(omop: Run, tmp_path: Path) -> None:
    (block,) = re.findall(r"```csv\n(.*?)```", PAGE, re.S)
    (tmp_path / "lab_codes.csv").write_text(block, encoding="utf-8")
    tables = build_omop()
    unmapped = tables["measurement"]["measurement_source_value"] == "WBC"
    blood = unmapped & (tables["measurement"]["measurement_concept_id"] == 501)
    tables["measurement"].loc[blood, "measurement_concept_id"] = 0
    raw = write_omop(tables, tmp_path / "raw")
    manifest = manifest_of(raw, code_maps=(str(tmp_path / "lab_codes.csv"),))
    found = pd.read_parquet(read(manifest, tmp_path / "extract") / "labs.parquet")
    own = pd.read_parquet(omop.extract / "labs.parquet")
    told = ["lab_id", "concept", "value", "taken_at"]
    known = found["code_system"] == "source value"
    assert known.sum() == blood.sum() - 3  # a repetition, a negative and an unreadable one
    same = own.set_index("lab_id").loc[found.loc[known, "lab_id"]].reset_index()
    pd.testing.assert_frame_equal(found.loc[known, told].reset_index(drop=True), same[told])


def ask(query: str, tables: Tables) -> pd.DataFrame:
    with duckdb.connect() as con:
        for name, table in tables.items():
            con.register(name, table)
        return con.execute(QUERIES[query]).df()


def test_every_query_of_the_page_runs() -> None:
    tables = build_omop()
    assert len(QUERIES) == 12
    for query in QUERIES:
        ask(query, tables)


def query_of(number: int) -> str:
    return next(query for query in QUERIES if query.startswith(f"{number} "))


def test_the_queries_show_what_the_page_says() -> None:
    tables = build_omop()
    assert list(ask(query_of(8), tables)["person_id"].map(patient_of)) == sorted(NO_STATUS)
    assert str(ask(query_of(9), tables)["measurement_date"][0])[:10] == "2006-06-01"
    assert list(ask(query_of(7), tables).iloc[0]) == [0, 0]
    assert ask(query_of(10), tables).iloc[0, 0] == 0
    assert "Hospice" in set(ask(query_of(1), tables)["discharged_to_source_value"])
    units = ask(query_of(4), tables)
    assert set(units["unit"].dropna()) >= {"10*3/uL", "/uL", "/[HPF]"}


def test_the_exported_part_of_the_vocabulary_is_enough(omop: Run, tmp_path: Path) -> None:
    tables = build_omop()
    add(tables, "concept", concept_id=3001, concept_name="unused", vocabulary_id="SNOMED")
    part = {name: ask(name, tables) for name in ("concept", "concept_ancestor")}
    assert 3001 not in set(part["concept"]["concept_id"])
    out = read_changed(tables | part, tmp_path)
    for path in sorted(out.glob("*.parquet")):
        pd.testing.assert_frame_equal(
            pd.read_parquet(path), pd.read_parquet(omop.extract / path.name)
        )


def test_a_root_that_is_not_there_breaks_nothing_but_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check", "granger2009", "omop_cdm"]) == 0
    with pytest.raises(ExtractError, match="is not a folder"):
        read(manifest_of(tmp_path / "nowhere"), tmp_path / "extract")
