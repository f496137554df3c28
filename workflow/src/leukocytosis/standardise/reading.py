"""How a raw source is read: one query, its rows judged by named rules.

The query's rows are the wanted raw rows: `source_row` (the row's own id, or its place in the
file), the canonical columns, `changed_by` (a rule that changed the row) and `rejected_by` (the
first rule that refuses it). Raw columns are called `raw_<canonical column>` on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leukocytosis.config import Manifest
from leukocytosis.config.manifest import STEERING, Source
from leukocytosis.errors import ConfigError, Problem, nearest
from leukocytosis.standardise import values
from leukocytosis.store import name, quoted
from leukocytosis.tables import Table

UNLISTED = "(not listed)"
NOTHING = "CAST(NULL AS VARCHAR)"
EXTRA = {"labs": STEERING}


@dataclass(frozen=True)
class Rule:
    """A named reason to refuse a row, looked for in one column.

    `unreadable` rules count towards the manifest's tolerated share; `stops` marks what nobody
    listed (a unit, a category), which ends the run.
    """

    rule_id: str
    column: str
    condition: str
    unreadable: bool = False
    stops: bool = False


@dataclass(frozen=True)
class Reading:
    """The query of a source and the rules it applies, in order."""

    table: Table
    query: str
    rules: tuple[Rule, ...]


@dataclass
class Reader:
    """Builds the reading of one source: an expression per column, then the rules."""

    manifest: Manifest
    source: Source
    table: Table
    types: Mapping[str, str]  # raw column → SQL type
    columns: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    keep: str = "true"
    changed_by: str = NOTHING

    def given(self, column: str) -> str | None:
        """Return the raw column behind a canonical one, None when the source has none."""
        if self.source.sql is not None:
            return column if column in self.types else None
        return self.source.columns.get(column)

    def type_of(self, column: str) -> str:
        """Return the SQL type of a column as the source gives it."""
        raw = self.given(column)
        return self.types[raw] if raw is not None else "VARCHAR"

    def raw(self, column: str) -> str:
        """Return the column as the source gives it, NULL where it does not."""
        if column in self.source.constants:
            return quoted(self.source.constants[column])
        return name(f"raw_{column}") if self.given(column) is not None else NOTHING

    def text(self, column: str) -> str:
        """Return the column as text; blank text is missing."""
        return f"nullif(trim(CAST({self.raw(column)} AS VARCHAR)), '')"

    def time(self, column: str) -> str:
        """Return the column as a timestamp."""
        kind = self.type_of(column)
        return values.compile_time(self.raw(column), kind, self.manifest.date_formats)

    def precision(self, column: str) -> str:
        """Return how finely the column's time is known."""
        return values.compile_precision(self.raw(column), self.type_of(column), self.time(column))

    def number(self, column: str) -> str:
        """Return the column as a number."""
        kind, decimal = self.type_of(column), self.manifest.decimal
        return values.compile_number(self.raw(column), kind, decimal)

    def category(self, column: str) -> str:
        """Return the column mapped to its allowed values; ConfigError on a wrong mapping."""
        mapping = self.manifest.values.get(f"{self.table.name}.{column}", {})
        allowed = self.table.column(column).allowed or tuple(mapping.values())
        bad = sorted({value for value in mapping.values() if value and value not in allowed})
        if bad:
            raise ConfigError(self._wrong_mapping(column, value, allowed) for value in bad)
        if not (allowed or mapping):
            return self.text(column)
        fallback = f"CASE WHEN {self.text(column)} IS NOT NULL THEN {quoted(UNLISTED)} END"
        own = {value: value for value in allowed}
        return values.compile_category(self.raw(column), own | mapping, fallback)

    def _wrong_mapping(self, column: str, value: str, allowed: tuple[str, ...]) -> Problem:
        return Problem(
            f"manifest {self.manifest.extract}: values.{self.table.name}.{column}",
            f"maps to '{value}'{nearest(value, allowed)}",
            f"allowed: {', '.join(allowed)}",
        )

    def refuse(
        self, rule_id: str, column: str, condition: str, *, unreadable: bool = False
    ) -> None:
        """Add a rule; rules are tried in the order they are added."""
        self.rules.append(Rule(rule_id, column, condition, unreadable=unreadable))

    def need(self, column: str) -> None:
        """Refuse rows in which a column is missing, or there but cannot be read."""
        missing = f"{self.text(column)} IS NULL"
        self.refuse(f"{column}_missing", column, missing)
        self.refuse(f"{column}_not_read", column, f"{name(column)} IS NULL", unreadable=True)

    def need_listed(self, column: str) -> None:
        """Stop the run on a printed value that neither the table nor the manifest lists."""
        self.refuse_unlisted(column, f"{name(column)} = {quoted(UNLISTED)}")

    def refuse_unlisted(self, column: str, condition: str) -> None:
        """Stop the run where the condition holds: somebody must list the value first."""
        self.rules.append(Rule(f"{column}_not_listed", column, condition, stops=True))

    @property
    def own_id(self) -> str | None:
        """Return the raw column that names the row, None when rows are numbered."""
        key = self.table.key[0]
        return self.given(key) if key != "patient_id" else None

    @property
    def row_id(self) -> str:
        """Return the row's id in the canonical table, told apart from other sources' rows."""
        alone = len(self.manifest.tables[self.table.name]) == 1
        prefix = quoted(f"{self.source.rows_of}:")
        return "source_row" if self.own_id and alone else f"{prefix} || source_row"

    def build(self, view: str) -> Reading:
        """Return the reading: raw rows → wanted → canonical columns → judged."""
        parsed = ", ".join(f"{sql} AS {name(column)}" for column, sql in self.columns.items())
        whens = " ".join(f"WHEN {r.condition} THEN {quoted(r.rule_id)}" for r in self.rules)
        judged = f"CASE {whens} END" if whens else NOTHING
        query = (
            f"SELECT source_row, {', '.join(name(c) for c in self.columns)}, changed_by, "
            f"coalesce({self.text('left_out')}, {judged}) AS rejected_by FROM ("
            f"SELECT *, {parsed}, {self.changed_by} AS changed_by FROM ({self._raw(view)}) "
            f"WHERE {self.keep})"
        )
        return Reading(self.table, query, tuple(self.rules))

    def _raw(self, view: str) -> str:
        wanted = (*self.table.names, *EXTRA.get(self.table.name, ()), "left_out")
        given = [(column, self.given(column)) for column in wanted]
        columns = ", ".join(f"{name(raw)} AS {name('raw_' + c)}" for c, raw in given if raw)
        key = self.own_id
        # numbering rows makes the engine read in one thread; a file with ids is read in several
        row = f"CAST({name(key)} AS VARCHAR)" if key else "CAST(row_number() OVER () AS VARCHAR)"
        return f"SELECT {row} AS source_row, {columns} FROM {view}"
