"""Study protocols: what counts as index, evidence, cause and outcome, and what is estimated.

Every value says whether the paper states it or we operationalised it. A protocol may extend
another: mappings are merged key by key, lists of items with an `id` item by item, and anything
else is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem, nearest

Basis = Literal["stated", "operationalised"]
CauseGroup = Literal["infection", "plr", "other"]
Grade = Literal["definite", "probable", "possible"]
Term = Literal["cause_group", "age", "sex", "metastatic", "log2_wbc", "neutrophil_percent"]


class Declared(Strict):
    """Anything that must say where it comes from."""

    basis: Basis
    source: str


class Window(Strict):
    """Days from the index, both ends included; a missing end is open.

    `or_index_stay` also takes records of the index encounter, whatever their day.
    """

    from_day: int | None = None
    to_day: int | None = None
    or_index_stay: bool = False

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.from_day is not None and self.to_day is not None and self.from_day > self.to_day:
            raise ValueError(f"ends (day {self.to_day}) before it starts (day {self.from_day})")
        return self


class Threshold(Strict):
    """A bound with its operator: `>` 40 leaves 40.0 out."""

    value: float
    unit: str
    operator: Literal[">", ">=", "<", "<="]


class Index(Declared):
    """The index event: the patient's first blood count beyond the threshold."""

    concept: str = "wbc_blood"
    above: Threshold
    take: Literal["first"] = "first"

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.above.operator not in (">", ">="):
            raise ValueError(f"'above' takes > or >=, not {self.above.operator}")
        if self.above.unit != "10*9/L":
            raise ValueError(f"'above' is in 10*9/L, the standard unit, not {self.above.unit}")
        return self


class Assessed(Strict):
    """What shows that a rule was looked for.

    `table`: the extract has the table. `records`: besides, the episode has at least one record
    of the table (of `codelist`, when given: matched as the rule's own is) in `window`.
    """

    by: Literal["table", "records"] = "table"
    codelist: str | None = None
    window: Window | None = None


class Dose(Strict):
    """Daily dose in prednisone equivalents; the codelist's category holds each drug's factor."""

    above_mg_per_day: float = Field(ge=0)


class Rule(Declared):
    """One piece of evidence: records of a table, of a codelist, in a window.

    `at_least` distinct days (drugs: of treatment; else: of records) are needed. `positive` keeps
    positive cultures with an organism. `codelist` matches codes (diagnoses), codes or names
    (drugs), the specimen (microbiology) or the concept (labs). `organism_not` and
    `organism`, `test` are codelists of organisms and tests. `none_before_day` refuses patients with
    such a record before that day (a *new* disease). `excluded_routes` and `excluded_forms`
    leave out local uses of a drug; `dose` wants a daily dose.
    """

    id: str
    title: str
    from_: Literal["diagnoses", "drugs", "microbiology", "labs"] = Field(alias="from")
    codelist: str | None = None
    window: Window
    at_least_days: int = Field(default=1, ge=1)
    assessed: Assessed = Assessed()
    none_before_day: int | None = None
    none_before_codelist: str | None = None
    given_not_only_ordered: bool = False
    excluded_routes: tuple[str, ...] = ()
    excluded_forms: str | None = None
    dose: Dose | None = None
    organism: str | None = None
    organism_not: tuple[str, ...] = ()
    test: str | None = None
    positive: bool = False
    value: Threshold | None = None


class Criterion(Declared):
    """An entry or exit of the population, met like a rule on diagnoses."""

    id: str
    title: str
    codelist: str
    window: Window


class Population(Strict):
    """Who is in: every `include`, no `exclude`; judged at the index, in the order listed."""

    exclude: tuple[Criterion, ...] = ()
    include: tuple[Criterion, ...] = ()
    minimum_age_years: int | None = None


class Way(Strict):
    """One way for a cause to hold, with the certainty it gives."""

    grade: Grade
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()  # must be looked for and not met


class Cause(Declared):
    """A cause: its group, and the ways (best first) in which it holds.

    A `residual` cause holds only where no other does and the rules of its ways' `none_of` were
    looked for and not met; where they were not looked for the episode is `undetermined`.
    """

    id: str
    title: str
    group: CauseGroup
    ways: tuple[Way, ...] = Field(min_length=1)
    residual: bool = False


class Step(Strict):
    """A step of the precedence: the first step whose cause holds at one of its grades decides."""

    cause: str
    grades: tuple[Grade, ...] = ("definite", "probable", "possible")


class Outcome(Declared):
    """An outcome: the first of its events, followed to the horizon, that day included."""

    id: str
    title: str
    horizon_days: int = Field(ge=1)
    events: tuple[Literal["death", "hospice"], ...] = Field(min_length=1)


