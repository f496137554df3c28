"""The rule by which numbers are printed, on numbers that nobody chose."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from leukocytosis.rounding import (
    NBSP,
    digits_of_percent,
    format_interval,
    format_number,
    format_p,
    format_percent,
    format_ratio,
)

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
PRINTED = re.compile(r"−?\d{1,3}(,\d{3})*(\.\d+)?")


def read(words: str) -> Decimal:
    return Decimal(words.replace(",", "").replace("−", "-"))


@given(NUMBERS, st.integers(0, 4))
def test_a_number_has_its_digits_its_minus_and_no_minus_before_nothing(
    value: float, digits: int
) -> None:
    words = format_number(value, digits)
    assert PRINTED.fullmatch(words)
    assert len(words.partition(".")[2]) == digits
    assert not (words.startswith("−") and not read(words))
    assert abs(read(words) - Decimal(repr(value))) <= Decimal(1).scaleb(-digits) / 2


@given(NUMBERS, NUMBERS, st.integers(0, 4))
def test_rounding_keeps_the_order_and_the_size_of_a_number_and_its_opposite(
    one: float, other: float, digits: int
) -> None:
    low, high = sorted((one, other))
    assert read(format_number(low, digits)) <= read(format_number(high, digits))
    assert read(format_number(-one, digits)) == -read(format_number(one, digits))


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_a_percentage_of_few_patients_is_whole(fraction: float, n: int) -> None:
    words = format_percent(fraction, digits_of_percent(n))
    assert words.endswith(f"{NBSP}%")
    assert ("." in words) == (n >= 100)
    assert 0 <= read(words.removesuffix(f"{NBSP}%")) <= 100


@given(st.integers(1, 99), st.data())
def test_a_whole_percentage_still_tells_the_count(n: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, n))
    words = format_percent(count / n, digits_of_percent(n)).removesuffix(f"{NBSP}%")
    nearest = min(range(n + 1), key=lambda k: abs(Decimal(100 * k) / n - read(words)))
    assert nearest == count


@given(st.floats(0, 1))
def test_a_p_value_is_never_zero_nor_one_and_stays_on_its_side_of_a_bound(p: float) -> None:
    words = format_p(p)
    if words[0] in "<>":
        assert words in ("< 0.001", "> 0.99")
        assert (p < 0.001) == (words[0] == "<")
        return
    exact = Decimal(repr(p))
    digits = 3 if p < 0.1 else 2
    assert read(words) == exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    assert 0 < read(words) < 1


@given(st.floats(0.001, 0.99), st.floats(0.001, 0.99))
def test_p_values_keep_their_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert read(format_p(low)) <= read(format_p(high))


@given(st.floats(0, 1e300))
def test_a_ratio_is_never_printed_as_nothing_nor_beyond_what_the_data_tell(value: float) -> None:
    words = format_ratio(value)
    if words in ("below 0.001", "above 1,000"):
        assert (value > 1000) == words.startswith("above") and not 0.001 <= value <= 1000
        return
    assert value == 0 or 0.001 <= value <= 1000
    assert abs(read(words) - Decimal(repr(value))) <= Decimal("0.005")
    assert bool(value) == bool(read(words))


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_ratios_keep_their_order(one: float, other: float) -> None:
    low, high = (read(format_ratio(value).split()[-1]) for value in sorted((one, other)))
    assert low <= high


def test_a_ratio_that_rounds_to_two_decimals_has_them() -> None:
    printed = [format_ratio(value) for value in (0.0094, 0.0095, 0.0099, 0.0101, 1000, None)]
    assert printed == ["0.009", "0.01", "0.01", "0.01", "1,000.00", "not shown"]


@given(NUMBERS, NUMBERS, st.integers(0, 3))
def test_an_interval_is_its_two_ends(low: float, high: float, digits: int) -> None:
    expected = f"{format_number(low, digits)} to {format_number(high, digits)}"
    assert format_interval(low, high, digits) == expected


PRINTING = sorted(
    path
    for room in ("survival", "bias", "multiverse", "report", "documents", "figures")
    for path in (ROOT / "workflow/src/leukocytosis" / room).rglob("*.py")
)


@pytest.mark.parametrize("path", PRINTING, ids=lambda p: str(p.name))
def test_nothing_printed_is_rounded_by_another_rule(path: Path) -> None:
    """Sizes on a page are no results."""
    lines = path.read_text(encoding="utf-8").splitlines()
    other = [line for line in lines if re.search(r":[,.0-9]*\.\d+[f%]\}", line)]
    assert [line for line in other if not re.search(r"mm \(|linewidth", line)] == []
