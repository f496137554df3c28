"""White counts around the index by cause group: who had one in each bin of days, and how high.

Each patient has one value in a bin: the count nearest to the index, which is the last before it,
the first after it, and on day 0 the index count. However often a patient was measured, the patient
weighs once. Who has no count in a bin is not in it: nothing is carried forward or filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.store import Connection, fetch, quoted, scan

Bin = tuple[int, int]  # first and last day from the index, both included
# the same for every study, so that studies can be laid side by side; narrow where counts change
BINS: tuple[Bin, ...] = (
    (-56, -29), (-28, -15), (-14, -8), (-7, -4), (-3, -1), (0, 0),
    (1, 3), (4, 7), (8, 14), (15, 28), (29, 56), (57, 84),
)  # fmt: skip
NOBODY = "cannot be estimated, because nobody of the group has a count on these days"


def describe_white_counts(
    protocol: Protocol, con: Connection, study: Path
) -> Iterator[dict[str, Any]]:
    """Yield the rows of `white_counts`: each group and `all`, bin by bin.

    Quartiles are interpolated between the two values next to them. A count whose date is known
    to the month only is in no bin; one printed as a bound (`<`, `>`) counts as that bound.
    """
    values = fetch(con, _compile_quartiles(protocol, study))
    found = {(group, first): numbers for group, first, *numbers in values}
    sizes = dict(fetch(con, f"SELECT cause_group, count(*) FROM {_causes(study)} GROUP BY 1"))
    sizes["all"] = sum(sizes.values())
    for group in ("all", *protocol.analyses.groups):
        for first, last in BINS:
            n, low, middle, high = found.get((group, first), (0, None, None, None))
            yield {
                "group": group, "from_day": first, "to_day": last, "n": n,
                "n_patients": sizes.get(group, 0), "median_wbc_1e9_per_l": middle,
                "q1_wbc_1e9_per_l": low, "q3_wbc_1e9_per_l": high, "note": None if n else NOBODY,
            }  # fmt: skip


def _causes(study: Path) -> str:
    return scan(study / "causes.parquet")


def _compile_quartiles(protocol: Protocol, study: Path) -> str:
    bins = ", ".join(str(found) for found in BINS)
    return f"""
        WITH bins(from_day, to_day) AS (VALUES {bins}),
        nearest AS (
            SELECT cause_group, from_day, l.value
            FROM {scan(study / "cohort_labs.parquet")} l
            JOIN {scan(study / "episodes.parquet")} e USING (episode_id)
            JOIN {_causes(study)} c USING (episode_id)
            JOIN bins b ON l.days_from_index BETWEEN b.from_day AND b.to_day
            WHERE l.concept = {quoted(protocol.index.concept)}
                AND l.days_from_index = l.last_day_from_index
            QUALIFY row_number() OVER (
                PARTITION BY episode_id, from_day
                ORDER BY abs(l.days_from_index), abs(epoch(l.taken_at) - epoch(e.index_at)),
                    l.value DESC
            ) = 1
        ),
        grouped AS (FROM nearest UNION ALL SELECT 'all', from_day, value FROM nearest)
        SELECT cause_group, from_day, count(*), quantile_cont(value, 0.25),
            quantile_cont(value, 0.5), quantile_cont(value, 0.75)
        FROM grouped GROUP BY ALL
    """
