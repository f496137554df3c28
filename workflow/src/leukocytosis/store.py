"""Tables on disk: DuckDB connections, Parquet files written whole or not at all, contracts held.

A table is written to a temporary name, held against its contract there, and only then given its
own name, so that a killed run never leaves half a file. Units and sentences travel in the file's
metadata under the key `leukocytosis`, what it was made from under `provenance`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from leukocytosis.errors import ContractError, Problem
from leukocytosis.provenance import KEY, current_record
from leukocytosis.tables import BY_NAME, Column, Table

if TYPE_CHECKING:
    import pandas as pd

Connection = duckdb.DuckDBPyConnection
Counted = Mapping[str, str]  # of a column, as the engine's Parquet writer says it
# ids do not repeat enough for a dictionary, and trying to build one costs a third of the writing
ENCODING = "COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 5000"
MEMORY_LIMIT = "700MB"  # with Python and buffers a process stays below 1 GB
THREADS = 2
HASHES_AT_ONCE = 2**24  # 128 MB


@contextmanager
def connect(spill: Path) -> Iterator[Connection]:
    """Yield a connection with bounded memory that spills into a folder, emptied afterwards."""
    spill.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute(f"SET threads = {THREADS}")
    con.execute(f"SET temp_directory = {quoted(str(spill))}")
    con.execute("SET TimeZone = 'UTC'")  # the machine's own would move days
    con.execute("SET enable_progress_bar = false")
    try:
        yield con
    finally:
        con.close()
        for left in sorted(spill.glob("*")):
            left.unlink()
        spill.rmdir()


def quoted(value: str) -> str:
    """Return a SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def name(column: str) -> str:
    """Return a SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def scan(path: Path) -> str:
    """Return the FROM item that reads a Parquet file."""
    return f"read_parquet({quoted(str(path))})"


def add_views(con: Connection, folder: Path, tables: Sequence[str]) -> None:
    """Make each table of a folder readable by its name."""
    for table in tables:
        con.execute(f"CREATE OR REPLACE VIEW {table} AS FROM {scan(folder / f'{table}.parquet')}")


def fetch(con: Connection, query: str) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    return con.execute(query).fetchall()


def write_table(
    con: Connection,
    query: str,
    table: Table,
    path: Path,
    *,
    in_order: bool = True,
    known_unique: bool = False,
) -> int:
    """Write a query's rows as `path`, held against the table's contract; return their number.

    Rows are sorted by the key unless `in_order` is false (for event tables, whose files keep
    the order of the raw rows). Who has already counted that no key repeats says `known_unique`.
    Raises ContractError with a count for each broken promise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    columns = ", ".join(_compile_typed(con, query, table))
    order = f"ORDER BY {', '.join(name(key) for key in table.key)}" if in_order else ""
    metadata = {"leukocytosis": json.dumps(describe_contract(table), sort_keys=True)}
    if record := current_record():
        metadata[KEY] = record.to_json()
    kept = ", ".join(f"{key}: {quoted(value)}" for key, value in metadata.items())
    written = fetch(
        con,
        f"COPY (SELECT {columns} FROM ({query}) {order}) "
        f"TO {quoted(str(part))} (FORMAT parquet, {ENCODING}, RETURN_STATS, "
        f"KV_METADATA {{{kept}}})",
    )[0]
    n_rows, counted = int(written[1]), written[4]
    check_contract(con, table, part, n_rows, counted, known_unique=known_unique)
    part.replace(path)
    return n_rows


def _compile_typed(con: Connection, query: str, table: Table) -> Iterator[str]:
    """Yield each column in its declared type.

    An ENUM stays: its texts are written from its dictionary, where the texts of each row would
    first have to be made and then told apart, which took longer than all other writing.
    """
    types = {str(row[0]): str(row[1]) for row in fetch(con, f"DESCRIBE ({query})")}
    for column in table.columns:
        as_it_is = column.sql_type == "VARCHAR" and types.get(column.name, "").startswith("ENUM")
        named = name(column.name)
        yield named if as_it_is else f"CAST({named} AS {column.sql_type}) AS {named}"


def write_rows(con: Connection, rows: Sequence[Mapping[str, Any]], table: Table, path: Path) -> int:
    """Write rows given as mappings; a column a row lacks is missing, as is NaN."""
    columns = ", ".join(f"unnest(${i}) AS {name(c)}" for i, c in enumerate(table.names, start=1))
    values = [[_value(row.get(c)) for row in rows] for c in table.names]
    con.execute(f"CREATE OR REPLACE TEMP TABLE rows_to_write AS SELECT {columns}", values)
    n_rows = write_table(con, "FROM rows_to_write", table, path)
    con.execute("DROP TABLE rows_to_write")
    return n_rows


