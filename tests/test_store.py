"""Tables on disk: how they are written, what their contract catches, how repeats are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from leukocytosis import store
from leukocytosis.errors import ContractError
from leukocytosis.store import Connection, connect, count_repeats, fetch, write_rows, write_table
from leukocytosis.tables import Column, Table

SEEN = Table(
    "seen",
    "sighting",
    ("sighting_id",),
    (
        Column("sighting_id", "text", "Which."),
        Column("colour", "text", "Of what colour.", allowed=("black", "white"), nullable=True),
        Column("length", "number", "How long.", "m", nullable=True),
    ),
)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with connect(tmp_path / "spill") as opened:
        yield opened


def test_few_values_kept_as_enum_are_text_in_the_file(con: Connection, tmp_path: Path) -> None:
    colours = "ENUM('black', 'white')"
    query = (
        f"SELECT 'a' AS sighting_id, CAST('white' AS {colours}) AS colour, 1 AS length "
        f"UNION ALL SELECT 'b', CAST(NULL AS {colours}), 2"
    )
    assert write_table(con, query, SEEN, tmp_path / "seen.parquet") == 2
    written = pq.read_table(tmp_path / "seen.parquet")
    assert str(written.schema.field("colour").type) == "string"
    assert written.column("colour").to_pylist() == ["white", None]
    # a reader that looks at the file's statistics first finds it too
    found = f"SELECT sighting_id FROM '{tmp_path}/seen.parquet' WHERE colour = 'white'"
    assert fetch(con, found) == [("a",)]


def test_the_contract_holds_for_an_enum_of_other_values(con: Connection, tmp_path: Path) -> None:
    query = "SELECT 'a' AS sighting_id, CAST('red' AS ENUM('red')) AS colour, 1 AS length"
    with pytest.raises(ContractError, match="none of black, white in 1 of 1 rows"):
        write_table(con, query, SEEN, tmp_path / "seen.parquet")
    assert not list(tmp_path.glob("seen*"))


def test_a_repeated_key_breaks_the_contract(con: Connection, tmp_path: Path) -> None:
    query = "SELECT unnest(['a', 'b', 'a', 'a']) AS sighting_id, NULL AS colour, 1 AS length"
    with pytest.raises(ContractError, match="is not unique in 2 of 4 rows"):
        write_table(con, query, SEEN, tmp_path / "seen.parquet")


def test_rows_may_lack_columns_and_numbers(con: Connection, tmp_path: Path) -> None:
    rows = [{"sighting_id": "b", "length": float("nan")}, {"sighting_id": "a", "length": 1}]
    path = tmp_path / "seen.parquet"
    assert write_rows(con, rows, SEEN, path) == 2
    assert fetch(con, f"FROM '{path}'") == [("a", None, 1.0), ("b", None, None)]
    assert write_rows(con, [], SEEN, path) == 0
    assert fetch(con, f"FROM '{path}'") == []


@pytest.mark.parametrize("at_once", [1, 7, 2**24])
def test_repeats_are_the_same_however_many_are_sorted_at_once(
    con: Connection, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(store, "HASHES_AT_ONCE", at_once)
    con.execute(
        "CREATE TABLE drawn AS SELECT 'P' || i % 40 AS patient_id, i // 80 AS day, "
        "if(i % 3 = 0, NULL, i) AS value FROM range(200) t(i)"
    )
    for keys in (["patient_id"], ["patient_id", "day"], ["patient_id", "day", "value"]):
        listed = ", ".join(keys)
        engine = f"SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM drawn))"
        assert count_repeats(con, "FROM drawn", keys) == fetch(con, f"{engine} FROM drawn")[0][0]
    assert count_repeats(con, "FROM drawn WHERE false", ["patient_id"]) == 0
