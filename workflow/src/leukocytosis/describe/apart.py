"""Rows of `estimates` on Table 1: standardised differences of each pair, tests where asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.describe.differences import (
    NoDifferenceError,
    find_difference,
    find_distance,
    rank_together,
)
from leukocytosis.describe.equality import NoTestError, compare_categories, compare_numbers
from leukocytosis.describe.variables import Part, Variable, list_parts, list_variables, read_values

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCE, TEST = "standardised_difference", "table_one_test"
SUFFIX = {"cause_group": "", "cause": "_by_cause"}
OF_RANKS = "difference of mean ranks over their standard deviation (Austin 2009)"
OF_MEANS = "difference of means over the standard deviation (Austin 2009)"
OF_SHARES = "Mahalanobis distance of the shares (Yang and Dalton 2012)"
NO_INTERVAL = "describes these patients: no interval"
CANNOT = "cannot be estimated, because "


def compare_patients(
    protocol: Protocol, patients: pd.DataFrame, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield how far each pair of cause groups, and of causes, stands apart in each variable.

    `group` is `b against a`, a the earlier in the protocol; `term` the variable, with `, means`
    for the difference of a number's means, which stands beside that of its ranks. `n` has a value.
    With `analyses: table_one_p` a test of all groups for each variable besides.
    """
    parts = list(list_parts(protocol, patients))
    for grouped_by in SUFFIX:
        columns = [part for part in parts if part.grouped_by == grouped_by]
        for variable in list_variables(protocol):
            if variable.column in ("primary_cause", "grade"):
                continue  # what parts the cohort, and how surely: by the rules, not by chance
            yield from _compare_pairs(protocol, variable, columns)
            if protocol.analyses.table_one_p:
                yield _test(protocol, variable, columns, seed)


def _compare_pairs(
    protocol: Protocol, variable: Variable, columns: Sequence[Part]
) -> Iterator[dict[str, Any]]:
    values = {part.name: read_values(protocol, variable, part.patients) for part in columns}
    for reference, part in combinations(columns, 2):
        pair = values[part.name].to_numpy(), values[reference.name].to_numpy()
        row = {
            "analysis_id": DIFFERENCE + SUFFIX[part.grouped_by], "outcome_id": "-",
            "group": f"{part.name} against {reference.name}", "term": variable.label,
            "n": sum(known.size for known in pair),
        }  # fmt: skip
        if variable.is_number:
            means = {**row, "term": f"{variable.label}, means"}
            yield row | _estimate(OF_RANKS, lambda p: find_difference(*rank_together(*p)), pair)
            yield means | _estimate(OF_MEANS, lambda p: find_difference(*p), pair)
        else:
            levels = tuple(known.tolist() for known in pair)
            yield row | _estimate(OF_SHARES, lambda p: find_distance(*p), levels)


def _estimate(method: str, find: Any, pair: tuple[Any, ...]) -> dict[str, Any]:
    try:
        return {"estimate": find(pair), "method": method, "note": NO_INTERVAL}
    except NoDifferenceError as reason:
        return {"estimate": None, "method": method, "note": f"{CANNOT}{reason}"}


def _test(
    protocol: Protocol, variable: Variable, columns: Sequence[Part], seed: int
) -> dict[str, Any]:
    values = [read_values(protocol, variable, part.patients).to_numpy() for part in columns]
    row: dict[str, Any] = {
        "analysis_id": TEST + SUFFIX[columns[0].grouped_by], "outcome_id": "-", "group": "all",
        "term": variable.label, "n": sum(known.size for known in values),
    }  # fmt: skip
    test = compare_numbers if variable.is_number else compare_categories
    try:
        found = test([known for known in values if known.size], np.random.default_rng(seed))
    except NoTestError as reason:
        return row | {"method": "test of equality", "note": f"{CANNOT}{reason}"}
    return row | {"estimate": found.statistic, "p_value": found.p_value, "method": found.method,
                  "note": "tests that all groups are alike"}  # fmt: skip
