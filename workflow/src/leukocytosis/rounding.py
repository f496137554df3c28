"""How every number is printed: one rule for tables, prose and figures (docs/rounding.md).

The shortest decimal that names the stored number is rounded half up in magnitude (0.125 to two
places is 0.13, −0.125 is −0.13). Tables of the release keep the unrounded numbers. Missing numbers
are said in words, never left blank. Digits follow the SAMPL guidelines (Lang and Altman 2013).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from math import isnan
from typing import TypeGuard

ROUNDING = "Printed numbers are rounded half up; the tables hold them unrounded."
RULE = (
    "Rounded half up from the unrounded numbers; percentages to one decimal, to none where they "
    "rest on fewer than 100 patients; ratios to two, to three below 0.01; p to three below 0.1 and "
    "two above."
)
NOT_SHOWN, NOT_REACHED = "not shown", "not reached"
NBSP = "\u00a0"
RATIO_DIGITS = 2  # hazard ratios, risk ratios, standardised differences
LEAST_RATIO, MOST_RATIO = 0.001, 1000.0  # beyond them a ratio says only that the data cannot tell
TWO_DECIMALS_FROM = 0.0095  # what rounds to 0.01, as near to it as three decimals tell
BELOW_LEAST, ABOVE_MOST = "below 0.001", "above 1,000"
FEW_FOR_DECIMALS = 100  # patients; below it one patient moves a percentage by more than 1 point


def is_known(value: float | None) -> TypeGuard[float]:
    """Return whether a number is there: neither None nor NaN."""
    return value is not None and not isnan(value)


def format_number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands separators and `digits` decimals, rounded half up."""
    if not is_known(value):
        return NOT_SHOWN
    step = Decimal(1).scaleb(-digits)
    rounded = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)
    return f"{rounded if rounded else abs(rounded):,f}".replace("-", "−")


def digits_of_percent(n: int | None) -> int:
    """Return the decimals of a percentage of `n` patients; one where n is not shown."""
    return 0 if is_known(n) and n < FEW_FOR_DECIMALS else 1


def format_percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as a percentage."""
    if not is_known(fraction):
        return NOT_SHOWN
    # scaled as a decimal: 0.285 × 100 in binary is 28.499999999999996
    return f"{format_number(_times_100(fraction), digits)}{NBSP}%"


def format_interval(
    low: float | None, high: float | None, digits: int = 1, *, percent: bool = False
) -> str:
    """Return `low to high`; a missing end is `not reached`, two are `no interval`."""
    return _join_ends(
        low, high, lambda end: format_number(_times_100(end) if percent else end, digits)
    )


def format_ratio(value: float | None) -> str:
    """Return a ratio to two decimals, to three below 0.01; of one beyond 0.001 or 1,000 that."""
    if not is_known(value):
        return NOT_SHOWN
    if value > MOST_RATIO:
        return ABOVE_MOST
    if 0 < value < LEAST_RATIO:
        return BELOW_LEAST
    return format_number(value, RATIO_DIGITS + (0 < value < TWO_DECIMALS_FROM))


def format_ratio_interval(low: float | None, high: float | None) -> str:
    """Return `low to high` of a ratio, as `format_interval`."""
    return _join_ends(low, high, format_ratio)


def say_ratio(estimate: float | None, low: float | None, high: float | None) -> str:
    """Return a ratio and its interval: `1.23 (0.82 to 1.84)`."""
    return f"{format_ratio(estimate)} ({format_ratio_interval(low, high)})"


def _join_ends(low: float | None, high: float | None, words: Callable[[float], str]) -> str:
    if not is_known(low) and not is_known(high):
        return "no interval"
    ends = [words(end) if is_known(end) else NOT_REACHED for end in (low, high)]
    return f"{ends[0]} to {ends[1]}"


def _times_100(fraction: float) -> float:
    return float(Decimal(repr(float(fraction))) * 100)


def format_p(p_value: float | None) -> str:
    """Return a p value: three decimals below 0.1, two above, bounds beyond 0.001 and 0.99."""
    if not is_known(p_value):
        return NOT_SHOWN
    if p_value < 0.001:
        return "< 0.001"
    if p_value > 0.99:
        return "> 0.99"
    return format_number(p_value, 3 if p_value < 0.1 else 2)
