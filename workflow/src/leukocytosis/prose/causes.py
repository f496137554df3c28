"""Causes in words: the ways in which each holds, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leukocytosis.config import Protocol
from leukocytosis.config.cause import AtLeast, Cause, Certainty, Way
from leukocytosis.prose.names import name_group
from leukocytosis.prose.words import capital, join


def describe_cause(protocol: Protocol, cause: Cause) -> str:
    """Return how a cause holds, way by way."""
    ways = "; ".join(_describe_way(protocol, way) for way in cause.ways)
    group = f"{capital(cause.title)} (group: {name_group(cause.group)}): "
    if cause.residual:
        words = f"{_describe_residual(protocol, cause)} Certainty: {ways}."
    else:
        words = f"{ways}.{_describe_refractory(protocol, cause)}"
    return f"{group}{words}{describe_least('It', cause.least_certainty)}"


def describe_least(who: str, least: Certainty) -> str:
    """Return how certain `who` must be to decide; nothing where every certainty will do."""
    enough = {"probable": "probable or definite", "definite": "definite"}.get(least)
    return f" {who} decides only when {enough}." if enough else ""


def _describe_residual(protocol: Protocol, cause: Cause) -> str:
    if not cause.looked_for:
        return "only where no other cause stands, whether looked for or not."
    looked_for = _list_rules(protocol, cause.looked_for, "each of these looked for and absent:")
    against = _list_rules(protocol, cause.against, "any of")
    return (
        f"only where no other cause stands, {looked_for}, and never with {against}. Where they "
        "were not looked for, the patient is undetermined (group: "
        f"{name_group(protocol.undetermined_group)})."
    )


def _describe_refractory(protocol: Protocol, cause: Cause) -> str:
    if cause.refractory is None:
        return ""
    grades = join(cause.refractory.grades, "or")
    rules = _list_rules(protocol, cause.refractory.all_of, "all of")
    return (
        f" When {grades}, it is refractory where {rules}: it is kept as present, but it neither "
        "decides nor stands in the way of PLR."
    )


def _describe_way(protocol: Protocol, way: Way) -> str:
    parts = [
        _list_rules(protocol, rules, words)
        for rules, words in (
            (way.all_of, "all of"),
            (way.any_of, "any of"),
            (way.none_of, "each of these looked for and absent:"),
        )
        if rules
    ]
    if way.at_least:
        parts += _describe_at_least(protocol, way.at_least)
    return f"{way.grade} with {' and '.join(parts)}" if parts else f"{way.grade} otherwise"


def _describe_at_least(protocol: Protocol, findings: AtLeast) -> Iterator[str]:
    titles = [protocol.rule(rule).title for rule in findings.met]
    titles += [f"looked for and absent: {protocol.rule(rule).title}" for rule in findings.absent]
    yield f"at least {findings.n} of ({'; '.join(titles)})"


def _list_rules(protocol: Protocol, rules: Sequence[str], words: str) -> str:
    titles = [protocol.rule(rule).title for rule in rules]
    if len(titles) == 1 and not words.endswith(":"):
        return titles[0]
    return f"{words} ({'; '.join(titles)})"
