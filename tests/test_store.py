"""Tables on disk: how they are written, what their contract catches, how repeats are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from leukocytosis import store
from leukocytosis.errors import ContractError
from leukocytosis.store import (
    Connection,
    connect,
    count_repeats,
    fetch,
    read_frame,
    write_rows,
    write_table,
)
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


BOUND = Table(
    "bound",
    "sighting",
    ("sighting_id",),
    (
        Column("sighting_id", "text", "Which."),
        Column("colour", "text", "Of what colour.", allowed=("black", "white"), nullable=True),
        Column("length", "number", "How long.", "m", nullable=True, at_least=0, at_most=10),
    ),
)
ALL_WHITE = ["white", "white", "white"]
BROKEN = {
    "an id is missing": (
        ["a", None, "c"],
        ALL_WHITE,
        [1, 2, 3],
        "sighting_id: is missing in 1 of 3",
    ),
    "one colour not allowed": (["a", "b", "c"], ["red"] * 3, [1, 2, 3], "white in 3 of 3"),
    "one of several colours": (
        ["a", "b", "c"],
        ["white", "red", None],
        [1, 2, 3],
        "white in 1 of 3",
    ),
    "too long a colour for statistics": (["a", "b", "c"], ["white" * 99] * 3, [1, 2, 3], "3 of 3"),
    "below": (["a", "b", "c"], ALL_WHITE, [-0.1, None, 3], "length: is below 0 in 1 of 3"),
    "above": (["a", "b", "c"], ALL_WHITE, [10.5, 99, 3], "length: is above 10 in 2 of 3"),
    "no number": (["a", "b", "c"], ALL_WHITE, ["nan", 2, 3], "length: is above 10 in 1 of 3"),
    "without end": (["a", "b", "c"], ALL_WHITE, ["-inf", 2, 3], "length: is below 0 in 1 of 3"),
}


def bound_rows(ids: list[str | None], colours: list[str | None], lengths: list[object]) -> str:
    rows = zip(ids, colours, lengths, strict=True)
    values = (f"({_sql(i)}, {_sql(c)}, CAST({_sql(n)} AS DOUBLE))" for i, c, n in rows)
    return f"FROM (VALUES {', '.join(values)}) rows(sighting_id, colour, length)"


def _sql(value: object) -> str:
    return "NULL" if value is None else f"'{value}'"


@pytest.mark.parametrize("case", BROKEN)
def test_each_broken_promise_is_counted(con: Connection, tmp_path: Path, case: str) -> None:
    *columns, words = BROKEN[case]
    with pytest.raises(ContractError, match=words):
        write_table(con, bound_rows(*columns), BOUND, tmp_path / "bound.parquet")
    assert not list(tmp_path.glob("bound*"))


@pytest.mark.parametrize("colours", [ALL_WHITE, ["white", "black", None], [None] * 3])
@pytest.mark.parametrize("lengths", [[0, 5.5, 10], [None, None, 7], [None] * 3])
def test_what_keeps_its_promises_is_written(
    con: Connection, tmp_path: Path, colours: list[str | None], lengths: list[object]
) -> None:
    query = bound_rows(["a", "b", "c"], colours, lengths)
    assert write_table(con, query, BOUND, tmp_path / "bound.parquet") == 3


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


def test_a_table_is_opened_by_arrow_itself(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "seen.parquet"
    write_rows(con, [{"sighting_id": "a", "length": 1.5}], SEEN, path)
    read_frame(path)  # all is imported before nothing may be opened

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("opened by Python")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AssertionError, match="opened by Python"):
        pd.read_parquet(path)
    assert read_frame(path).equals(
        pd.DataFrame([{"sighting_id": "a", "colour": None, "length": 1.5}])
    )
