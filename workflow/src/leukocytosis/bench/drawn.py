"""Extracts drawn by arithmetic alone, of any size: each patient's index and cause are known."""

from __future__ import annotations

from pathlib import Path

import duckdb

ROWS_PER_PATIENT = 50
FAR = 7919  # a prime, so that every patient has his turn
TRUE_CAUSE = {0: "growth_factor", 1: "infection", 2: "corticosteroid", 3: "new_leukaemia", 4: "plr"}
EXTREME, IN_COHORT, INDEX_DRAW = "p % 500 = 7", "p % 1000 = 7", 16
INDEX_ON = f"(DATE '2005-01-01' + CAST({INDEX_DRAW} * 20 + p % 20 AS INTEGER))"
CAUSE = "(p // 1000) % 5"
TABLES = {
    "patients": "SELECT 'P' || p AS patient_id, if(p % 2 = 0, 'female', 'male') AS sex, "
    "1920 + p % 60 AS birth_year, DATE '2005-01-01' AS observed_from_on, "
    "DATE '2009-12-31' AS observed_until_on FROM range({patients}) t(p)",
    "deaths": f"SELECT 'P' || p AS patient_id, {INDEX_ON} + CAST(p % 200 AS INTEGER) AS died_on, "
    "'registry' AS death_source FROM range({patients}) t(p) WHERE p % 10 = 7",
    "encounters": f"SELECT 'E' || p AS encounter_id, 'P' || p AS patient_id, "
    f"CAST({INDEX_ON} - 3 AS TIMESTAMP) AS started_at, CAST({INDEX_ON} + 9 AS TIMESTAMP) "
    "AS ended_at, 'inpatient' AS setting, if(p % 30 = 17, 'hospice', 'home') AS disposition "
    "FROM range({patients}) t(p)",
    "diagnoses": "SELECT 'P' || p AS patient_id, 'E' || p AS encounter_id, "
    f"CAST({INDEX_ON} + d AS TIMESTAMP) AS recorded_at, 'ICD-10-CM' AS code_system, code FROM ("
    "SELECT p, -40 AS d, 'I10' AS code FROM range({patients}) t(p) UNION ALL "
    "SELECT p, -30, 'E11.9' FROM range({patients}) t(p) UNION ALL "
    f"SELECT p, -20, 'C34.90' FROM range({{patients}}) t(p) WHERE {IN_COHORT} OR p % 10 = 1 "
    f"UNION ALL SELECT p, 5, 'C92.00' FROM range({{patients}}) t(p) "
    f"WHERE {IN_COHORT} AND {CAUSE} = 3) ORDER BY p, d",
    "drugs": "SELECT 'P' || p AS patient_id, 'E' || p AS encounter_id, "
    f"CAST({INDEX_ON} - 1 AS TIMESTAMP) AS started_at, name, dose, 'mg' AS dose_unit, "
    "'IV' AS route, 'given' AS kind FROM ("
    "SELECT p, 'Metoprolol Tartrate' AS name, 25.0 AS dose FROM range({patients}) t(p) UNION ALL "
    f"SELECT p, 'Filgrastim', 0.48 FROM range({{patients}}) t(p) WHERE {IN_COHORT} AND {CAUSE} = 0 "
    "UNION ALL SELECT p, 'Dexamethasone', 8.0 FROM range({patients}) t(p) "
    f"WHERE {IN_COHORT} AND {CAUSE} = 2) ORDER BY p, name",
    "microbiology": "SELECT 'P' || p AS patient_id, 'E' || p AS encounter_id, 'S' || p AS "
    f"specimen_id, CAST({INDEX_ON} AS TIMESTAMP) AS collected_at, 'Blood culture' AS specimen, "
    f"'culture' AS test, if({CAUSE} = 1, 'positive', 'negative') AS result, "
    f"if({CAUSE} = 1, 'Escherichia coli', NULL) AS organism "
    f"FROM range({{patients}}) t(p) WHERE {EXTREME} OR p % 20 = 3",
    "labs": "SELECT i AS lab_id, 'P' || p AS patient_id, 'E' || p AS encounter_id, "
    "TIMESTAMP '2005-01-01 06:00:00' + to_days(CAST(k * 20 + p % 20 AS INTEGER)) "
    "+ to_minutes(i * 7 % 960) AS taken_at, "
    "CASE WHEN k % 24 = 16 THEN '6690-2' WHEN k = 17 THEN '770-8' ELSE 'X' || (k * 7 + p % 40) END "
    f"AS code, CASE WHEN k = {INDEX_DRAW} AND {EXTREME} THEN 40.5 + (p % 900) / 10 "
    "WHEN k = 17 THEN 50 + p % 45 ELSE 4 + (i * 7 % 120) / 10 END AS value, "
    "CASE WHEN k % 24 = 16 THEN 'K/uL' WHEN k = 17 THEN '%' ELSE 'mmol/L' END AS unit "
    "FROM (SELECT i, {place} FROM range({rows}) t(i))",
}
PLACES = {  # which patient's (p) and which of his results (k) the i-th row of the labs is
    "patient": f"i // {ROWS_PER_PATIENT} AS p, i % {ROWS_PER_PATIENT} AS k",
    "chance": f"i * {FAR} % {{patients}} AS p, "
    f"(i // {{patients}} + i % {{patients}}) % {ROWS_PER_PATIENT} AS k",
}
# 6 % of the lab rows are white counts or differentials; in MIMIC-IV it is 4 %


