"""Ours beside theirs: published numbers, and (synthetic extracts) the planted truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leukocytosis.config import Claim, Claims

WIDEST_TELLING = 40.0  # percentage points; a wider interval covers nearly anything
REPRODUCED, DIFFERS, CANNOT = "reproduced", "differs", "cannot be assessed here"
Row = Mapping[str, Any]


def score(
    claims: Claims, estimates: Sequence[Row], attrition: Sequence[Row]
) -> Iterator[dict[str, Any]]:
    """Yield a row of `scorecard` per published number, and per statement no number can answer.

    A share or risk is reproduced when our 95 % interval covers it, unless the interval is so wide
    (above 40 percentage points) that it would cover nearly anything; a count when it is within the
    claim's tolerance. Shares are compared in percent.
    """
    for claim in claims.claims:
        ours = _find(claim, estimates, attrition)
        yield {"claim_id": claim.id, "text": claim.text, "published": claim.value,
               "unit": claim.unit, **_judge(claim, ours)}  # fmt: skip
    for statement in claims.not_assessable:
        yield {"claim_id": statement.id, "text": statement.text, "verdict": CANNOT,
               "reason": statement.reason}  # fmt: skip


def _find(claim: Claim, estimates: Sequence[Row], attrition: Sequence[Row]) -> Row | None:
    if claim.analysis == "attrition":
        left = [row["n_patients_left"] for row in attrition if row["reason_id"] == claim.term]
        return {"estimate": left[0], "note": None} if left else None
    wanted = (claim.analysis, claim.outcome, claim.group, claim.term)
    for row in estimates:
        found = (row["analysis_id"], row["outcome_id"], row["group"], row["term"])
        if found == wanted and (claim.time_days is None or row["time_days"] == claim.time_days):
            return row
    return None


def _judge(claim: Claim, ours: Row | None) -> dict[str, Any]:
    if ours is None:
        return {"verdict": CANNOT, "reason": "this run makes no such estimate"}
    if ours["estimate"] is None:
        return {"verdict": CANNOT, "reason": ours["note"]}
    scale = 100.0 if claim.unit == "percent" else 1.0
    estimate = scale * ours["estimate"]
    low, high = ours.get("ci_low"), ours.get("ci_high")
    numbers: dict[str, Any] = {"estimate": estimate}
    if low is None or high is None:
        fits = abs(estimate - claim.value) <= claim.tolerance
        reason = _describe_distance(claim.tolerance, fits=fits)
    else:
        numbers |= {"ci_low": scale * low, "ci_high": scale * high}
        fits = scale * low <= claim.value <= scale * high
        reason = "our interval covers it" if fits else "our interval does not cover it"
        if fits and claim.unit == "percent" and scale * (high - low) > WIDEST_TELLING:
            reason = "our interval is too wide to tell: it rests on too few patients"
            return {**numbers, "verdict": CANNOT, "reason": reason}
    if claim.note:
        reason = f"{reason}. {claim.note[:1].upper()}{claim.note[1:]}"
    return {**numbers, "verdict": REPRODUCED if fits else DIFFERS, "reason": reason}


def _describe_distance(tolerance: float, *, fits: bool) -> str:
    if not tolerance:
        return "the same number" if fits else "another number"
    return f"within {tolerance:g}" if fits else f"more than {tolerance:g} away"
