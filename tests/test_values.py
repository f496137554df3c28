"""What a hospital prints: the short way a plain value is read is the long way's answer."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from leukocytosis.standardise.values import compile_number, compile_precision, compile_time
from leukocytosis.store import quoted

NOON = datetime(2005, 1, 2, 12)


def read(sql: str, printed: str) -> object:
    with duckdb.connect() as con:
        return con.execute(f"SELECT {sql} FROM (SELECT {quoted(printed)} AS x)").fetchall()[0][0]


@pytest.mark.parametrize(
    ("printed", "at", "precision"),
    [
        ("2005-01-02 12:00:00", NOON, "second"),
        ("2005-01-02T12:00:00", NOON, "second"),
        (" 2005-01-02 12:00:00 ", NOON, "second"),
        ("2005-01-02 12:00:00+02:00", NOON, "second"),
        ("2005-01-02 12:00:00-0500", NOON, "second"),
        ("2005-01-02 12:00:00Z", None, "second"),
        ("2005-01-02 12:00:Z ", None, "second"),
        ("2005-01-02 12:00:0Z", None, "second"),
        ("2005-13-02 12:00:00", None, "second"),
        ("2005-01-02", datetime(2005, 1, 2), "day"),
        ("2005-01", datetime(2005, 1, 1), "month"),
        ("2005", datetime(2005, 1, 1), "year"),
    ],
)
def test_times(printed: str, at: datetime | None, precision: str) -> None:
    time = compile_time("x", "VARCHAR")
    assert read(time, printed) == at
    assert read(compile_precision("x", "VARCHAR", time), printed) == precision


@pytest.mark.parametrize(
    ("printed", "decimal", "number"),
    [
        ("12.5", ".", 12.5),
        (" 12.5 ", ".", 12.5),
        (">440", ".", 440.0),
        ("<= 5", ".", 5.0),
        ("1,234.5", ".", 1234.5),
        ("12,34", ".", None),
        ("1.234", ",", 1234.0),
        ("1.234,5", ",", 1234.5),
        ("none", ".", None),
    ],
)
def test_numbers(printed: str, decimal: str, number: float | None) -> None:
    assert read(compile_number("x", "VARCHAR", decimal), printed) == number
