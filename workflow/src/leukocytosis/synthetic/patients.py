"""Who there is: one row per patient, with the true cause that everything else is drawn to show.

`index_on` is the day of the first count above 40 ×10⁹/L; for patients of the background, who
never have one, the day of a visit. Days are counted from it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

Frame = pd.DataFrame

N_BACKGROUND = 6000
FIRST_INDEX, LAST_INDEX = np.datetime64("2005-02-15"), np.datetime64("2008-12-15")

# group, true cause, how it shows, patients; the solid-tumour group holds the published counts
# (Granger 2009: 522, 112, 38, 9, 77 of 758), both groups the 3,770 above the threshold
WAYS = (
    ("tumour", "growth_factor", "short", 306),
    ("tumour", "growth_factor", "long", 194),
    ("tumour", "growth_factor", "mobiliser", 16),
    ("tumour", "growth_factor", "outside_clinic", 6),
    ("tumour", "infection", "blood", 56),
    ("tumour", "infection", "sterile_fluid", 10),
    ("tumour", "infection", "c_difficile", 12),
    ("tumour", "infection", "coded", 30),
    ("tumour", "infection", "no_trace", 4),
    ("tumour", "corticosteroid", "steroid", 38),
    ("tumour", "new_leukaemia", "leukaemia", 9),
    ("tumour", "plr", "looked", 72),
    ("tumour", "plr", "not_looked", 5),
    ("other", "known_blood_cancer", "known", 1500),
    ("other", "new_leukaemia", "leukaemia", 480),
    ("other", "infection", "blood", 430),
    ("other", "infection", "coded", 160),
    ("other", "growth_factor", "short", 300),
    ("other", "corticosteroid", "steroid", 80),
    ("other", "other_named", "other_named", 62),
    ("background", "", "", N_BACKGROUND),
)
# a second cause must rank below the first: coded infections rank below corticosteroids
SECONDS = {
    "short": ("infection_coded", "infection_blood", "steroid"),
    "long": ("infection_coded", "steroid"),
    "blood": ("steroid",),
    "sterile_fluid": ("steroid",),
    "c_difficile": ("steroid",),
    "coded": ("other_named",),
    "steroid": ("infection_coded",),
}
SECOND_SHARE = 0.18
# median and spread (of the logarithm) of what the index count exceeds 40 by
EXCESS = {
    "growth_factor": (12.0, 0.8), "infection": (10.0, 0.9), "corticosteroid": (6.0, 0.7),
    "plr": (18.0, 0.9), "new_leukaemia": (60.0, 0.9), "known_blood_cancer": (50.0, 1.0),
    "other_named": (8.0, 0.7),
}  # fmt: skip


def draw_patients(rng: Generator) -> Frame:
    """Return every patient, in the order of their ids."""
    ways = pd.DataFrame(WAYS, columns=["group", "cause", "way", "n"])
    people = ways.loc[np.repeat(ways.index, ways["n"]), ["group", "cause", "way"]]
    people = people.reset_index(drop=True)
    numbers = rng.choice(900_000, len(people), replace=False) + 100_000
    people["mrn"] = [f"P{number}" for number in numbers]
    people = people.sort_values("mrn").reset_index(drop=True)
    span = int((LAST_INDEX - FIRST_INDEX).astype(int))
    people["index_on"] = FIRST_INDEX.astype("datetime64[ns]") + pd.to_timedelta(
        rng.integers(0, span + 1, len(people)), unit="D"
    )
    people["index_hour"] = rng.integers(5, 22, len(people))
    people["sex"] = rng.choice(["F", "M"], len(people))
    ages = rng.normal(62, 13, len(people)).clip(19, 94).astype(int)
    people["birth_year"] = people["index_on"].dt.year - ages
    _draw_seconds(people, rng)
    _draw_counts(people, rng)
    _draw_flags(people, rng)
    return people


def chosen(people: Frame, condition: pd.Series, n: int, rng: Generator) -> pd.Index:
    """Return the index of `n` of the rows that meet the condition, in order."""
    return people.index[np.sort(rng.choice(np.flatnonzero(condition), n, replace=False))]


def _draw_seconds(people: Frame, rng: Generator) -> None:
    second = np.full(len(people), "", dtype=object)
    luck = rng.random(len(people)) < SECOND_SHARE
    for way, options in SECONDS.items():
        where = (people["way"] == way).to_numpy() & luck
        second[where] = rng.choice(options, where.sum())
    people["second"] = second


def _draw_counts(people: Frame, rng: Generator) -> None:
    """Add the index count, neutrophils and blasts (%); background patients have none."""
    median = people["cause"].map({c: m for c, (m, _) in EXCESS.items()}).to_numpy(float)
    spread = people["cause"].map({c: s for c, (_, s) in EXCESS.items()}).to_numpy(float)
    excess = median * np.exp(spread * rng.standard_normal(len(people)))
    people["wbc"] = (40 + excess).clip(40.1, 430).round(1)
    blood = people["way"].isin(["leukaemia", "known"])
    people["neutrophils"] = np.where(
        blood, rng.uniform(2, 60, len(people)), rng.uniform(72, 96, len(people))
    ).round(0)
    people["blasts"] = np.where(blood, rng.uniform(5, 80, len(people)), np.nan).round(0)
    mixed = rng.random(len(people)) < 0.2
    people.loc[mixed & ~blood & (people["cause"] != "plr"), "neutrophils"] = 64.0
    plr = people["cause"] == "plr"
    people.loc[chosen(people, plr, 3, rng), "neutrophils"] = 61.0
    people["differential"] = plr | (rng.random(len(people)) < 0.85)


def _draw_flags(people: Frame, rng: Generator) -> None:
    """Add what is true of a patient besides the cause: tumour, spread, earlier blood cancer."""
    tumour, other = people["group"] == "tumour", people["group"] == "other"
    known = people["way"] == "known"
    people["has_tumour"] = tumour.copy()
    people.loc[chosen(people, known, 40, rng), "has_tumour"] = True
    people["earlier_blood_cancer"] = known.copy()
    lymphoma = chosen(people, other & (people["cause"] == "growth_factor"), 150, rng)
    people.loc[lymphoma, "earlier_blood_cancer"] = True
    people["metastatic"] = tumour & (rng.random(len(people)) < 0.55)
    plr = people["cause"] == "plr"
    people.loc[plr, "metastatic"] = False
    people.loc[chosen(people, plr, 60, rng), "metastatic"] = True
    without = other & ~known & ~people["earlier_blood_cancer"]
    people["tumour_later"] = people.index.isin(chosen(people, without, 60, rng))
    skin = without & ~people["tumour_later"]
    people["skin_cancer"] = people.index.isin(chosen(people, skin, 30, rng))
    extreme = chosen(people, tumour & people["cause"].isin(["plr", "infection"]), 6, rng)
    people["true_extreme"] = people.index.isin(extreme)
    people.loc[extreme, "wbc"] = rng.uniform(250, 320, len(extreme)).round(1)
    dead = without & ~people["tumour_later"] & ~people["skin_cancer"]
    people["dead_before"] = people.index.isin(chosen(people, dead, 12, rng))
