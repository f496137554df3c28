"""What each decision, and each of its options, does to the conclusion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.sensitivity import OWN, Decision, Option
from leukocytosis.multiverse.explained import share_out
from leukocytosis.multiverse.rows import HAZARD_RATIO, Patients, Row
from leukocytosis.multiverse.variants import Variant, why_not
from leukocytosis.survival.row import CANNOT

TOGETHER = "together"
LEAST_PER_OPTION = 3  # drawn variants with a number, for each option, before a share is told
OWN_TITLE = "as in the protocol"
NOT_VARIED = "no drawn variant that differs in it has a hazard ratio"
SAME = "is what the study does"
NO_CHANGE = "changes the index, the cause or the follow-up of nobody here"


def judge(row: Row) -> str | None:
    """Return where the interval of a hazard ratio lies; None when there is no number.

    `above 1`, `below 1`, or `includes 1`.
    """
    if row["estimate"] is None:
        return None
    if row["ci_low"] > 1:
        return "above 1"
    return "below 1" if row["ci_high"] < 1 else "includes 1"


def is_other_side(row: Row, own: Row) -> bool:
    """Return whether a hazard ratio points the other way than the study's own."""
    return bool((row["estimate"] > 1) != (own["estimate"] > 1))


def describe_decisions(
    protocol: Protocol, rows: Sequence[Row], variants: Sequence[Variant]
) -> list[dict[str, Any]]:
    """Return the rows of `decisions`: the share of variance, or why there is none."""
    assert protocol.sensitivity is not None
    contrasts = {row["variant"]: row for row in rows if row["analysis_id"] == HAZARD_RATIO}
    drawn = [v for v in variants if v.family == "drawn"]
    known = [v for v in drawn if contrasts[v.number]["estimate"] is not None]
    decisions, n = protocol.sensitivity.decisions, len(known)
    varied = [d for d in decisions if len({v.choices[d.id] for v in known}) > 1]
    shares, reason = _explain(known, varied, contrasts)
    described = [
        {"decision": d.id, "title": d.title, "n_variants": n, "explained": shares.get(d.id),
         "note": None if d.id in shares else reason or CANNOT + NOT_VARIED}
        for d in decisions
    ]  # fmt: skip
    rest = 1 - sum(shares.values()) if shares else None
    described.append({"decision": TOGETHER, "title": "decisions acting together",
                      "n_variants": n, "explained": rest, "note": reason})  # fmt: skip
    described += [
        {"decision": fixed.id, "title": fixed.title, "n_variants": 0, "explained": None,
         "note": f"not varied: {fixed.reason}"}
        for fixed in protocol.sensitivity.fixed
    ]  # fmt: skip
    return described


def _explain(
    known: Sequence[Variant], varied: Sequence[Decision], contrasts: dict[int, Row]
) -> tuple[dict[str, float], str | None]:
    n_options = sum(len({v.choices[d.id] for v in known}) for d in varied)
    if not varied or len(known) < LEAST_PER_OPTION * n_options:
        return {}, CANNOT + f"only {len(known)} drawn variants have a hazard ratio"
    values = [math.log(contrasts[v.number]["estimate"]) for v in known]
    if max(values) - min(values) < 1e-12:
        return {}, CANNOT + "all drawn variants have the same hazard ratio"
    return share_out(values, {d.id: [v.choices[d.id] for v in known] for d in varied}), None


def describe_options(
    protocol: Protocol,
    rows: Sequence[Row],
    everybody: Sequence[Patients],
    absent: frozenset[str],
) -> list[dict[str, Any]]:
    """Return the rows of `options`: how often each goes with another conclusion."""
    assert protocol.sensitivity is not None
    contrasts = {row["variant"]: row for row in rows if row["analysis_id"] == HAZARD_RATIO}
    described = []
    for decision in protocol.sensitivity.decisions:
        for option in (None, *decision.options):
            name = option.id if option else OWN
            with_it = [
                contrasts[p.sample.variant.number] for p in everybody
                if p.sample.variant.family == "drawn"
                and p.sample.variant.choices.get(decision.id) == name
            ]  # fmt: skip
            described.append({
                "decision": decision.id, "option": name,
                "title": option.title if option else OWN_TITLE,
                "basis": option.basis if option else None,
                "source": option.source if option else None,
                **_count(with_it, contrasts[0]),
                "note": _note(protocol, decision, option, everybody, absent) if option else None,
            })  # fmt: skip
    return described


def _count(rows: Sequence[Row], own: Row) -> dict[str, int | None]:
    known = [row for row in rows if row["estimate"] is not None]
    compared = own["estimate"] is not None
    return {
        "n_variants": len(rows),
        "n_estimated": len(known),
        "n_other_side": sum(is_other_side(row, own) for row in known) if compared else None,
        "n_other_verdict": sum(judge(row) != judge(own) for row in known) if compared else None,
    }


def _note(
    protocol: Protocol,
    decision: Decision,
    option: Option,
    everybody: Sequence[Patients],
    absent: frozenset[str],
) -> str | None:
    reason = why_not(protocol, option, absent)
    if reason:
        return reason
    alone = next(_find_alone(everybody, decision.id, option.id), None)
    if alone is None:
        return SAME
    return NO_CHANGE if _same(alone, everybody[0]) else None


def _find_alone(everybody: Sequence[Patients], decision: str, option: str) -> Iterator[Patients]:
    for patients in everybody:
        variant = patients.sample.variant
        if variant.family == "alone" and variant.choices == {decision: option}:
            yield patients


def _same(one: Patients, other: Patients) -> bool:
    pairs = (
        (one.sample.episodes, other.sample.episodes),
        (one.labelled.cause, other.labelled.cause),
        (one.days, other.days),
        (one.status, other.status),
    )
    return all(np.array_equal(a, b) for a, b in pairs)
