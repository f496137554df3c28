"""Study protocols: what counts as index, evidence, cause and outcome, and what is estimated.

Every value says whether the paper states it or we operationalised it. A protocol may extend
another: mappings are merged key by key, lists of items with an `id` item by item (`{id: …, drop:
true}` leaves the item out), any other list is replaced, or lengthened by `{then: […]}`. What a
study with a paper of its own inherits is not stated by its paper: it is operationalised, and its
source says where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from leukocytosis.config.cause import (
    UNDETERMINED,
    Cause,
    CauseGroup,
    Certainty,
    Step,
    is_certain_enough,
)
from leukocytosis.config.codelist import Codelist
from leukocytosis.config.design import Known, PrimaryContrast, Treatment, find_design_faults
from leukocytosis.config.evidence import ICD, Basis, Declared, Rule, Threshold, Window
from leukocytosis.config.merging import merge_extended
from leukocytosis.config.reading import Document, Strict, build, without_faulty
from leukocytosis.config.sensitivity import Sensitivity
from leukocytosis.config.variation import find_faults
from leukocytosis.errors import ConfigError, DesignError, Problem, listed, nearest

Stratum = Literal["sex", "metastatic"]
Term = Literal["cause_group", "age", "sex", "metastatic", "log2_wbc", "neutrophil_percent"]


class Repeated(Strict):
    """The threshold must be passed twice, at least so many days apart.

    The clock starts at the second count: whoever died before it could not have entered, and time
    from the first would count days in which nobody in the cohort could die (immortal time).
    """

    at_least_days_apart: int = Field(ge=1)
    clock: Literal["first", "second"] = "second"

    @model_validator(mode="after")
    def _no_immortal_time(self) -> Self:
        if self.clock == "first":
            raise ValueError(
                "clock 'first' counts days in which nobody in the cohort could die (immortal "
                "time): use clock 'second', the day on which the patient can enter"
            )
        return self


class Differential(Strict):
    """What the differential nearest to the index must show, in days from it; none is no proof.

    The shares of all `concepts` counted in one sample are added; the first must be among them.
    """

    concepts: tuple[str, ...] = Field(min_length=1)
    above: Threshold
    window: Window

    @model_validator(mode="after")
    def _known_at_index(self) -> Self:
        first, last = self.window.from_day, self.window.to_day
        if first is None or last is None or last > 0:
            raise ValueError(
                "needs a window with two ends that ends at day 0: a later differential exists "
                "only for those who lived to have it"
            )
        return self


class AfterTest(Strict):
    """A positive test (of a list of test names) on the day of the count or shortly before it.

    A test after the count is not asked for: who died before it was done could not have entered.
    """

    codelist: str
    within_days: int = Field(ge=0)


class Index(Declared):
    """The index event: the patient's first blood count beyond the threshold.

    Where the paper wants it so: only a count of an inpatient stay, of its first hours, after a
    positive test, or one that repeats an earlier one. Its differential is judged at that count.
    """

    concept: str = "wbc_blood"
    above: Threshold
    take: Literal["first"] = "first"
    in_inpatient_stay: bool = False
    within_hours_of_admission: int | None = Field(default=None, ge=1)
    after_test: AfterTest | None = None
    repeated: Repeated | None = None
    differential: Differential | None = None

    @field_validator("take", mode="before")
    @classmethod
    def _not_the_peak(cls, take: object) -> object:
        if take == "peak":
            raise ValueError(
                "'peak' is known only once no higher count followed, and who lives longer peaks "
                "later: use 'first'; the first count beyond the threshold finds the same "
                "patients, and every episode keeps its peak"
            )
        return take

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.above.operator not in (">", ">="):
            raise ValueError(f"'above' takes > or >=, not {self.above.operator}")
        if self.above.unit != "10*9/L":
            raise ValueError(f"'above' is in 10*9/L, the standard unit, not {self.above.unit}")
        return self


class Criterion(Declared):
    """An entry or exit of the population: a diagnosis code of a list, in a window."""

    id: str
    title: str
    codelist: str
    window: Window


class MinimumAge(Declared):
    """The least age at the index, by year of birth."""

    years: int = Field(ge=0)


class Population(Strict):
    """Who is in: old enough, no `exclude`, every `include`; judged at the index, in that order."""

    minimum_age: MinimumAge | None = None
    exclude: tuple[Criterion, ...] = ()
    include: tuple[Criterion, ...] = ()


class Outcome(Declared):
    """An outcome: the first of its events, followed to the horizon, that day included."""

    id: str
    title: str
    horizon_days: int = Field(ge=1)
    events: tuple[Literal["death", "hospice"], ...] = Field(min_length=1)


class Covariates(Strict):
    """What enters the adjusted model, and how metastatic disease and the differential are read.

    `known` says by which day each covariate of the model is known, and how. What became known only
    after day 0 cannot be a baseline covariate: `find_design_faults` refuses it.
    """

    metastatic: Criterion
    neutrophil_window: Window
    neutrophil_basis: Basis
    neutrophil_source: str
    neutrophil_predominance_percent: float = 70
    adjusted_for: tuple[Term, ...]
    known: dict[Term, Known]


class TableOneP(Declared):
    """Who asks for p values in Table 1, and why: groups as they are found are not drawn by lot."""


class Analyses(Strict):
    """What is estimated. Group order is the order of display; the first is the reference.

    The log-rank test is repeated within `logrank_strata`, and for trend over the bands of the
    index count that end at `count_bands_1e9_per_l` (a count at an end is in the lower band).
    The report shows the p value of the primary contrast only, or with `show_p: all` every one.
    Table 1 has p values only with `table_one_p`, which says who wants them.
    """

    groups: tuple[CauseGroup, ...] = ("infection", "plr", "other")
    primary_outcome: str
    survival_outcome: str
    primary_contrast: PrimaryContrast
    show_p: Literal["primary", "all"] = "primary"
    table_one_p: TableOneP | None = None
    at_days: tuple[int, ...]
    restricted_days: tuple[int, ...] = (84, 365)
    logrank_strata: tuple[Stratum, ...] = ()
    count_bands_1e9_per_l: tuple[float, ...] = ()
    min_events_per_parameter: float = 5
    min_at_risk_shown: int = 5

    @field_validator("count_bands_1e9_per_l")
    @classmethod
    def _rising(cls, bands: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= earlier for earlier, later in pairwise(bands)):
            raise ValueError("bands of the index count end at rising counts")
        return bands


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
    least_certainty: Certainty = "possible"  # of any cause that decides
    precedence: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    covariates: Covariates
    treatment: Treatment | None = None
    analyses: Analyses
    sensitivity: Sensitivity | None = None

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
        used = {rule for cause in self.causes for rule in cause.rules}
        yield from (
            f"causes use unknown rule '{r}'{nearest(r, rules)}" for r in sorted(used - rules)
        )
        courses = {r.through.course for r in self.evidence if r.through}
        drug_rules = {r.id for r in self.evidence if r.from_ == "drugs"}
        yield from (
            f"'through' needs a rule from drugs, not '{c}'{nearest(c, drug_rules)}"
            for c in sorted(courses - drug_rules)
        )
        yield from (f"no cause uses the rule '{r}'" for r in sorted(rules - used))
        named = {step.cause for step in self.precedence}
        yield from (f"no precedence step names the cause '{c}'" for c in sorted(causes - named))
        yield from (f"precedence names unknown cause '{c}'" for c in sorted(named - causes))
        outcomes = {outcome.id for outcome in self.outcomes}
        contrast = self.analyses.primary_contrast
        used_outcomes = [self.analyses.primary_outcome, self.analyses.survival_outcome]
        used_outcomes += [contrast.outcome, *([self.treatment.outcome] if self.treatment else [])]
        yield from (
            f"analyses use unknown outcome '{o}'{nearest(o, outcomes)}"
            for o in dict.fromkeys(used_outcomes)
            if o not in outcomes
        )
        yield from self._impossible_contrast()

    def _impossible_contrast(self) -> Iterator[str]:
        groups, contrast = self.analyses.groups, self.analyses.primary_contrast
        unknown = [group for group in contrast.groups if group not in groups]
        yield from (
            f"primary_contrast compares unknown group '{g}'{nearest(g, groups)}" for g in unknown
        )
        if len(set(contrast.groups)) == 1:
            yield "primary_contrast compares a group with itself"
        elif not unknown and contrast.measure != "log_rank" and contrast.groups[1] != groups[0]:
            yield (
                f"primary_contrast compares with '{contrast.groups[1]}', but the models' reference "
                f"is '{groups[0]}', the first of analyses.groups"
            )

    @property
    def group_of(self) -> dict[str, CauseGroup]:
        """Return the group of each cause, and last that of the undetermined."""
        groups = {cause.id: cause.group for cause in self.causes}
        return groups | {UNDETERMINED: self.undetermined_group}

    @property
    def cause_ids(self) -> tuple[str, ...]:
        """Return what a patient can have: each cause, and last `undetermined`."""
        return tuple(self.group_of)

    def rule(self, rule_id: str) -> Rule:
        """Return the evidence rule of that id."""
        return {rule.id: rule for rule in self.evidence}[rule_id]

    def may_decide(self, cause: Cause, grade: str) -> bool:
        """Return whether a cause is certain enough at a grade to decide."""
        least = (self.least_certainty, cause.least_certainty)
        return all(is_certain_enough(grade, certainty) for certainty in least)

    def codelists(self) -> set[tuple[str, tuple[str, ...]]]:
        """Return every use of a codelist, with the code systems of which it must hold one."""
        criteria = (*self.population.include, *self.population.exclude, self.covariates.metastatic)
        shares = self.index.differential.concepts if self.index.differential else ()
        uses: set[tuple[str, tuple[str, ...]]] = {
            *((concept, ("LOINC",)) for concept in (self.index.concept, *shares)),
            *((criterion.codelist, ICD) for criterion in criteria),
        }
        if self.treatment:
            uses.add((self.treatment.codelist, ("ATC", "drug_name")))
            if self.treatment.excluded_forms:
                uses.add((self.treatment.excluded_forms, ("drug_name",)))
        if self.index.after_test:
            uses.add((self.index.after_test.codelist, ("test_name",)))
        return uses | {use for rule in self.evidence for use in rule.codelists()}


def load_protocol(path: Path, known_codelists: Mapping[str, Codelist] | None = None) -> Protocol:
    """Return a protocol, merged with what it extends; ConfigError lists every problem.

    DesignError (a ConfigError) when all that is wrong is what became known after day 0.
    With `known_codelists`, a codelist that does not exist, or that holds no code of a system the
    protocol could look for, is a problem too.
    """
    document = Document(path)
    data = merge_extended(document)
    problems: list[Problem] = []
    protocol: Protocol | None
    try:
        protocol = build(Protocol, document, data)
    except ConfigError as error:
        # a window that runs backwards must not hide what else is wrong: read on without it
        problems += error.problems
        forwards = _without_backward_windows(data)
        protocol, more = _read_on(document, forwards)
        problems += [problem for problem in more if problem not in problems]
        if protocol is None:  # nor must a key of a wrong type
            protocol, more = _read_without(document, forwards, error)
            problems += [problem for problem in more if problem not in problems]
    if protocol and protocol.study != path.stem:
        problems.append(
            Problem(str(path), f"names the study '{protocol.study}'", "use the file's name")
        )
    if protocol:
        problems += [
            Problem(document.place(at), what, "mend the option, or leave it out")
            for at, what in find_faults(protocol)
        ]
    if protocol and known_codelists is not None:
        problems += _codelist_problems(path, protocol, known_codelists)
    unfair = list(find_design_faults(protocol, document)) if protocol else []
    if unfair and not problems:
        raise DesignError(unfair)
    if problems or not protocol:
        raise ConfigError([*problems, *unfair])
    return protocol


def _read_on(document: Document, data: Any) -> tuple[Protocol | None, list[Problem]]:
    try:
        return build(Protocol, document, data), []
    except ConfigError as error:
        return None, list(error.problems)


def _read_without(
    document: Document, data: Any, error: ConfigError
) -> tuple[Protocol | None, list[Problem]]:
    """Return the protocol without the keys that were complained of; None where it needs them.

    Then with its contradictions as a whole, if it came so far; the complaint of a single key now
    follows from what was left out.
    """
    protocol, problems = _read_on(document, without_faulty(data, error))
    whole = document.place(())
    return protocol, [problem for problem in problems if problem.place == whole]


def _without_backward_windows(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_backward_windows(item) for item in data]
    if not isinstance(data, dict):
        return data
    first, last = data.get("from_day"), data.get("to_day")
    if isinstance(first, int) and isinstance(last, int) and first > last:
        return {**data, "from_day": None}
    return {key: _without_backward_windows(value) for key, value in data.items()}


def _codelist_problems(
    path: Path, protocol: Protocol, known: Mapping[str, Codelist]
) -> Iterator[Problem]:
    uses = sorted(protocol.codelists())
    for name in sorted({name for name, _ in uses} - set(known)):
        yield Problem(
            str(path),
            f"uses codelist '{name}', which does not exist{nearest(name, known)}",
            "add the CSV to config/codelists/",
        )
    for name, systems in uses:
        if name in known and not known[name].of(*systems):
            held = sorted({entry.code_system for entry in known[name].entries})
            yield Problem(
                str(path),
                f"looks for codes of {listed(sorted(set(systems)))} in the codelist '{name}', "
                f"which holds only {listed(held)}",
                "name a list of that system",
            )
