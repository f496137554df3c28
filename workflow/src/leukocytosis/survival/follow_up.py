"""How long, and how completely, patients were followed."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import numpy.typing as npt

from .curve import Curve, fit_curve
from .proportion import fit_proportion
from .row import Analysis, Estimate, Number, missing, place
from .times import check_times

METHOD = "reverse Kaplan–Meier median, 95 % Brookmeyer–Crowley interval (log-log)"
COMPLETENESS_METHOD = "seen days of follow-up as a share of the possible ones (Clark's C)"
CRUDE_METHOD = "crude proportion (follow-up complete), 95 % Wilson interval"


def fit_follow_up(days: npt.ArrayLike, status: npt.ArrayLike) -> Curve:
    """Return the curve of time under observation: reverse Kaplan–Meier (Schemper and Smith 1996).

    The end of observation is the event; an event (status 1 or 2) hides it and so is censored.
    """
    followed, ends = check_times(days, status, competing=True)
    return fit_curve(followed, (ends == 0).astype(np.int64))


def follow_up_row(
    days: npt.ArrayLike, status: npt.ArrayLike, group: str, **analysis: Unpack[Analysis]
) -> Estimate:
    """Return the row of the median follow-up in days (term `median follow-up`).

    Its `n_events` counts the patients whose observation ended without an event.
    """
    curve = fit_follow_up(days, status)
    n_ended = int(curve.n_events.sum())
    nobody = curve.n > 0 and n_ended == 0
    return place(
        missing("every patient had the event") if nobody else curve.median(),
        **analysis,
        group=group,
        term="median follow-up",
        n=curve.n,
        n_events=n_ended,
        method=METHOD,
    )


def count_incomplete(days: npt.ArrayLike, status: npt.ArrayLike, horizon_days: float) -> int:
    """Return how many patients were censored before the horizon: with what followed unknown."""
    followed, ends = check_times(days, status, competing=True)
    return int(((ends == 0) & (followed < horizon_days)).sum())


def fit_completeness(days: npt.ArrayLike, status: npt.ArrayLike, horizon_days: float) -> Number:
    """Return Clark's index C: the share of the possible days of follow-up that was seen.

    Possible is, for who had an event by the horizon, the days to it, and for everybody else the
    horizon (Clark, Altman and De Stavola 2002). A count of days, so it has no interval.
    """
    followed, ends = check_times(days, status, competing=True)
    if not followed.size:
        return missing("there are no patients")
    seen = np.minimum(followed, horizon_days)
    ended = (ends > 0) & (followed <= horizon_days)
    possible = float(np.where(ended, seen, horizon_days).sum())
    if possible == 0:
        return missing("there was no day on which anybody could be followed")
    return Number(float(seen.sum()) / possible, note="a share of days, without an interval")


def completeness_row(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    horizon_days: float,
    group: str,
    **analysis: Unpack[Analysis],
) -> Estimate:
    """Return the row of Clark's C (term `completeness`); `n_events` counts those lost early."""
    return place(
        fit_completeness(days, status, horizon_days),
        **analysis,
        group=group,
        term="completeness",
        time_days=horizon_days,
        n=np.asarray(days).size,
        n_events=count_incomplete(days, status, horizon_days),
        method=COMPLETENESS_METHOD,
    )


def fit_crude_risk(days: npt.ArrayLike, status: npt.ArrayLike, horizon_days: float) -> Number:
    """Return the share of patients with the event (status 1) up to and on the horizon day.

    Only where follow-up is complete: otherwise the censored would count as free of the event.
    """
    followed, ends = check_times(days, status, competing=True)
    lost = count_incomplete(followed, ends, horizon_days)
    if lost:
        return missing(f"follow-up of {lost} of {followed.size} patients ends before the horizon")
    return fit_proportion(int(((ends == 1) & (followed <= horizon_days)).sum()), followed.size)


def crude_risk_row(
    days: npt.ArrayLike,
    status: npt.ArrayLike,
    horizon_days: float,
    group: str,
    **analysis: Unpack[Analysis],
) -> Estimate:
    """Return the row of the crude risk at the horizon (term `crude risk`), as a fraction."""
    followed, ends = check_times(days, status, competing=True)
    return place(
        fit_crude_risk(followed, ends, horizon_days),
        **analysis,
        group=group,
        term="crude risk",
        time_days=horizon_days,
        n=followed.size,
        n_events=int(((ends == 1) & (followed <= horizon_days)).sum()),
        method=CRUDE_METHOD,
    )
