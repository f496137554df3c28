"""What the first rows of a file say of how they are written; never what one patient's row says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leukocytosis.config.codelist import FORMATS, LAB_SYSTEM
from leukocytosis.drafting.looking import Seen
from leukocytosis.drafting.matching import Match
from leukocytosis.standardise.extract import SHOWN_FROM
from leukocytosis.standardise.quality import NAMING, TOKENS
from leukocytosis.standardise.values import (
    ZONE,
    compile_number,
    compile_time,
    compile_unit,
    is_in_utc,
)
from leukocytosis.store import Connection, fetch, name, quoted

MOST_VALUES, MOST_CODES, LONGEST = 80, 20, 60
NUMBERS = ("value", "dose", "doses_per_day", "birth_year", "position")
WRITINGS = {  # of a date, with and without its time
    "day/month/year": ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    "month/day/year": ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"),
    "day.month.year": ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    "day-month-year": ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y"),
    "month-day-year": ("%m-%d-%Y %H:%M:%S", "%m-%d-%Y %H:%M", "%m-%d-%Y"),
    "day-JAN-year": ("%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y"),
    "dayJANyear": ("%d%b%Y:%H:%M:%S", "%d%b%Y %H:%M:%S", "%d%b%Y"),
    "yearmonthday": ("%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d"),
}
NEARLY_ALL = 0.95  # as manifests tolerate


@dataclass(frozen=True)
class Values:
    """The texts of a column that several rows share, and how many rows hold a rarer one."""

    shared: tuple[tuple[str, int], ...]
    n_rarer: int


def find_values(con: Connection, seen: Seen, column: str) -> Values:
    """Return what stands in a column of few values, by number of rows."""
    text = f"trim(CAST({name(column)} AS VARCHAR))"
    counted = fetch(
        con,
        f"SELECT {text}, count(*) FROM {seen.relation} WHERE {text} <> '' GROUP BY 1 "
        "ORDER BY 2 DESC, 1",
    )
    shown = [
        (str(value), int(n))
        for value, n in counted[:MOST_VALUES]
        if n >= SHOWN_FROM and len(value) <= LONGEST
    ]
    return Values(tuple(shown), sum(n for _, n in counted) - sum(n for _, n in shown))


def find_tokens(con: Connection, match: Match) -> list[str]:
    """Return the texts that stand for a missing value where a number, a time or an id should."""
    columns = [*_times(match), *(c for c in (*NUMBERS, *NAMING) if c in match.columns)]
    texts = [raw for c in columns if match.seen.types[raw := match.columns[c]] == "VARCHAR"]
    queries = [
        f"SELECT {name(raw)} AS token FROM {match.seen.relation} WHERE {_is_token(name(raw))}"
        for raw in texts
    ]
    found = fetch(con, " UNION ".join(queries)) if queries else []
    return sorted(str(token) for (token,) in found)


def _is_token(raw: str) -> str:
    return f"lower({raw}) IN ({', '.join(quoted(token.lower()) for token in TOKENS)})"


def find_writings(con: Connection, matches: Sequence[Match]) -> list[str] | None:
    """Return the ways of writing a date that read nearly every time; None where plain reading does.

    More than one means that the files do not tell, none that the way is not known here.
    """
    columns = [(m.seen.relation, name(raw)) for m, raw in _written_times(matches)]
    if all(_read_share(con, *column, ()) >= NEARLY_ALL for column in columns):
        return None
    return [
        writing
        for writing, formats in WRITINGS.items()
        if all(_read_share(con, *column, formats) >= NEARLY_ALL for column in columns)
    ]


def _read_share(con: Connection, relation: str, raw: str, formats: Sequence[str]) -> float:
    """Return the share of a column's texts that can be read as a time, 1 where there are none."""
    # in any zone: where an offset is printed, somebody must name the clock first
    read = compile_time(raw, "VARCHAR", formats, "UTC")
    query = (
        f"SELECT count({read}), count(*) FROM {relation} WHERE {raw} <> '' AND NOT {_is_token(raw)}"
    )
    n_read, n = fetch(con, query)[0]
    return float(n_read / n) if n else 1.0


