"""Coded diagnoses, in two revisions of the classification and several spellings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike

from leukocytosis.synthetic.patients import Frame
from leukocytosis.synthetic.records import on_days, repeated

Codes = tuple[tuple[str, str], ...]  # ICD-10-CM and ICD-9-CM of one thing

TUMOURS: Codes = (
    ("C34.90", "162.9"), ("C50.919", "174.9"), ("C18.9", "153.9"), ("C25.9", "157.9"),
    ("C61", "185"), ("C64.9", "189.0"), ("C67.9", "188.9"), ("C43.9", "172.9"),
    ("C16.9", "151.9"), ("C49.9", "171.9"), ("C56.9", "183.0"), ("C15.9", "150.9"),
)  # fmt: skip
SKIN: Codes = (("C44.91", "173.91"), ("C44.311", "173.3"))
METASTASES: Codes = (
    ("C78.7", "197.7"),
    ("C79.51", "198.5"),
    ("C77.9", "196.9"),
    ("C78.00", "197.0"),
)
BLOOD: Codes = (
    ("C91.10", "204.10"),
    ("C92.10", "205.10"),
    ("C83.30", "202.80"),
    ("D46.9", "238.75"),
    ("C92.00", "205.00"),
    ("C90.00", "203.00"),
)
LEUKAEMIAS: Codes = (
    ("C92.00", "205.00"),
    ("C92.10", "205.10"),
    ("C91.00", "204.00"),
    ("C93.10", "206.10"),
)
INFECTIONS: Codes = (("A41.9", "038.9"), ("J18.9", "486"), ("N39.0", "599.0"), ("K65.0", "567.9"))
C_DIFFICILE: Codes = (("A04.7", "008.45"),)
OTHER_CAUSES: Codes = (("D62", "285.1"), ("I21.4", "410.71"), ("K85.9", "577.0"))
# never a cause: leukocytosis itself, fever, a history of cancer, whatever else people have
BYSTANDERS: Codes = (
    ("D72.829", "288.60"), ("R50.9", "780.60"), ("Z85.3", "V10.3"), ("I10", "401.9"),
    ("E11.9", "250.00"), ("N17.9", "584.9"), ("D64.9", "285.9"), ("J44.9", "496"),
    ("E78.5", "272.4"), ("F32.9", "311"),
)  # fmt: skip

AT_DISCHARGE = (
    "tumour_recent",
    "infection",
    "c_difficile",
)  # coded at the latest on the day of death


def draw_diagnoses(people: Frame, rng: Generator) -> Frame:
    """Return the coded entries, dates still whole: mrn, visit, on, icd10, icd9, about."""
    parts = [
        *_cancers(people, rng),
        *_blood_cancers(people, rng),
        *_infections(people, rng),
        *_bystanders(people, rng),
    ]
    return pd.concat(parts, ignore_index=True)


def _coded(about: str, people: Frame, days: ArrayLike, codes: Codes, rng: Generator) -> Frame:
    if about in AT_DISCHARGE:
        days = np.minimum(days, people["death_day"].fillna(999).clip(lower=0)).astype(int)
    pick = np.array(codes)[rng.integers(0, len(codes), len(people))]
    return on_days(people, days, icd10=pick[:, 0], icd9=pick[:, 1], about=about)


def _cancers(people: Frame, rng: Generator) -> list[Frame]:
    tumour = people[people["has_tumour"]]
    # most are known for long, some are coded around the index, at the latest on day 30
    known = rng.random(len(tumour)) < 0.85
    long_known, recent = tumour[known], tumour[~known]
    again = long_known[rng.random(len(long_known)) < 0.6]
    spread = tumour[tumour["metastatic"]]
    unspread = tumour[~tumour["metastatic"] & (tumour["group"] == "tumour")]
    found_later = unspread[rng.random(len(unspread)) < 0.3]
    background = people[(people["group"] == "background") & (rng.random(len(people)) < 0.4)]
    after = people[people["tumour_later"]]
    after_days = rng.integers(3, 28, len(found_later))
    long_ago = -rng.integers(40, 700, len(background))
    skin = people[people["skin_cancer"]]
    return [
        _coded("tumour", long_known, -rng.integers(40, 700, len(long_known)), TUMOURS, rng),
        _coded("tumour_recent", recent, rng.integers(-5, 31, len(recent)), TUMOURS, rng),
        _coded("tumour_again", again, 0, TUMOURS, rng),
        _coded("metastasis", spread, -rng.integers(0, 200, len(spread)), METASTASES, rng),
        _coded("metastasis_after", found_later, after_days, METASTASES, rng),
        _coded("tumour_background", background, long_ago, TUMOURS, rng),
        _coded("tumour_after_window", after, rng.integers(60, 300, len(after)), TUMOURS, rng),
        _coded("skin_cancer", skin, -rng.integers(40, 700, len(skin)), SKIN, rng),
    ]


def _blood_cancers(people: Frame, rng: Generator) -> list[Frame]:
    earlier = people[people["earlier_blood_cancer"]]
    new = people[people["way"] == "leukaemia"]
    n = len(new)
    return [
        _coded("blood_cancer", earlier, -rng.integers(40, 900, len(earlier)), BLOOD, rng),
        _coded("leukaemia", new, np.where(rng.random(n) < 0.3, -20, 0), LEUKAEMIAS, rng),
        _coded("leukaemia_again", new, rng.integers(1, 40, n), LEUKAEMIAS, rng),
    ]


def _infections(people: Frame, rng: Generator) -> list[Frame]:
    way, second = people["way"], people["second"]
    coded = people[(way == "coded") | (second == "infection_coded")]
    cultured = people[way.isin(["blood", "sterile_fluid"]) | (second == "infection_blood")]
    cultured = cultured[rng.random(len(cultured)) < 0.7]
    c_difficile = people[way == "c_difficile"]
    named = people[(way == "other_named") | (second == "other_named")]
    plr = people[way == "looked"]
    long_after = plr[rng.random(len(plr)) < 0.3]
    return [
        _coded("infection", coded, rng.integers(-2, 3, len(coded)), INFECTIONS, rng),
        _coded("infection", cultured, rng.integers(0, 5, len(cultured)), INFECTIONS, rng),
        _coded("c_difficile", c_difficile, rng.integers(0, 3, len(c_difficile)), C_DIFFICILE, rng),
        _coded("other_cause", named, 0, OTHER_CAUSES, rng),
        _coded("infection_after_window", long_after, 40, INFECTIONS, rng),
    ]


def _bystanders(people: Frame, rng: Generator) -> list[Frame]:
    many, number = repeated(people, rng.integers(1, 4, len(people)))
    many = many.reset_index(drop=True)
    days = np.where(number == 0, 0, -rng.integers(1, 400, len(many)))
    return [_coded("bystander", many, days, BYSTANDERS, rng)]