def _value(given: Any) -> Any:
    return None if isinstance(given, float) and math.isnan(given) else given


def write_frame(con: Connection, frame: pd.DataFrame, table: Table, path: Path) -> int:
    """Write a pandas frame as `path`, sorted and held against the table's contract."""
    # an all-missing object column has no type DuckDB could guess
    known = frame.notna()
    con.register("frame_to_write", frame.astype(object).mask(~known, None))
    try:
        return write_table(con, "FROM frame_to_write", table, path)
    finally:
        con.unregister("frame_to_write")


def read_frame(path: Path) -> pd.DataFrame:
    """Return a Parquet file of patient-level or smaller size as a pandas frame.

    Arrow opens the file itself. pandas would hand it one that Python opened, and a thread that
    lets go of it while the process ends aborts the process (apache/arrow, issue 34314).
    """
    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.read_table(path).to_pandas()
    return frame


def describe_contract(table: Table) -> dict[str, Any]:
    """Return what the file's metadata says: row, key, tier, and unit and sentence per column."""
    return {
        "table": table.name,
        "row": table.row,
        "key": list(table.key),
        "tier": table.tier,
        "columns": {c.name: {"unit": c.unit, "says": c.says} for c in table.columns},
    }


def check_contract(
    con: Connection,
    table: Table,
    path: Path,
    n_rows: int,
    counted: Mapping[str, Counted],
    *,
    known_unique: bool = False,
) -> None:
    """Raise ContractError with the number of rows that break each promise of a written table.

    `counted` is what the writer counted on the way, by column; only what that leaves open is read
    back.
    """
    checks = [
        check
        for column in table.columns
        for check in _find_open_checks(column, counted[name(column.name)])
    ]
    counts = ", ".join(f"count(*) FILTER ({condition})" for _, _, condition in checks)
    broken = list(fetch(con, f"SELECT {counts} FROM {scan(path)}")[0]) if checks else []
    if table.unique and not known_unique:
        checks.append((", ".join(table.key), "is not unique", ""))
        broken.append(count_repeats(con, f"FROM {scan(path)}", table.key))
    problems = [
        Problem(f"{table.name}.{column}", f"{promise} in {n} of {n_rows} rows")
        for (column, promise, _), n in zip(checks, broken, strict=True)
        if n
    ]
    if problems:
        path.unlink()
        raise ContractError(problems)


def count_repeats(con: Connection, rows: str, keys: Sequence[str]) -> int:
    """Return how many of the rows (a query) say a key that another row has said before.

    Keys are told apart by hashes of eight bytes, sorted a bounded number at a time: four times
    faster than the engine's count of distinct values, and ids need not fit in memory.
    """
    import numpy as np

    key = f"hash({', '.join(name(column) for column in keys)})"
    n_parts = fetch(con, f"SELECT count(*) FROM ({rows})")[0][0] // HASHES_AT_ONCE + 1
    repeats = 0
    for part in range(n_parts):
        which = f"WHERE key % {n_parts} = {part}" if n_parts > 1 else ""
        hashes = con.execute(f"SELECT key FROM (SELECT {key} AS key FROM ({rows})) {which}")
        ordered = np.asarray(hashes.fetchnumpy()["key"])
        ordered.sort()
        repeats += int(np.count_nonzero(ordered[1:] == ordered[:-1]))
    return repeats


def _find_open_checks(column: Column, counted: Counted) -> Iterator[tuple[str, str, str]]:
    """Yield column, promise and condition of what may be broken as far as the writer can tell.

    The writer counts the missing values, and knows the least and the greatest of most columns.
    """
    c, n_missing = name(column.name), counted["null_count"]
    exact = counted.get("min_is_exact") == counted.get("max_is_exact") == "true"
    least, greatest = (counted.get(end) if exact else None for end in ("min", "max"))
    if not column.nullable and n_missing != "0":
        yield column.name, "is missing", f"{c} IS NULL"
    if n_missing == counted["num_values"]:
        return
    if column.allowed and not (least == greatest and least in column.allowed):
        values = ", ".join(quoted(value) for value in column.allowed)
        yield column.name, f"is none of {', '.join(column.allowed)}", f"{c} NOT IN ({values})"
    if column.at_least is not None and not (least and float(least) >= column.at_least):
        yield column.name, f"is below {column.at_least:g}", f"{c} < {column.at_least}"
    is_number = counted.get("has_nan") != "true"  # else it is above all numbers, and not counted
    if column.at_most is not None and not (
        is_number and greatest and float(greatest) <= column.at_most
    ):
        yield column.name, f"is above {column.at_most:g}", f"{c} > {column.at_most}"


def table(name_: str) -> Table:
    """Return a declared table by name."""
    return BY_NAME[name_]
