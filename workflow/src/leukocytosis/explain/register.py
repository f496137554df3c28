"""The register of numbers: of every row a study writes, what it is, its formula and its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem

REGISTER = Path(__file__).with_name("register.yaml")
HEAD = (
    "| number | formula | paper | code | R twin | difference |",
    "|---|---|---|---|---|---|",
)


class Entry(Strict):
    """A kind of number; `register.yaml` says what each key means."""

    number: str
    of: dict[str, tuple[str, ...] | Literal["all"]]
    says: str
    formula: str
    paper: str
    code: tuple[str, ...]
    r: str
    differs: str = "none"
    page: str = ""
    keys: tuple[str, ...]
    from_: tuple[str, ...] = Field(alias="from")

    @field_validator("keys", mode="before")
    @classmethod
    def _flat(cls, keys: list[Any]) -> list[str]:
        return [k for key in keys for k in (key if isinstance(key, list) else [key])]

    def covers(self, table: str, row: Mapping[str, Any]) -> bool:
        """Return whether a row of a table is such a number."""
        named = self.of.get(table, ())
        return named == "all" or row.get("analysis_id") in named

    @property
    def places(self) -> list[str]:
        """Return the code as `path:function`, from the project's folder."""
        return [f"{find_module(module)}:{name}" for module, _, name in self._parts()]

    def _parts(self) -> Iterator[tuple[str, str, str]]:
        yield from (code.partition(":") for code in self.code)


class Register(Strict):
    """All kinds of numbers; `causes` are the keys of the protocol that make the groups."""

    causes: tuple[str, ...]
    numbers: tuple[Entry, ...]


def find_module(module: str) -> str:
    """Return the file of a module of ours, from the project's folder."""
    spec = find_spec(f"leukocytosis.{module}")
    origin = Path(spec.origin) if spec and spec.origin else Path(module)
    return "workflow/src/" + origin.as_posix().partition("/src/")[2]


@cache
def load_register() -> Register:
    """Return the register; ConfigError with every problem it has."""
    return build(Register, Document(REGISTER))


def find_entry(table: str, row: Mapping[str, Any]) -> Entry:
    """Return what a row of a table is; ConfigError when the register does not know."""
    for entry in load_register().numbers:
        if entry.covers(table, row):
            return entry
    what = row.get("analysis_id", "its rows")
    raise ConfigError(Problem(REGISTER.name, f"says nothing of {table}: {what}", "add it there"))


def describe_register() -> str:
    """Return the register as the table of docs/estimators.md."""
    return "\n".join([*HEAD, *(_line(entry) for entry in load_register().numbers)]) + "\n"


def _line(entry: Entry) -> str:
    words = f"[{entry.number}](estimators/{entry.page}.md)" if entry.page else entry.number
    code = ", ".join(f"`{code}`" for code in entry.code)
    r = f"`{entry.r}`" if entry.r else ""
    cells = (words, entry.formula, entry.paper, code, r, entry.differs)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
