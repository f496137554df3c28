"""What a contract is: columns, their types and domains, and one row's meaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
Tier = Literal["person", "aggregate"]
SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@dataclass(frozen=True)
class Column:
    """A column: its type, what it says, its unit, whether it may be missing, its domain."""

    name: str
    kind: Kind
    says: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def sql_type(self) -> str:
        """Return DuckDB's name for the column's type."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """A table: what one row is, its key (unique, in sort order) and its columns in order."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    tier: Tier = "person"
    unique: bool = True  # whether the key names one row; it always gives the order

    @property
    def names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def text(name: str, says: str, allowed: tuple[str, ...] | None = None) -> Column:
    """Return a text column that is never missing."""
    return Column(name, "text", says, allowed=allowed)


def number(name: str, says: str, unit: str | None = None) -> Column:
    """Return a number column that is never missing."""
    return Column(name, "number", says, unit)


def integer(name: str, says: str, unit: str | None = None) -> Column:
    """Return a whole-number column that is never missing."""
    return Column(name, "integer", says, unit)


def maybe(column: Column) -> Column:
    """Return the column, allowed to be missing."""
    return replace(column, nullable=True)


def count(name: str, says: str) -> Column:
    """Return a column of counts: whole numbers from 0."""
    return Column(name, "integer", says, unit="count", at_least=0)
