"""Counts that hide together, since those left over would give a hidden one away.

The arms of a landmark and those left out add up to a group, the groups to all patients. So a
small count in a cause group hides the same counts of every cause group, one among all patients
those of the groups as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FLOW, LANDMARK, HINDSIGHT, NAIVE = (
    "landmark_flow",
    "treatment_landmark",
    "hindsight",
    "treatment_naive",
)
LEFT_OUT, ALL = "left out", "all"


def find_companions(rows: pd.DataFrame, small: pd.Series[bool], k: int) -> pd.Series[bool]:
    """Return which rows of `estimates` hide with the `small` ones (counts from 1 to k − 1)."""
    hidden = small & False
    for part, groups in _parts(rows, small, k):
        if ALL in groups:
            hidden |= hidden.index.isin(part.index)
        elif groups:
            hidden |= hidden.index.isin(part.index[part["group"] != ALL])
    return hidden


def _parts(
    rows: pd.DataFrame, small: pd.Series[bool], k: int
) -> Iterator[tuple[pd.DataFrame, set[str]]]:
    """Yield rows that hide together, and the groups in which one of them is small."""
    for _, part in rows[rows["analysis_id"].isin([FLOW, LANDMARK])].groupby(
        ["outcome_id", "time_days"]
    ):
        yield from _parts_of_landmark(part, small, k)
    for _, part in rows[rows["analysis_id"] == HINDSIGHT].groupby(["outcome_id", "term"]):
        yield part, _groups(part, small)
    naive = rows[rows["analysis_id"] == NAIVE]
    yield naive, _groups(naive, small)


def _parts_of_landmark(
    part: pd.DataFrame, small: pd.Series[bool], k: int
) -> Iterator[tuple[pd.DataFrame, set[str]]]:
    """Yield the reasons for being left out, the whole landmark, and what is estimated from it.

    The reasons may hide alone: only if their sum is small does the landmark hide with them.
    """
    flow = part["analysis_id"] == FLOW
    reasons = part[flow & part["term"].str.startswith(LEFT_OUT)]
    arms = part[flow & ~part["term"].str.startswith(LEFT_OUT)]
    n_left_out = reasons.astype({"n_events": float}).groupby("group")["n_events"].sum()
    few = set(n_left_out.index[n_left_out.between(1, k - 1)])
    yield reasons, set(reasons.loc[reasons["n_events"].between(1, k - 1), "group"])
    yield part, few | _groups(arms, small)
    yield part[~flow], _groups(part[~flow], small)


def _groups(part: pd.DataFrame, small: pd.Series[bool]) -> set[str]:
    return set(part.loc[small.reindex(part.index), "group"])


def drop_hidden_arms(curves: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the curves without those of a comparison whose counts of all patients are hidden."""
    noted = estimates["note"].fillna("").str.startswith("hidden")
    hidden = estimates[noted & (estimates["group"] == ALL)]
    hidden = hidden[~hidden["term"].str.startswith(LEFT_OUT)]
    if (hidden["analysis_id"] == NAIVE).any():
        curves = curves[~curves["group"].str.contains("(?:ever|never) treated|^waiting")]
    for day in sorted(set(hidden.loc[hidden["analysis_id"] == FLOW, "time_days"])):
        curves = curves[~curves["group"].str.endswith(f" by day {day:g}")]
    return curves
