"""How a raw source is read: one query, its rows judged by named rules.

The query's rows are the wanted raw rows: `source_row` (the row's own id, or its place in the
file; left out where a canonical column says the same), the canonical columns and `rejected_by`
(the first rule that refuses the row). Raw columns are called `raw_<canonical column>` on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from leukocytosis.config import Manifest
from leukocytosis.config.manifest import STEERING, Source
from leukocytosis.errors import ConfigError, Problem, nearest
from leukocytosis.standardise import values
from leukocytosis.standardise.files import NUMBERED, is_parquet
from leukocytosis.store import name, quoted
from leukocytosis.tables import Table

UNLISTED = "(not listed)"
NOTHING = "CAST(NULL AS VARCHAR)"
EXTRA = {"labs": STEERING}
RAW = '"raw_'  # how the name of a raw column begins on the way


@dataclass(frozen=True)
class Rule:
    """A named reason to refuse a row, looked for in one column.

    `unreadable` rules count towards the manifest's tolerated share; `stops` marks what nobody
    listed (a unit, a category), which ends the run. `changes` marks a rule that refuses only the
    column's value: the row is kept without it.
    """

    rule_id: str
    column: str
    condition: str
    unreadable: bool = False
    stops: bool = False
    changes: bool = False


@dataclass(frozen=True)
class Reading:
    """The query of a source, and the rules it applies, in order."""

    query: str
    rules: tuple[Rule, ...]
    also: str  # the columns it leaves out because each row would say the same, or say it twice


@dataclass
class Reader:
    """Builds the reading of one source: an expression per column, then the rules."""

    manifest: Manifest
    source: Source
    table: Table
    types: Mapping[str, str]  # raw column → SQL type
    columns: dict[str, str] = field(default_factory=dict)
    derived: list[dict[str, str]] = field(default_factory=list)  # each from all before it
    choices: dict[str, Iterable[str]] = field(default_factory=dict)  # columns of few values
    also: tuple[str, ...] = ()  # columns that are passed on though the table has them not
    rules: list[Rule] = field(default_factory=list)
    keep: str = "true"
    codes: frozenset[str] = frozenset()  # a row with another `code` is surely not wanted
    place: str = NUMBERED

    def given(self, column: str) -> str | None:
        """Return the raw column behind a canonical one, None when the source has none."""
        if self.source.sql is not None:
            return column if column in self.types else None
        return self.source.columns.get(column)

    @property
    def from_parquet(self) -> bool:
        """Return whether the source's rows are those of Parquet files."""
        return is_parquet(self.manifest.files[self.source.rows_of])

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
        if self.type_of(column) != "VARCHAR":
            return f"CAST({self.raw(column)} AS VARCHAR)"
        return f"nullif(trim({self.raw(column)}), '')"

    def id(self, column: str) -> str:
        """Return `text` of a column whose values are short, plain and seldom repeat, only faster.

        Letters are trimmed one by one; most ids show at once that they have nothing to trim.
        """
        if self.given(column) is None or self.type_of(column) != "VARCHAR":
            return self.text(column)
        raw = self.raw(column)
        plain = f"{raw} > '!' AND NOT suffix({raw}, ' ') AND strlen({raw}) = length({raw})"
        return f"CASE WHEN {plain} THEN {raw} ELSE {self.text(column)} END"

    def missing(self, column: str) -> str:
        """Return whether the source says nothing in the column."""
        typed = self.type_of(column) != "VARCHAR"
        return f"{self.raw(column) if typed else self.text(column)} IS NULL"

    def time(self, column: str) -> str:
        """Return the column as a timestamp."""
        said = self.manifest
        return values.compile_time(
            self.raw(column), self.type_of(column), said.date_formats, said.time_zone
        )

    def day(self, column: str) -> str:
        """Return the column as a date."""
        said = self.manifest
        return values.compile_day(
            self.raw(column), self.type_of(column), said.date_formats, said.time_zone
        )

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
        unread = f"{name(column)} IS NULL"
        if self.table.column(column).kind in ("date", "timestamp"):
            unread += f" OR NOT ({values.compile_plausible(name(column))})"
        if self.columns[column] in (self.text(column), self.id(column)):  # can always be read
            self.refuse(f"{column}_missing", column, unread)
            return
        self.refuse(f"{column}_missing", column, self.missing(column))
        self.refuse(f"{column}_not_read", column, unread, unreadable=True)

    def may_lack(self, column: str, read: str, *, unreadable: bool = True) -> None:
        """Note rows that have something in a column which cannot be read: they lack it."""
        condition = f"NOT ({self.missing(column)}) AND {read} IS NULL"
        rule = Rule(f"{column}_not_read", column, condition, unreadable=unreadable, changes=True)
        self.rules.append(rule)

    def lack(self, rule_id: str, column: str, condition: str) -> None:
        """Note rows whose value in a column is refused: they are kept without it."""
        self.rules.append(Rule(rule_id, column, condition, changes=True))

    def may_lack_time(self, column: str, read: str) -> str:
        """Return a time that was read, NULL where no record can have it; `may_lack` for times."""
        plausible = f"CASE WHEN {values.compile_plausible(read)} THEN {read} END"
        self.may_lack(column, f"({plausible})")
        return plausible

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
        prefix = quoted(f"{self.source.rows_of}:")
        return f"{prefix} || source_row" if self.numbered else "source_row"

    @property
    def numbered(self) -> bool:
        """Return whether the row's id in the canonical table is another than in its file."""
        alone = len(self.manifest.tables[self.table.name]) == 1
        return not (self.own_id and alone)

    @property
    def sieved_by(self) -> str | None:
        """Return the raw column that tells wanted lines of a CSV; None where lines need numbers."""
        alike = self.source.sql is None and not self.from_parquet and self.own_id and self.codes
        return self.given("code") if alike else None

    @property
    def order(self) -> str:
        """Return the ORDER BY of a view's rows; a file's rows have their places, a view's need not.

        Rows that are named by nothing but their place keep the order the view gives them.
        """
        if self.source.sql is None:
            return ""
        if self.table.key[0] == "patient_id":
            return " ORDER BY patient_id"
        return "" if self.numbered else " ORDER BY ALL"

    def build(self, view: str) -> Reading:
        """Return the reading: raw rows → wanted → canonical columns → judged."""
        rows = f"SELECT *{_compile_more(self.columns)} FROM ({self._raw(view)}) WHERE {self.keep}"
        for level in self.derived:
            # a level of its own: else the engine works out a column once for each use of it
            rows = f"SELECT *{_compile_more(level)} FROM ({rows})"
        types = self._find_types()
        same = {c: sql for c, sql in self.columns.items() if c in types and _is_constant(sql)}
        kept = ", ".join(_compile_typed(c, name(c), types[c]) for c in types if c not in same)
        also = "".join(f", {_compile_typed(c, sql, types[c])}" for c, sql in same.items())
        if not self.numbered:
            also += f", {name(self.table.key[0])} AS source_row"
        changed = _compile_first([rule for rule in self.rules if rule.changes])
        query = (
            f"SELECT {kept}, {self._judgement()} AS rejected_by, {changed} AS changed_by "
            f"FROM ({rows})"
        )
        return Reading(query, tuple(self.rules), also)

    def _judgement(self) -> str:
        """Return the first rule that refuses a row; a view's own word comes before all."""
        judged = _compile_first([rule for rule in self.rules if not rule.changes])
        return f"coalesce({self.text('left_out')}, {judged})" if self.given("left_out") else judged

    def _find_types(self) -> dict[str, str | None]:
        """Return what is kept of a row: few values as ENUM, a byte a row in memory, None as is."""
        choices = {c.name: c.allowed for c in self.table.columns if c.allowed} | self.choices
        listed = {column: one_of(values) for column, values in choices.items()}
        found = [*self.columns, *chain.from_iterable(self.derived)]
        wanted = {*self.table.names, *self.also}
        types = {column: listed.get(column) for column in found if column in wanted}
        return {"source_row": None, **types} if self.numbered else types

    def _raw(self, view: str) -> str:
        wanted = (*self.table.names, *EXTRA.get(self.table.name, ()), "left_out")
        given = [(column, self.given(column)) for column in wanted]
        columns = ", ".join(f"{name(raw)} AS {name('raw_' + c)}" for c, raw in given if raw)
        key = self.own_id
        row = name(key) if key else self.place
        return f"SELECT CAST({row} AS VARCHAR) AS source_row, {columns} FROM {view}"


