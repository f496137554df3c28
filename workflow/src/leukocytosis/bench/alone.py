"""What others take on the same files: the engine alone, the cheapest reader, a plain script."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from leukocytosis.bench.drawn import TABLES

LAB_COLUMNS = ("patient_id", "encounter_id", "taken_at", "code", "value", "unit")
WHITE_COUNT, NEUTROPHILS, ABOVE = "6690-2", "770-8", 40


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of processor time; on a busy machine only the latter compare."""

    seconds: float
    processor_seconds: float


def clock(work: Callable[[], object], whose: int) -> Spent:
    """Return what some work took of this process (RUSAGE_SELF) or of those it started."""
    start, used = time.perf_counter(), _processor_seconds(whose)
    work()
    return Spent(time.perf_counter() - start, _processor_seconds(whose) - used)


def _processor_seconds(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


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


def run_plain(form: str, folder: Path) -> None:
    """Write the records of everybody with an extreme count, as a script for one study would.

    It believes what it reads: no unit, date or repetition is judged, no row has a name or is
    accounted for, and another study reads the raw files again. Less cannot be done.
    """
    with duckdb.connect() as con:
        con.execute("SET threads = 2")
        con.execute(
            f"CREATE TABLE wanted AS SELECT {', '.join(LAB_COLUMNS)} FROM '{folder}/labs.{form}' "
            f"WHERE code IN ('{WHITE_COUNT}', '{NEUTROPHILS}')"
        )
        con.execute(
            "CREATE TABLE candidates AS SELECT DISTINCT patient_id FROM wanted "
            f"WHERE code = '{WHITE_COUNT}' AND value > {ABOVE}"
        )
        (folder / "plain").mkdir(exist_ok=True)
        for table in TABLES:
            rows = "wanted" if table == "labs" else f"'{folder}/{table}.{form}'"
            con.execute(
                f"COPY (FROM {rows} SEMI JOIN candidates USING (patient_id)) "
                f"TO '{folder}/plain/{table}.parquet'"
            )
