"""Causes: which hold, how surely, and which one the protocol's order chooses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import UNDETERMINED, Protocol
from leukocytosis.config.cause import AtLeast, Cause, Step, Way
from leukocytosis.store import connect, fetch, scan, write_rows
from leukocytosis.tables import CAUSES, CAUSES_PRESENT

Statuses = Mapping[str, str]  # rule id → met, not_met, not_assessed
REFRACTORY = "refractory"


@dataclass(frozen=True)
class Decision:
    """The cause of one episode, and the grade of every cause that is present in it."""

    primary_cause: str
    cause_group: str
    grade: str
    decided_by: str
    present: Mapping[str, str]

    @property
    def all_causes(self) -> str:
        """Return the causes that are present, in the protocol's order, joined by `+`."""
        return "+".join(self.present) or UNDETERMINED


def classify(protocol: Protocol, study: Path) -> None:
    """Write `causes` (one row per episode) and `causes_present` from `evidence`."""
    with connect(study / ".scratch") as con:
        statuses: dict[str, dict[str, str]] = defaultdict(dict)
        query = f"SELECT episode_id, rule_id, status FROM {scan(study / 'evidence.parquet')}"
        for episode_id, rule_id, status in fetch(con, query):
            statuses[episode_id][rule_id] = status
        decisions = {episode: decide(protocol, found) for episode, found in statuses.items()}
        write_rows(con, _list_causes(decisions), CAUSES, study / "causes.parquet")
        present = list(_list_present(decisions))
        write_rows(con, present, CAUSES_PRESENT, study / "causes_present.parquet")


def _list_causes(decisions: Mapping[str, Decision]) -> list[dict[str, object]]:
    return [
        {
            "episode_id": episode_id,
            "primary_cause": decision.primary_cause,
            "cause_group": decision.cause_group,
            "grade": decision.grade,
            "all_causes": decision.all_causes,
            "decided_by": decision.decided_by,
            "source": "rules",
            "rule_cause": decision.primary_cause,
            "rule_grade": decision.grade,
        }
        for episode_id, decision in decisions.items()
    ]


def _list_present(decisions: Mapping[str, Decision]) -> Iterator[dict[str, object]]:
    for episode_id, decision in decisions.items():
        for cause, grade in decision.present.items():
            decides = cause == decision.primary_cause
            yield {"episode_id": episode_id, "cause": cause, "grade": grade, "decides": decides}


def decide(protocol: Protocol, statuses: Statuses) -> Decision:
    """Return the cause of an episode from the status of every rule.

    Every cause that holds is kept; the first precedence step whose cause holds at one of its
    grades decides. A refractory cause is present, but only a step that names that grade lets it
    decide. Where no other cause stands, a residual one (PLR) needs its alternatives looked for
    and absent; otherwise the episode is undetermined.
    """
    present = find_present(protocol, statuses)
    causes = {cause.id: cause for cause in protocol.causes}
    for i, step in enumerate(protocol.precedence, start=1):
        cause, grade = causes[step.cause], present.get(step.cause)
        if grade and grade in step.grades and protocol.may_decide(cause, grade):
            decided_by = _describe_step(protocol, i, step, present)
            return Decision(cause.id, cause.group, grade, decided_by, present)
    reason = _describe_undetermined(protocol, statuses, present)
    return Decision(UNDETERMINED, protocol.undetermined_group, "possible", reason, present)


def find_present(protocol: Protocol, statuses: Statuses) -> dict[str, str]:
    """Return the causes that hold in an episode with their grades, in the protocol's order."""
    others = {
        cause.id: grade
        for cause in protocol.causes
        if not cause.residual and (grade := find_grade(cause, statuses))
    }
    if any(grade != REFRACTORY for grade in others.values()):
        return others
    explained = _rules_of(protocol, others)
    residual = {
        cause.id: grade
        for cause in protocol.causes
        if cause.residual
        and not _unseen([cause], statuses)
        and all(statuses[r] == "not_met" for r in cause.looked_for if r not in explained)
        and not _against([cause], statuses)
        and (grade := find_grade(cause, statuses))
    }
    return others | residual


def find_grade(cause: Cause, statuses: Statuses) -> str | None:
    """Return the certainty of the first way in which a cause holds, None when it does not."""
    grade = next((way.grade for way in cause.ways if _holds(way, statuses)), None)
    treated = cause.refractory
    if grade and treated and grade in treated.grades and _all_met(treated.all_of, statuses):
        return REFRACTORY
    return grade


def _holds(way: Way, statuses: Statuses) -> bool:
    return (
        _all_met(way.all_of, statuses)
        and (not way.any_of or any(statuses[rule] == "met" for rule in way.any_of))
        and all(statuses[rule] == "not_met" for rule in way.none_of)
        and (way.at_least is None or _count(way.at_least, statuses) >= way.at_least.n)
    )


def _all_met(rules: Iterable[str], statuses: Statuses) -> bool:
    return all(statuses[rule] == "met" for rule in rules)


def _count(findings: AtLeast, statuses: Statuses) -> int:
    n_met = sum(statuses[rule] == "met" for rule in findings.met)
    return n_met + sum(statuses[rule] == "not_met" for rule in findings.absent)


def _describe_step(protocol: Protocol, i: int, step: Step, present: Mapping[str, str]) -> str:
    if len(present) > 1:
        return f"step {i}: {step.cause} ({present[step.cause]})"
    residual = {cause.id: cause.looked_for for cause in protocol.causes if cause.residual}
    if step.cause not in residual:
        return "only cause"
    return "nothing else found after looking" if residual[step.cause] else "nothing found"


def _describe_undetermined(
    protocol: Protocol, statuses: Statuses, present: Mapping[str, str]
) -> str:
    """Return why no cause decides: what stands alone, what speaks against, what was not seen."""
    if any(grade != REFRACTORY for grade in present.values()):
        return "no precedence step lets the grade found decide"
    residual = [cause for cause in protocol.causes if cause.residual]
    reasons = {
        "not assessed": _unseen(residual, statuses),
        "speaks against": _against(residual, statuses),
        "refractory": set(present),
    }
    told = [f"{why}: {', '.join(sorted(rules))}" for why, rules in reasons.items() if rules]
    return "; ".join(told) or "no cause holds"


def _unseen(causes: Iterable[Cause], statuses: Statuses) -> set[str]:
    rules = {rule for cause in causes for rule in cause.looked_for}
    return {rule for rule in rules if statuses[rule] == "not_assessed"}


def _against(causes: Iterable[Cause], statuses: Statuses) -> set[str]:
    rules = {rule for cause in causes for rule in cause.against}
    return {rule for rule in rules if statuses[rule] == "met"}


def _rules_of(protocol: Protocol, causes: Iterable[str]) -> set[str]:
    named = set(causes)
    return {rule for cause in protocol.causes if cause.id in named for rule in cause.rules}
