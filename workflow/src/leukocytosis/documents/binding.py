"""Numbers in a text that know where they come from; a number typed by hand is refused.

A text is a template. Whatever it takes from the study's tables or protocol is marked while the
template is filled in, so that a digit without a mark can only have been typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leukocytosis.errors import Problem, TextError
from leukocytosis.prose.citations import drop_citations

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"  # of the private use area: in nobody's text
MARKED = re.compile(f"{OPEN}(\\d+){MIDDLE}([^{CLOSE}]*){CLOSE}")
TYPED = re.compile(r".{0,20}\d[\d.,]*.{0,10}")  # with the words around it
MAY_BE_TYPED = re.compile(r"95 % interval|day 0\b|×10⁹/L")
# the keys of estimates, table_one and multiverse, as far as a row has them
PLACE = ("analysis_id", "outcome_id", "group", "term", "time_days", "variable", "level", "variant")


@dataclass(frozen=True)
class Bound:
    """Words of a text that hold a number, and the row or key it stands in.

    `source` is a table's name, or where else the number stands: `protocol`, `manifest`, `policy`,
    `codelists`, `software`. `key` holds the values of the row's key, or the key there; `columns`
    those printed, or the settings of the code that a sentence names besides.
    """

    words: str
    source: str
    key: str
    columns: str


@dataclass
class Binder:
    """Marks words with where they come from, in the order in which a text asks for them."""

    bound: list[Bound] = field(default_factory=list)

    def row(self, words: str, table: str, row: Mapping[str, Any], columns: str) -> str:
        """Return words bound to a row of a table."""
        key = "; ".join(f"{name} = {row[name]}" for name in PLACE if row.get(name) is not None)
        return self._mark(Bound(words, table, key, columns))

    def protocol(self, words: str, key: str) -> str:
        """Return words bound to a key of the protocol."""
        return self.key(words, "protocol", key)

    def key(self, words: str, source: str, key: str, columns: str = "") -> str:
        """Return words bound to a key of another source than the tables."""
        return self._mark(Bound(words, source, key, columns))

    def _mark(self, bound: Bound) -> str:
        self.bound.append(bound)
        return f"{OPEN}{len(self.bound) - 1}{MIDDLE}{bound.words}{CLOSE}"


def unmark(text: str) -> str:
    """Return a text as its readers see it."""
    return MARKED.sub(r"\2", text)


def find_bound(text: str, binder: Binder) -> list[Bound]:
    """Return what the text binds, in the order of reading."""
    return [binder.bound[int(number)] for number, _ in MARKED.findall(text)]


def check_bound(text: str, place: str) -> None:
    """Raise TextError for each number in a filled-in text that is bound to nothing.

    Someone typed it, or worked it out in the template. `95 % interval`, the level of every
    interval here, and `day 0`, the index day, may be typed.
    """
    rest = MAY_BE_TYPED.sub("…", drop_citations(MARKED.sub("…", text)))
    problems = [
        Problem(
            place,
            f"the number in '{' '.join(found.group().split())}' is bound to no row",
            "ask for it with a function of the text",
        )
        for found in TYPED.finditer(rest)
    ]
    if problems:
        raise TextError(problems)
