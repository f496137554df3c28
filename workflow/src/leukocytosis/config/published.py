"""Published patients: the dated facts of a case report, and which of their days are inferred."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.evidence import Threshold, Window
from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem

FactBasis = Literal["stated", "inferred"]
TreatmentKind = Literal["antibacterial", "antineoplastic", "operation"]


class Dated(Strict):
    """A fact on a day, or on a day that lies between two, both included.

    `basis` is about the day: stated in the article, or inferred from what stands around it.
    """

    on: date | None = None
    first_on: date | None = None
    last_on: date | None = None
    basis: FactBasis = "stated"
    note: str | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        span = (self.first_on, self.last_on)
        if (self.on is None) == (None in span) or (self.on and span != (None, None)):
            raise ValueError(
                "needs a day ('on'), or the two ends ('first_on', 'last_on') it lies in"
            )
        return self._forward()

    def _forward(self) -> Self:
        if self.first_on and self.last_on and self.last_on < self.first_on:
            raise ValueError(f"ends ({self.last_on}) before it starts ({self.first_on})")
        return self

    @property
    def ends(self) -> tuple[date, date]:
        """Return the first and the last day on which it can have been."""
        if self.on:
            return self.on, self.on
        assert self.first_on and self.last_on
        return self.first_on, self.last_on


class Measured(Dated):
    """A value; with `low` the article prints a range, with `up_to` only a bound from above."""

    value: float = Field(ge=0)
    low: float | None = Field(default=None, ge=0)
    bound: Literal["up_to"] | None = None


class Series(Strict):
    """What was measured again and again, in one unit, as printed."""

    name: str
    unit: str
    values: tuple[Measured, ...] = Field(min_length=1)


class Size(Dated):
    """The tumour's axes in mm, as many as are printed; 0 is gone."""

    axes_mm: tuple[float, ...] = Field(min_length=1)
    how: str


class Culture(Dated):
    """A culture; positive when it names an organism."""

    specimen: str
    organism: str | None = None


class GivenTreatment(Strict):
    """A course of treatment, both days included; without `last_on` its end is not printed.

    `basis` is about the end.
    """

    name: str
    kind: TreatmentKind
    first_on: date
    last_on: date | None = None
    basis: FactBasis = "stated"
    dose: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last_on and self.last_on < self.first_on:
            raise ValueError(f"ends ({self.last_on}) before it starts ({self.first_on})")
        return self


class Outcome(Strict):
    """What became of the patient, and until when that is known."""

    on: date
    status: str


class PublishedCase(Strict):
    """A patient of an article. `index_on` is the day of the first count beyond `threshold`.

    `close_up` are the days from the index that a figure draws to scale. What the article leaves
    open is named: `not_stated` is not absent, `not_measured` was not looked for.
    """

    case: str
    title: str
    citation: str
    doi: str
    licence: str
    age_years: int = Field(ge=0)
    sex: Literal["female", "male"]
    tumour: str
    index_on: date
    threshold: Threshold
    authors_threshold: Threshold | None = None
    close_up: Window
    counts: Series
    markers: tuple[Series, ...] = ()
    temperature: Series | None = None
    tumour_sizes: tuple[Size, ...] = ()
    treatments: tuple[GivenTreatment, ...] = ()
    cultures: tuple[Culture, ...] = ()
    outcome: Outcome
    attribution: str
    not_stated: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _index_is_the_first_count_beyond(self) -> Self:
        if self.close_up.from_day is None or self.close_up.to_day is None:
            raise ValueError("'close_up' needs two ends")
        least, at_least = self.threshold.value, self.threshold.operator == ">="
        beyond = sorted(
            v.ends[0] for v in self.counts.values
            if not v.bound and (v.value > least or (at_least and v.value == least))
        )  # fmt: skip
        if beyond[:1] != [self.index_on]:
            first = f"is on {beyond[0]}" if beyond else "does not exist"
            raise ValueError(f"'index_on' is {self.index_on}, the first count beyond {first}")
        return self

    def day(self, on: date) -> int:
        """Return a date in days from the index."""
        return (on - self.index_on).days


def load_published_cases(folder: Path) -> tuple[PublishedCase, ...]:
    """Return the published patients of a folder by name; ConfigError lists every problem of all."""
    cases, problems = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            case = build(PublishedCase, Document(path))
        except ConfigError as error:
            problems += error.problems
            continue
        if case.case != path.stem:
            problems.append(
                Problem(str(path), f"names the case '{case.case}'", "use the file's name")
            )
        cases.append(case)
    if problems:
        raise ConfigError(problems)
    return tuple(cases)
