"""How much of each codelist of a study occurs in the extract."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.prose import join, list_uses
from leukocytosis.report.grids import Grid, without_hidden
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import NOT_SHOWN, format_number


def list_occurrence(inputs: ReportInputs) -> Grid:
    """Return the codes, rows and patients of each codelist; those of which nothing occurs first."""
    rows = tuple(
        (row["codelist"], row["table"], _say_codes(row), format_number(row["n_rows"]),
         format_number(row["n_patients"]), row["note"] or NOT_SHOWN)
        for row in sorted(_find_used(inputs), key=lambda row: row["n_codes_found"] != 0)
    )  # fmt: skip
    head = ("Codelist", "Looked up in", "Codes that occur", "Rows", "Patients", "Why not")
    caption = "How much of each codelist occurs in the extract"
    return without_hidden(Grid(caption, head, "llrrrl", rows), "Why not")


def describe_unfound(inputs: ReportInputs) -> str | None:
    """Return the warning that nothing of some codelists occurs; None when something does of all."""
    found = [row["codelist"] for row in _find_used(inputs) if row["n_codes_found"] == 0]
    if not found:
        return None
    lists = "codelist" if len(found) == 1 else f"{len(found)} codelists"
    return (
        f"Nothing in the extract is named by the {lists} {join(found)}. Either nobody here has "
        "any of it, or the extract writes it in codes or words of its own, which no list names and "
        "no code map of the manifest leads to: then the rules that ask for it find nobody."
    )


def say_occurrence(inputs: ReportInputs, codelist: str) -> str:
    """Return what of a codelist occurs: `3 of 4 codes, 9,606 patients`."""
    return "; ".join(
        row["note"] or f"{_say_codes(row)} codes, {format_number(row['n_patients'])} patients"
        for row in inputs.rows("codelists", codelist=codelist)
    )


def _find_used(inputs: ReportInputs) -> Iterator[Row]:
    used = list_uses(inputs.protocol)
    yield from (row for row in inputs.rows("codelists") if row["codelist"] in used)


def _say_codes(row: Row) -> str:
    return f"{format_number(row['n_codes_found'])} of {format_number(row['n_codes'])}"
