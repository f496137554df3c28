"""Raw files to outcomes at growing size, beside a bare scan of the same files in the same run.

Usage: `python -m leukocytosis.bench [million lab rows …] [--csv]`. The extract is drawn by
arithmetic alone, so the cohort and the cause of each patient are known and checked. Its rows lie
as a hospital exports them: a patient's beside each other, by time, numbered. Nothing here asserts
a time.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROWS_PER_PATIENT = 50
FOLDER = Path("bench")
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
    f"FROM (SELECT i, i // {ROWS_PER_PATIENT} AS p, i % {ROWS_PER_PATIENT} AS k "
    "FROM range({rows}) t(i))",
}
# 6 % of the lab rows are white counts or differentials; in MIMIC-IV it is 4 %
LAB_COLUMNS = ("patient_id", "encounter_id", "taken_at", "code", "value", "unit")


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of processor time; on a busy machine only the latter compare."""

    seconds: float
    processor_seconds: float


@dataclass(frozen=True)
class Timing:
    """What one size took: us, the bare scan, reading six columns of a CSV, and our peak memory."""

    rows: int
    form: str
    ours: Spent
    bare: Spent
    six: Spent | None
    peak_megabytes: float

    def __str__(self) -> str:
        """Return the two lines of the printed table: by the clock, and of processor time."""
        lines = []
        for by in ("seconds", "processor_seconds"):
            ours, bare = getattr(self.ours, by), getattr(self.bare, by)
            six = f"{getattr(self.six, by):>8.1f}" if self.six else f"{'':>8}"
            lines.append(
                f"{self.rows / 1e6:>9.0f} {self.form:>8} {by.split('_')[0]:>9} {ours:>8.1f} "
                f"{bare:>8.1f} {ours / bare:>6.2f} {six} {self.peak_megabytes:>8.0f}"
            )
        return "\n".join(lines)


def draw_extract(rows: int, form: str, folder: Path) -> None:
    """Write the raw files of one size, and the manifest that reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '4GB'")
        for table, query in TABLES.items():
            path = folder / f"{table}.{form}"
            if not path.exists():
                drawn = query.format(rows=rows, patients=rows // ROWS_PER_PATIENT)
                con.execute(f"COPY ({drawn}) TO '{path}.part' (FORMAT {form})")
                Path(f"{path}.part").rename(path)


def scan_bare(form: str, folder: Path) -> Spent:
    """Return what DuckDB alone takes: six lab columns of Parquet, or counting a CSV's rows."""
    with duckdb.connect() as con:
        con.execute("SET threads = 2")
        # else the engine answers from the file's footers and reads nothing
        con.execute("SET disabled_optimizers = 'statistics_propagation'")
        path = folder / f"labs.{form}"
        columns = ", ".join(f"max({column})" for column in LAB_COLUMNS)
        query = f"SELECT {columns} FROM '{path}'"
        if form == "csv":
            query = f"SELECT count(*) FROM read_csv('{path}', all_varchar = true)"
        return clock(lambda: con.execute(query).fetchall(), resource.RUSAGE_SELF)


def scan_six(path: Path) -> Spent:
    """Return what the cheapest reader found, pyarrow's, takes for the six lab columns of a CSV."""
    from pyarrow import csv, set_cpu_count, string

    set_cpu_count(2)
    texts = csv.ConvertOptions(
        include_columns=LAB_COLUMNS, column_types=dict.fromkeys(LAB_COLUMNS, string())
    )
    read = csv.ReadOptions(block_size=2**20)
    return clock(
        lambda: sum(
            batch.num_rows for batch in csv.open_csv(path, read_options=read, convert_options=texts)
        ),
        resource.RUSAGE_SELF,
    )


def clock(work: Callable[[], object], whose: int) -> Spent:
    """Return what some work took of this process (RUSAGE_SELF) or of those it started."""
    start, used = time.perf_counter(), _processor_seconds(whose)
    work()
    return Spent(time.perf_counter() - start, _processor_seconds(whose) - used)


