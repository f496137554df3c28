"""The raw files, each in the shape its department would deliver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from leukocytosis.synthetic.patients import Frame

LAB_COLUMNS = [
    "mrn",
    "visit",
    "collected",
    "code_system",
    "code",
    "result",
    "unit",
    "specimen",
    "status",
]


def seconds(at: pd.Series) -> np.ndarray:
    """Return times as ISO text to the second."""
    return at.to_numpy().astype("datetime64[s]").astype(str)


def write_csv(rows: Frame, path: Path, delimiter: str = ",") -> None:
    """Write a CSV with Unix line ends."""
    rows.to_csv(path, index=False, sep=delimiter, lineterminator="\n", encoding="utf-8")


def write_windows_csv(rows: Frame, path: Path) -> None:
    """Write a CSV as Windows would: a byte order mark and CRLF line ends."""
    rows.to_csv(path, index=False, lineterminator="\r\n", encoding="utf-8-sig")


def write_parquet(rows: Frame, path: Path) -> None:
    """Write a typed Parquet file; blank texts are missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(rows.replace({"": None}), preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")


def write_labs_csv(labs: Frame, path: Path) -> None:
    """Write results with their times as text."""
    collected = np.where(labs["taken"] == "", seconds(labs["at"]), labs["taken"])
    write_csv(labs.assign(collected=collected)[LAB_COLUMNS], path)


def write_labs_parquet(labs: Frame, path: Path) -> None:
    """Write results with typed times."""
    collected = labs["at"].astype("datetime64[us]")
    write_parquet(labs.assign(collected=collected)[LAB_COLUMNS], path)


def write_patients(people: Frame, path: Path) -> None:
    """Write the patients; a patient who moved away has the day."""
    moved = people["index_on"] + pd.to_timedelta(people["moved_day"], unit="D")
    rows = people[["mrn", "sex", "birth_year"]].assign(moved_away_on=moved.dt.strftime("%Y-%m-%d"))
    write_csv(rows, path)


def write_encounters(encounters: Frame, path: Path) -> None:
    """Write the encounters."""
    times = {column: seconds(encounters[column]) for column in ("admitted", "discharged")}
    rows = encounters.assign(**times)
    write_csv(rows[["visit", "mrn", "admitted", "discharged", "class", "disposition"]], path)


def write_drugs(drugs: Frame, path: Path) -> None:
    """Write the pharmacy's rows: semicolons, and the month first."""
    rows = drugs.sort_values(["on", "mrn", "drug"], kind="stable", ignore_index=True)
    rows["row"] = [f"D{i:06d}" for i in range(1, len(rows) + 1)]
    # before the earliest count of a day, so that a dose on the index day can explain the count
    rows["start"] = rows["on"].dt.strftime("%m/%d/%Y") + " 05:00"
    rows["stop"] = ""
    rows["per_day"] = np.where(rows["kind"] == "ordered", "1", "")
    columns = [
        "row",
        "mrn",
        "visit",
        "start",
        "stop",
        "drug",
        "dose",
        "dose_unit",
        "per_day",
        "route",
        "kind",
    ]
    write_csv(rows[columns], path, ";")


def write_chemotherapy(cycles: Frame, path: Path) -> None:
    """Write the day hospital's cycles: a file of its own, by the day, ids of its own."""
    rows = cycles.sort_values(["on", "mrn"], kind="stable", ignore_index=True)
    rows["cycle"] = [f"C{i:05d}" for i in range(1, len(rows) + 1)]
    rows["given_on"] = rows["on"].dt.strftime("%Y-%m-%d")
    columns = ["cycle", "mrn", "given_on", "drug", "dose", "dose_unit", "route"]
    write_csv(rows[columns], path)


def write_microbiology(cultures: Frame, path: Path) -> None:
    """Write the cultures and tests, typed."""
    rows = cultures.sort_values(["on", "mrn", "specimen"], kind="stable", ignore_index=True)
    rows["specimen_id"] = [f"S{i:06d}" for i in range(1, len(rows) + 1)]
    rows["collected"] = (rows["on"] + pd.Timedelta(hours=7)).astype("datetime64[us]")
    columns = ["mrn", "visit", "specimen_id", "collected", "specimen", "test", "result", "organism"]
    write_parquet(rows[columns], path)


def write_truth(people: Frame, planted: pd.Series, path: Path) -> None:
    """Write what is true of every patient; yes is 1, no is 0."""
    qualifies = people["group"] != "background"
    rows = pd.DataFrame(
        {
            "patient_id": people["mrn"],
            "true_cause": people["cause"],
            "true_index_on": people["index_on"].dt.strftime("%Y-%m-%d").where(qualifies, ""),
            "has_solid_tumour": people["has_tumour"].astype(int),
            "in_cohort": (people["group"] == "tumour").astype(int),
            "planted": people["mrn"].map(planted).fillna(""),
        }
    )
    write_csv(rows, path)
