"""What makes a design fair: when each covariate was known, and the one contrast that is primary.

What became known after day 0 exists only for those who lived to have it. Taken as if it had been
there at the index it makes the days until then free of death by design (immortal time; Suissa
2008), so a protocol that does so is refused, and told the way out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.evidence import Declared, Window
from leukocytosis.config.reading import Document, Strict
from leukocytosis.errors import Problem

if TYPE_CHECKING:
    from leukocytosis.config.protocol import Covariates, Protocol

Entry = Literal["baseline", "landmark", "time_dependent"]
Measure = Literal["adjusted_hazard_ratio", "hazard_ratio", "log_rank"]
GROUPING = "cause_group"
# other rules for the end of observation: at the last encounter, or at the horizon for everybody
LAST_CONTACT, NOBODY_LOST = "last_contact", "nobody_lost"
WAY_OUT = (
    "end its window at day 0, or let it enter from a landmark (those still followed that day) "
    "or as time-dependent"
)


class Known(Strict):
    """By which day a covariate is known of everybody, and how; without `by_day` no day bounds it.

    Only the grouping itself may look behind the index: `in_hindsight` says why, and the report
    then counts the patients and shows the contrast from the day the last window closed.
    """

    by_day: int | None
    how: str
    in_hindsight: str | None = None


class Treatment(Declared):
    """A treatment begun after the index, in days from it, and how it enters the analyses.

    `window` begins on day 1 at the earliest; `outcome` is what it is compared on. A landmark is
    the last day that counts towards treatment; who died or was lost up to it is left out.
    """

    id: str
    title: str
    codelist: str
    window: Window
    excluded_routes: tuple[str, ...] = ()
    excluded_forms: str | None = None
    outcome: str
    enters: tuple[Entry, ...] = ("time_dependent", "landmark")
    landmark_days: tuple[int, ...] = (14, 28, 56, 84)

    @model_validator(mode="after")
    def _after_the_index(self) -> Self:
        first = self.window.from_day
        if first is None or first < 1:
            raise ValueError(
                "its window begins on day 1 at the earliest: what began up to the index is a "
                "baseline covariate, not treatment after it"
            )
        if any(day < first for day in self.landmark_days):
            raise ValueError(f"a landmark lies before day {first}, when nobody can be treated")
        return self


class PrimaryContrast(Strict):
    """The one contrast whose p value the report shows: an outcome, two groups and a measure.

    The first group is compared with the second. `other_horizons` are tried to show what the
    horizon does.
    """

    outcome: str
    groups: tuple[str, str] = Field(min_length=2, max_length=2)
    measure: Measure = "adjusted_hazard_ratio"
    other_horizons: tuple[Annotated[int, Field(ge=1)], ...] = ()


def find_design_faults(protocol: Protocol, document: Document) -> Iterator[Problem]:
    """Yield each use, as a baseline covariate, of what became known after day 0."""
    for at, fault in (*_late_windows(protocol.covariates), *_late_declared(protocol.covariates)):
        place = document.place(("covariates", *at))
        yield Problem(place, f"{fault} as a baseline covariate", WAY_OUT)
    for term in protocol.covariates.adjusted_for:
        if term not in protocol.covariates.known:
            yield Problem(
                document.place(("covariates", "adjusted_for")),
                f"'{term}' does not say by which day it is known",
                f"add it to covariates.known: {term}: {{by_day: 0, how: …}}",
            )
    treatment = protocol.treatment
    if treatment and "baseline" in treatment.enters:
        yield Problem(
            document.place(("treatment", "enters")),
            f"uses '{treatment.id}', which became known after day 0, as a baseline covariate",
            "let it enter as time_dependent or landmark; the comparison of the ever-treated is "
            "shown as a demonstration only",
        )


def _late_windows(covariates: Covariates) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, at, window in (
        ("metastatic", ("metastatic", "window"), covariates.metastatic.window),
        ("neutrophil_percent", ("neutrophil_window",), covariates.neutrophil_window),
    ):
        if window.to_day is None or window.to_day > 0 or window.or_index_stay:
            yield at, f"uses '{name}', which became known after day 0,"


def _late_declared(covariates: Covariates) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, known in covariates.known.items():
        late = known.by_day is None or known.by_day > 0
        if late and not (name == GROUPING and known.in_hindsight):
            yield ("known", name), f"uses '{name}', known only after day 0,"


def find_last_window(protocol: Protocol) -> int:
    """Return the last day on which a record can still decide a cause, 0 at the least.

    Windows of what only grades PLR do not count; a code of the index stay has no last day.
    """
    deciding = {
        rule
        for cause in protocol.causes
        for rule in (
            (*cause.looked_for, *cause.against)
            if cause.residual
            else (rule for way in cause.ways for rule in way.rules)
        )
    }
    return max([0, *(protocol.rule(rule).window.to_day or 0 for rule in deciding)])
