"""Ours beside theirs: published numbers, and (synthetic extracts) the planted truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leukocytosis.config import Claim, Claims, Manifest

WIDEST_TELLING = 40.0  # percentage points; a wider interval covers nearly anything
OF_ANOTHER_HOSPITAL = (
    "a count depends on the size of the hospital and the years looked at, and these are not the "
    "paper's; shares and risks are compared"
)
REPRODUCED, DIFFERS, CANNOT = "reproduced", "differs", "cannot be assessed here"
Row = Mapping[str, Any]


def describe_setting(manifest: Manifest, claims: str | None) -> str:
    """Return what agreement with a paper means on this extract, to stand behind each verdict."""
    if not manifest.synthetic:
        return ""
    if manifest.drawn_for == claims:
        return "data drawn to hold it"
    drawn_for = f"for {manifest.drawn_for}" if manifest.drawn_for else "for no paper"
    return f"data drawn {drawn_for}, so this says nothing of the paper"


def is_own(manifest: Manifest, claims: str | None) -> bool:
    """Return whether an extract is of the paper's own hospital, or drawn to equal it."""
    return claims == (manifest.drawn_for if manifest.synthetic else manifest.hospital_of)


def score(
    claims: Claims,
    estimates: Sequence[Row],
    attrition: Sequence[Row],
    setting: str = "",
    *,
    own: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield a row of `scorecard` per published number, and per statement no number can answer.

    A count is reproduced when it is within the claim's tolerance, and cannot be assessed where the
    extract is not of the paper's `own` hospital; a share, risk or median is reproduced when our
    95 % interval covers it. An interval of a share that is wider than 40 percentage points would
    cover nearly anything, and a number without an interval rests on too few patients: such
    claims cannot be assessed. Shares are compared in percent; `setting` ends every reason.
    """
    for claim in claims.claims:
        judged = _judge(claim, _find(claim, estimates, attrition), own=own)
        told = (judged["reason"], setting if judged["verdict"] != CANNOT else "", claim.note)
        yield {"claim_id": claim.id, "text": claim.text, "published": claim.value,
               "unit": claim.unit, **judged, "reason": "; ".join(filter(None, told))}  # fmt: skip
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


def _judge(claim: Claim, ours: Row | None, *, own: bool) -> dict[str, Any]:
    if ours is None:
        return {"verdict": CANNOT, "reason": "this run makes no such estimate"}
    if ours["estimate"] is None:
        return {"verdict": CANNOT, "reason": ours["note"]}
    if claim.unit == "count" and not own:
        return {"estimate": ours["estimate"], "verdict": CANNOT, "reason": OF_ANOTHER_HOSPITAL}
    if claim.unit == "count":
        fits = abs(ours["estimate"] - claim.value) <= claim.tolerance
        reason = _describe_distance(claim.tolerance, fits=fits)
        return {"estimate": ours["estimate"], "verdict": _verdict(fits), "reason": reason}
    return _judge_interval(claim, ours)


def _judge_interval(claim: Claim, ours: Row) -> dict[str, Any]:
    scale = 100.0 if claim.unit == "percent" else 1.0
    ends = [ours.get("ci_low"), ours.get("ci_high")]
    low, high = (None if end is None else scale * end for end in ends)
    numbers = {"estimate": scale * ours["estimate"], "ci_low": low, "ci_high": high}
    if low is None:
        reason = "our number has no interval: it rests on too few patients"
        return {**numbers, "verdict": CANNOT, "reason": reason}
    fits = low <= claim.value <= (math.inf if high is None else high)  # an end not reached is open
    if fits and claim.unit == "percent" and (high or 0) - low > WIDEST_TELLING:
        reason = "our interval is too wide to tell: it rests on too few patients"
        return {**numbers, "verdict": CANNOT, "reason": reason}
    reason = "our interval covers it" if fits else "our interval does not cover it"
    return {**numbers, "verdict": _verdict(fits), "reason": reason}


def _verdict(fits: bool) -> str:
    return REPRODUCED if fits else DIFFERS


def _describe_distance(tolerance: float, *, fits: bool) -> str:
    if not tolerance:
        return "the same number" if fits else "another number"
    return f"within {tolerance:g}" if fits else f"more than {tolerance:g} away"
