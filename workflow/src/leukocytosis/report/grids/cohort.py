"""Who was selected, and what caused the counts."""

from __future__ import annotations

from leukocytosis.prose import name_cause, name_group
from leukocytosis.report.grids.cells import show_percent
from leukocytosis.report.grids.grid import Grid, Notes
from leukocytosis.report.grids.order import most_first, place_of_cause
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import format_number
from leukocytosis.survival.analyses import SHARES


def list_attrition(inputs: ReportInputs) -> Grid:
    """Return the selection step by step."""
    rows = [
        (row["reason"], format_number(row["n_patients_before"]),
         format_number(row["n_patients_left"]))
        for row in inputs.rows("attrition")
    ]  # fmt: skip
    return Grid("Selection of the cohort", ("Criterion", "Before", "Left"), "lrr", tuple(rows))


def list_causes(inputs: ReportInputs) -> Grid:
    """Return cause and group shares, and the two readings of PLR."""
    notes = Notes()
    rows = [
        (_share_of(inputs, row), format_number(row["n_events"]), show_percent(row, notes))
        for analysis in SHARES
        for row in sorted(
            inputs.estimates(analysis), key=lambda row: place_of_cause(inputs, row["term"])
        )
    ]
    head = ("Cause", "Patients", "Share (95 % interval)")
    return Grid("Primary causes", head, "lrr", tuple(rows), notes.numbered)


def _share_of(inputs: ReportInputs, row: Row) -> str:
    if row["analysis_id"] == "group_shares":
        return f"group: {name_group(row['term'])}"
    readings = {
        "plr_narrow": "PLR, narrow: nothing else found after looking",
        "plr_wide": "PLR, wide: besides, those not fully looked into",
    }
    return readings.get(row["term"]) or name_cause(inputs.protocol, row["term"])


def list_overlap(inputs: ReportInputs) -> Grid:
    """Return every combination of causes that hold, before the order decides."""
    notes = Notes()
    rows = [
        (name_cause(inputs.protocol, row["term"]) or "none", format_number(row["n_events"]),
         show_percent(row, notes))
        for row in sorted(inputs.estimates("overlap"), key=most_first)
    ]  # fmt: skip
    head = ("Causes that hold", "Patients", "Share (95 % interval)")
    caption = "Overlap: all causes that hold, before the protocol's order decides"
    return Grid(caption, head, "lrr", tuple(rows), notes.numbered)
