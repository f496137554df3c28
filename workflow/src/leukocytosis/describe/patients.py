"""The rows of Table 1: medians with quartiles, percentages with their counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol
from leukocytosis.describe.variables import Part, Variable, list_parts, list_variables, read_values

if TYPE_CHECKING:
    import pandas as pd

OTHER_SIDE = "no"  # of a yes, which says the same
NOT_ONE = "any"  # of a variable that nobody has a value of: it must not vanish


def describe_patients(protocol: Protocol, patients: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of `table_one`, from the `analysis_set` (one row per episode).

    A percentage is of the patients with a value; those without are counted in `n_missing`.
    """
    parts = list(list_parts(protocol, patients))
    for variable in list_variables(protocol):
        found = {str(level) for level in read_values(protocol, variable, patients)}
        levels = (
            ["yes"] if OTHER_SIDE in found else sorted(found) or [NOT_ONE] * bool(len(patients))
        )
        for part in parts:
            if (variable.column, part.grouped_by) == ("primary_cause", "cause"):
                continue  # a cause has one cause
            yield from _describe(protocol, variable, part, levels)


def _describe(
    protocol: Protocol, variable: Variable, part: Part, levels: list[str]
) -> Iterator[dict[str, Any]]:
    known = read_values(protocol, variable, part.patients)
    row = {
        "variable": variable.label, "grouped_by": part.grouped_by, "group": part.name,
        "within": part.within, "n": len(known), "n_missing": len(part.patients) - len(known),
    }  # fmt: skip
    if variable.is_number:
        yield row | _find_quartiles(known)
        return
    for level in levels:
        count = int((known == level).sum())
        share = 100 * count / len(known) if len(known) else None
        yield row | {"level": level, "statistic": "percent", "value": share, "spread_low": count}


def _find_quartiles(known: pd.Series[Any]) -> dict[str, Any]:
    low, middle, high = known.quantile([0.25, 0.5, 0.75]) if len(known) else (None, None, None)
    return {"level": "-", "statistic": "median", "value": middle, "spread_low": low,
            "spread_high": high}  # fmt: skip
