"""What a hospital prints: the short way a plain value is read is the long way's answer."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest

from leukocytosis.standardise.values import (
    compile_day,
    compile_number,
    compile_precision,
    compile_time,
)
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
        ("2005-01-02 12:00:00+02", NOON, "second"),
        ("2005-01-02 12:00 -05:00", NOON, "second"),
        ("2005-01-02 12:00:00Z", None, "second"),
        ("2005-01-02 12:00:00 UTC", None, "second"),
        ("2005-01-02 12:00:00+00:00", None, "second"),
        ("2005-01-02 12:00:00 EST", None, "second"),
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
        ("1.234.567,8", ",", 1234567.8),
        ("<0,5", ",", 0.5),
        ("52.3", ",", None),
        ("1.23,4", ",", None),
        ("none", ".", None),
    ],
)
def test_numbers(printed: str, decimal: str, number: float | None) -> None:
    assert read(compile_number("x", "VARCHAR", decimal), printed) == number


@pytest.mark.parametrize(
    ("printed", "at"),
    [
        ("2005-01-02 12:00:00", NOON),
        ("2005-01-02T18:00:00Z", NOON),
        ("2005-01-02T18:00:00.000 UTC", NOON),
        ("2005-01-02 18:00+00", NOON),
        ("2005-01-02 13:00:00-0500", NOON),
        ("2005-07-02T03:30:00Z", datetime(2005, 7, 1, 22, 30)),  # summer, and the day before
        ("2005-01-02", datetime(2005, 1, 2)),
        ("2005-01-02 12:00:00 EST", None),
        ("02.01.2005 18:00 +0000", NOON),
        ("02.01.2005", datetime(2005, 1, 2)),
    ],
)
def test_times_are_put_on_the_hospitals_clock(printed: str, at: datetime | None) -> None:
    formats = ("%d.%m.%Y %H:%M %z", "%d.%m.%Y")
    assert read(compile_time("x", "VARCHAR", formats, "America/Chicago"), printed) == at


@pytest.mark.parametrize("zone", [None, "America/Chicago"])
def test_a_date_that_an_export_dressed_up_as_midnight_in_utc_stays_that_date(
    zone: str | None,
) -> None:
    for printed in ("2005-01-02", "2005-01-02T00:00:00Z", "2005-01-02 00:00:00.000+00:00"):
        assert read(compile_day("x", "VARCHAR", (), zone), printed) == date(2005, 1, 2)
    expected = date(2005, 1, 2) if zone else None
    assert read(compile_day("x", "VARCHAR", (), zone), "2005-01-03T02:00:00Z") == expected


def test_a_typed_moment_is_put_on_the_hospitals_clock() -> None:
    kind, zone = "TIMESTAMP WITH TIME ZONE", "America/Chicago"
    moment = "CAST(x AS TIMESTAMPTZ)"
    night = "2005-01-03 02:00:00+00"
    assert read(compile_time(moment, kind, (), zone), night) == datetime(2005, 1, 2, 20)
    assert read(compile_day(moment, kind, (), zone), night) == date(2005, 1, 2)
    assert read(compile_day(moment, kind, (), zone), "2005-01-03 00:00:00+00") == date(2005, 1, 3)
    assert read(compile_time(moment, kind), night) is None
