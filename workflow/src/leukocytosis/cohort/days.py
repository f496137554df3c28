"""Calendar days from the index, for tables whose records are more or less precise."""

from __future__ import annotations

from leukocytosis.tables import EVENT_TIMES


def compile_days(table: str) -> tuple[str, str]:
    """Return SQL for `days_from_index` and `last_day_from_index` of a table's rows.

    The index day is 0. The last day is the end of an interval (a missing end means the start),
    or the last day a month-only or year-only date can mean.
    """
    start, second = EVENT_TIMES[table]
    first = _day(start)
    if second.endswith("_precision"):
        last = (
            f"CASE {second} WHEN 'month' THEN {_day(f'last_day({start})')} "
            f"WHEN 'year' THEN {_day(f'make_date(year({start}), 12, 31)')} ELSE {first} END"
        )
    else:
        last = f"greatest({first}, {_day(f'coalesce({second}, {start})')})"
    return first, last


def _day(at: str) -> str:
    return f"date_diff('day', index_on, CAST({at} AS DATE))"
