"""How sure the answer is: what was checked, what would change it, and what cannot be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from leukocytosis.report.bias_summary import describe_short
from leukocytosis.report.engines import describe_agreement
from leukocytosis.report.headlines import equals, show_share
from leukocytosis.report.inputs import ReportInputs, is_hidden
from leukocytosis.report.multiverse import describe_spread
from leukocytosis.report.p_values import is_shown
from leukocytosis.rounding import NOT_REACHED, format_number, is_known
from leukocytosis.scorecard import CANNOT, DIFFERS, REPRODUCED


@dataclass(frozen=True)
class Remark:
    """A sentence on how sure the answer is, and the id of the section that says more."""

    text: str
    section: str


def describe_certainty(inputs: ReportInputs) -> dict[str, tuple[Remark, ...]]:
    """Return what speaks for and against the answer, by heading; no heading stands alone."""
    remarks = {
        "What was checked": (
            *_describe_follow_up(inputs),
            *_describe_accuracy(inputs),
            *_describe_scorecard(inputs),
            Remark(describe_agreement(inputs), "estimators"),
        ),
        "What would change the answer": (
            Remark(
                "The groups differ in more than their cause; contrasts between them are "
                "descriptive.",
                "patients",
            ),
            *_describe_proportional(inputs),
            *_describe_bias(inputs),
            *(Remark(words, "multiverse") for words in describe_spread(inputs)),
        ),
        "What cannot be said": (
            *_describe_gaps(inputs),
            *_describe_lost(inputs),
            *_describe_quality(inputs),
        ),
    }
    return {heading: found for heading, found in remarks.items() if found}


def _describe_follow_up(inputs: ReportInputs) -> Iterator[Remark]:
    for outcome in inputs.protocol.outcomes:
        crude = inputs.estimate("crude", outcome_id=outcome.id, group="all")
        if crude is not None and is_known(crude["estimate"]):
            words = f"Follow-up is complete to day {outcome.horizon_days} for {outcome.title}."
            yield Remark(words, "survival")


def _describe_lost(inputs: ReportInputs) -> Iterator[Remark]:
    for outcome in inputs.protocol.outcomes:
        crude = inputs.estimate("crude", outcome_id=outcome.id, group="all")
        if crude is not None and not is_known(crude["estimate"]) and crude["note"]:
            yield Remark(f"Crude share, {outcome.title}: {crude['note']}.", "survival")


def _describe_proportional(inputs: ReportInputs) -> Iterator[Remark]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    for row in inputs.estimates("proportional_hazards_adjusted", outcome_id=outcome_id):
        if row["term"].endswith("GLOBAL") and is_known(row["p_value"]):
            p = f"p {equals(row['p_value'])}; " if is_shown(inputs, row) else ""
            speaks = "one hazard ratio does not describe all days"
            verdict = speaks if row["p_value"] < 0.05 else "no sign against them"
            yield Remark(f"Proportional hazards, adjusted model: {p}{verdict}.", "models")


def _describe_bias(inputs: ReportInputs) -> Iterator[Remark]:
    """Yield what wrong causes and those lost would do, or why that is not known."""
    if inputs.estimates("confusion"):
        told = describe_short(inputs)
        yield from (Remark(words, "bias") for words in told[1:3] or told)


def _describe_accuracy(inputs: ReportInputs) -> Iterator[Remark]:
    for measure, words in (
        ("sensitivity", "The rules find {} of the planted PLR."),
        ("ppv", "{} of the PLR they name is planted PLR."),
    ):
        for row in inputs.rows("accuracy", cause="plr", measure=measure):
            if is_known(row["estimate"]):
                yield Remark(words.format(show_share(row)), "accuracy")


def _describe_scorecard(inputs: ReportInputs) -> Iterator[Remark]:
    rows = inputs.rows("scorecard")
    if rows:
        counts = Counter(row["verdict"] for row in rows)
        words = {REPRODUCED: REPRODUCED, DIFFERS: "differ", CANNOT: CANNOT}
        if counts[DIFFERS] == 1:
            words[DIFFERS] = DIFFERS
        parts = ", ".join(f"{counts[verdict]} {told}" for verdict, told in words.items())
        statements = "statement" if len(rows) == 1 else "statements"
        yield Remark(f"Of {len(rows)} published {statements}: {parts}.", "scorecard")


def _describe_gaps(inputs: ReportInputs) -> Iterator[Remark]:
    rows = [r for r in inputs.rows("estimates") if r["analysis_id"] != "logrank"]
    hidden = [row for row in rows if is_hidden(row)]
    gaps = [r for r in rows if not is_known(r["estimate"]) and not is_known(r["p_value"])]
    gaps = [row for row in gaps if not is_hidden(row) and row["note"] != NOT_REACHED]
    n = format_number(len(rows))
    if hidden:
        words = f"{format_number(len(hidden))} of {n} numbers are hidden, because they rest on too "
        yield Remark(f"{words}few patients to be shown.", "gaps")
    if gaps:
        words = f"{format_number(len(gaps))} of {n} numbers cannot be estimated; each is listed."
        yield Remark(words, "gaps")


def _describe_quality(inputs: ReportInputs) -> Iterator[Remark]:
    look = inputs.rows("quality", status="look")
    if look:
        checks = "check asks" if len(look) == 1 else "checks ask"
        yield Remark(f"{len(look)} data-quality {checks} for a look.", "data")