class Covariates(Strict):
    """What enters the adjusted model, and how metastatic disease and the differential are read.

    All are judged with windows that end on day 0 at the latest: what became known only later
    cannot be a baseline covariate.
    """

    metastatic: Criterion
    neutrophil_window: Window
    neutrophil_basis: Basis
    neutrophil_source: str
    neutrophil_predominance_percent: float = 70
    adjusted_for: tuple[Term, ...]

    @model_validator(mode="after")
    def _known_at_index(self) -> Self:
        for name, window in (
            ("metastatic", self.metastatic.window),
            ("neutrophil_window", self.neutrophil_window),
        ):
            if window.to_day is None or window.to_day > 0:
                raise ValueError(
                    f"{name} uses what became known after day 0 as a baseline covariate: "
                    "end its window at day 0, or analyse it from a landmark or as time-dependent"
                )
        return self


class Analyses(Strict):
    """What is estimated. Group order is the order of display; the first is the reference."""

    groups: tuple[CauseGroup, ...] = ("infection", "plr", "other")
    primary_outcome: str
    survival_outcome: str
    at_days: tuple[int, ...]
    min_events_per_parameter: float = 5
    min_at_risk_shown: int = 5


class Protocol(Strict):
    """A whole study."""

    study: str
    title: str
    question: str
    citation: str
    extends: str | None = None
    claims: str | None = None
    index: Index
    population: Population
    evidence: tuple[Rule, ...]
    causes: tuple[Cause, ...]
    undetermined_group: CauseGroup = "other"
    precedence: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    covariates: Covariates
    analyses: Analyses

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [*self._duplicates(), *self._dangling()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _duplicates(self) -> Iterator[str]:
        for what, items in (
            ("evidence", self.evidence),
            ("causes", self.causes),
            ("outcomes", self.outcomes),
        ):
            ids = [item.id for item in items]
            yield from (f"{what}: '{i}' is given twice" for i in set(ids) if ids.count(i) > 1)

    def _dangling(self) -> Iterator[str]:
        rules, causes = {r.id for r in self.evidence}, {c.id for c in self.causes}
        used = {r for c in self.causes for w in c.ways for r in (*w.all_of, *w.any_of, *w.none_of)}
        yield from (
            f"causes use unknown rule '{r}'{nearest(r, rules)}" for r in sorted(used - rules)
        )
        yield from (f"no cause uses the rule '{r}'" for r in sorted(rules - used))
        named = {step.cause for step in self.precedence}
        yield from (f"no precedence step names the cause '{c}'" for c in sorted(causes - named))
        yield from (f"precedence names unknown cause '{c}'" for c in sorted(named - causes))
        outcomes = {outcome.id for outcome in self.outcomes}
        for name in (self.analyses.primary_outcome, self.analyses.survival_outcome):
            if name not in outcomes:
                yield f"analyses use unknown outcome '{name}'{nearest(name, outcomes)}"

    def rule(self, rule_id: str) -> Rule:
        """Return the evidence rule of that id."""
        return {rule.id: rule for rule in self.evidence}[rule_id]

    def codelists(self) -> frozenset[str]:
        """Return the names of every codelist the protocol uses."""
        names: set[str | None] = {self.index.concept, self.covariates.metastatic.codelist}
        names |= {c.codelist for c in (*self.population.include, *self.population.exclude)}
        for r in self.evidence:
            names |= {r.codelist, r.excluded_forms, r.organism, r.test, r.assessed.codelist}
            names |= {r.none_before_codelist, *r.organism_not}
        return frozenset(name for name in names if name)


def load_protocol(path: Path, known_codelists: frozenset[str] | None = None) -> Protocol:
    """Return a protocol, merged with what it extends; ConfigError lists every problem.

    With `known_codelists`, a codelist that does not exist is a problem too.
    """
    document = Document(path)
    protocol = build(Protocol, document, _merged(document))
    if protocol.study != path.stem:
        raise ConfigError(
            Problem(str(path), f"names the study '{protocol.study}'", "use the file's name")
        )
    unknown = sorted(protocol.codelists() - known_codelists) if known_codelists is not None else []
    if known_codelists is not None and unknown:
        raise ConfigError(
            Problem(
                str(path),
                f"uses codelist '{name}', which does not exist{nearest(name, known_codelists)}",
                "add the CSV to config/codelists/",
            )
            for name in unknown
        )
    return protocol


def _merged(document: Document, seen: tuple[Path, ...] = ()) -> Any:
    base_name = document.data.get("extends")
    if base_name is None:
        return document.data
    path = document.path.parent / f"{base_name}.yaml"
    if path in (*seen, document.path):
        raise ConfigError(Problem(document.place(("extends",)), "a protocol extends itself"))
    base = Document(path)
    return _merge(_merged(base, (*seen, document.path)), document.data)


def _merge(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: _merge(base[k], v) if k in base else v for k, v in over.items()}}
    if _by_id(base) and _by_id(over):
        merged = {item["id"]: item for item in base}
        for item in over:
            merged[item["id"]] = _merge(merged.get(item["id"], {}), item)
        return list(merged.values())
    return over


def _by_id(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(i, dict) and "id" in i for i in items)
