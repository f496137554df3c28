"""The Cox models and the tests of their proportional hazards."""

from __future__ import annotations

from leukocytosis.figures.forest import (
    MODELS,
    find_ratios,
    is_whole_model,
    label_term,
    merge_failed,
)
from leukocytosis.prose import name_covariate
from leukocytosis.report.grids.cells import show_chi_squared, show_ratio
from leukocytosis.report.grids.grid import Grid, Notes, without_hidden
from leukocytosis.report.grids.order import title_outcome
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import show_p
from leukocytosis.rounding import format_number


def list_cox(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return the hazard ratios of both models of an outcome."""
    notes = Notes()
    rows = [
        (model, label_term(row["term"]), show_ratio(row, notes), show_p(inputs, row),
         format_number(row["n"]), format_number(row["n_events"]))
        for analysis, model in MODELS.items()
        for row in _of_model(inputs, analysis, outcome_id)
    ]  # fmt: skip
    head = ("Model", "Term", "Hazard ratio (95 % interval)", "p", "Patients", "Events")
    caption = f"Cox models: {title_outcome(inputs, outcome_id)}"
    return without_hidden(Grid(caption, head, "llrrrr", tuple(rows), notes.numbered), "p")


def _of_model(inputs: ReportInputs, analysis_id: str, outcome_id: str) -> list[Row]:
    rows = inputs.estimates(analysis_id, outcome_id=outcome_id)
    return merge_failed([
        *find_ratios(rows, analysis_id, outcome_id), *filter(is_whole_model, rows)
    ])  # fmt: skip


def list_proportional(inputs: ReportInputs) -> Grid:
    """Return the tests of proportional hazards."""
    notes = Notes()
    rows = [
        (
            title_outcome(inputs, row["outcome_id"]),
            model.lower(),
            _tested_term(row),
            show_chi_squared(row, notes),
            show_p(inputs, row),
        )
        for analysis, model in MODELS.items()
        for outcome in inputs.protocol.outcomes
        for row in merge_failed(
            inputs.estimates(analysis.replace("cox", "proportional_hazards"), outcome_id=outcome.id)
        )
    ]
    caption = (
        "Tests of proportional hazards (a χ² far above its degrees of freedom speaks against one "
        "ratio for all days)"
    )
    head = ("Outcome", "Model", "Term", "χ²", "p")
    return without_hidden(Grid(caption, head, "lllrr", tuple(rows), notes.numbered), "p")


def _tested_term(row: Row) -> str:
    return name_covariate(str(row["term"]).removeprefix("proportional hazards: "))
