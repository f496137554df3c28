"""A protocol in sentences, one per decision, each stated by the paper or operationalised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leukocytosis.config import Protocol
from leukocytosis.config.cause import Cause
from leukocytosis.config.protocol import Criterion, Outcome
from leukocytosis.prose.causes import describe_cause, describe_least
from leukocytosis.prose.index import describe_differential, describe_narrowing
from leukocytosis.prose.names import name_cause
from leukocytosis.prose.rules import describe_rule, describe_window
from leukocytosis.prose.words import capital, describe_bound, join
from leukocytosis.rounding import NBSP

ENTRIES = {"time_dependent": "as time-dependent", "landmark": "from landmarks"}


@dataclass(frozen=True)
class Statement:
    """One sentence of the methods: its topic, and whether the paper states it or we chose it.

    `keys` are the keys of the protocol it is made from: where its numbers stand.
    """

    topic: str
    text: str
    basis: str
    source: str
    keys: tuple[str, ...]


def describe_protocol(protocol: Protocol) -> tuple[Statement, ...]:
    """Return the methods, a sentence per decision, in the order the study makes them."""
    index = protocol.index
    text = (
        f"The index is the patient's {index.take} blood white count "
        f"{describe_bound(index.above)}{describe_narrowing(index)}; its day is day 0."
    )
    return (
        Statement("index", text, index.basis, index.source, ("index",)),
        *_describe_population(protocol),
        *(
            Statement("evidence", describe_rule(r), r.basis, r.source, (f"evidence.{r.id}",))
            for r in protocol.evidence
        ),
        *(_state_cause(protocol, cause) for cause in protocol.causes),
        _describe_precedence(protocol),
        *(
            Statement("outcomes", _describe_outcome(o), o.basis, o.source, (f"outcomes.{o.id}",))
            for o in protocol.outcomes
        ),
        *_describe_covariates(protocol),
        *_describe_treatment(protocol),
    )


def _state_cause(protocol: Protocol, cause: Cause) -> Statement:
    titles = (f"evidence.{rule}.title" for rule in dict.fromkeys(cause.rules))
    keys = (f"causes.{cause.id}", *titles)
    return Statement("causes", describe_cause(protocol, cause), cause.basis, cause.source, keys)


def _describe_population(protocol: Protocol) -> Iterator[Statement]:
    population, asked = protocol.population, protocol.index.differential
    if population.minimum_age:
        age = population.minimum_age
        text = f"Patients are at least {age.years} years old at the index, by year of birth."
        yield Statement("population", text, age.basis, age.source, ("population.minimum_age",))
    if asked:
        text = (
            f"The differential nearest to the index count, {describe_window(asked.window)}, shows "
            f"{describe_differential(asked)}; who has none is left out and counted apart, since "
            "nobody can say what it would have shown."
        )
        index = protocol.index
        yield Statement("population", text, index.basis, index.source, ("index.differential",))
    for out in population.exclude:
        key = f"population.exclude.{out.id}"
        yield _criterion("population", out, "leaves a patient out", key)
    for needed in population.include:
        key = f"population.include.{needed.id}"
        yield _criterion("population", needed, "is needed", key)


def _criterion(topic: str, criterion: Criterion, effect: str, key: str) -> Statement:
    text = (
        f"{capital(criterion.title)}: a code of the list {criterion.codelist}, "
        f"{describe_window(criterion.window)}, {effect}."
    )
    return Statement(topic, text, criterion.basis, criterion.source, (key,))


def _describe_precedence(protocol: Protocol) -> Statement:
    steps = []
    for step in protocol.precedence:
        grades = f" ({join(step.grades, 'or')})" if len(step.grades) < 3 else ""
        steps.append(name_cause(protocol, step.cause) + grades)
    text = f"Where several causes hold, the first of these decides: {'; '.join(steps)}."
    text += describe_least("A cause", protocol.least_certainty)
    keys = ("precedence", *(f"causes.{step.cause}.title" for step in protocol.precedence))
    return Statement("precedence", text, "operationalised", "the order of the protocol", keys)


def _describe_outcome(outcome: Outcome) -> str:
    events = {"death": "death", "hospice": "discharge to hospice"}
    what = join([events[event] for event in outcome.events], "or")
    first = f"the first {what}" if len(outcome.events) > 1 else what
    return (
        f"{capital(outcome.title)}: {first}, followed to day {outcome.horizon_days}, "
        "that day included. Patients still free of it are censored when observation ends, or at "
        "the last contact where a death is on record whose day cannot be believed."
    )


def _describe_covariates(protocol: Protocol) -> Iterator[Statement]:
    covariates = protocol.covariates
    metastatic = covariates.metastatic
    effect = "counts as metastatic disease"
    yield _criterion("covariates", metastatic, effect, "covariates.metastatic")
    cut = covariates.neutrophil_predominance_percent
    window = describe_window(covariates.neutrophil_window)
    text = f"Neutrophil share: {window}; predominance is above {cut:g}{NBSP}%."
    keys = ("covariates.neutrophil_window", "covariates.neutrophil_predominance_percent")
    basis, source = covariates.neutrophil_basis, covariates.neutrophil_source
    yield Statement("covariates", text, basis, source, keys)


def _describe_treatment(protocol: Protocol) -> Iterator[Statement]:
    treatment = protocol.treatment
    if treatment is None:
        return
    entries = join([ENTRIES[entry] for entry in treatment.enters])
    forms = f", names of the list {treatment.excluded_forms}" if treatment.excluded_forms else ""
    left_out = f" Left out: {len(treatment.excluded_routes)} local routes{forms}."
    text = (
        f"{capital(treatment.title)}: a drug of the list {treatment.codelist}, "
        f"{describe_window(treatment.window)}; an order alone counts only in a stay of which no "
        f"administration is on record.{left_out} It enters {entries}; its outcome is "
        f"{next(o.title for o in protocol.outcomes if o.id == treatment.outcome)}."
    )
    if "landmark" in treatment.enters:
        days = join([str(day) for day in treatment.landmark_days])
        text += f" Landmarks: day {days}; who had the event or was lost by then is left out."
    keys = ("treatment", f"outcomes.{treatment.outcome}.title")
    yield Statement("treatment", text, treatment.basis, treatment.source, keys)
