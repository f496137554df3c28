"""Released rows beside rows made again: equal, or different and how."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CLOSE = 1e-9  # another processor may change the last digits of a double
Row = Mapping[str, str]


@dataclass
class Tally:
    """What became of one kind of thing compared: counts, and a line for each that is not equal."""

    what: str
    equal: int = 0
    differs: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)

    def note(self, place: str, released: str | None, again: str | None) -> None:
        """Compare two texts or numbers at a place; None stands for what is not there."""
        if released is not None and again is not None and is_equal(released, again):
            self.equal += 1
            return
        words = ("not there" if value is None else value for value in (released, again))
        self.differs.append(f"{place}: released {next(words)}, made again {next(words)}")


def is_equal(released: str, again: str) -> bool:
    """Return whether two cells say the same: as text, or as numbers to 1e-9 of their size."""
    if released == again:
        return True
    try:
        return math.isclose(float(released), float(again), rel_tol=CLOSE, abs_tol=1e-12)
    except ValueError:
        return False


def compare_rows(what: str, released: Path, again: Path, key: Sequence[str]) -> Tally:
    """Compare two CSVs row by row: by key, or by their order where there is none."""
    tally = Tally(what)
    first, second = index_rows(released, key), index_rows(again, key)
    for place in dict.fromkeys([*first, *second]):
        differing = list(_find_differing(first.get(place), second.get(place)))
        if differing:
            tally.differs += [f"{what} {place}: {words}" for words in differing]
        else:
            tally.equal += 1
    return tally


def _find_differing(released: Row | None, again: Row | None) -> Iterator[str]:
    if released is None or again is None:
        yield "not made again" if again is None else "made again, not released"
        return
    for column in dict.fromkeys([*released, *again]):
        old, new = released.get(column, ""), again.get(column, "")
        if not is_equal(old, new):
            yield f"{column} released {old or 'empty'}, made again {new or 'empty'}"


def index_rows(path: Path, key: Sequence[str]) -> dict[str, Row]:
    """Return the rows of a CSV by their key and, within it, by their order."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    seen: Counter[str] = Counter()
    found: dict[str, Row] = {}
    for row in rows:
        place = "/".join(row.get(column, "") for column in key).rstrip("/") or "row"
        seen[place] += 1
        found[f"{place} ({seen[place]})" if seen[place] > 1 or not key else place] = row
    return found
