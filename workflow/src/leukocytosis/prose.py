"""Protocols in words, and the names readers know things by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leukocytosis.config import Protocol
from leukocytosis.config.cause import AtLeast, Cause, Certainty, Way
from leukocytosis.config.evidence import Assessed, Rule, Threshold, Through, Window
from leukocytosis.config.protocol import Criterion, Differential, Index, Outcome
from leukocytosis.rounding import (
    NBSP,
    NOT_SHOWN,
    ROUNDING,
    format_interval,
    format_number,
    format_p,
    format_percent,
    is_known,
)

__all__ = [  # the numbers in sentences follow the rule of `rounding`
    "NBSP",
    "NOT_SHOWN",
    "ROUNDING",
    "format_interval",
    "format_number",
    "format_p",
    "format_percent",
    "is_known",
]

ENTRIES = {"time_dependent": "as time-dependent", "landmark": "from landmarks"}
GROUPS = {"all": "all patients", "infection": "infection", "plr": "PLR", "other": "other cause"}
RECORDS = {
    "diagnoses": "a diagnosis code",
    "drugs": "a drug",
    "microbiology": "a culture or test",
    "labs": "a laboratory result",
}


@dataclass(frozen=True)
class Statement:
    """One sentence of the methods: its topic, and whether the paper states it or we chose it."""

    topic: str
    text: str
    basis: str
    source: str


def join(items: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def name_group(group: str) -> str:
    """Return what readers call a cause group."""
    return GROUPS.get(group, group)


def name_cause(protocol: Protocol, cause_id: str) -> str:
    """Return the title of a cause, or of a combination of causes joined by `+`."""
    titles = {cause.id: cause.title for cause in protocol.causes}
    return " + ".join(titles.get(part, part) for part in cause_id.split("+"))


def describe_window(window: Window) -> str:
    """Return a window in words; both ends are included."""
    first, last = window.from_day, window.to_day
    if first is None and last is None:
        words = "at any time"
    elif first is None:
        words = f"at any time up to {_day(last or 0)}"
    elif last is None:
        words = f"from {_day(first)} on"
    elif first == last:
        words = f"on {_day(first)}"
    elif first < 0 < last:
        words = f"from {_day(first).removesuffix(' the index')} to {_day(last)}"
    else:
        words = f"from {_day(first)} to {_day(last)}"
    return words + (", or during the index stay" if window.or_index_stay else "")


def _day(day: int) -> str:
    if day == 0:
        return "the index day"
    days = f"{abs(day)} day{'s' if abs(day) != 1 else ''}"
    return f"{days} {'before' if day < 0 else 'after'} the index"


def describe_rule(rule: Rule) -> str:
    """Return an evidence rule as a sentence, and one on what shows that it was looked for."""
    parts = [part for part in (*_records(rule), *_refusals(rule)) if part]
    return f"{_capital(rule.title)}: {'; '.join(parts)}. {_describe_assessed(rule)}"


def _records(rule: Rule) -> Iterator[str]:
    what = RECORDS[rule.from_]
    lists = [name for name in (rule.codelist, rule.test, rule.organism) if name]
    of_lists = f" of the list {join(lists)}" if lists else ""
    days = f" on at least {rule.at_least_days} days" if rule.at_least_days > 1 else ""
    yield f"{what}{of_lists}{days}, {describe_window(rule.window)}"
    if rule.positive:
        yield "positive, with an organism or finding named"
    if rule.value:
        yield f"with a value {rule.value.operator} {rule.value.value:g} {rule.value.unit}"
    if rule.above_index_threshold:
        yield "beyond the threshold of the index"
    if rule.through:
        yield _describe_through(rule.through)
    if rule.dose:
        yield f"above {rule.dose.above_mg_per_day:g} mg prednisone-equivalent on a day"


def _describe_through(through: Through) -> str:
    already = f"{through.already.operator} {through.already.value:g} {_unit(through.already.unit)}"
    return (
        f"as high as when a course of {through.course.replace('_', ' ')} began, on its day "
        f"{through.at_least_days} or later, the count then being {already}"
    )


def _refusals(rule: Rule) -> Iterator[str]:
    if rule.codelist_not:
        yield f"codes of {_lists(rule.codelist_not)} do not count"
    if rule.organism_not:
        yield f"organisms of {_lists(rule.organism_not)} do not count"
    if rule.none_before_day is not None:
        earlier = rule.none_before_codelist or rule.codelist
        yield f"new, with no code of the list {earlier} before {_day(rule.none_before_day)}"
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
    window = f" {describe_window(assessed.window)}" if assessed.window else ""
    return f"Looked for only where there is a record in {rule.from_}{of_list}{window}."


def describe_cause(protocol: Protocol, cause: Cause) -> str:
    """Return how a cause holds, way by way."""
    ways = "; ".join(_describe_way(protocol, way) for way in cause.ways)
    group = f"{_capital(cause.title)} (group: {name_group(cause.group)}): "
    if cause.residual:
        words = f"{_describe_residual(protocol, cause)} Certainty: {ways}."
    else:
        words = f"{ways}.{_describe_refractory(protocol, cause)}"
    return f"{group}{words}{_describe_least('It', cause.least_certainty)}"


def _describe_least(who: str, least: Certainty) -> str:
    enough = {"probable": "probable or definite", "definite": "definite"}.get(least)
    return f" {who} decides only when {enough}." if enough else ""


def _describe_residual(protocol: Protocol, cause: Cause) -> str:
    if not cause.looked_for:
        return "only where no other cause stands, whether looked for or not."
    looked_for = _list_rules(protocol, cause.looked_for, "each of these looked for and absent:")
    against = _list_rules(protocol, cause.against, "any of")
    return (
        f"only where no other cause stands, {looked_for}, and never with {against}. Where they "
        "were not looked for, the patient is undetermined (group: "
        f"{name_group(protocol.undetermined_group)})."
    )


def _describe_refractory(protocol: Protocol, cause: Cause) -> str:
    if cause.refractory is None:
        return ""
    grades = join(cause.refractory.grades, "or")
    rules = _list_rules(protocol, cause.refractory.all_of, "all of")
    return (
        f" When {grades}, it is refractory with {rules}: it is kept as present, but it neither "
        "decides nor stands in the way of PLR."
    )


def _describe_way(protocol: Protocol, way: Way) -> str:
    parts = [
        _list_rules(protocol, rules, words)
        for rules, words in (
            (way.all_of, "all of"),
            (way.any_of, "any of"),
            (way.none_of, "each of these looked for and absent:"),
        )
        if rules
    ]
    if way.at_least:
        parts += _describe_at_least(protocol, way.at_least)
    return f"{way.grade} with {' and '.join(parts)}" if parts else f"{way.grade} otherwise"


def _describe_at_least(protocol: Protocol, findings: AtLeast) -> Iterator[str]:
    titles = [protocol.rule(rule).title for rule in findings.met]
    titles += [f"looked for and absent: {protocol.rule(rule).title}" for rule in findings.absent]
    yield f"at least {findings.n} of ({'; '.join(titles)})"


def _list_rules(protocol: Protocol, rules: Sequence[str], words: str) -> str:
    titles = [protocol.rule(rule).title for rule in rules]
    if len(titles) == 1 and not words.endswith(":"):
        return titles[0]
    return f"{words} ({'; '.join(titles)})"


def describe_protocol(protocol: Protocol) -> tuple[Statement, ...]:
    """Return the methods, a sentence per decision, in the order the study makes them."""
    index = protocol.index
    text = (
        f"The index is the patient's {index.take} blood white count "
        f"{describe_bound(index.above)}{describe_narrowing(index)}; its day is 0."
    )
    return (
        Statement("index", text, index.basis, index.source),
        *_describe_population(protocol),
        *(Statement("evidence", describe_rule(r), r.basis, r.source) for r in protocol.evidence),
        *(
            Statement("causes", describe_cause(protocol, c), c.basis, c.source)
            for c in protocol.causes
        ),
        _describe_precedence(protocol),
        *(
            Statement("outcomes", _describe_outcome(o), o.basis, o.source)
            for o in protocol.outcomes
        ),
        *_describe_covariates(protocol),
        *_describe_treatment(protocol),
    )


def describe_bound(threshold: Threshold) -> str:
    """Return a bound as readers write it: `≥ 35 ×10⁹/L`."""
    operator = threshold.operator.replace(">=", "≥").replace("<=", "≤")
    return f"{operator} {threshold.value:g} {_unit(threshold.unit)}"


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
            f" on the day of a positive test of the list {test.codelist} or up to "
            f"{test.within_days} days after it"
        )
    if index.repeated:
        days = index.repeated.at_least_days_apart
        words += f" at least {days} days after the first such count, which starts no clock"
    return words


def _describe_population(protocol: Protocol) -> Iterator[Statement]:
    population, asked = protocol.population, protocol.index.differential
    if population.minimum_age:
        age = population.minimum_age
        text = f"Patients are at least {age.years} years old at the index, by year of birth."
        yield Statement("population", text, age.basis, age.source)
    if asked:
        text = (
            f"The differential nearest to the index count, {describe_window(asked.window)}, shows "
            f"{describe_differential(asked)}; who has none is left out and counted apart, since "
            "nobody can say what it would have shown."
        )
        yield Statement("population", text, protocol.index.basis, protocol.index.source)
    for criterion in population.exclude:
        yield _criterion("population", criterion, "leaves a patient out")
    for criterion in population.include:
        yield _criterion("population", criterion, "is needed")


def _criterion(topic: str, criterion: Criterion, effect: str) -> Statement:
    text = (
        f"{_capital(criterion.title)}: a code of the list {criterion.codelist}, "
        f"{describe_window(criterion.window)}, {effect}."
    )
    return Statement(topic, text, criterion.basis, criterion.source)


def _describe_precedence(protocol: Protocol) -> Statement:
    steps = []
    for step in protocol.precedence:
        grades = f" ({join(step.grades, 'or')})" if len(step.grades) < 3 else ""
        steps.append(name_cause(protocol, step.cause) + grades)
    text = f"Where several causes hold, the first of these decides: {'; '.join(steps)}."
    text += _describe_least("A cause", protocol.least_certainty)
    return Statement("precedence", text, "operationalised", "the order of the protocol")


def _describe_outcome(outcome: Outcome) -> str:
    events = {"death": "death", "hospice": "discharge to hospice"}
    what = join([events[event] for event in outcome.events], "or")
    first = f"the first {what}" if len(outcome.events) > 1 else what
    return (
        f"{_capital(outcome.title)}: {first}, followed to day {outcome.horizon_days}, "
        "that day included. Patients still free of it are censored when observation ends."
    )


def _describe_covariates(protocol: Protocol) -> Iterator[Statement]:
    covariates = protocol.covariates
    yield _criterion("covariates", covariates.metastatic, "counts as metastatic disease")
    cut = covariates.neutrophil_predominance_percent
    window = describe_window(covariates.neutrophil_window)
    text = f"Neutrophil share: {window}; predominance is above {cut:g}{NBSP}%."
    yield Statement("covariates", text, covariates.neutrophil_basis, covariates.neutrophil_source)


def _describe_treatment(protocol: Protocol) -> Iterator[Statement]:
    treatment = protocol.treatment
    if treatment is None:
        return
    entries = join([ENTRIES[entry] for entry in treatment.enters])
    forms = f", names of the list {treatment.excluded_forms}" if treatment.excluded_forms else ""
    left_out = f" Left out: {len(treatment.excluded_routes)} local routes{forms}."
    text = (
        f"{_capital(treatment.title)}: a drug of the list {treatment.codelist}, "
        f"{describe_window(treatment.window)}; an order alone counts only in a stay of which no "
        f"administration is on record.{left_out} It enters {entries}; its outcome is "
        f"{next(o.title for o in protocol.outcomes if o.id == treatment.outcome)}."
    )
    if "landmark" in treatment.enters:
        days = join([str(day) for day in treatment.landmark_days])
        text += f" Landmarks: day {days}; who had the event or was lost by then is left out."
    yield Statement("treatment", text, treatment.basis, treatment.source)


def describe_statistics(protocol: Protocol) -> tuple[str, ...]:
    """Return the statistical methods, as far as the protocol sets them."""
    analyses = protocol.analyses
    reference, *others = [name_group(group) for group in analyses.groups]
    adjusted = join([name_covariate(term) for term in protocol.covariates.adjusted_for])
    return (
        "Shares have 95 % Wilson intervals. Risks are 1 − Kaplan–Meier with 95 % log-log "
        "intervals; events on day 0 count at half a day, and nobody is censored at hospice.",
        f"Restricted means to day {join([str(day) for day in analyses.restricted_days])} are areas "
        "under Kaplan–Meier, as far as every group compared was followed to that day.",
        "Groups are compared by log-rank tests (pairs after Holm; by permutation where a group has "
        "fewer than 20 patients or 5 events) and by Cox models (Efron "
        f"ties), with {reference} as the reference for {join(others)}; the adjusted model "
        f"holds {adjusted}.",
        "Where hospice and death compete, the risk of each is Aalen–Johansen's cumulative "
        "incidence (95 % log-log intervals from the infinitesimal jackknife); groups are compared "
        "by Gray's test, by cause-specific Cox models and by Fine–Gray models.",
        f"A model with fewer than {analyses.min_events_per_parameter:g} events per parameter, with "
        "a level without events, or whose likelihood has no maximum (separation) is fitted by "
        "Firth's penalised likelihood (Heinze and Schemper 2001; Lin, Chang and Liao 2013), with "
        "profile intervals and penalised likelihood ratio tests; below 2 events per parameter, or "
        "with a level of fewer than 5 patients, none is fitted.",
        "Proportional hazards are tested after Grambsch and Therneau.",
        f"{_describe_primary(protocol)} The contrasts are descriptive: groups differ in more than "
        "their cause. p values are two-sided and not adjusted beyond the pairs.",
        *_describe_beside(protocol),
        ROUNDING,
    )


def _describe_primary(protocol: Protocol) -> str:
    contrast = protocol.analyses.primary_contrast
    group, reference = (name_group(name) for name in contrast.groups)
    title = next(o.title for o in protocol.outcomes if o.id == contrast.outcome)
    measure = {"log_rank": "log-rank test"}.get(
        contrast.measure, contrast.measure.replace("_", " ")
    )
    shown = "every p value is" if protocol.analyses.show_p == "all" else "only its p value is"
    return (
        f"The primary contrast is {group} against {reference}, {title}, by the {measure}; "
        f"{shown} shown."
    )


def _describe_beside(protocol: Protocol) -> Iterator[str]:
    """Yield what stands beside the main estimates: contrasts, adjustment, imputation."""
    yield (
        "Risk differences have normal intervals (Greenwood), risk ratios on the log scale. "
        "Standardised risks average what the adjusted model predicts for every patient in each "
        "group, with errors by the infinitesimal jackknife."
    )
    yield (
        "Beside complete cases, missing covariates are imputed by chained equations with the event "
        "indicator and the Nelson–Aalen hazard in the model, and pooled after Rubin; causes never."
    )
    strata = [name_covariate(term) for term in protocol.analyses.logrank_strata]
    if strata:
        yield f"The log-rank test is repeated within strata of {join(strata)}."
    bands = [f"{band:g}" for band in protocol.analyses.count_bands_1e9_per_l]
    if bands:
        yield f"A test for trend scores bands of the index count, cut at {join(bands)} ×10⁹/L."


def name_covariate(term: str) -> str:
    """Return what readers call a term of the adjusted model."""
    names = {
        "cause_group": "cause group",
        "log2_wbc": "log₂ of the index count",
        "neutrophil_percent": "neutrophil share",
        "metastatic": "metastatic disease",
        "GLOBAL": "all terms together",
    }
    return names.get(term, term)


def _unit(unit: str) -> str:
    return unit.replace("10*9/L", "×10⁹/L")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
