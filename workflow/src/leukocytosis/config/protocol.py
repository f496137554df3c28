"""Study protocols: what counts as index, evidence, cause and outcome, and what is estimated.

Every value says whether the paper states it or we operationalised it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from leukocytosis.config.cause import (
    UNDETERMINED,
    Cause,
    CauseGroup,
    Certainty,
    Step,
    is_certain_enough,
)
from leukocytosis.config.codelist import DIAGNOSIS_SYSTEMS
from leukocytosis.config.design import Known, PrimaryContrast, Treatment
from leukocytosis.config.evidence import Basis, Declared, Rule, Window
from leukocytosis.config.index import Index
from leukocytosis.config.reading import Strict
from leukocytosis.config.sensitivity import Sensitivity
from leukocytosis.errors import nearest

Stratum = Literal["sex", "metastatic"]
Term = Literal["cause_group", "age", "sex", "metastatic", "log2_wbc", "neutrophil_percent"]


TUMOURS = "solid_tumour"  # the codelist whose categories are groups of tumours


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

    @property
    def tumour(self) -> Criterion | None:
        """Return what shows a patient's tumour; None where the study asks for none.

        The first criterion of entry; where everybody may enter, the rule of the list of tumours.
        """
        asked = [
            Criterion(id=rule.id, title=rule.title, codelist=TUMOURS, window=rule.window,
                      basis=rule.basis, source=rule.source)
            for rule in self.evidence if rule.codelist == TUMOURS
        ]  # fmt: skip
        return next(iter((*self.population.include, *asked)), None)

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
            *((criterion.codelist, DIAGNOSIS_SYSTEMS) for criterion in criteria),
        }
        if self.treatment:
            uses.add((self.treatment.codelist, ("ATC", "drug_name")))
            if self.treatment.excluded_forms:
                uses.add((self.treatment.excluded_forms, ("drug_name",)))
        if self.index.after_test:
            uses.add((self.index.after_test.codelist, ("test_name",)))
        return uses | {use for rule in self.evidence for use in rule.codelists()}
