"""Landmarks: who is still followed on a day, and what was known of them by then.

Comparing patients by what happens to them later gives those it happens to the time until then for
free (immortal time). From a landmark everybody starts together: who had the event or was lost up
to that day is left out and counted, who is treated later counts as untreated (Anderson, Cain and
Gelber 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .times import BoolArray, FloatArray, IntArray, check_times


@dataclass(frozen=True, eq=False)
class Landmark:
    """Who is followed beyond a day. Shapes: `followed` (n,), the others one per such patient.

    `days` count from the landmark. `n_had_event` and `n_lost` were left out: they had the event,
    or were last observed, on that day or before it.
    """

    day: float
    followed: BoolArray
    days: FloatArray
    status: IntArray
    treated: BoolArray
    n_had_event: int
    n_lost: int


def set_landmark(
    days: npt.ArrayLike, status: npt.ArrayLike, treated_day: npt.ArrayLike, day: float
) -> Landmark:
    """Return the landmark at `day` (that day included in what counts as before).

    Shapes: all (n,); `treated_day` is NaN for the never treated. ValueError as `check_times`, for
    a negative landmark, and for treatment days that are not one per patient.
    """
    times, ends = check_times(days, status)
    begun = check_treated(treated_day, times)
    if day < 0:
        raise ValueError("a landmark lies before the index day")
    followed: BoolArray = times > day
    gone = ~followed
    return Landmark(
        day=day,
        followed=followed,
        days=times[followed] - day,
        status=ends[followed],
        treated=(begun <= day)[followed],
        n_had_event=int(ends[gone].sum()),
        n_lost=int((ends[gone] == 0).sum()),
    )


def check_treated(treated_day: npt.ArrayLike, days: FloatArray) -> FloatArray:
    """Return the days of treatment as one array beside `days` (n,); NaN is never.

    ValueError, with counts, for another length and for treatment up to the index.
    """
    begun = np.atleast_1d(np.asarray(treated_day, dtype=np.float64))
    if begun.shape != days.shape:
        raise ValueError(f"got {begun.size} days of treatment for {days.size} patients")
    early = int((begun <= 0).sum())
    if early:
        raise ValueError(
            f"{early} of {begun.size} were treated on day 0 or before it: that is a baseline "
            "covariate, not treatment after the index"
        )
    return begun
