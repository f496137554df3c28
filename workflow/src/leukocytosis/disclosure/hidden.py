"""What is hidden, and how it says so: shared by the tables that pass the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ["estimate", "ci_low", "ci_high", "p_value", "n_events"]


def why_hidden(k: int) -> str:
    """Return the note of a hidden number."""
    return f"hidden: rests on fewer than {k} patients or would reveal such"


def hide_around(
    small: pd.Series[bool], at: pd.Series[str], group: pd.Series[str]
) -> pd.Series[bool]:
    """Return what is hidden `at` one place: all of a group with a small number, and everybody's.

    The numbers of a group add up to the group, and the groups to everybody.
    """
    of_group = small.groupby([at, group]).transform("any")
    everybody = group == "all"
    return of_group | ((of_group & ~everybody).groupby(at).transform("any") & everybody)


def differ_by_few(counts: pd.Series[float], k: int) -> pd.Series[bool]:
    """Return which counts have another one 1 to k − 1 away."""
    levels = counts.dropna().drop_duplicates().sort_values()
    near = levels.diff().between(1, k - 1) | levels.diff(-1).between(1 - k, -1)
    return counts.isin(levels[near])
