"""Treatment of the tumour after the index, which changes nothing: its true hazard ratio is 1.

Who is meant to be treated, and from which day, is drawn without a look at how long anybody lives;
who dies or moves away first is never treated. Comparing the ever-treated with the others then
finds a benefit that is not there, and a fair design finds none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from leukocytosis.synthetic.patients import Frame
from leukocytosis.synthetic.records import on_days, repeated

REGIMENS: tuple[tuple[str, float, str, str], ...] = (
    ("Carboplatin", 450, "mg", "IV"),
    ("PACLitaxel", 300, "mg", "IV"),
    ("Gemcitabine", 1800, "mg", "IV"),
    ("Docetaxel (Taxotere)", 120, "mg", "IV"),
    ("Capecitabine", 1500, "mg", "PO"),
    ("Erlotinib", 150, "mg", "PO"),
)
MEANT_SHARE, MEAN_WAIT_DAYS, CYCLE_DAYS, MOST_CYCLES = 0.5, 45, 21, 6


def draw_chemotherapy(people: Frame, rng: Generator) -> Frame:
    """Return a row per cycle given to a patient of the cohort: mrn, on, drug, dose, unit, route.

    The first is given on day 1 or later; none on the day of death or of moving away, or later.
    """
    tumour = people[people["group"] == "tumour"]
    meant = tumour[rng.random(len(tumour)) < MEANT_SHARE]
    first = pd.Series(1 + np.floor(rng.exponential(MEAN_WAIT_DAYS, len(meant))), index=meant.index)
    cycles, number = repeated(meant, rng.integers(1, MOST_CYCLES + 1, len(meant)))
    day = first.loc[cycles.index].to_numpy() + CYCLE_DAYS * number
    last = cycles[["death_day", "moved_day"]].min(axis=1).fillna(np.inf).to_numpy()
    reached = day < last
    pick = np.array(REGIMENS, dtype=object)[cycles["index_hour"] % len(REGIMENS)][reached]
    return on_days(cycles[reached], day[reached].astype(int), drug=pick[:, 0], dose=pick[:, 1],
                   dose_unit=pick[:, 2], route=pick[:, 3])  # fmt: skip
