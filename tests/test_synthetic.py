"""The invented hospital holds the published counts, and every defect it says it holds."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Run, protocol_of, run_study

from leukocytosis.config import load_manifest
from leukocytosis.synthetic import draw_extract

SEED = 2009
LABS = ("labs_2005_2006.csv", "labs_2007_2008.parquet")
INVISIBLE = ("growth_factor_elsewhere", "infection_without_trace", "plr_without_culture")
WHITE = "code IN ('WBC', 'WBC-A', 'WBC-M', '6690-2', '26464-8')"
# what a defect looks like in its file; truth is joined by patient, `d` is the day from the index
LOOKS = {
    "per_microlitre": "unit IN ('/uL', 'cells/uL') AND specimen IS DISTINCT FROM 'Pleural fluid'",
    "outside_codelists": "code IN ('GLU', 'NA', 'K', 'HGB')",
    "urine_count": "specimen = 'Urine' AND unit = '/hpf' AND number > 40",
    "pleural_count": "specimen = 'Pleural fluid' AND number > 40000",
    "corrected_to_low": "status = 'final' AND number > corrected",
    "corrected_to_high": "status = 'final' AND number < corrected",
    "entered_in_error": "status = 'entered in error'",
    "bound_above": "result = '>440'",
    "bound_below": "result = '<0.1'",
    "unit_missing_one_known": "unit IS NULL AND code = 'WBC-A'",
    "unit_missing_several_known": "unit IS NULL AND code = 'WBC'",
    "month_only_count": "length(day) = 7",
    "text_for_a_number": "result IN ('HEMOLYZED', 'see comment')",
    "negative_count": "result LIKE '-%'",
    "impossible_date": "day LIKE '2006-02-30%'",
    "exactly_40": f"result IN ('40.0', '40000') AND {WHITE} AND true_index_on IS NULL",
    "true_extreme": f"planted LIKE '%true_extreme%' AND {WHITE} AND d = 0"
    " AND (number BETWEEN 250 AND 320 OR number BETWEEN 250000 AND 320000)",
    "thousands_separator": "result LIKE '%,%'",
    "month_only_code": "length(day) = 7",
    "impossible_code_date": "day = '2007-02-30'",
    "not_a_code": "code = 'lung ca'",
    "code_in_lower_case": "regexp_matches(code, '[a-z]') AND code <> 'lung ca'",
    "code_without_dot": "length(code) > 3 AND code NOT LIKE '%.%' AND code <> 'lung ca'",
    "tumour_after_window": "planted LIKE '%tumour_after_window%' AND d >= 60",
    "skin_cancer": "(code LIKE 'C44%' AND version = '10') OR (code LIKE '173%' AND version = '9')",
    "metastasis_after": "in_cohort = '1' AND d > 0 AND (code LIKE 'C7_.%' OR code LIKE '19_.%')"
    " AND code NOT LIKE '199%'",
    "infection_after_window": "in_cohort = '1' AND d = 40",
    "ordered_not_given": "kind = 'ordered' AND drug IN ('Filgrastim', 'NEUPOGEN', 'Sargramostim')",
    "eye_drops": "route = 'BOTH EYES' AND drug LIKE 'Predniso%'",
    "steroid_cream": "route = 'TP' AND drug LIKE 'Hydrocortisone%'",
    "inhaled_steroid": "route = 'IH' AND drug LIKE 'Budesonide%'",
    "steroid_inhaler": "route = 'IH' AND drug LIKE 'Betamethasone%'",
    "contaminated_culture": "result = 'positive' AND regexp_matches(organism, '(?i)coag|coryne')",
    "pending_culture": "result = 'pending'",
    "culture_before_window": "d = -10",
    "death_before_index": "d < 0",
    "unknown_sex": "sex = 'U'",
}  # fmt: skip
REPEATED = {"exact_duplicate": "*", "repeated_death": "mrn"}
DAY = {
    "deaths.csv": "date_of_death",
    "diagnoses.csv": "recorded",
    "microbiology.parquet": "collected",
    **dict.fromkeys(LABS, "collected"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    (folder / "config").symlink_to(ROOT / "config")
    draw_extract(folder / "data/synthetic", SEED)
    return folder


@pytest.fixture(scope="module")
def drawn(project: Path) -> Path:
    return project / "data/synthetic"


@pytest.fixture(scope="module")
def read(project: Path) -> Run:
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    return run_study(protocol_of("granger2009"), manifest, project, project)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def raw(folder: Path, file: str) -> str:
    if file.endswith(".parquet"):
        return f"read_parquet('{folder / file}')"
    delimiter = ";" if file == "drugs.csv" else ","
    return f"read_csv('{folder / file}', all_varchar = true, delim = '{delimiter}', quote = '\"')"


def ask(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute(query).fetchall()


def count(rows: str) -> int:
    return int(str(ask(f"SELECT count(*) FROM {rows}")[0][0]))


def plr(folder: Path) -> str:
    return (
        "(SELECT patient_id, CAST(true_index_on AS DATE) AS index_on "
        f"FROM {raw(folder, 'truth.csv')} WHERE in_cohort = '1' AND true_cause = 'plr')"
    )


def test_true_counts_are_the_published_ones(drawn: Path) -> None:
    truth = rows(drawn / "truth.csv")
    members = [row for row in truth if row["in_cohort"] == "1"]
    assert sum(row["true_index_on"] != "" for row in truth) == 3770
    assert len(members) == 758
    assert all(row["has_solid_tumour"] == "1" for row in members)
    assert Counter(row["true_cause"] for row in members) == {
        "growth_factor": 522, "infection": 112, "corticosteroid": 38, "new_leukaemia": 9, "plr": 77,
    }  # fmt: skip


@pytest.mark.parametrize("seed", [SEED, 1])
def test_true_course_of_plr_is_the_published_one(tmp_path: Path, seed: int) -> None:
    draw_extract(tmp_path, seed)
    hospice = (
        f"(SELECT min(CAST(discharged AS DATE)) FROM {raw(tmp_path, 'encounters.csv')} v "
        "WHERE v.mrn = patient_id AND disposition ILIKE 'hospice%')"
    )
    ends = (
        "SELECT date_diff('day', index_on, CAST(date_of_death AS DATE)) AS died, "
        f"date_diff('day', index_on, {hospice}) AS hospice "
        f"FROM {plr(tmp_path)} LEFT JOIN (SELECT DISTINCT mrn, date_of_death "
        f"FROM {raw(tmp_path, 'deaths.csv')}) ON mrn = patient_id"
    )
    counts = ask(
        "SELECT count(*), count(*) FILTER (least(died, hospice) BETWEEN 0 AND 84), "
        "bool_or(least(died, hospice) = 84), count(*) FILTER (hospice <= 84) >= 10, "
        f"count(*) FILTER (died IS NULL OR died > 365) FROM ({ends})"
    )
    assert counts == [(77, 60, True, True, 8)]
    patients = f"{raw(tmp_path, 'patients.csv')} JOIN {plr(tmp_path)} ON mrn = patient_id"
    assert ask(f"SELECT count(moved_away_on) FROM {patients}") == [(0,)]


def test_plr_shows_neutrophils_and_metastases_as_published(drawn: Path) -> None:
    neutrophils = " UNION ALL ".join(
        "SELECT mrn, CAST(collected AS VARCHAR) AS taken, result "
        f"FROM {raw(drawn, file)} WHERE code = 'NEUT%'"
        for file in LABS
    )
    assert ask(
        "SELECT count(DISTINCT mrn), count(DISTINCT mrn) FILTER (CAST(result AS DOUBLE) > 70) "
        f"FROM ({neutrophils}) JOIN {plr(drawn)} ON mrn = patient_id "
        "AND substr(taken, 1, 10) = CAST(index_on AS VARCHAR)"
    ) == [(77, 74)]
    assert ask(
        f"SELECT count(DISTINCT mrn) FROM {raw(drawn, 'diagnoses.csv')} "
        f"JOIN {plr(drawn)} ON mrn = patient_id WHERE recorded <= CAST(index_on AS VARCHAR) "
        "AND ((version = '10' AND upper(code) SIMILAR TO 'C7[789].*') "
        "OR (version = '9' AND code SIMILAR TO '19[678].*'))"
    ) == [(60,)]


def test_one_seed_gives_the_same_bytes_and_another_others(drawn: Path, tmp_path: Path) -> None:
    draw_extract(tmp_path / "again", SEED)
    draw_extract(tmp_path / "other", SEED + 1)
    files = sorted(path.name for path in drawn.iterdir())
    assert len(files) == 11
    for file in files:
        assert (tmp_path / "again" / file).read_bytes() == (drawn / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (drawn / file).read_bytes()


def test_every_planted_defect_is_in_its_file(drawn: Path) -> None:
    planted = {(r["defect"], r["file"]): int(r["n_rows"]) for r in rows(drawn / "planted.csv")}
    assert {defect for defect, _ in planted} == {
        *LOOKS, *REPEATED, *INVISIBLE, "earlier_blood_cancer_with_tumour",
    }  # fmt: skip
    assert {key: count_defect(drawn, *key) for key in planted} == planted


def count_defect(folder: Path, defect: str, file: str) -> int:
    if file == "truth.csv":
        return sum(defect in row["planted"].split("+") for row in rows(folder / file))
    source = raw(folder, file)
    if defect in REPEATED:
        distinct = f"(SELECT DISTINCT {REPEATED[defect]} FROM {source})"
        return count(source) - count(distinct)
    day = f"CAST({DAY[file]} AS VARCHAR)" if file in DAY else "''"
    number = "try_cast(replace(result, ',', '') AS DOUBLE)" if file in LABS else "NULL"
    corrected = (
        f"(SELECT max(CAST(result AS DOUBLE)) FROM {source} c WHERE c.status = 'corrected' "
        "AND c.mrn = r.mrn AND c.code = r.code AND c.collected = r.collected)"
    )
    query = (
        f"SELECT r.*, {day} AS day, {number} AS number, truth.*, "
        f"{corrected if 'corrected' in defect else 'NULL'} AS corrected, "
        f"date_diff('day', CAST(true_index_on AS DATE), try_cast(left({day}, 10) AS DATE)) AS d "
        f"FROM {source} r JOIN {raw(folder, 'truth.csv')} truth ON truth.patient_id = r.mrn"
    )
    return count(f"({query}) WHERE {LOOKS[defect]}")


def test_files_have_the_shapes_their_departments_deliver(drawn: Path) -> None:
    header = b"\xef\xbb\xbfmrn,visit,recorded,version,code\r\n"
    assert (drawn / "diagnoses.csv").read_bytes().startswith(header)
    assert b"\r" not in (drawn / LABS[0]).read_bytes()
    assert (drawn / "drugs.csv").read_bytes().startswith(b"row;mrn;visit;")
    assert 150_000 < sum(count(raw(drawn, file)) for file in LABS) < 250_000


def test_a_right_reading_finds_every_true_cause_that_can_be_seen(drawn: Path, read: Run) -> None:
    differing = ask(
        f"SELECT t.planted FROM {raw(drawn, 'truth.csv')} t "
        f"FULL JOIN '{read.study}/causes.parquet' c ON c.episode_id = t.patient_id "
        "WHERE (t.in_cohort = '1' OR c.episode_id IS NOT NULL) "
        "AND (t.in_cohort = '0' OR c.primary_cause IS DISTINCT FROM t.true_cause)"
    )
    assert len(differing) == 15
    assert all(set(INVISIBLE) & set(str(planted).split("+")) for (planted,) in differing)


def test_a_right_reading_finds_every_true_index(drawn: Path, read: Run) -> None:
    above = ask(
        f"SELECT n_patients_left FROM '{read.study}/attrition.parquet' "
        "WHERE reason_id IN ('above_threshold', 'solid_tumour') ORDER BY step"
    )
    assert above == [(3770,), (758,)]
    found = f"'{read.study}/episodes.parquet' JOIN {raw(drawn, 'truth.csv')} USING (patient_id)"
    assert count(f"{found} WHERE CAST(index_on AS VARCHAR) <> true_index_on") == 0


REFUSED = {  # rule of the reader → the defects it must catch, no row more
    "duplicate": ("exact_duplicate",),
    "superseded_by_correction": ("corrected_to_low", "corrected_to_high"),
    "entered_in_error": ("entered_in_error",),
    "specimen_not_blood": ("urine_count", "pleural_count"),
    "unit_missing": ("unit_missing_several_known",),
    "value_negative": ("negative_count",),
    "value_not_a_number": ("text_for_a_number",),
    "taken_at_not_read": ("impossible_date",),
    "outside": ("outside_codelists",),
    "code_not_of_its_system": ("not_a_code",),
    "recorded_at_not_read": ("impossible_code_date",),
    "id_repeated": ("repeated_death",),
}


def test_a_right_reading_refuses_exactly_what_was_planted(drawn: Path, read: Run) -> None:
    planted: Counter[str] = Counter()
    for row in rows(drawn / "planted.csv"):
        planted[row["defect"]] += int(row["n_rows"])
    ledger = ask(
        f"SELECT rule_id, CAST(sum(n_rows) AS BIGINT) FROM '{read.extract}/ledger.parquet' "
        "WHERE fate <> 'kept' AND (\"table\" = 'labs' OR fate = 'rejected') GROUP BY rule_id"
    )
    assert dict(ledger) == {rule: sum(planted[d] for d in of) for rule, of in REFUSED.items()}
