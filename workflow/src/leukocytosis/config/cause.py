"""Causes: the ways in which each holds, how surely, and the order that chooses among them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.evidence import Declared
from leukocytosis.config.reading import Strict
from leukocytosis.tables.causes import GRADES

CauseGroup = Literal["infection", "plr", "other"]
Certainty = Literal["definite", "probable", "possible"]
Grade = Literal["definite", "probable", "possible", "refractory"]
UNDETERMINED = "undetermined"  # what a patient has whose cause the rules do not tell


class AtLeast(Strict):
    """At least `n` of these findings: rules `met`, and rules looked for and `absent`."""

    n: int = Field(ge=1)
    met: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.n > len(self.met) + len(self.absent):
            raise ValueError(f"wants {self.n} of {len(self.met) + len(self.absent)} findings")
        return self


class Way(Strict):
    """One way for a cause to hold, with the certainty it gives."""

    grade: Certainty
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()  # must be looked for and not met
    at_least: AtLeast | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """Return every rule the way names."""
        counted = (*self.at_least.met, *self.at_least.absent) if self.at_least else ()
        return (*self.all_of, *self.any_of, *self.none_of, *counted)


class Refractory(Strict):
    """When a cause that holds at one of `grades` was treated and explains the count no longer."""

    grades: tuple[Certainty, ...]
    all_of: tuple[str, ...] = Field(min_length=1)


class Cause(Declared):
    """A cause: its group, and the ways (best first) in which it holds.

    A `residual` cause (PLR) holds only where no other does, the rules of `looked_for` were looked
    for and not met, and none of `against` is met; where they were not looked for the episode is
    `undetermined`. Less certain than `least_certainty`, a cause is present but does not decide. A
    cause that is `refractory` stays present but does not decide, and does not stand in the
    way of the residual one.
    """

    id: str
    title: str
    group: CauseGroup
    ways: tuple[Way, ...] = Field(min_length=1)
    least_certainty: Certainty = "possible"
    residual: bool = False
    looked_for: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    refractory: Refractory | None = None

    @model_validator(mode="after")
    def _residual_only(self) -> Self:
        if not self.residual and (self.looked_for or self.against):
            raise ValueError("'looked_for' and 'against' belong to a residual cause")
        if not self.residual and not all(way.rules for way in self.ways):
            raise ValueError("has a way without a rule: it would hold for everybody")
        return self

    @property
    def rules(self) -> tuple[str, ...]:
        """Return every rule the cause names."""
        treated = self.refractory.all_of if self.refractory else ()
        ways = [rule for way in self.ways for rule in way.rules]
        return (*ways, *self.looked_for, *self.against, *treated)


def is_certain_enough(grade: str, least: Certainty) -> bool:
    """Return whether a grade is at least as certain as asked; nothing asked lets all pass."""
    return least == "possible" or GRADES.index(grade) <= GRADES.index(least)


class Step(Strict):
    """A step of the precedence: the first step whose cause holds at one of its grades decides."""

    cause: str
    grades: tuple[Grade, ...] = ("definite", "probable", "possible")
