"""Follow-up times and how they ended: the checks and conventions every estimator shares.

Times are days from the index; status is 0 censored, 1 event, 2 competing event.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Labels = npt.NDArray[Any]

HALF_A_DAY = 0.5
COMPETING = (
    "are 2 (competing event): Kaplan–Meier, the log-rank test and Cox take 0 and 1; count a "
    "competing event as the event or as censored on purpose, or estimate the cumulative incidence "
    "after Aalen–Johansen"
)


def check_times(
    days: npt.ArrayLike, status: npt.ArrayLike, *, competing: bool = False
) -> tuple[FloatArray, IntArray]:
    """Return `days` and `status` as two arrays of one length, one element per patient.

    ValueError, with all that is wrong and counts in place of values, when lengths differ, when
    a time is missing, infinite or negative, or when a status is not 0 or 1 (2 only if
    `competing`). No patient at all is not an error here: what cannot be estimated then says so.
    """
    times = np.atleast_1d(np.asarray(days, dtype=np.float64))
    ends = np.atleast_1d(np.asarray(status, dtype=np.float64))
    if times.ndim != 1 or times.shape != ends.shape:
        sizes = f"{times.size} times and {ends.size} statuses"
        raise ValueError(f"follow-up needs one time and one status per patient; got {sizes}")
    problems = _problems(times, ends, competing)
    if problems:
        raise ValueError("follow-up cannot be used: " + "; ".join(problems))
    return times, ends.astype(np.int64)


def check_entry(entry: npt.ArrayLike, days: npt.ArrayLike) -> None:
    """Raise ValueError unless each row enters before it ends, at a known day from 0 on."""
    entered = np.asarray(entry, dtype=np.float64)
    broken: list[tuple[Any, str]] = [
        (np.isnan(entered), "entries are missing"),
        (np.isinf(entered), "entries are infinite"),
        (entered < 0, "entries are negative"),
        (
            entered >= np.asarray(days, dtype=np.float64),
            "rows end on or before the day they enter and are never at risk: leave them out first",
        ),
    ]
    problems = [f"{hit.sum()} of {entered.size} {what}" for hit, what in broken if hit.any()]
    if problems:
        raise ValueError("follow-up cannot be used: " + "; ".join(problems))


def _problems(days: FloatArray, status: FloatArray, competing: bool) -> list[str]:
    known = np.isin(status, (0, 1, 2))
    broken: list[tuple[Any, str]] = [
        (np.isnan(days), "times are missing"),
        (np.isinf(days), "times are infinite"),
        (days < 0, "times are negative"),
        (np.isnan(status), "statuses are missing"),
        (~known & ~np.isnan(status), "statuses are not 0, 1 or 2"),
    ]
    if not competing:
        broken.append((status == 2, f"statuses {COMPETING}"))
    return [f"{hit.sum()} of {days.size} {what}" for hit, what in broken if hit.any()]


def at_half_a_day(days: npt.ArrayLike, status: npt.ArrayLike) -> tuple[FloatArray, int]:
    """Return the times with events on day 0 counted at 0.5 day, and how many there were.

    Both kinds of event (status 1 and 2) move, so that each precedes day 1 and follows the index.
    A patient censored on day 0 was not followed and stays at 0. ValueError as `check_times`.
    """
    times, ends = check_times(days, status, competing=True)
    on_day_0 = (times == 0) & (ends > 0)
    return np.where(on_day_0, HALF_A_DAY, times), int(on_day_0.sum())
