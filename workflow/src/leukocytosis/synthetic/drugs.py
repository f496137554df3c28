"""What was ordered and what was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike

from leukocytosis.synthetic.patients import Frame, chosen
from leukocytosis.synthetic.records import on_days, repeated

Product = tuple[str, float, str]  # name, one dose, unit

SHORT: tuple[Product, ...] = (
    ("Filgrastim", 300, "mcg"),
    ("NEUPOGEN", 480, "mcg"),
    ("Sargramostim", 500, "mcg"),
)
LONG: tuple[Product, ...] = (("Pegfilgrastim", 6, "mg"), ("Neulasta", 6, "mg"))
MOBILISER: tuple[Product, ...] = (("Plerixafor", 20, "mg"), ("Mozobil", 24, "mg"))
# one dose alone is above 30 mg of prednisone a day
STEROID: tuple[Product, ...] = (("Dexamethasone", 8, "mg"), ("Prednisone", 60, "mg"),
                                ("MethylPREDNISolone Sod Succ", 125, "mg"))  # fmt: skip
LOW_STEROID: tuple[Product, ...] = (
    ("Prednisone", 10, "mg"),
    ("Dexamethasone", 4, "mg"),
    ("PredniSONE", 30, "mg"),
)
ANTIBACTERIAL: tuple[Product, ...] = (
    ("Cefepime", 2, "g"),
    ("Piperacillin-Tazobactam", 4.5, "g"),
    ("Levofloxacin", 750, "mg"),
    ("Vancomycin", 1000, "mg"),
)
BYSTANDERS: tuple[Product, ...] = (
    ("Ondansetron", 8, "mg"),
    ("Heparin", 5000, "units"),
    ("Pantoprazole", 40, "mg"),
    ("Norepinephrine", 4, "mg"),
    ("Morphine", 4, "mg"),
)
LOCAL = {  # steroids that stay where they are put: name, one dose, unit, route
    "eye_drops": ("PrednisoLONE Acetate 1% Ophth. Susp.", 40, "mg", "BOTH EYES"),
    "steroid_cream": ("Hydrocortisone Cream 1%", 500, "mg", "TP"),
    "inhaled_steroid": ("Budesonide Nebulizer", 1, "mg", "IH"),
    "steroid_inhaler": ("Betamethasone inhalation", 80, "mg", "IH"),
}
N_LOCAL, N_ORDERED_ONLY = 40, 24


def draw_drugs(people: Frame, rng: Generator) -> Frame:
    """Return the rows of the pharmacy: mrn, visit, on, drug, dose, unit, route, kind, about."""
    parts = [
        *_growth_factors(people, rng),
        *_steroids(people, rng),
        *_antibacterials(people, rng),
        *_ordered_only(people, rng),
        *_local(people, rng),
        *_bystanders(people, rng),
    ]
    return pd.concat(parts, ignore_index=True)


def _doses(
    about: str,
    people: Frame,
    days: ArrayLike,
    products: tuple[Product, ...],
    route: str = "IV",
    kind: str = "given",
) -> Frame:
    """Return one row per patient; the product is the patient's, whatever the day."""
    pick = np.array(products, dtype=object)[people["index_hour"] % len(products)]
    return on_days(people, days, drug=pick[:, 0], dose=pick[:, 1], dose_unit=pick[:, 2],
                   route=route, kind=kind, about=about)  # fmt: skip


def _growth_factors(people: Frame, rng: Generator) -> list[Frame]:
    way = people["way"]
    short, number = repeated(people[way == "short"], rng.integers(1, 6, (way == "short").sum()))
    last = people.loc[short.index.unique()].index
    # the last dose is on day -7 to 0, the others on the days before it
    last_day = pd.Series(-rng.integers(0, 8, len(last)), index=last).loc[short.index].to_numpy()
    long, mobiliser = people[way == "long"], people[way == "mobiliser"]
    return [
        _doses("growth_factor", short, last_day - number, SHORT, "SC"),
        _doses("growth_factor", long, -rng.integers(0, 15, len(long)), LONG, "SC"),
        _doses("growth_factor", mobiliser, -rng.integers(0, 4, len(mobiliser)), MOBILISER, "SC"),
    ]


def _steroids(people: Frame, rng: Generator) -> list[Frame]:
    high = people[(people["way"] == "steroid") | (people["second"] == "steroid")]
    first = pd.Series(-rng.integers(0, 8, len(high)), index=high.index)
    many, number = repeated(high, rng.integers(1, 5, len(high)))
    days = np.minimum(first.loc[many.index] + number, 0)
    low = people[rng.random(len(people)) < 0.08]
    low = low[~low.index.isin(high.index)]
    # on the day the dose of 8 mg dexamethasone is reached, never twice
    doses = _doses("steroid", many, days, STEROID, "PO").drop_duplicates(["mrn", "on"])
    return [
        doses,
        _doses("low_steroid", low, -rng.integers(0, 8, len(low)), LOW_STEROID, "PO"),
    ]


def _antibacterials(people: Frame, rng: Generator) -> list[Frame]:
    treated = people["way"].isin(["blood", "sterile_fluid", "coded", "no_trace", "c_difficile"])
    treated |= people["second"].str.startswith("infection")
    # empirical courses are common where nothing was found, too
    treated |= people["way"].isin(["looked", "not_looked"]) & (rng.random(len(people)) < 0.4)
    many, number = repeated(people[treated], 5)
    return [_doses("antibacterial", many, number - 2, ANTIBACTERIAL)]


def _ordered_only(people: Frame, rng: Generator) -> list[Frame]:
    stayed = ~people["clinic"] & (people["stay_until"] >= 1)
    eligible = stayed & people["way"].isin(["looked", "coded", "blood", "steroid"])
    eligible &= people["group"] == "tumour"
    ordered = people.loc[chosen(people, eligible, N_ORDERED_ONLY, rng)]
    return [
        _doses("ordered_not_given", ordered, 0, SHORT, "SC", "ordered"),
        _doses("given_meanwhile", ordered, 0, ANTIBACTERIAL),
    ]


def _local(people: Frame, rng: Generator) -> list[Frame]:
    plain = (people["group"] == "tumour") & (people["way"] != "steroid") & (people["second"] == "")
    parts = []
    for about, (name, dose, unit, route) in LOCAL.items():
        users = people.loc[chosen(people, plain, N_LOCAL, rng)]
        parts.append(_doses(about, users, -1, ((name, dose, unit),), route))
    return parts


def _bystanders(people: Frame, rng: Generator) -> list[Frame]:
    many, _ = repeated(people, rng.integers(1, 4, len(people)))
    many = many.reset_index(drop=True)
    pick = np.array(BYSTANDERS, dtype=object)[rng.integers(0, len(BYSTANDERS), len(many))]
    return [on_days(many, rng.integers(-3, 1, len(many)), drug=pick[:, 0], dose=pick[:, 1],
                    dose_unit=pick[:, 2], route="IV", kind="given", about="bystander")]  # fmt: skip
