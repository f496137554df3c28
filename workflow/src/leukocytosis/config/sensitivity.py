"""What else a study could have chosen: the decisions of its multiverse, and what cannot be varied.

An option is written in the protocol's own language: the part of the protocol it would change, as
a protocol that `extends` this one would write it. The study's own choice is not repeated.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from leukocytosis.config.cause import Certainty
from leukocytosis.config.evidence import Declared
from leukocytosis.config.reading import Strict
from leukocytosis.errors import listed

NOT_VARIED = {
    "take": "who lives longer peaks later, so only the first such count can be an index",
    "concept": "another kind of count is another study",
    "differential": "who enters by a differential is not judged anew for each option",
}


class Change(Strict):
    """The part of a protocol that an option changes, merged as `extends` merges.

    A cause that a changed `precedence` does not name (a study that extends this one may have
    more) comes after those it names, in the study's own order.
    """

    index: dict[str, Any] | None = None
    population: dict[str, Any] | None = None
    evidence: list[dict[str, Any]] | None = None
    causes: list[dict[str, Any]] | None = None
    precedence: list[dict[str, Any]] | None = None
    least_certainty: Certainty | None = None
    outcomes: list[dict[str, Any]] | None = None

    @property
    def sections(self) -> dict[str, Any]:
        """Return the changed sections of the protocol by name."""
        return {name: value for name, value in self if value is not None}

    @model_validator(mode="after")
    def _can_be_varied(self) -> Self:
        if not any(self.sections.values()):
            raise ValueError(f"changes nothing: change one of {listed([*type(self).model_fields])}")
        refused = [f"'{key}' ({NOT_VARIED[key]})" for key in self.index or () if key in NOT_VARIED]
        if refused:
            raise ValueError(f"cannot vary {' or '.join(refused)}: name it under 'fixed'")
        return self


class Option(Declared):
    """One way to decide; `source` says why somebody might."""

    id: str
    title: str
    change: Change


class Decision(Strict):
    """A decision of the study: what else it could have been than what the protocol has."""

    id: str
    title: str
    options: tuple[Option, ...] = Field(min_length=1)


class Fixed(Strict):
    """A decision one would like to vary, and why it cannot be."""

    id: str
    title: str
    reason: str


class ThresholdCurve(Strict):
    """The thresholds, in 10*9/L, at which the contrast is followed with all else as it is."""

    lowest: float = Field(gt=0)
    highest: float = Field(gt=0)
    step: float = Field(gt=0)

    @property
    def values(self) -> tuple[float, ...]:
        """Return the thresholds, both ends included."""
        n = int((self.highest - self.lowest) / self.step + 1e-9)
        return tuple(self.lowest + i * self.step for i in range(n + 1))

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(f"ends ({self.highest:g}) before it starts ({self.lowest:g})")
        return self


class Sensitivity(Strict):
    """The multiverse of a study.

    The groups of the primary contrast are followed through every variant. Each option is tried
    alone, and `n_drawn` combinations are drawn in which every option of a decision, the
    protocol's own among them, is as frequent as any other.
    """

    n_drawn: int = Field(default=240, ge=0)
    threshold_curve: ThresholdCurve | None = None
    decisions: tuple[Decision, ...] = Field(min_length=1)
    fixed: tuple[Fixed, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [decision.id for decision in self.decisions] + [fixed.id for fixed in self.fixed]
        faults = [f"decision '{n}' is given twice" for n in sorted(_repeated(names))]
        for decision in self.decisions:
            options = [OWN, *(option.id for option in decision.options)]
            faults += [
                f"{decision.id}: option '{o}' is given twice" for o in sorted(_repeated(options))
            ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


OWN = "own"  # the choice of the protocol itself


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
