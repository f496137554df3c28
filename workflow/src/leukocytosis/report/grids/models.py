"""The Cox models side by side with their reference rows, and tests of proportional hazards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leukocytosis.figures.forest import MODELS, is_whole_model, merge_failed
from leukocytosis.prose import name_covariate, name_group
from leukocytosis.report.grids.cells import show_chi_squared, show_ratio
from leukocytosis.report.grids.grid import Grid, Notes, without_hidden
from leukocytosis.report.grids.order import title_outcome
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import show_p
from leukocytosis.rounding import NOT_SHOWN, format_number, is_known
from leukocytosis.survival.covariates import COVARIATES, find_references

REFERENCE, NO_CELL = "1 (reference)", "–"


@dataclass(frozen=True)
class Line:
    """A line of the models: what it is of, whom it counts, and its hazard ratios.

    `term` is None for a reference level, `counted` where nothing says how many there are.
    """

    label: str
    term: str | None
    counted: Row | None


def list_cox(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return the crude and the adjusted hazard ratios of an outcome side by side.

    A row per level, reference levels included, with its patients and events; a number has one row,
    which names the step the ratio is for.
    """
    notes = Notes()
    crude = {
        row["term"]: row
        for analysis in ("cox_unadjusted", "cox_crude")
        for row in inputs.estimates(analysis, outcome_id=outcome_id)
    }
    adjusted = {row["term"]: row for row in inputs.estimates("cox_adjusted", outcome_id=outcome_id)}
    rows = [
        (line.label, *_count(line.counted), *_cells(inputs, line, crude, notes),
         *_cells(inputs, line, adjusted, notes))
        for line in _list_lines(inputs, outcome_id, crude)
    ] if crude or adjusted else []  # fmt: skip
    head = ("", "Patients", "Events", "Crude hazard ratio (95 % interval)", "p, crude",
            "Adjusted hazard ratio (95 % interval)", "p, adjusted")  # fmt: skip
    caption = f"Cox models: {title_outcome(inputs, outcome_id)}"
    under = (*_describe_models(crude, adjusted), *notes.numbered)
    shown = "every" if inputs.protocol.analyses.show_p == "all" else "the primary contrast's only"
    if {cell for row in rows for cell in (row[4], row[6])} - {NO_CELL, "no test"}:
        under = (f"p: {shown}.", *under)
    grid = Grid(caption, head, "l" + "r" * 6, tuple(rows), under)
    return without_hidden(grid, "p, crude", "p, adjusted")


def _list_lines(inputs: ReportInputs, outcome_id: str, crude: dict[str, Row]) -> Iterator[Line]:
    terms = inputs.protocol.covariates.adjusted_for
    references = find_references(inputs.protocol, terms)
    yield from _list_groups(inputs, outcome_id)
    for covariate in terms:
        name = COVARIATES[covariate]
        if covariate == "cause_group":
            continue
        if covariate == "metastatic":
            yes_no = ((None, "no"), (name, "yes"))
            for term, level in yes_no:
                found = inputs.estimate(
                    "level_events", outcome_id=outcome_id, term=f"{name}: {level}"
                )
                yield Line(f"{name_covariate(covariate)}: {level}", term, found)
        elif name in references:
            yield from _list_levels(inputs, outcome_id, name, references[name])
        else:
            yield Line(name, name, crude.get(name))


def _list_groups(inputs: ReportInputs, outcome_id: str) -> Iterator[Line]:
    first, *others = inputs.protocol.analyses.groups
    for group in (first, *others):
        term = None if group == first else f"{COVARIATES['cause_group']}: {group} against {first}"
        counted = inputs.estimate("crude", outcome_id=outcome_id, group=group)
        yield Line(name_group(group), term, counted)


def _list_levels(
    inputs: ReportInputs, outcome_id: str, name: str, reference: str
) -> Iterator[Line]:
    found = {
        row["term"].removeprefix(f"{name}: "): row
        for row in inputs.estimates("level_events", outcome_id=outcome_id)
        if row["term"].startswith(f"{name}: ")
    }
    for level in (reference, *(level for level in found if level != reference)):
        term = None if level == reference else f"{name}: {level} against {reference}"
        yield Line(f"{name}: {level}", term, found.get(level))


def _count(row: Row | None) -> tuple[str, str]:
    if row is None:
        return NO_CELL, NO_CELL
    return format_number(row["n"]), format_number(row["n_events"])


def _cells(inputs: ReportInputs, line: Line, rows: dict[str, Row], notes: Notes) -> tuple[str, str]:
    if line.term is None:
        return REFERENCE if _is_fitted(rows) else "reference", NO_CELL
    # a covariate of which all share a level has a row of its own name
    row = rows.get(line.term) or rows.get(line.term.partition(":")[0])
    if row is None:
        return "not in the model", NO_CELL
    p = show_p(inputs, row)
    return show_ratio(row, notes), NO_CELL if p == NOT_SHOWN else p


def _is_fitted(rows: dict[str, Row]) -> bool:
    return any(is_known(row["estimate"]) for row in rows.values())


def _describe_models(crude: dict[str, Row], adjusted: dict[str, Row]) -> Iterator[str]:
    """Yield what the two columns are, and whom the adjusted model holds."""
    if crude:
        yield (
            "Crude: each covariate alone, all patients with a value. Patients and events are those "
            "of the crude models."
        )
    whole = next(filter(is_whole_model, adjusted.values()), None)
    if whole and is_known(whole["n"]) and is_known(whole["n_events"]):
        yield (
            f"Adjusted: all covariates together, the {format_number(whole['n'])} patients with "
            f"every value, {format_number(whole['n_events'])} events."
        )


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
