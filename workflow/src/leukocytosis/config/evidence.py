"""Evidence rules: which records of an episode count, in which window, and what shows a look."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.codelist import DIAGNOSIS_SYSTEMS, DRUG_SYSTEMS, LAB_SYSTEM
from leukocytosis.config.reading import Strict

Basis = Literal["stated", "operationalised"]


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


class Assessed(Strict):
    """What shows that a rule was looked for.

    `table`: the extract has the table. `records`: besides, the episode has at least one record
    of the table (of `codelist`, when given: matched as the rule's own is) in `window`. Tests of
    the lists `test_not` show no look, unless their names are of the list `unless_test` too; nor do
    those that the rule itself leaves out.
    """

    by: Literal["table", "records"] = "table"
    codelist: str | None = None
    window: Window | None = None
    test_not: tuple[str, ...] = ()
    unless_test: str | None = None


class Dose(Strict):
    """Daily dose in prednisone equivalents; the codelist's category holds each drug's factor."""

    above_mg_per_day: float = Field(ge=0)


class Through(Strict):
    """A count that stays up through a course of the drugs that the rule `course` looks for.

    A record counts when it is taken on day `at_least_days` of such a course or later (up to the
    day after its end), is at least as high as the last count up to the first day of the course,
    and that one was beyond `already` when the course began. Days of a course lie at most
    `max_gap_days` apart.
    """

    course: str
    at_least_days: int = Field(ge=2)
    already: Threshold
    max_gap_days: int = Field(default=1, ge=0)


class Rule(Declared):
    """One piece of evidence: records of a table, of a codelist, in a window.

    `at_least` distinct days (drugs: of treatment; else: of records) are needed. `positive` keeps
    positive results, whether or not an organism is named. `codelist` matches codes (diagnoses),
    codes or names (drugs), the specimen (microbiology) or the concept (labs), `codelist_not` leaves
    codes of other lists out. `organism`, `organism_not`, `test` and `test_not` are codelists of
    organisms and of tests: to be found, or left out.
    `none_before_day` refuses patients with such a record before that day (a *new* disease).
    `excluded_routes` and `excluded_forms` leave out local uses of a drug; `dose` wants a daily
    dose; `before_the_count` leaves out what began on the index day after the count was taken.
    `value` bounds a laboratory result; `above_index_threshold` wants it beyond the threshold of
    the index, `through` a count that stays up through a course of drugs. `ambiguous` lists codes
    that cannot tell whether the rule holds: with one of them in the window and nothing better the
    rule is not assessed.
    """

    id: str
    title: str
    from_: Literal["diagnoses", "drugs", "microbiology", "labs"] = Field(alias="from")
    codelist: str | None = None
    codelist_not: tuple[str, ...] = ()
    ambiguous: str | None = None
    window: Window
    at_least_days: int = Field(default=1, ge=1)
    assessed: Assessed = Assessed()
    none_before_day: int | None = None
    none_before_codelist: str | None = None
    given_not_only_ordered: bool = False
    before_the_count: bool = False
    excluded_routes: tuple[str, ...] = ()
    excluded_forms: str | None = None
    dose: Dose | None = None
    organism: str | None = None
    organism_not: tuple[str, ...] = ()
    test: str | None = None
    test_not: tuple[str, ...] = ()
    positive: bool = False
    value: Threshold | None = None
    above_index_threshold: bool = False
    through: Through | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.value and self.above_index_threshold:
            raise ValueError("bounds the result twice: keep 'value' or 'above_index_threshold'")
        return self

    def codelists(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return each codelist the rule uses with the code systems of which it must hold one."""
        own = SYSTEMS[self.from_]
        codes = DIAGNOSIS_SYSTEMS if self.from_ != "drugs" else own
        uses: list[tuple[str | None, tuple[str, ...]]] = [
            (self.codelist, own),
            (self.ambiguous, codes),
            (self.none_before_codelist, DIAGNOSIS_SYSTEMS),
            (self.excluded_forms, ("drug_name",)),
            (self.organism, ("organism_name",)),
            (self.test, ("test_name",)),
            (self.assessed.codelist, (*own, "test_name")),
            (self.assessed.unless_test, ("test_name",)),
            *((name, codes) for name in self.codelist_not),
            *((name, ("organism_name",)) for name in self.organism_not),
            *((name, ("test_name",)) for name in (*self.test_not, *self.assessed.test_not)),
        ]
        return [(name, systems) for name, systems in uses if name]


SYSTEMS: dict[str, tuple[str, ...]] = {
    "diagnoses": DIAGNOSIS_SYSTEMS,
    "drugs": DRUG_SYSTEMS,
    "labs": (LAB_SYSTEM,),
    "microbiology": ("specimen_name",),
}