def _processor_seconds(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def run_road(form: str, folder: Path) -> None:
    """Run raw files to outcomes, and check cohort and causes against the drawing's truth."""
    from leukocytosis.causes import classify, collect_evidence
    from leukocytosis.cohort import find_index, narrow
    from leukocytosis.config import Manifest, load_codelists, load_protocol, load_units
    from leukocytosis.followup import derive_outcomes
    from leukocytosis.standardise import standardise

    out, config = folder / "out", Path("config")
    codelists, units = load_codelists(config / "codelists"), load_units(config / "units.csv")
    protocol = load_protocol(config / "studies/granger2009.yaml")
    manifest = Manifest.model_validate(manifest_data(form, folder))
    steps = {
        "standardise": lambda: standardise(manifest, codelists, units, Path.cwd(), out / "extract"),
        "find_index": lambda: find_index(protocol, codelists, out / "extract", out / "study"),
        "narrow": lambda: narrow(out / "extract", out / "study"),
        "evidence": lambda: collect_evidence(
            protocol, codelists, units, frozenset(), out / "study"
        ),
        "classify": lambda: classify(protocol, out / "study"),
        "outcomes": lambda: derive_outcomes(protocol, out / "extract", out / "study"),
    }
    for step, run in steps.items():
        start = time.perf_counter()
        run()  # type: ignore[no-untyped-call]
        print(f"{step} {time.perf_counter() - start:.2f}", file=sys.stderr)


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


def check_truth(rows: int, folder: Path) -> None:
    """Raise SystemExit when the cohort or a cause differs from what was drawn."""
    whens = " ".join(f"WHEN {i} THEN '{cause}'" for i, cause in TRUE_CAUSE.items())
    query = (
        f"SELECT count(*) FROM (SELECT 'P' || p AS episode_id, CASE {CAUSE} {whens} END AS cause "
        f"FROM range({rows // ROWS_PER_PATIENT}) t(p) WHERE {IN_COHORT}) truth FULL JOIN "
        f"'{folder}/out/study/causes.parquet' ours USING (episode_id) "
        "WHERE cause IS DISTINCT FROM primary_cause"
    )
    with duckdb.connect() as con:
        wrong = con.execute(query).fetchall()[0][0]
    if wrong:
        raise SystemExit(f"{wrong} patients differ from the truth at {rows} rows")


def measure(rows: int, form: str) -> Timing:
    """Return the timing of one size; our run is a process of its own, so its memory is its own."""
    folder = FOLDER / f"{rows}_{form}"
    draw_extract(rows, form, folder)
    shutil.rmtree(folder / "out", ignore_errors=True)
    scan_bare(form, folder)  # both readings find the files in the same cache
    command = [sys.executable, "-m", "leukocytosis.bench", "--road", form, str(folder)]
    ours = clock(lambda: subprocess.run(command, check=True), resource.RUSAGE_CHILDREN)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    check_truth(rows, folder)
    six = scan_six(folder / "labs.csv") if form == "csv" else None
    return Timing(rows, form, ours, scan_bare(form, folder), six, peak)


def main() -> None:
    """Print per size our seconds, the bare scan's and their ratio, by the clock and of processor.

    The bare scan is DuckDB's: of the six lab columns in Parquet, of a CSV's count of rows; beside
    the latter stands the cheapest reading of the six columns.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="*", type=float, default=[1, 5, 20])
    parser.add_argument("--csv", action="store_true", help="also from CSV")
    parser.add_argument("--road", nargs=2, metavar=("FORM", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.road:
        run_road(given.road[0], Path(given.road[1]))
        return
    print(
        f"{'M rows':>9} {'form':>8} {'of':>9} {'ours':>8} {'bare':>8} {'ratio':>6} "
        f"{'six cols':>8} {'peak MB':>8}"
    )
    for millions in given.millions:
        for form in ("parquet", "csv") if given.csv else ("parquet",):
            print(measure(int(millions * 1e6), form), flush=True)


if __name__ == "__main__":
    main()
