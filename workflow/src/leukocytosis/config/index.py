"""The index event: which blood count starts the clock, and what is asked of it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from leukocytosis.config.evidence import Declared, Threshold, Window
from leukocytosis.config.reading import Strict


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
