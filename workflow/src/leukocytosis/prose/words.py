"""Small words: lists, capitals, units and bounds as readers write them."""

from __future__ import annotations

from collections.abc import Sequence

from leukocytosis.config.evidence import Threshold
from leukocytosis.rounding import format_number


def join(items: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def count_patients(n: int) -> str:
    """Return `1 patient`, `2 patients`."""
    return f"{format_number(n)} patient{'' if n == 1 else 's'}"


def capital(words: str) -> str:
    """Return words with a capital first letter."""
    return words[:1].upper() + words[1:]


def describe_unit(unit: str) -> str:
    """Return a unit as readers write it."""
    return unit.replace("10*9/L", "×10⁹/L").replace("Cel", "°C")


def describe_bound(threshold: Threshold) -> str:
    """Return a bound as readers write it: `≥ 35 ×10⁹/L`."""
    operator = threshold.operator.replace(">=", "≥").replace("<=", "≤")
    return f"{operator} {threshold.value:g} {describe_unit(threshold.unit)}"
