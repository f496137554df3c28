"""Tables of the report on what decided the causes, and on what was not looked for."""

from __future__ import annotations

from leukocytosis.prose import format_number, name_cause
from leukocytosis.report.grids import Grid, Notes, show_number, show_percent
from leukocytosis.report.inputs import ReportInputs, Row

ENDS = ("lowest", "highest")


def list_precedence(inputs: ReportInputs) -> Grid:
    """Return by what each patient's cause was decided, the most frequent first."""
    notes = Notes()
    rows = [
        (_describe_decision(inputs, row["term"]), format_number(row["n_events"]),
         show_percent(row, notes))
        for row in sorted(inputs.estimates("precedence"), key=_most_first)
    ]  # fmt: skip
    head = ("Decided by", "Patients", "Share (95 % Wilson interval)")
    return Grid("What decided the cause", head, "lrr", tuple(rows), notes.numbered)


def _most_first(row: Row) -> tuple[float, str]:
    return (-(row["n_events"] or 0), row["term"])


def _describe_decision(inputs: ReportInputs, term: str) -> str:
    if not term.startswith("step "):
        return "nothing: undetermined" if term == "undetermined" else term
    step, cause = term.split(": ")
    name, grade = cause.rsplit(" ", 1)
    return f"order, {step}: {name_cause(inputs.protocol, name)} {grade}"


def list_orders(inputs: ReportInputs) -> Grid:
    """Return the least and the most patients each cause can have under other orders."""
    notes = Notes()
    causes = [c.id for c in inputs.protocol.causes if not c.residual]
    ranges = [f"order_{order}_{end}" for order in ("certain", "any") for end in ENDS]
    rows = []
    for cause in causes:
        found = [inputs.estimate(analysis, term=cause) for analysis in ("cause_shares", *ranges)]
        shares = [show_percent(row, notes) for row in found]
        rows.append((name_cause(inputs.protocol, cause), *shares))
    head = ("Cause", "The protocol's order", "More certain first: least", "most",
            "Any order: least", "most")  # fmt: skip
    caption = "Shares under other orders of precedence (95 % Wilson intervals)"
    shown = tuple(rows) if inputs.estimates("order_any_lowest") else ()
    return Grid(caption, head, "lrrrrr", shown, notes.numbered)


def describe_labels(inputs: ReportInputs) -> str:
    """Return whose labels the causes are: the rules', or in part those of chart reviews."""
    row = inputs.estimate("labels", term="adjudicated")
    if row is None or not row["n_events"]:
        return "The causes are those of the rules; no chart review replaced a label."
    n, of = format_number(row["n_events"]), format_number(row["n"])
    return (
        f"The causes of {n} of {of} patients are labels on which chart reviewers agree, in place "
        "of the rules' (kept beside them); all others are the rules'."
    )


def list_agreement(inputs: ReportInputs) -> Grid:
    """Return how far each pair of reviewers agrees: overall, then cause by cause."""
    notes = Notes()
    rows = [
        (_title(inputs, row["group"]), row["term"], format_number(row["n"]),
         show_percent(row, notes) if row["term"].startswith("agreement")
         else show_number(row, notes, 2))
        for row in inputs.estimates("review_agreement")
    ]  # fmt: skip
    head = ("Cause", "Measure: reviewers", "Charts", "Value (95 % interval)")
    return Grid("Agreement of the reviewers", head, "llrr", tuple(rows), notes.numbered)


def list_review_accuracy(inputs: ReportInputs) -> Grid:
    """Return how well the rules find what the reviewers agree on."""
    notes = Notes()
    names = {"ppv": "positive predictive value", "sensitivity": "sensitivity"}
    rows = [
        (_title(inputs, row["group"]), names[row["term"]], format_number(row["n_events"]),
         format_number(row["n"]), show_percent(row, notes))
        for row in inputs.estimates("review_accuracy")
    ]  # fmt: skip
    head = ("Cause", "Measure", "Rules right", "Charts", "Share (95 % interval)")
    caption = "The rules against the reviewers' labels"
    return Grid(caption, head, "llrrr", tuple(rows), notes.numbered)


def _title(inputs: ReportInputs, group: str) -> str:
    return "all causes" if group == "all" else name_cause(inputs.protocol, group)


def list_unseen(inputs: ReportInputs) -> Grid:
    """Return why patients are undetermined: how much of the PLR interval each gap explains."""
    notes = Notes()
    rows = [
        (row["term"], format_number(row["n_events"]), show_percent(row, notes))
        for row in sorted(inputs.estimates("unseen"), key=_most_first)
    ]
    head = ("Undetermined because", "Patients", "Share of the cohort (95 % Wilson interval)")
    caption = "What keeps the two readings of PLR apart"
    return Grid(caption, head, "lrr", tuple(rows), notes.numbered)
