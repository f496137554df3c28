"""Which charts are reviewed: at random, by the rules' cause, or those that matter most."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.config.settings import Review

Row = Mapping[str, Any]
# how likely another label is thought to be, relative to an undetermined chart
DOUBT = {"undetermined": 1.0, "refractory": 0.6, "possible": 0.6, "probable": 0.3, "definite": 0.1}


def find_code(episode_id: str, seed: int) -> str:
    """Return the name of a chart in a review: the same on every run, and no patient's id."""
    return "R" + hashlib.sha256(f"{seed}:{episode_id}".encode()).hexdigest()[:8].upper()


def draw_sample(
    protocol: Protocol, review: Review, seed: int, patients: Sequence[Row]
) -> list[str]:
    """Return the episodes to review, in the order of their codes.

    `patients` are rows of the analysis set. `random` takes each chart with equal chance;
    `stratified` as many of each of the rules' causes as there are, up to an equal share; `active`
    those whose change of label would move the risk of the primary outcome with PLR most.
    """
    ordered = sorted(patients, key=lambda row: find_code(str(row["episode_id"]), seed))
    if review.sampling == "stratified":
        chosen = _draw_strata(ordered, review.n)
    elif review.sampling == "active":
        moves = _find_moves(protocol, patients)
        chosen = sorted(ordered, key=lambda row: -moves[str(row["episode_id"])])[: review.n]
    else:
        chosen = ordered[: review.n]  # the order of a hash is a random order
    episodes = [str(row["episode_id"]) for row in chosen]
    return sorted(episodes, key=lambda episode: find_code(episode, seed))


def _draw_strata(ordered: Sequence[Row], n: int) -> list[Row]:
    """Return charts one cause after the other, round after round, until there are n."""
    strata: dict[str, list[Row]] = {}
    for row in ordered:
        strata.setdefault(row["primary_cause"], []).append(row)
    longest = max(map(len, strata.values()), default=0)
    dealt = [strata[c][i] for i in range(longest) for c in sorted(strata) if i < len(strata[c])]
    return dealt[:n]


def _find_moves(protocol: Protocol, patients: Sequence[Row]) -> dict[str, float]:
    """Return how far a change of label would move the crude risk with PLR, times the doubt.

    A chart in PLR would leave it, any other would enter: the crude risk r of n patients moves by
    about |y − r| / (n ∓ 1), y being 1 with an event and 0 without.
    """
    outcome = f"{protocol.analyses.primary_outcome}_status"
    inside = [row for row in patients if row["cause_group"] == "plr"]
    risk = sum(row[outcome] == 1 for row in inside) / len(inside) if inside else 0.5
    moves = {}
    for row in patients:
        others = len(inside) - 1 if row["cause_group"] == "plr" else len(inside) + 1
        doubt = DOUBT["undetermined" if row["primary_cause"] == "undetermined" else row["grade"]]
        moves[str(row["episode_id"])] = doubt * abs((row[outcome] == 1) - risk) / max(others, 1)
    return moves
