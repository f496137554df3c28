"""Which blood counts may be an index: a chain of queries, each reading what the last one left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leukocytosis.config import Codelist, Protocol
from leukocytosis.matching import compile_dated, compile_words_match
from leukocytosis.prose import describe_bound
from leukocytosis.store import quoted

Narrowing = tuple[str, str, str]  # reason_id, reason, query over the table named by {before}


def compile_counts(protocol: Protocol, codelists: Mapping[str, Codelist]) -> Iterator[Narrowing]:
    """Yield the chain: a count is an index only if every step leaves it in."""
    index = protocol.index
    yield "above_threshold", f"a count {describe_bound(index.above)}", compile_beyond(protocol)
    yield (
        "dated_to_the_day",
        "such a count dated to the day",
        f"FROM {{before}} WHERE {compile_dated()}",
    )
    if index.in_inpatient_stay:
        yield "in_stay", "such a count during an inpatient stay", IN_STAY
    if index.within_hours_of_admission:
        yield from _compile_near(index.within_hours_of_admission)
    if index.after_test:
        days = index.after_test.within_days
        words = f"such a count on the day of a positive test or up to {days} days after it"
        yield "after_test", words, _compile_after(days, codelists[index.after_test.codelist])
    if index.repeated:
        days = index.repeated.at_least_days_apart
        words = f"a second such count at least {days} days after the first"
        yield "repeated", words, _compile_repeated(days)


def compile_beyond(protocol: Protocol) -> str:
    """Return the query of the counts beyond the threshold.

    A printed bound counts only when every value it allows is beyond the threshold.
    """
    above = protocol.index.above
    strict = {">": ">=", ">=": ">="}[above.operator]
    return (
        "SELECT patient_id, encounter_id, taken_at, taken_precision, value, lab_id FROM {before} "
        f"WHERE concept = {quoted(protocol.index.concept)} AND coalesce(comparator, '') <> '<' "
        # '>40' is beyond 40 though its number is not; any other bound must exceed by its number
        f"AND (value {above.operator} {above.value} "
        f"OR (comparator = '>' AND value {strict} {above.value}))"
    )


INPATIENT = "e.patient_id = b.patient_id AND coalesce(e.setting, 'inpatient') = 'inpatient'"
# by calendar day: a count dated to the day would otherwise precede a stay that starts at noon
IN_STAY = f"""
    FROM {{before}} b SEMI JOIN encounters e ON {INPATIENT} AND (
        b.encounter_id = e.encounter_id OR CAST(b.taken_at AS DATE) BETWEEN
            CAST(e.started_at AS DATE) AND CAST(coalesce(e.ended_at, e.started_at) AS DATE))
"""


def _compile_near(hours: int) -> Iterator[Narrowing]:
    """Yield the steps of the first hours of a stay, the hour itself included.

    Neither a count dated to the day nor stays that all begin at midnight (dates, not times) can
    be placed to the hour; both are left out under that name.
    """
    yield (
        "timed",
        "such a count, and stays, with a time of day",
        "FROM {before} WHERE taken_precision = 'second' AND EXISTS "
        "(FROM encounters WHERE started_at <> date_trunc('day', started_at))",
    )
    yield (
        "near_admission",
        f"such a count in the first {hours} hours of an inpatient stay",
        f"FROM {{before}} b SEMI JOIN encounters e ON {INPATIENT} AND b.taken_at >= e.started_at "
        f"AND b.taken_at <= e.started_at + INTERVAL {hours} HOUR",
    )


def _compile_after(days: int, tests: Codelist) -> str:
    test, specimen = (
        f"coalesce({compile_words_match(column, tests.entries)}, false)"
        for column in ("m.test", "m.specimen")
    )
    return (
        "FROM {before} b SEMI JOIN microbiology m ON m.patient_id = b.patient_id "
        f"AND m.result = 'positive' AND ({test} OR {specimen}) "
        f"AND {compile_dated('m.collected_precision')} "
        "AND date_diff('day', CAST(m.collected_at AS DATE), CAST(b.taken_at AS DATE)) "
        f"BETWEEN 0 AND {days}"
    )


def _compile_repeated(days: int) -> str:
    first = "min(CAST(taken_at AS DATE)) OVER (PARTITION BY patient_id)"
    return f"FROM {{before}} QUALIFY date_diff('day', {first}, CAST(taken_at AS DATE)) >= {days}"