def one_of(values: Iterable[str]) -> str:
    """Return the SQL type of a text that is one of few."""
    listed = ", ".join(quoted(value) for value in sorted({*values}))
    return f"ENUM({listed})" if listed else "VARCHAR"


def _compile_first(rules: Sequence[Rule]) -> str:
    """Return the first of the rules that holds, NULL where none does."""
    names = one_of(rule.rule_id for rule in rules)
    whens = " ".join(f"WHEN {r.condition} THEN CAST({quoted(r.rule_id)} AS {names})" for r in rules)
    return f"CASE {whens} END" if whens else NOTHING


def compile_answer(text: str, answers: Mapping[str, str], sql_type: str) -> str:
    """Return the answer (as SQL) to a text that is one of few, NULL to any other.

    A list is asked for the text's place among the few; a CASE would try one after the other.
    """
    if not answers:
        return f"CAST(NULL AS {sql_type})"
    listed = ", ".join(answer for _, answer in sorted(answers.items()))
    place = f"CAST(enum_code(TRY_CAST({text} AS {one_of(answers)})) AS INTEGER) + 1"
    return f"list_extract(CAST([{listed}] AS {sql_type}[]), {place})"


def _compile_typed(column: str, sql: str, sql_type: str | None) -> str:
    return f"{f'TRY_CAST({sql} AS {sql_type})' if sql_type else sql} AS {name(column)}"


def _is_constant(sql: str) -> bool:
    """Whether an expression reads nothing of a row."""
    return RAW not in sql and "source_row" not in sql


def _compile_more(columns: Mapping[str, str]) -> str:
    return "".join(f", {sql} AS {name(column)}" for column, sql in columns.items())
