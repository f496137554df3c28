"""Cultures and tests: what was taken, and what grew."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from leukocytosis.synthetic.patients import Frame, chosen
from leukocytosis.synthetic.records import on_days

PATHOGENS = (
    "Escherichia coli",
    "Staphylococcus aureus",
    "Klebsiella pneumoniae",
    "Pseudomonas aeruginosa",
    "Enterococcus faecium",
    "Candida albicans",
)
CONTAMINANTS = (
    "Coagulase-negative Staphylococcus",
    "STAPHYLOCOCCUS, COAGULASE NEGATIVE",
    "Corynebacterium species",
)
FLUIDS = ("Pleural fluid", "Peritoneal fluid", "Cerebrospinal fluid")
N_CONTAMINATED = 30
LOOKED_SHARE = 0.4


def draw_cultures(people: Frame, rng: Generator) -> Frame:
    """Return one row per specimen and test: mrn, visit, on, specimen, …, about."""
    way = people["way"]
    bacteraemic = people[(way == "blood") | (people["second"] == "infection_blood")]
    fluid = people[way == "sterile_fluid"]
    c_difficile = people[way == "c_difficile"]
    parts = [
        _taken("pathogen", bacteraemic, "Blood culture", PATHOGENS, rng),
        _taken("pathogen", fluid, rng.choice(FLUIDS, len(fluid)), PATHOGENS, rng),
        _taken("c_difficile", c_difficile, "Stool", ("",), rng, "C. difficile toxin PCR"),
        *_negative(people, rng),
        *_contaminated(people, rng),
        *_not_looked(people),
    ]
    return pd.concat(parts, ignore_index=True)


def _taken(
    about: str, people: Frame, specimen: object, organisms: tuple[str, ...], rng: Generator,
    test: str = "Culture",
) -> Frame:  # fmt: skip
    """Return a positive specimen per patient, taken on day -2 to 2 (day 3 would be the last)."""
    days = np.minimum(rng.integers(-2, 3, len(people)), people["death_day"].fillna(9).clip(lower=0))
    return on_days(people, days.astype(int), specimen=specimen, test=test, result="positive",
                   organism=rng.choice(organisms, len(people)), about=about)  # fmt: skip


def _negative(people: Frame, rng: Generator) -> list[Frame]:
    """Return what grew nothing: of PLR that was looked at, all; of the others, some."""
    way = people["way"]
    looked = (way == "looked") | (way == "coded")
    looked |= (people["group"] == "tumour") & (rng.random(len(people)) < LOOKED_SHARE)
    # three of those with growth factor from elsewhere look like PLR, three cannot be told
    outside = chosen(people, way == "outside_clinic", 3, rng)
    looked = (looked & ~way.isin(["not_looked", "no_trace", "outside_clinic"])) | people.index.isin(
        outside
    )
    quiet = people[looked]
    background = people[(people["group"] == "background") & (rng.random(len(people)) < 0.1)]
    sampled = pd.concat([quiet, background])
    urine = sampled[rng.random(len(sampled)) < 0.5]
    none: dict[str, str] = {
        "test": "Culture",
        "result": "negative",
        "organism": "",
        "about": "negative",
    }
    return [
        on_days(sampled, -1, specimen="Blood culture", **none),
        on_days(sampled, 0, specimen="BLOOD CULTURE", **none),
        on_days(urine, 0, specimen="Urine", **none),
    ]


def _not_looked(people: Frame) -> list[Frame]:
    """Return what does not show that anybody looked: no result yet, or before the window."""
    nobody = people[people["way"] == "not_looked"]
    pending, early = nobody.iloc[:3], nobody.iloc[3:]
    culture: dict[str, str] = {"specimen": "Blood culture", "test": "Culture", "organism": ""}
    return [
        on_days(pending, 0, result="pending", about="pending_culture", **culture),
        on_days(early, -10, result="negative", about="culture_before_window", **culture),
    ]


def _contaminated(people: Frame, rng: Generator) -> list[Frame]:
    plain = people["way"].isin(["looked", "short", "long", "steroid"]) & (
        people["group"] == "tumour"
    )
    plain &= people["second"] == ""
    users = people.loc[chosen(people, plain, N_CONTAMINATED, rng)]
    return [
        on_days(
            users,
            0,
            specimen="Blood culture",
            test="Culture",
            result="positive",
            organism=rng.choice(CONTAMINANTS, len(users)),
            about="contaminated_culture",
        )
    ]
