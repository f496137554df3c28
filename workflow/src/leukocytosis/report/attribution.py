"""Tables of the report on what decided the causes, and on what was not looked for."""

from __future__ import annotations

from leukocytosis.config import UNDETERMINED
from leukocytosis.prose import name_cause
from leukocytosis.report.grids import Grid, Notes, show_percent
from leukocytosis.report.grids.order import most_first
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.rounding import format_number

ENDS = ("lowest", "highest")


def list_precedence(inputs: ReportInputs) -> Grid:
    """Return by what each patient's cause was decided, the most frequent first."""
    notes = Notes()
    rows = [
        (_describe_decision(inputs, row["term"]), format_number(row["n_events"]),
         show_percent(row, notes))
        for row in sorted(inputs.estimates("precedence"), key=most_first)
    ]  # fmt: skip
    head = ("Decided by", "Patients", "Share (95 % interval)")
    return Grid("What decided the cause", head, "lrr", tuple(rows), notes.numbered)


def _describe_decision(inputs: ReportInputs, term: str) -> str:
    if not term.startswith("step "):
        return "nothing: undetermined" if term == UNDETERMINED else term
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
    caption = "Shares under other orders of precedence (95 % intervals)"
    shown = tuple(rows) if inputs.estimates("order_any_lowest") else ()
    return Grid(caption, head, "lrrrrr", shown, notes.numbered)


def list_unseen(inputs: ReportInputs) -> Grid:
    """Return why patients are undetermined: how much of the PLR interval each gap explains."""
    notes = Notes()
    rows = [
        (row["term"], format_number(row["n_events"]), show_percent(row, notes))
        for row in sorted(inputs.estimates("unseen"), key=most_first)
    ]
    head = ("Undetermined because", "Patients", "Share of the cohort (95 % interval)")
    caption = "What keeps the two readings of PLR apart"
    return Grid(caption, head, "lrr", tuple(rows), notes.numbered)
