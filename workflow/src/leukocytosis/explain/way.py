"""The way of a number: the steps and files it was made from, and the rows that were left on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from leukocytosis.provenance import digest_file, read_record
from leukocytosis.provenance.record import BYTES
from leukocytosis.report import ReportInputs
from leukocytosis.rounding import format_number, is_known
from leukocytosis.store import read_frame

Folders = Sequence[Path]  # of the study's tables and of the extract's


def trace(table: str, folders: Folders) -> Iterator[str]:
    """Yield the steps that made a table, the latest first: code, configuration, other inputs."""
    waiting, told = [table], set[str]()
    while waiting:
        path = find_table(waiting.pop(0), folders)
        record = read_record(path) if path else None
        if record is None or record.digest in told:
            continue
        told.add(record.digest)
        settings = ", ".join(f"{k} {v}" for k, v in record.configuration.items())
        yield f"{record.step}: record {record.digest}; code {record.code}; {settings or '-'}"
        files = {k: v for k, v in record.inputs.items() if v.startswith(BYTES)}
        waiting += [name for name in record.inputs if name not in files]
        files = {k: v for k, v in files.items() if not k.startswith("raw ")}  # told by themselves
        lists = {k: v for k, v in files.items() if k.startswith("config/codelists/")}
        yield from (f"  {k}  {v}" for k, v in files.items() if k not in lists)
        if lists:
            yield f"  and {len(lists)} codelists by SHA-256 in the metadata of the table"


def find_table(name: str, folders: Folders) -> Path | None:
    """Return where a table of a study or its extract is."""
    paths = (folder / f"{name}.parquet" for folder in folders)
    return next((path for path in paths if path.exists()), None)


def list_tables(names: Sequence[str], folders: Folders) -> Iterator[str]:
    """Yield tables of ours with the SHA-256 of their bytes as they are now."""
    for name in names:
        path = find_table(name, folders)
        digest = f"{BYTES}{digest_file(path)}" if path else "not there: run the study again"
        yield f"{name}.parquet  {digest}"


def list_raw_files(extract: Path) -> Iterator[str]:
    """Yield the raw files by the manifest's names, with size and SHA-256 when they were read."""
    path = extract / "raw_files.parquet"
    if not path.exists():
        yield "raw files: not hashed yet; run the study again"
        return
    for row in read_frame(path).to_dict("records"):
        size = format_number(row["n_bytes"])
        yield f"raw {row['source']} {row['number']}  {size} bytes  {BYTES}{row['sha256']}"


def count_rows(inputs: ReportInputs) -> Iterator[str]:
    """Yield the rows left on the way from the raw files to the analysis set, as they may leave."""
    ledger = inputs.rows("ledger")
    for table in dict.fromkeys(row["table"] for row in ledger):
        fates = dict.fromkeys(("kept", "rejected", "outside"), 0)
        for row in (row for row in ledger if row["table"] == table):
            fates[row["fate"]] += int(row["n_rows"]) if is_known(row["n_rows"]) else 0  # few
        told = ", ".join(f"{format_number(n)} {fate}" for fate, n in fates.items())
        yield f"{table}: {format_number(sum(fates.values()))} raw rows: {told}"
    for step in sorted(inputs.rows("attrition"), key=lambda row: row["step"]):
        yield f"{step['reason']}: {format_number(step['n_patients_left'])} patients left"
    yield f"analysis set: {format_number(inputs.n_cohort)} patients"
