"""Rows about patients on days counted from the index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from leukocytosis.synthetic.patients import Frame

IntArray = NDArray[np.int64]


def on_days(people: Frame, days: ArrayLike, **columns: Any) -> Frame:
    """Return one row per patient on the given day, in the index stay when the day is inside it.

    Other columns are one value for all, or one per patient. No row is later than a death, unless
    the patient was recorded dead before the index.
    """
    day = np.asarray(days) + np.zeros(len(people), dtype=int)
    inside = (day >= people["stay_from"]) & (day <= people["stay_until"])
    rows = pd.DataFrame(
        {
            "mrn": people["mrn"],
            "visit": people["visit"].where(inside, ""),
            "on": people["index_on"] + pd.to_timedelta(day, unit="D"),
            **columns,
        },
        index=people.index,
    )
    dead = (people["death_day"] < day) & ~people["dead_before"]
    return rows[~dead]


def repeated(people: Frame, times: ArrayLike) -> tuple[Frame, IntArray]:
    """Return each patient `times` times, and the number (from 0) of each repetition."""
    counts = np.asarray(times) + np.zeros(len(people), dtype=int)
    number = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    return people.loc[np.repeat(people.index, counts)], number
