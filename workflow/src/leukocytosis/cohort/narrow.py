"""The cohort's own records, each placed in days from the index."""

from __future__ import annotations

from pathlib import Path

from leukocytosis.cohort.days import compile_days
from leukocytosis.store import add_views, connect, name, scan, write_table
from leukocytosis.tables import BY_NAME, EVENT_TIMES, cohort_table


def narrow(extract: Path, study: Path) -> None:
    """Write `cohort_<table>` for every event table: one row per event and episode.

    Rules read these few rows instead of the whole extract.
    """
    with connect(study / ".scratch") as con:
        add_views(con, extract, list(EVENT_TIMES))
        con.execute(
            "CREATE TEMP TABLE index_days AS SELECT episode_id, patient_id, index_on "
            f"FROM {scan(study / 'episodes.parquet')}"
        )
        for table in EVENT_TIMES:
            first, last = compile_days(table)
            columns = ", ".join(f"e.{name(column)}" for column in BY_NAME[table].names)
            query = (
                f"SELECT episode_id, {columns}, {first} AS days_from_index, "
                f"{last} AS last_day_from_index FROM {table} e JOIN index_days USING (patient_id)"
            )
            path = study / f"cohort_{table}.parquet"
            write_table(con, query, cohort_table(BY_NAME[table]), path)
