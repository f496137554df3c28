"""A study's tables for a notebook: typed, with their dictionary, and shy about persons.

study = open_study("granger2009", "synthetic")
study["estimates"]            # aggregate: an ordinary frame
study["analysis_set"]         # one row per person: computes like a frame, prints as a summary
study.describe("causes")      # what each column says, its unit and values
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leukocytosis.config import Protocol, load_protocol
from leukocytosis.errors import OutputError, Problem, listed, nearest
from leukocytosis.store import read_frame
from leukocytosis.tables import BY_NAME, Kind, Table, analysis_set_table

DTYPES: dict[Kind, str] = {
    "text": "string",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "datetime64[ns]",
    "timestamp": "datetime64[ns]",
}


OWN = "analysis_set"  # its columns depend on the study's outcomes
PERSONAL = [*(t for t in BY_NAME.values() if t.tier == "person"), analysis_set_table(())]
COLUMNS = {column.name for table in PERSONAL for column in table.columns}
IDS = {name for name in COLUMNS if name.endswith("_id")} - {"rule_id", "outcome_id"}


def is_personal(*axes: pd.Index[Any]) -> bool:
    """Return whether persons can be told apart: an axis is named by their ids, or holds such."""
    return any(str(name) in IDS for axis in axes for name in (*axis.names, *axis))


def is_one_person(row: pd.Series[Any]) -> bool:
    """Return whether a series is a row cut out of a table of persons: named, over its columns."""
    return row.name is not None and bool(set(map(str, row.index)) & COLUMNS)


class PersonSeries(pd.Series):
    """A column of persons; printed as a summary while its index tells persons apart."""

    @property
    def _constructor(self) -> type[PersonSeries]:
        return PersonSeries

    @property
    def _constructor_expanddim(self) -> type[PersonFrame]:
        return PersonFrame

    def __repr__(self) -> str:
        """Return the rows of an aggregate, a summary of persons."""
        if is_one_person(self):
            return "1 person: not printed"
        if is_personal(self.index):
            return f"{len(self)} persons' {self.name or 'values'}: not printed"
        return super().__repr__()


class PersonFrame(pd.DataFrame):
    """A table of persons: computes like any frame, prints as a summary.

    What is computed from it (`groupby`, `value_counts`, `describe`) prints as usual, because its
    rows are no persons any more.
    """

    @property
    def _constructor(self) -> type[PersonFrame]:
        return PersonFrame

    @property
    def _constructor_sliced(self) -> type[PersonSeries]:
        return PersonSeries

    def __repr__(self) -> str:
        """Return the rows of an aggregate, a summary of persons."""
        if is_personal(self.index, self.columns):
            if is_personal(pd.Index([], name=self.columns.name)):
                return f"{len(self.columns)} persons in columns: not printed"
            columns = ", ".join(str(column) for column in self.columns)
            return f"{len(self)} rows of persons: not printed. Columns: {columns}"
        return super().__repr__()

    def _repr_html_(self) -> str | None:
        if is_personal(self.index, self.columns):
            return None
        return pd.DataFrame(self).to_html()


@dataclass(frozen=True)
class Study:
    """The outputs of a study on an extract; see `open_study`."""

    protocol: Protocol
    extract: str
    folders: tuple[Path, ...]

    @property
    def tables(self) -> list[str]:
        """Return the names of the tables that are there."""
        found = {path.stem for folder in self.folders for path in folder.glob("*.parquet")}
        return sorted(found & {*BY_NAME, OWN})

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table in the types of its contract; OutputError names the nearest other.

        A table of persons comes indexed by its key, so that every column of it keeps the ids by
        which it is known not to be printed.
        """
        table = self._contract(name)
        path = next(f / f"{name}.parquet" for f in self.folders if (f / f"{name}.parquet").exists())
        frame = read_frame(path).astype({c.name: DTYPES[c.kind] for c in table.columns})
        if table.tier == "aggregate":
            return frame
        return PersonFrame(frame).set_index(list(table.key))

    def describe(self, name: str) -> pd.DataFrame:
        """Return the dictionary of a table: a row per column, with unit and allowed values."""
        table = self._contract(name)
        return pd.DataFrame(
            {
                "column": column.name,
                "says": column.says,
                "kind": column.kind,
                "unit": column.unit or "",
                "values": ", ".join(column.allowed or ()),
                "may be missing": column.nullable,
            }
            for column in table.columns
        ).set_index("column")

    def _contract(self, name: str) -> Table:
        if name not in self.tables:
            raise OutputError(
                Problem(
                    f"{self.protocol.study} on {self.extract}",
                    f"there is no table '{name}'{nearest(name, self.tables)}",
                    f"there are: {listed(self.tables, 40)}",
                )
            )
        if name == OWN:
            return analysis_set_table(outcome.id for outcome in self.protocol.outcomes)
        return BY_NAME[name]

    def __repr__(self) -> str:
        """Return what this is and which tables it holds."""
        return f"{self.protocol.title}, on {self.extract}. Tables: {', '.join(self.tables)}"


def open_study(study: str, extract: str, root: Path | str = ".") -> Study:
    """Return the outputs of a study on an extract, under the project's `root`.

    OutputError when the study has not been run on the extract.
    """
    root = Path(root)
    folder = root / "results/studies" / study / extract
    if not folder.exists():
        done = sorted(str(p.relative_to(folder.parents[1])) for p in folder.parents[1].glob("*/*"))
        raise OutputError(
            Problem(
                f"{study} on {extract}",
                "has not been run",
                f"run `make study STUDY={study} EXTRACT={extract}`; there is: {listed(done)}",
            )
        )
    protocol = load_protocol(root / f"config/studies/{study}.yaml")
    return Study(protocol, extract, (folder, root / "results/extracts" / extract))
