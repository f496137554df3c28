"""Evidence rules in words: which records count, in which window, and what shows a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leukocytosis.config.evidence import Assessed, Rule, Through, Window
from leukocytosis.prose.words import capital, describe_bound, join

RECORDS = {
    "diagnoses": "a diagnosis code",
    "drugs": "a drug",
    "microbiology": "a culture or test",
    "labs": "a laboratory result",
}


def describe_window(window: Window) -> str:
    """Return a window in words; both ends are included."""
    first, last = window.from_day, window.to_day
    if first is None and last is None:
        words = "at any time"
    elif first is None:
        words = f"at any time up to {describe_day(last or 0)}"
    elif last is None:
        words = f"from {describe_day(first)} on"
    elif first == last:
        words = f"on {describe_day(first)}"
    elif first * last:  # one index for both ends
        same_side = first * last > 0
        words = describe_day(first).removesuffix(" the index")
        words = words.removesuffix(" before").removesuffix(" after") if same_side else words
        words = f"from {words} to {describe_day(last)}"
    else:
        words = f"from {describe_day(first)} to {describe_day(last)}"
    return words + (", or during the index stay" if window.or_index_stay else "")


def describe_day(day: int) -> str:
    """Return a day from the index in words."""
    if day == 0:
        return "the index day"
    days = f"{abs(day)} day{'s' if abs(day) != 1 else ''}"
    return f"{days} {'before' if day < 0 else 'after'} the index"


def describe_rule(rule: Rule) -> str:
    """Return an evidence rule as a sentence, and one on what shows that it was looked for."""
    parts = [part for part in (*_records(rule), *_refusals(rule)) if part]
    return f"{capital(rule.title)}: {'; '.join(parts)}. {_describe_assessed(rule)}"


def _records(rule: Rule) -> Iterator[str]:
    what = RECORDS[rule.from_]
    lists = [name for name in (rule.codelist, rule.test, rule.organism) if name]
    of_lists = f" of the list {join(lists)}" if lists else ""
    days = f" on at least {rule.at_least_days} days" if rule.at_least_days > 1 else ""
    yield f"{what}{of_lists}{days}, {describe_window(rule.window)}"
    if rule.positive:
        yield "positive, with an organism or finding named"
    if rule.value:
        yield f"with a value {describe_bound(rule.value)}"
    if rule.above_index_threshold:
        yield "beyond the threshold of the index"
    if rule.through:
        yield _describe_through(rule.through)
    if rule.dose:
        yield f"above {rule.dose.above_mg_per_day:g} mg prednisone-equivalent on a day"


def _describe_through(through: Through) -> str:
    return (
        f"as high as when the {through.course.replace('_', ' ')} began, on its day "
        f"{through.at_least_days} or later, the count then being "
        f"{describe_bound(through.already)}"
    )


def _refusals(rule: Rule) -> Iterator[str]:
    left_out = {"codes": rule.codelist_not, "organisms": rule.organism_not, "tests": rule.test_not}
    for what, names in left_out.items():
        if names:
            yield f"{what} of {_lists(names)} do not count"
    if rule.none_before_day is not None:
        earlier = rule.none_before_codelist or rule.codelist
        yield f"new, with no code of the list {earlier} before {describe_day(rule.none_before_day)}"
    if rule.given_not_only_ordered:
        yield "an order alone counts only in a stay of which no administration is on record"
    if rule.before_the_count:
        yield "on the index day only what began before the count was taken"
    if rule.excluded_routes:
        yield f"{len(rule.excluded_routes)} local routes left out"
    if rule.excluded_forms:
        yield f"names in the list {rule.excluded_forms} left out"


def _lists(names: Sequence[str]) -> str:
    return f"the list{'s' if len(names) > 1 else ''} {join(names)}"


def _describe_assessed(rule: Rule) -> str:
    assessed: Assessed = rule.assessed
    if rule.ambiguous:
        return (
            f"Looked for wherever the extract has {rule.from_}; a code of the list "
            f"{rule.ambiguous} alone cannot tell, and the rule is then not assessed."
        )
    if assessed.by == "table":
        return f"Looked for wherever the extract has {rule.from_}."
    of_list = f" of the list {assessed.codelist}" if assessed.codelist else ""
    window = f" {describe_window(assessed.window or rule.window)}"
    others = _describe_no_look(assessed) if assessed.test_not else ""
    return f"Looked for only where there is a record in {rule.from_}{of_list}{window}{others}."


def _describe_no_look(assessed: Assessed) -> str:
    unless = f" unless also of the list {assessed.unless_test}" if assessed.unless_test else ""
    return f"; tests of {_lists(assessed.test_not)} show no look{unless}"
