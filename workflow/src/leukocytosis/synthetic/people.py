"""Who is drawn, and what is true of them: causes, features and ends as the paper prints them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CAUSES = {  # Granger and Kontoyiannis 2009, doi:10.1002/cncr.24480
    "growth_factor": 522,
    "infection": 112,
    "corticosteroid": 38,
    "new_leukaemia": 9,
    "plr": 77,
}
N_ABOVE = 3770
N_BACKGROUND = 6000
RISK_84 = {"growth_factor": 0.18, "infection": 0.45, "corticosteroid": 0.40, "new_leukaemia": 0.5}
PLR_EVENTS_84, PLR_ALIVE_1Y, PLR_NEUTROPHILS, PLR_METASTATIC = 60, 8, 74, 60


@dataclass(frozen=True)
class Person:
    """A patient of the cohort: the true cause and baseline, and when and how follow-up ended.

    `end_day` is the day of death or discharge to hospice (None: neither within the records).
    """

    cause: str
    neutrophil_percent: float
    metastatic: bool
    end_day: int | None
    to_hospice: bool


def draw_people(rng: np.random.Generator) -> list[Person]:
    """Return the 758 patients of the cohort, in random order."""
    people = draw_plr(rng)
    for cause, n in CAUSES.items():
        if cause != "plr":
            people += [_draw_person(rng, cause) for _ in range(n)]
    return [people[i] for i in rng.permutation(len(people))]


def _draw_person(rng: np.random.Generator, cause: str) -> Person:
    rate = -np.log(1 - RISK_84[cause]) / 84.5
    end_day = int(rng.exponential(1 / rate))
    return Person(
        cause,
        _neutrophils(rng, bool(rng.random() < 0.85)),
        bool(rng.random() < 0.55),
        end_day if end_day <= 500 else None,
        bool(rng.random() < 0.3),
    )


def draw_plr(rng: np.random.Generator) -> list[Person]:
    """Return the 77 patients with PLR: 60 end by day 84, 9 die within the year, 8 live on."""
    n = CAUSES["plr"]
    early = np.sort(rng.integers(1, 84, PLR_EVENTS_84 - 2)).tolist()
    late = rng.integers(100, 360, n - PLR_EVENTS_84 - PLR_ALIVE_1Y).tolist()
    ends: list[int | None] = [0, 84, *early, *late, *[None] * PLR_ALIVE_1Y]
    high = np.arange(n) < PLR_NEUTROPHILS
    metastatic = np.arange(n) < PLR_METASTATIC
    rng.shuffle(high)
    rng.shuffle(metastatic)
    return [
        Person("plr", _neutrophils(rng, bool(high[i])), bool(metastatic[i]), end,
               # a late end is a death: of the 17 alive at 12 weeks nobody was in hospice
               end is not None and end <= 84 and i % 3 == 1)
        for i, end in enumerate(ends)
    ]  # fmt: skip


def _neutrophils(rng: np.random.Generator, high: bool) -> float:
    return round(float(rng.uniform(72, 97) if high else rng.uniform(45, 68)), 1)


def draw_count(rng: np.random.Generator) -> float:
    """Return an index count above 40 ×10⁹/L; a few are beyond 200, and true."""
    return round(40.2 + min(float(rng.lognormal(2.6, 0.9)), 260.0), 1)