def draw_extract(rows: int, form: str, folder: Path, order: str = "patient") -> None:
    """Write the raw files of one size, and the manifest that reads them.

    The labs lie as a hospital exports them: a patient's beside each other, by time, numbered
    (`patient`); or in no order at all (`chance`), as a laboratory's system may.
    """
    folder.mkdir(parents=True, exist_ok=True)
    patients = rows // ROWS_PER_PATIENT
    place = PLACES[order].format(patients=patients)
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '4GB'")
        for table, query in TABLES.items():
            path = folder / f"{table}.{form}"
            if not path.exists():
                drawn = query.format(rows=rows, patients=patients, place=place)
                con.execute(f"COPY ({drawn}) TO '{path}.part' (FORMAT {form})")
                Path(f"{path}.part").rename(path)


def manifest_data(form: str, folder: Path) -> dict[str, object]:
    """Return the manifest of a drawn extract."""
    with duckdb.connect() as con:
        names = {
            table: [
                str(row[0])
                for row in con.execute(f"DESCRIBE FROM '{folder}/{table}.{form}'").fetchall()
            ]
            for table in TABLES
        }
    constants = {"labs": {"code_system": "LOINC"}}
    return {
        "extract": "bench", "title": "drawn for timing", "synthetic": True, "root": str(folder),
        "files": {table: {"path": f"{table}.{form}"} for table in TABLES},
        "tables": {
            table: [{"rows_of": table, "columns": {c: c for c in names[table]},
                     "constants": constants.get(table, {})}]
            for table in TABLES
        },
        "observation": {"says": "until the end of 2009"},
    }  # fmt: skip


def count_wrong(rows: int, folder: Path) -> int:
    """Return for how many patients the cohort or the cause differs from what was drawn."""
    whens = " ".join(f"WHEN {i} THEN '{cause}'" for i, cause in TRUE_CAUSE.items())
    query = (
        f"SELECT count(*) FROM (SELECT 'P' || p AS episode_id, CASE {CAUSE} {whens} END AS cause "
        f"FROM range({rows // ROWS_PER_PATIENT}) t(p) WHERE {IN_COHORT}) truth FULL JOIN "
        f"'{folder}/out/study/causes.parquet' ours USING (episode_id) "
        "WHERE cause IS DISTINCT FROM primary_cause"
    )
    with duckdb.connect() as con:
        return int(con.execute(query).fetchall()[0][0])
