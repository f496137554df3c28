"""Causes: which hold, how surely, and which one the protocol's order chooses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import Protocol
from leukocytosis.config.protocol import Cause, Way
from leukocytosis.store import connect, fetch, scan, write_rows
from leukocytosis.tables import CAUSES

Statuses = Mapping[str, str]  # rule id → met, not_met, not_assessed
UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Decision:
    """The cause of one episode."""

    primary_cause: str
    cause_group: str
    grade: str
    all_causes: str
    decided_by: str


def classify(protocol: Protocol, study: Path) -> None:
    """Write `causes`, one row per episode, from `evidence`."""
    with connect(study / ".scratch") as con:
        statuses: dict[str, dict[str, str]] = defaultdict(dict)
        query = f"SELECT episode_id, rule_id, status FROM {scan(study / 'evidence.parquet')}"
        for episode_id, rule_id, status in fetch(con, query):
            statuses[episode_id][rule_id] = status
        rows = [
            {"episode_id": episode_id, "source": "rules", **vars(decide(protocol, found))}
            for episode_id, found in statuses.items()
        ]
        write_rows(con, rows, CAUSES, study / "causes.parquet")


def decide(protocol: Protocol, statuses: Statuses) -> Decision:
    """Return the cause of an episode from the status of every rule.

    Every cause that holds is kept in `all_causes`; the first precedence step whose cause holds
    at one of its grades decides. Where none holds, a residual cause (PLR) needs its alternatives
    looked for and absent; otherwise the episode is undetermined.
    """
    grades = {
        cause.id: grade
        for cause in protocol.causes
        if not cause.residual and (grade := find_grade(cause, statuses))
    }
    if not grades:
        return _decide_residual(protocol, statuses)
    all_causes = "+".join(grades)
    groups = {cause.id: cause.group for cause in protocol.causes}
    for i, step in enumerate(protocol.precedence, start=1):
        grade = grades.get(step.cause)
        if grade in step.grades:
            decided_by = f"step {i}: {step.cause} ({grade})" if len(grades) > 1 else "only cause"
            return Decision(step.cause, groups[step.cause], str(grade), all_causes, decided_by)
    reason = "no precedence step names the grade found"
    return Decision(UNDETERMINED, protocol.undetermined_group, "possible", all_causes, reason)


def find_grade(cause: Cause, statuses: Statuses) -> str | None:
    """Return the certainty of the first way in which a cause holds, None when it does not."""
    return next((way.grade for way in cause.ways if _holds(way, statuses)), None)


def _holds(way: Way, statuses: Statuses) -> bool:
    return (
        all(statuses[rule] == "met" for rule in way.all_of)
        and (not way.any_of or any(statuses[rule] == "met" for rule in way.any_of))
        and all(statuses[rule] == "not_met" for rule in way.none_of)
    )


def _decide_residual(protocol: Protocol, statuses: Statuses) -> Decision:
    residual = [cause for cause in protocol.causes if cause.residual]
    for cause in residual:
        grade = find_grade(cause, statuses)
        if grade:
            reason = "nothing else found after looking"
            return Decision(cause.id, cause.group, grade, cause.id, reason)
    unseen = sorted(_unseen(residual, statuses))
    reason = f"not assessed: {', '.join(unseen)}" if unseen else "no cause holds"
    group = protocol.undetermined_group
    return Decision(UNDETERMINED, group, "possible", UNDETERMINED, reason)


def _unseen(causes: Iterable[Cause], statuses: Statuses) -> set[str]:
    rules = {rule for cause in causes for way in cause.ways for rule in way.none_of}
    return {rule for rule in rules if statuses[rule] == "not_assessed"}
