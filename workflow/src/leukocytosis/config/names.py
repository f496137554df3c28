"""Under which names hospitals export what we read: what a manifest is drafted from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from leukocytosis.config.codelist import DIAGNOSIS_SYSTEMS
from leukocytosis.config.manifest import CANONICAL_NAMES, STEERING
from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import nearest
from leukocytosis.tables import BY_NAME, DRUG_KINDS


class TableNames(Strict):
    """How files that hold one table are called, and its columns in them, the likeliest first."""

    files: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]


class Names(Strict):
    """The names of tables, columns and values.

    A file with an `ignored` word in its name is taken for no table. `doubts` are columns that may
    say that a row does not count. `kinds` are parts of a drug file's name: what its rows record.
    """

    tables: dict[str, TableNames]
    values: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    doubts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    kinds: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        faults = [*self._unknown_columns(), *self._unknown_values()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _unknown_columns(self) -> Iterator[str]:
        for table, names in self.tables.items():
            if table not in CANONICAL_NAMES:
                yield f"unknown table '{table}'{nearest(table, CANONICAL_NAMES)}"
                continue
            known = (*BY_NAME[table].names, *STEERING)
            for column in names.columns:
                if column not in known:
                    yield f"table '{table}' has no column '{column}'{nearest(column, known)}"

    def _unknown_values(self) -> Iterator[str]:
        for place, values in self.values.items():
            allowed = allowed_values(place)
            for value in values:
                if value not in allowed:
                    yield f"'{place}' is never '{value}'{nearest(value, allowed)}"
        for table in self.doubts:
            if table not in CANONICAL_NAMES:
                yield f"unknown table '{table}'{nearest(table, CANONICAL_NAMES)}"
        for kind in self.kinds:
            if kind not in DRUG_KINDS:
                yield f"a drug record is no '{kind}'{nearest(kind, DRUG_KINDS)}"


def allowed_values(place: str) -> tuple[str, ...]:
    """Return what may stand in `table.column`: the contract's values, or the systems of codes."""
    table, _, column = place.partition(".")
    if place == "diagnoses.code_system":
        return DIAGNOSIS_SYSTEMS
    columns: Mapping[str, tuple[str, ...] | None] = {
        c.name: c.allowed for c in (BY_NAME[table].columns if table in CANONICAL_NAMES else ())
    }
    return columns.get(column) or ()


def load_names(path: Path) -> Names:
    """Return the names; ConfigError lists every problem of the file."""
    return build(Names, Document(path))