def tell_moments(con: Connection, matches: Sequence[Match]) -> bool:
    """Whether any time is said with its offset or in UTC, so that the hospital's clock matters."""
    typed = any(is_in_utc(m.seen.types[m.columns[column]]) for m in matches for column in _times(m))
    return typed or any(
        fetch(
            con,
            f"SELECT 1 FROM {m.seen.relation} WHERE contains({name(raw)}, ':') "
            f"AND regexp_matches({name(raw)}, {quoted(ZONE)}, 'i') LIMIT 1",
        )
        for m, raw in _written_times(matches)
    )


def has_decimal_comma(con: Connection, matches: Sequence[Match]) -> bool:
    """Whether results are written with a comma before one or two decimals, none with a point."""
    columns = [(m.seen.relation, name(m.columns["value"])) for m in matches if "value" in m.columns]
    results = " UNION ALL ".join(
        f"SELECT CAST({raw} AS VARCHAR) AS r FROM {s}" for s, raw in columns
    )
    commas, points = (
        f"count(*) FILTER (regexp_matches(r, '^[<>]?\\d+{sign}$'))"
        for sign in (",\\d{1,2}", "\\.\\d+")
    )
    return bool(columns) and bool(
        fetch(con, f"SELECT {commas} > 0 AND {points} = 0 FROM ({results})")[0][0]
    )


def share_of_system(con: Connection, match: Match, system: str) -> float:
    """Return the share of a file's codes that are written like those of a system, without dots."""
    code = f"upper(trim(CAST({name(match.columns['code'])} AS VARCHAR)))"
    if system != LAB_SYSTEM:
        code = f"replace({code}, '.', '')"
    written = f"regexp_full_match({code}, {quoted(FORMATS[system])})"
    query = f"SELECT count(*) FILTER ({written}), count({code}) FROM {match.seen.relation}"
    n_written, n = fetch(con, query)[0]
    return float(n_written / n) if n else 0.0


def count_numbers_only_in(con: Connection, match: Match, other: str) -> int:
    """Return in how many rows another column holds a number and the one taken for results none."""
    numbers = [
        compile_number(name(raw), match.seen.types[raw]) for raw in (match.columns["value"], other)
    ]
    only = f"{numbers[0]} IS NULL AND {numbers[1]} IS NOT NULL"
    return int(fetch(con, f"SELECT count(*) FILTER ({only}) FROM {match.seen.relation}")[0][0])


def find_counts(
    con: Connection, match: Match, units: Iterable[str]
) -> list[tuple[str, int, float]]:
    """Return the codes of results in units of a count: each with its rows and median as printed.

    White counts are among them, and told from platelets by their median. `units` are folded.
    """
    if not {"code", "value", "unit"} <= match.columns.keys():
        return []
    code, value, unit = (name(match.columns[c]) for c in ("code", "value", "unit"))
    number = compile_number(value, match.seen.types[match.columns["value"]])
    folded = compile_unit(f"CAST({unit} AS VARCHAR)")
    rows = fetch(
        con,
        f"SELECT CAST({code} AS VARCHAR), count(*), median({number}) FROM {match.seen.relation} "
        f"WHERE {folded} IN ({', '.join(map(quoted, sorted(units)))}) AND {number} IS NOT NULL "
        f"GROUP BY 1 HAVING count(*) >= {SHOWN_FROM} ORDER BY 2 DESC, 1 LIMIT {MOST_CODES}",
    )
    return [(str(found), int(n), float(middle)) for found, n, middle in rows]


def _times(match: Match) -> list[str]:
    return [c for c in match.columns if c.endswith(("_at", "_on"))]


def _written_times(matches: Sequence[Match]) -> Iterator[tuple[Match, str]]:
    """Yield each column of times that are texts."""
    for match in matches:
        for column in _times(match):
            raw = match.columns[column]
            if match.seen.types[raw] == "VARCHAR":
                yield match, raw
