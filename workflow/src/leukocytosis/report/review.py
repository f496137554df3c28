"""The chart review as readers see it: agreement, accuracy of the rules, and whose labels count."""

from __future__ import annotations

from typing import Any

from leukocytosis.prose import name_cause
from leukocytosis.report.grids import Grid, Notes, show_number, show_percent
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import format_number, is_known

MEASURES = {"agreement": "Same answer", "kappa": "Cohen's kappa", "ac1": "Gwet's AC1"}


def describe_review(inputs: ReportInputs) -> dict[str, Any] | None:
    """Return what the report says of a chart review; None when there was none."""
    if not inputs.estimates("review_labels"):
        return None
    return {
        "labels": _describe_labels(inputs),
        "methods": METHODS,
        "agreement": list_agreement(inputs),
        "accuracy": list_review_accuracy(inputs),
    }


METHODS = (
    "Charts were reviewed blind to the outcome. Agreement: Cohen's kappa with the asymptotic "
    "interval of Fleiss, Cohen and Everitt (1969) and Gwet's AC1 with the variance of Gwet (2008), "
    "over all causes and for each cause against the rest; they describe the charts reviewed, and "
    "in a stratified sample not the cohort.",
    "The rules were held against the cause the reviewers settled on. A stratified sample is "
    "weighted back to the cohort with Horvitz–Thompson weights (interval: draws from the Jeffreys "
    "posterior of each stratum, so that a stratum read without a miss is not taken to hold none); "
    "one chosen actively gives neither sensitivity nor predictive value.",
)


def _describe_labels(inputs: ReportInputs) -> str:
    """Return how many charts were reviewed and whether their causes stand for the rules'."""
    counts = {row["term"]: row for row in inputs.estimates("review_labels")}
    told = {term: _count(row) for term, row in counts.items()}
    words = f"Reviewers answered {told['answered']} of {format_number(inputs.n_cohort)} charts; "
    words += f"on {told['open']} of them they still disagree. "
    if counts["one reviewer"]["n_events"] != 0:
        words += f"One reviewer alone answered {told['one reviewer']}. "
    if counts["in use"]["n_events"] == 0:
        return words + "All causes in this report are those of the rules."
    return words + (
        f"The causes in this report are adjudicated for {told['in use']} patients and those of the "
        f"rules for all others; adjudication changed the cause of {told['changed']}."
    )


def _count(row: Row) -> str:
    return format_number(row["n_events"]) if is_known(row["n_events"]) else "a few (hidden)"


def list_agreement(inputs: ReportInputs) -> Grid:
    """Return the agreement of each pair of reviewers, over all causes and for each."""
    notes = Notes()
    found = {(row["group"], *row["term"].split(":")): row
             for row in inputs.estimates("review_agreement")}  # fmt: skip
    order = ["all", *inputs.protocol.cause_ids]
    pairs = sorted({pair for _, _, pair in found})
    rows = [
        (_name(inputs, group, pair, pairs), format_number(found[group, "agreement", pair]["n"]),
         show_percent(found[group, "agreement", pair], notes),
         show_number(found.get((group, "kappa", pair)), notes, 2),
         show_number(found.get((group, "ac1", pair)), notes, 2))
        for pair in pairs for group in order if (group, "agreement", pair) in found
    ]  # fmt: skip
    head = ("Cause", "Charts", *(f"{title} (95 %)" for title in MEASURES.values()))
    return Grid("Agreement of the reviewers", head, "lrrrr", tuple(rows), notes.numbered)


def _name(inputs: ReportInputs, group: str, pair: str, pairs: list[str]) -> str:
    name = "all causes" if group == "all" else name_cause(inputs.protocol, group)
    return name if len(pairs) == 1 else f"{pair.replace('+', ' and ')}: {name}"


def list_review_accuracy(inputs: ReportInputs) -> Grid:
    """Return sensitivity and predictive value of the rules, held against the reviewers."""
    notes = Notes()
    rows = []
    for cause in inputs.protocol.cause_ids:
        cells = [name_cause(inputs.protocol, cause)]
        for term in ("sensitivity", "ppv"):
            row = inputs.estimate("review_accuracy", group=cause, term=term)
            cells += [format_number(row["n"] if row else None), show_percent(row, notes)]
        rows.append(tuple(cells))
    head = ("Cause", "Charts with it", "Sensitivity (95 %)", "Charts with it by the rules",
            "Predictive value (95 %)")  # fmt: skip
    caption = "The rules held against the reviewers"
    return Grid(caption, head, "lrrrr", tuple(rows), notes.numbered)
