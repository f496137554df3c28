"""Kaplan–Meier risks of many redrawn groups at once."""

from __future__ import annotations

import numpy as np

from leukocytosis.survival.times import BoolArray, FloatArray, IntArray


def fit_many_risks(
    members: BoolArray, days: FloatArray, status: IntArray, at_days: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the log(−log) survival of redrawn groups and its standard error, both (b, m).

    Shapes: `members` (b, n) who is in the group of data set b, `days` and `status` (n,) shared,
    `at_days` (m,). Greenwood's variance, as `survival.curve`. NaN where survival is 0 or 1, where
    nobody is in the group, and where nobody was followed so far.
    """
    grid, at = np.unique(days, return_inverse=True)
    of_day = np.zeros((days.size, grid.size))
    of_day[np.arange(days.size), at] = 1
    left = members.astype(np.float64) @ of_day
    events = members.astype(np.float64) @ (of_day * status[:, None])
    at_risk = left[:, ::-1].cumsum(axis=1)[:, ::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0, events / at_risk, 0.0)
        survival = np.cumprod(1 - hazard, axis=1)
        spread = np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0).cumsum(axis=1)
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        centre, error = np.log(-np.log(inside)), np.sqrt(spread) / -np.log(inside)
    here = np.searchsorted(grid, at_days, side="right") - 1
    followed = (at_risk[:, :, None] * (grid[:, None] >= at_days)).any(axis=1)
    known = followed & (here >= 0)
    here = np.maximum(here, 0)
    return np.where(known, centre[:, here], np.nan), np.where(known, error[:, here], np.nan)
