"""The tables of a manuscript, each in four forms made from one object."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from leukocytosis.documents.latex import render_latex
from leukocytosis.documents.word import add_grid, add_paragraphs, new_document, save_document
from leukocytosis.report import grids
from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs

ROUNDED = "Printed numbers are rounded half up from the unrounded ones in the folder tables."


def list_tables(inputs: ReportInputs) -> dict[str, Grid]:
    """Return the tables of the manuscript in their order, by file name; empty ones are left out."""
    found = {
        "patients": grids.list_table_one(inputs),
        "causes": grids.list_causes(inputs),
        **{f"outcome_{o}": grids.list_risks(inputs, o) for o in _outcomes(inputs)},
        **{f"models_{o}": grids.list_cox(inputs, o) for o in _outcomes(inputs)},
    }
    return {name: grid for name, grid in found.items() if grid.rows}


def _outcomes(inputs: ReportInputs) -> Iterator[str]:
    yield from (outcome.id for outcome in inputs.protocol.outcomes)


def write_manuscript(inputs: ReportInputs, folder: Path) -> None:
    """Write tables.docx and, per table, `<name>.{html,tex,csv}` into a folder.

    The same words stand in every form: a cell is rounded once, in the `Grid`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = list_tables(inputs)
    write_word(inputs, tables, folder / "tables.docx")
    for name, grid in tables.items():
        (folder / f"{name}.tex").write_text(render_latex(grid, name), encoding="utf-8")
        (folder / f"{name}.html").write_text(render_html(inputs, grid), encoding="utf-8")
        write_csv(grid, folder / f"{name}.csv")


def write_word(inputs: ReportInputs, tables: Mapping[str, Grid], path: Path) -> None:
    """Write all tables, numbered, as one Word file."""
    document = new_document(f"{inputs.protocol.title}: tables", inputs.mark)
    document.add_heading(inputs.protocol.title, level=1)
    words = f"Study {inputs.protocol.study}; extract {inputs.manifest.extract}."
    add_paragraphs(document, [words, ROUNDED])
    for number, grid in enumerate(tables.values(), start=1):
        add_grid(document, grid, number)
    save_document(document, path)


def render_html(inputs: ReportInputs, grid: Grid) -> str:
    """Return a page that holds one table and nothing else, to be pasted where HTML is read."""
    from leukocytosis.report.release import page_environment

    page = page_environment().get_template("table.html.j2")
    return str(page.render(table=grid, mark=inputs.mark))


def write_csv(grid: Grid, path: Path) -> None:
    """Write the words of a table; its notes follow as rows of one cell."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([grid.head, *grid.rows])
        writer.writerows([note] for note in grid.notes)
