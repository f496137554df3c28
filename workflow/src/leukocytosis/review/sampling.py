"""Which charts are drawn for review: at random, by strata, or where a label would matter most."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import UNDETERMINED, Protocol, ReviewPlan
from leukocytosis.store import connect, fetch, scan
from leukocytosis.tables import REVIEW_KEY

# how far the rules' label may be doubted; our choice, by what the rules themselves say of it
DOUBT = {"definite": 0.1, "probable": 0.25, "possible": 0.5}
CONTESTED = 0.75  # another group's cause is present and only the order of precedence decided


@dataclass(frozen=True)
class Label:
    """What the rules say of an episode: its cause and certainty, and all causes present."""

    episode_id: str
    cause: str
    grade: str
    present: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """A chart drawn: its number, and the stratum it stands for."""

    review_id: str
    episode_id: str
    stratum: str
    n_stratum: int
    n_drawn: int


def read_labels(study: Path) -> list[Label]:
    """Return the rules' label of every episode, by episode, whatever a review made of it since."""
    with connect(study / ".scratch") as con:
        rows = fetch(
            con,
            "SELECT c.episode_id, rule_cause, rule_grade, "
            "coalesce(list(p.cause ORDER BY p.cause) FILTER (p.cause IS NOT NULL), []) "
            f"FROM {scan(study / 'causes.parquet')} c "
            f"LEFT JOIN {scan(study / 'causes_present.parquet')} p USING (episode_id) "
            "GROUP BY ALL ORDER BY ALL",
        )
    return [Label(episode, cause, grade, tuple(present)) for episode, cause, grade, present in rows]


def draw_charts(
    labels: Sequence[Label], protocol: Protocol, plan: ReviewPlan, seed: int
) -> list[Drawn]:
    """Return the charts to review, by their number.

    Each episode has a place in one random order, so a larger sample holds every smaller one, and
    in another order, from which its number comes: a number says nothing of how it was drawn.
    """
    order = _in_random_order(labels, f"{seed}:draw")
    strata = {"all": order}
    if plan.sampling == "stratified":
        strata = defaultdict(list)
        for label in order:
            strata[label.cause].append(label)
    elif plan.sampling == "active":
        moves = measure_moves(labels, protocol)
        strata = {"all": sorted(order, key=lambda label: -moves[label.episode_id])}
    sizes = share_out(plan.n, {stratum: len(members) for stratum, members in strata.items()})
    width = max(len(str(len(labels))), 3)
    numbers = {
        label.episode_id: f"{i:0{width}d}"
        for i, label in enumerate(_in_random_order(labels, f"{seed}:number"), start=1)
    }
    drawn = [
        Drawn(numbers[label.episode_id], label.episode_id, stratum, len(strata[stratum]), size)
        for stratum, size in sizes.items()
        for label in strata[stratum][:size]
    ]
    return sorted(drawn, key=lambda chart: chart.review_id)


def _in_random_order(labels: Sequence[Label], salt: str) -> list[Label]:
    # a hash, unlike a generator, gives an episode its place whoever else is in the cohort
    def place(label: Label) -> bytes:
        return hashlib.sha256(f"{salt}:{label.episode_id}".encode()).digest()

    return sorted(labels, key=place)


def share_out(n: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return how many of n charts each stratum gives: as even as the strata's sizes allow.

    Every stratum gives at least one, so that each chart of the cohort could have been drawn.
    """
    given = {stratum: 1 for stratum, size in sizes.items() if size}
    while sum(given.values()) < min(n, sum(sizes.values())):
        open_ = [stratum for stratum in given if given[stratum] < sizes[stratum]]
        given[min(open_, key=lambda stratum: (given[stratum], stratum))] += 1
    return given


def measure_moves(labels: Sequence[Label], protocol: Protocol) -> dict[str, float]:
    """Return for each episode how far its label, if it changed, could be expected to move things.

    The chart's weight in the estimates of the group it would leave, one over the group's size,
    plus its weight in the group it would join, times the doubt about the rules' label: 1 where
    they reach none, 0.75 where only precedence decided against another group, else 0.5 (possible),
    0.25 (probable), 0.1 (definite). The outcome of the patient is not looked at.
    """
    groups = protocol.group_of
    residual = {cause.group for cause in protocol.causes if cause.residual}
    sizes = Counter(groups.get(label.cause, protocol.undetermined_group) for label in labels)
    moves = {}
    for label in labels:
        own = groups.get(label.cause, protocol.undetermined_group)
        rivals = {groups[cause] for cause in label.present} - {own}
        doubt = CONTESTED if rivals else DOUBT.get(label.grade, 1.0)
        if label.cause == UNDETERMINED:
            rivals, doubt = rivals | residual - {own}, 1.0
        rivals = rivals or set(groups.values()) - {own}
        joined = max((1 / (sizes[group] + 1) for group in rivals), default=0.0)
        moves[label.episode_id] = doubt * (1 / sizes[own] + joined)
    return moves


def write_key(
    charts: Sequence[Drawn], study: str, extract: str, plan: ReviewPlan, path: Path
) -> None:
    """Write which number is which episode, and the strata: kept apart from the charts."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, REVIEW_KEY.names, lineterminator="\n")
        writer.writeheader()
        same = {"study": study, "extract": extract, "sampling": plan.sampling}
        writer.writerows(vars(chart) | same for chart in charts)
