"""What a manuscript is sent in with: tables in four forms, methods, results, checklists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from leukocytosis.config.reading import read_text
from leukocytosis.documents import checklists, harper, methods, results
from leukocytosis.documents.checklists import Item, fill_checklists, link_items, list_items
from leukocytosis.documents.files import write_csv, write_text
from leukocytosis.documents.latex import render_latex
from leukocytosis.documents.results import fill_text
from leukocytosis.documents.word import (
    add_grid,
    add_paragraphs,
    new_document,
    save_document,
    turn_page,
)
from leukocytosis.report import grids
from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.release import page_environment
from leukocytosis.rounding import RULE

UNROUNDED = "The unrounded numbers are in the folder tables."


def list_tables(inputs: ReportInputs) -> dict[str, Grid]:
    """Return the tables of the manuscript in their order, by file name; empty ones are left out."""
    found = {
        "patients": grids.list_table_one(inputs),
        "patients_by_cause": grids.list_table_one(inputs, "cause"),
        "causes": grids.list_causes(inputs),
        "outcomes": grids.list_outcomes(inputs),
        **{f"fixed_days_{o}": grids.list_survival(inputs, o) for o in _outcomes(inputs)},
        **{f"outcome_{o}": grids.list_risks(inputs, o) for o in _outcomes(inputs)},
        **{f"models_{o}": grids.list_cox(inputs, o) for o in _outcomes(inputs)},
    }
    return {name: _annotate(grid) for name, grid in found.items() if grid.rows}


def _annotate(grid: Grid) -> Grid:
    """Return a table that stands alone: its abbreviations spelled out, its rounding stated."""
    told = grids.spell_out(grid)
    return replace(told, notes=(*told.notes, RULE))


def _outcomes(inputs: ReportInputs) -> Iterator[str]:
    yield from (outcome.id for outcome in inputs.protocol.outcomes)


def write_manuscript(inputs: ReportInputs, texts: Path, folder: Path) -> None:
    """Write tables, methods, results and checklists into a folder.

    tables.docx and, per table, `<name>.{html,tex,csv}`: the same words in every form, a cell is
    rounded once, in the `Grid`. {methods,results}.{md,docx} from the templates of these names in
    `texts`, each with `<name>_numbers.csv`: what each number is bound to. TextError when one is
    not. checklists.{html,docx,csv}: STROBE and RECORD, filled from the run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = list_tables(inputs)
    write_word(inputs, "tables", tables, folder / "tables.docx")
    for name, grid in tables.items():
        (folder / f"{name}.tex").write_text(render_latex(grid, name), encoding="utf-8")
        (folder / f"{name}.html").write_text(render_html(inputs, grid), encoding="utf-8")
        write_csv(
            [grid.head, *grid.rows, *((note,) for note in grid.notes)], folder / f"{name}.csv"
        )
    template = texts / methods.TEMPLATE
    told = methods.fill_methods(inputs, read_text(template), str(template))
    write_text(inputs, "methods", told, folder, methods.list_appendix(inputs))
    template = texts / harper.TEMPLATE
    told = methods.fill_methods(inputs, read_text(template), str(template))
    write_text(inputs, "protocol", told, folder, harper.list_tables(inputs))
    template = texts / results.TEMPLATE
    write_text(inputs, "results", fill_text(inputs, read_text(template), str(template)), folder)
    items = fill_checklists(inputs, read_text(texts / checklists.TEMPLATE))
    write_checklists(inputs, items, folder)


def write_checklists(inputs: ReportInputs, items: Sequence[Item], folder: Path) -> None:
    """Write the reporting checklists as a page with links, as Word and as CSV."""
    page = page_environment().get_template("checklists.html.j2")
    html = page.render(title=inputs.protocol.title, mark=inputs.mark, checklists=link_items(items))
    (folder / "checklists.html").write_text(html, encoding="utf-8")
    write_word(inputs, "checklists", list_items(items), folder / "checklists.docx")
    write_csv(checklists.list_rows(items), folder / "checklists.csv")


def write_word(inputs: ReportInputs, what: str, tables: Mapping[str, Grid], path: Path) -> None:
    """Write tables, numbered, as one Word file."""
    document = new_document(f"{inputs.protocol.title}: {what}", inputs.mark)
    turn_page(document, next(iter(tables.values()), None))
    document.add_heading(inputs.protocol.title, level=1)
    words = f"Study {inputs.protocol.study}; extract {inputs.manifest.extract}."
    add_paragraphs(document, [f"{words} {UNROUNDED}"])
    for number, grid in enumerate(tables.values(), start=1):
        add_grid(document, grid, number)
    save_document(document, path)


def render_html(inputs: ReportInputs, grid: Grid) -> str:
    """Return a page that holds one table and nothing else, to be pasted where HTML is read."""
    page = page_environment().get_template("table.html.j2")
    return str(page.render(table=grid, mark=inputs.mark))
