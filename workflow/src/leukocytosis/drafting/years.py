"""Files that hold one table year by year, told by their names, taken as one source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from leukocytosis.drafting.looking import Seen, call
from leukocytosis.drafting.matching import EVERYWHERE, Match
from leukocytosis.store import Connection, fetch, name
from leukocytosis.tables import BY_NAME

# a year, perhaps with its quarter, or its month and day; no other number: diagnoses9 and
# diagnoses10 are not two years
YEAR = re.compile(
    r"(?<!\d)(?:19|20)\d\d"
    r"(?:[-_.]?(?:q[1-4]|(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?))?(?!\d)",
    re.IGNORECASE,
)
MAGIC = re.compile(r"[*?\[]")  # would mean something else in a pattern
Says = Callable[[Match], object]


def join_years(con: Connection, folder: Path, matches: Sequence[Match], says: Says) -> list[Match]:
    """Return the matches, those of one table's years as one whose path is a pattern.

    They are written alike, have the same columns in the same order, and `says` (what each row of
    a file says alike) is the same. Years that number their rows alike stay apart: by their own
    files these rows are told from each other.
    """
    groups: dict[object, list[Match]] = defaultdict(list)
    for match in matches:
        groups[_find_likeness(match, says)].append(match)
    taken = {match.seen.name for match in matches}
    joined = [_join(con, folder, group, taken) for group in groups.values()]
    return [match for group in joined for match in group]


def _find_likeness(match: Match, says: Says) -> tuple[object, ...]:
    seen = match.seen
    written = seen.file.model_dump_json(exclude={"path"})
    read = (tuple(match.columns.items()), tuple(seen.types.items()))
    return (match.table, _pattern(seen.file.path), written, read, repr(says(match)))


def _pattern(path: str) -> str:
    """Return the pattern of a path with each digit of a year left open; the path if it has none."""
    return YEAR.sub(lambda year: re.sub(r"\d", "[0-9]", year[0]), path)


def _join(con: Connection, folder: Path, group: list[Match], taken: set[str]) -> list[Match]:
    """Return one match for a group, or the group where it cannot be read as one."""
    first = group[0]
    pattern = _pattern(first.seen.file.path)
    paths = {match.seen.file.path for match in group}
    if len(group) == 1 or any(map(MAGIC.search, paths)):
        return group
    named = {str(path.relative_to(folder)) for path in folder.glob(pattern)}
    if named != paths or _share_ids(con, group):
        return group
    called = call(YEAR.sub("", first.seen.file.path) or first.table, taken)
    taken.add(called)
    file = first.seen.file.model_copy(update={"path": pattern})
    seen = Seen(called, file, first.seen.types)
    rows = " UNION ALL ".join(f"FROM {match.seen.relation}" for match in group)
    con.execute(f"CREATE OR REPLACE VIEW {seen.relation} AS {rows}")
    return [Match(seen, first.table, first.columns, first.unused, first.doubtful)]


def _share_ids(con: Connection, group: Sequence[Match]) -> bool:
    """Whether a row's own id stands in two of the files, as where each year counts from 1."""
    first = group[0]
    key = BY_NAME[first.table].key[0]
    if key in EVERYWHERE or key not in first.columns:
        return False
    raw = name(first.columns[key])
    each = " UNION ALL ".join(f"SELECT DISTINCT {raw} FROM {one.seen.relation}" for one in group)
    shared = f"SELECT 1 FROM ({each}) GROUP BY {raw} HAVING count(*) > 1 LIMIT 1"
    return bool(fetch(con, shared))
