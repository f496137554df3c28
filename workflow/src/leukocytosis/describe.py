"""Table 1: who the patients are, by cause group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Protocol

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = {
    "age_at_index_years": "age at index, years",
    "wbc_1e9_per_l": "index count, ×10⁹/L",
    "neutrophil_percent": "neutrophils, %",
}
CATEGORIES = {
    "sex": "sex",
    "metastatic": "metastasis coded up to the index",
    "tumour_group": "tumour",
    "primary_cause": "cause",
    "grade": "certainty of the cause",
}

HIDDEN_LEVEL = "no"
NAMES: dict[object, str] = {True: "yes", False: HIDDEN_LEVEL}


def describe_patients(protocol: Protocol, patients: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of `table_one`: medians with quartiles, percentages with their counts.

    A percentage is of the patients with a value; those without are counted in `n_missing`.
    """
    names: dict[object, str] = {**NAMES, **{cause.id: cause.title for cause in protocol.causes}}
    for group in ("all", *protocol.analyses.groups):
        rows = patients if group == "all" else patients[patients["cause_group"] == group]
        for column, label in NUMBERS.items():
            yield _describe_number(rows[column], label, group)
        for column, label in CATEGORIES.items():
            known = patients[column].replace(names)
            levels = sorted({str(level) for level in known.dropna()})
            if HIDDEN_LEVEL in levels:  # the other side of a yes, which says the same
                levels = ["yes"]
            yield from _describe_levels(known.loc[rows.index], label, group, levels)


def _describe_number(values: pd.Series[Any], label: str, group: str) -> dict[str, Any]:
    known = values.dropna().astype(float)
    low, middle, high = known.quantile([0.25, 0.5, 0.75]) if len(known) else (None, None, None)
    return {
        "variable": label, "level": "-", "group": group, "n": len(known),
        "n_missing": len(values) - len(known), "statistic": "median", "value": middle,
        "spread_low": low, "spread_high": high,
    }  # fmt: skip


def _describe_levels(
    values: pd.Series[Any], label: str, group: str, levels: list[str]
) -> Iterator[dict[str, Any]]:
    known = values.dropna().astype(str)
    for level in levels:
        count = int((known == level).sum())
        yield {
            "variable": label, "level": level, "group": group, "n": len(known),
            "n_missing": len(values) - len(known), "statistic": "percent",
            "value": 100 * count / len(known) if len(known) else None, "spread_low": count,
            "spread_high": None,
        }  # fmt: skip
