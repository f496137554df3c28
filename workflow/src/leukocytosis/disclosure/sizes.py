"""How large the causes and groups are: which of these counts hide together, and what repeats them.

A cause counted few hides; so does another, else what is left over would tell it, and with a group
of one cause its whole group. The size of a group stands, or can be worked out, in whatever is
estimated of it, so that a group whose size is hidden is hidden in everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leukocytosis.disclosure.nesting import BY_CAUSE, EVERYBODY, Place, find_hidden

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

CAUSES, GROUPS = "cause_shares", "group_shares"
PARTED = {CAUSES: "cause", GROUPS: "cause_group"}
# which causes decide, alone and together: with one hidden, the others would tell it
WAYS = ("overlap", "precedence", "unseen")
ORDER = "order_"  # the shares under other orders
READINGS = {"plr_narrow": {"plr"}, "plr_wide": {"plr", "undetermined"}}


def find_sizes(rows: pd.DataFrame, hidden: pd.Series[bool], k: int) -> pd.Series[bool]:
    """Return the rows of `estimates` to hide with the shares that are `hidden` or of 1 to k − 1.

    The shares of other causes and groups, what repeats them, and all that is said of their groups.
    """
    places = _find_hidden_places(rows, hidden, k)
    causes = {name for parted, name in places if parted == "cause"}
    groups = {name for parted, name in places if parted == "cause_group"}
    analysis, term = rows["analysis_id"], rows["term"]
    told = (analysis == CAUSES) & term.isin(causes) | (analysis == GROUPS) & term.isin(groups)
    told |= (analysis.isin(WAYS) | analysis.str.startswith(ORDER)) & bool(causes)
    told |= (analysis == "plr_interval") & term.map(lambda t: bool(READINGS.get(t, set()) & causes))
    return told | rows["group"].map(lambda group: bool(groups & set(group.split(" against "))))


def find_hidden_groups(rows: pd.DataFrame) -> set[str]:
    """Return the groups whose size is hidden in `estimates` that went through the door."""
    shares = rows[(rows["analysis_id"] == GROUPS) & rows["estimate"].isna()]
    return set(shares["term"])


def _find_hidden_places(rows: pd.DataFrame, hidden: pd.Series[bool], k: int) -> set[Place]:
    shares = rows[rows["analysis_id"].isin(PARTED)]
    places = list(zip(shares["analysis_id"].map(PARTED), shares["term"], strict=True))
    counts = _count(dict(zip(places, shares["n_events"].astype(float), strict=True)))
    known = {place for place, gone in zip(places, hidden[shares.index], strict=True) if gone}
    return find_hidden(counts, _find_within(rows, places), known, k)


def _count(sizes: dict[Place, float]) -> dict[Place, NDArray[np.float64]]:
    import numpy as np

    return {place: np.array([size]) for place, size in sizes.items()}


def _find_within(rows: pd.DataFrame, places: list[Place]) -> dict[Place, Place]:
    """Return what each part adds up to; a cause that nobody has adds nothing to any group."""
    by_cause = rows[rows["analysis_id"].isin(BY_CAUSE)]
    group_of = dict(zip(by_cause["term"], by_cause["group"], strict=True))
    within = {place: EVERYBODY for place in places if place[0] == "cause_group"}
    return within | {
        (parted, name): ("cause_group", group_of[name])
        for parted, name in places
        if parted == "cause" and name in group_of
    }
