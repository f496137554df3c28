"""The variables of Table 1, and the ways in which it parts the cohort."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

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
EVERYBODY = "all"


@dataclass(frozen=True)
class Variable:
    """A variable of Table 1: a column of the analysis set, and what readers call it."""

    column: str
    label: str
    is_number: bool


@dataclass(frozen=True)
class Part:
    """A column of Table 1: some of the patients, and the part they are themselves within."""

    grouped_by: Literal["cohort", "cause_group", "cause"]
    name: str
    within: str | None
    patients: pd.DataFrame


def list_variables(protocol: Protocol) -> tuple[Variable, ...]:
    """Return the variables of a study, numbers first; no tumour where it asks for none."""
    unasked = set() if protocol.tumour else {"tumour_group"}
    named = [(NUMBERS, True), (CATEGORIES, False)]
    return tuple(
        Variable(column, label, is_number)
        for labels, is_number in named
        for column, label in labels.items()
        if column not in unasked
    )


def read_values(protocol: Protocol, variable: Variable, patients: pd.DataFrame) -> pd.Series[Any]:
    """Return a variable's known values, one per patient: numbers, or levels as readers know them.

    Patients without a value are left out.
    """
    known = patients[variable.column].dropna()
    if variable.is_number:
        return known.astype(float)
    names: dict[object, str] = {True: "yes", False: "no"}
    names |= {cause.id: cause.title for cause in protocol.causes}
    return known.map(lambda level: names.get(level, level)).astype(str)


def list_parts(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Part]:
    """Yield everybody, each cause group, and each cause that any patient has."""
    yield Part("cohort", EVERYBODY, None, patients)
    for group in protocol.analyses.groups:
        of_group = patients[patients["cause_group"] == group]
        yield Part("cause_group", group, EVERYBODY, of_group)
    for cause, group in protocol.group_of.items():
        of_cause = patients[patients["primary_cause"] == cause]
        if len(of_cause):
            yield Part("cause", cause, group, of_cause)
