"""Treatment as a covariate that changes: start–stop rows for a Cox model.

On each day those who have begun treatment are compared with those who have not yet, so that the
wait for treatment counts where it belongs, among the untreated (Crowley and Hu 1977).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .landmark import check_treated
from .times import check_times

if TYPE_CHECKING:
    import pandas as pd

ENTRY, PATIENT = "entry", "patient"


def split_at_treatment(frame: pd.DataFrame, treated_day: str, treated: str) -> pd.DataFrame:
    """Return one row per patient and state: at risk on (`entry`, days], `treated` 0 or 1.

    `frame` has a row per patient with `days`, `status` and the day of treatment (NaN: never).
    Treatment counts from the end of its first day, as R's `tmerge` has it: an event on that very
    day is one of the untreated. Patients censored on day 0 give no row, for they were at risk at
    no time. ValueError as `check_times` and `check_treated`.
    """
    import pandas as pd

    days, _ = check_times(frame["days"], frame["status"])
    begun = check_treated(frame[treated_day], days)
    rows = frame.copy()
    rows[PATIENT], rows[ENTRY], rows[treated] = np.arange(len(frame)), 0.0, 0.0
    crosses = begun < days
    before, after = rows.copy(), rows[crosses].copy()
    before["days"] = np.where(crosses, begun, days)
    before["status"] = np.where(crosses, 0, frame["status"])
    after[ENTRY], after[treated] = begun[crosses], 1.0
    both = pd.concat([before[days > 0], after], ignore_index=True)
    return both.sort_values([PATIENT, ENTRY], kind="stable", ignore_index=True)


def share_guaranteed(days: np.ndarray, treated_day: np.ndarray) -> float | None:
    """Return which share of the ever-treated's days came before treatment; None without any.

    Nobody of them could die or be lost in those days: else they would not have been treated.
    Shapes: both (n,); `treated_day` is NaN for the never treated.
    """
    ever = treated_day < days
    followed = math.fsum(days[ever])
    return math.fsum(treated_day[ever]) / followed if followed else None
