"""The index count in words: its bound, its differential, and which counts may be it."""

from __future__ import annotations

from leukocytosis.config.index import Differential, Index
from leukocytosis.prose.names import name_test
from leukocytosis.prose.words import describe_bound, join


def describe_differential(asked: Differential) -> str:
    """Return what a differential must show: `neutrophils and bands > 50 %`."""
    names = [concept.removesuffix("_percent") for concept in asked.concepts]
    return f"{join(names)} {describe_bound(asked.above)}"


def describe_narrowing(index: Index) -> str:
    """Return which counts may be the index, after `the first count`; nothing for any count."""
    words = " during an inpatient stay" if index.in_inpatient_stay else ""
    if index.within_hours_of_admission:
        words += f" in the first {index.within_hours_of_admission} hours of an inpatient stay"
    if index.after_test:
        test = index.after_test
        words += (
            f" on the day of a positive {name_test(test.codelist)} or up to "
            f"{test.within_days} days after it"
        )
    if index.repeated:
        days = index.repeated.at_least_days_apart
        words += f" at least {days} days after the first such count, which starts no clock"
    return words
