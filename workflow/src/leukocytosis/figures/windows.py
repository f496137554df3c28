"""Every window of a protocol in one list: what is looked at, and on which days from the index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.config.cause import Cause
from leukocytosis.config.evidence import Basis, Window
from leukocytosis.prose import (
    describe_bound,
    describe_differential,
    describe_narrowing,
    join,
    name_covariate,
)

INDEX, LEFT_OUT, NEEDED = "Index", "Left out", "Needed"
COVARIATES, TREATMENT, FOLLOW_UP = "Covariates", "Treatment", "Follow-up"
CENSORED = "censored on the day observation ends"


@dataclass(frozen=True)
class Span:
    """A window of the protocol, in days from the index, both ends included; None is an open end.

    `part` is the heading it stands under, `group` the cause group of evidence, `looks_in` the
    table. `none_before_day`: no such record may lie before that day. `landmark_days` are those
    of a treatment.
    """

    part: str
    item: str
    from_day: int | None
    to_day: int | None
    or_index_stay: bool = False
    none_before_day: int | None = None
    landmark_days: tuple[int, ...] = ()
    group: str | None = None
    looks_in: str | None = None
    basis: Basis | None = None


def list_windows(protocol: Protocol) -> list[Span]:
    """Return the windows of a protocol in the order the study uses them.

    An evidence rule stands once: under the first cause that it can make hold, else under the
    first that names it.
    """
    return [
        *_at_index(protocol),
        *_of_population(protocol),
        *_of_evidence(protocol),
        *_of_covariates(protocol),
        *_of_treatment(protocol),
        *_of_follow_up(protocol),
    ]


def list_window_rows(protocol: Protocol) -> list[dict[str, Any]]:
    """Return the windows as rows of a CSV."""
    return [
        {**asdict(span), "landmark_days": " ".join(map(str, span.landmark_days))}
        for span in list_windows(protocol)
    ]


def _span(part: str, item: str, window: Window, **more: Any) -> Span:
    return Span(part, item, window.from_day, window.to_day, window.or_index_stay, **more)


def _at_index(protocol: Protocol) -> Iterator[Span]:
    index, age = protocol.index, protocol.population.minimum_age
    count = f"{index.take} count {describe_bound(index.above)}{describe_narrowing(index)}"
    yield Span(INDEX, count, 0, 0, basis=index.basis)
    if index.repeated:
        last = -index.repeated.at_least_days_apart
        yield Span(INDEX, "an earlier such count", None, last, basis=index.basis)
    if index.after_test:
        item = f"a positive {index.after_test.codelist.replace('_', ' ')}"
        yield Span(INDEX, item, -index.after_test.within_days, 0, basis=index.basis)
    if index.differential:
        item = describe_differential(index.differential)
        yield _span(INDEX, item, index.differential.window, basis=index.basis)
    if age:
        yield Span(INDEX, f"at least {age.years} years old", 0, 0, basis=age.basis)


def _of_population(protocol: Protocol) -> Iterator[Span]:
    population = protocol.population
    for part, criteria in ((LEFT_OUT, population.exclude), (NEEDED, population.include)):
        for criterion in criteria:
            item = criterion.title
            if part == LEFT_OUT:  # titles say who stays: "no blood cancer …"
                item = item.removeprefix("no ")
            yield _span(part, item, criterion.window, basis=criterion.basis)


def _of_evidence(protocol: Protocol) -> Iterator[Span]:
    homes = find_homes(protocol)
    for cause in protocol.causes:
        for rule in protocol.evidence:
            if homes[rule.id] == cause.id:
                yield _span(
                    f"Evidence: {cause.title}", rule.title, rule.window,
                    none_before_day=rule.none_before_day, group=cause.group, looks_in=rule.from_,
                    basis=rule.basis,
                )  # fmt: skip


def find_homes(protocol: Protocol) -> dict[str, str]:
    """Return rule → the first cause that it can make hold, else the first that names it."""
    homes: dict[str, str] = {}
    for cause in protocol.causes:
        homes |= {rule: cause.id for rule in _supporting(cause) if rule not in homes}
    for cause in protocol.causes:
        homes |= {rule: cause.id for rule in cause.rules if rule not in homes}
    return homes


def _supporting(cause: Cause) -> list[str]:
    return [
        rule
        for way in cause.ways
        for rule in (*way.all_of, *way.any_of, *(way.at_least.met if way.at_least else ()))
    ]


def _of_covariates(protocol: Protocol) -> Iterator[Span]:
    covariates = protocol.covariates
    windows = {
        "metastatic": (covariates.metastatic.window, covariates.metastatic.basis),
        "neutrophil_percent": (covariates.neutrophil_window, covariates.neutrophil_basis),
    }
    by_day: dict[int, list[str]] = {}
    for term in covariates.adjusted_for:
        known = covariates.known[term].by_day
        if term not in windows and known is not None:
            by_day.setdefault(known, []).append(name_covariate(term))
    for day, names in sorted(by_day.items()):
        yield Span(COVARIATES, join(names), day, day)
    for name, (window, basis) in windows.items():
        yield _span(COVARIATES, name_covariate(name), window, basis=basis)


def _of_treatment(protocol: Protocol) -> Iterator[Span]:
    treatment = protocol.treatment
    if treatment:
        days = treatment.landmark_days if "landmark" in treatment.enters else ()
        yield _span(
            TREATMENT, treatment.title, treatment.window, landmark_days=days, looks_in="drugs",
            basis=treatment.basis,
        )  # fmt: skip


def _of_follow_up(protocol: Protocol) -> Iterator[Span]:
    for outcome in protocol.outcomes:
        yield Span(FOLLOW_UP, outcome.title, 0, outcome.horizon_days, basis=outcome.basis)
    last = max(outcome.horizon_days for outcome in protocol.outcomes)
    yield Span(FOLLOW_UP, CENSORED, 0, last)
