"""A text as its readers ask for it: Markdown, Word, a page, and what its numbers are bound to."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from leukocytosis.documents.binding import Bound
from leukocytosis.documents.filling import Text
from leukocytosis.documents.markdown import (
    list_blocks,
    render_references,
    render_table,
    split_tables,
)
from leukocytosis.documents.word import add_grid, add_markdown, new_document, save_document
from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.release import page_environment


def write_text(
    inputs: ReportInputs,
    name: str,
    text: Text,
    folder: Path,
    tables: Mapping[str, Grid] | None = None,
) -> None:
    """Write `<name>.{md,docx,html}` and `<name>_numbers.csv`: what each number is bound to.

    The works it cites follow it. A line `@table <name>` of the text stands for a table.
    """
    body = "\n".join(filter(None, [text.markdown, render_references(text.references)]))
    parts = split_tables(body, tables or {})
    mark = f"*{inputs.mark.capitalize()} data*\n\n" if inputs.mark else ""
    told = [part if isinstance(part, str) else render_table(part) for part in parts]
    (folder / f"{name}.md").write_text(mark + "\n".join(told), encoding="utf-8")
    title = f"{inputs.protocol.title}: {name}"
    write_page(inputs, title, parts, folder / f"{name}.html")
    write_document(inputs, title, parts, folder / f"{name}.docx")
    rows = [(str(i), *vars(bound).values()) for i, bound in enumerate(text.bound, start=1)]
    head = ("number", *(column.name for column in fields(Bound)))
    write_csv([head, *rows], folder / f"{name}_numbers.csv")


def write_document(
    inputs: ReportInputs, title: str, parts: Sequence[str | Grid], path: Path
) -> None:
    """Write parts of a text as Word, tables numbered."""
    document = new_document(title, inputs.mark)
    number = 0
    for part in parts:
        if isinstance(part, str):
            add_markdown(document, part)
        else:
            number += 1
            add_grid(document, part, number)
    save_document(document, path)


def write_page(inputs: ReportInputs, title: str, parts: Sequence[str | Grid], path: Path) -> None:
    """Write parts of a text as a page whose headings can be linked to."""
    page = page_environment().get_template("text.html.j2")
    blocks = [block for part in parts for block in list_blocks(part)]
    html = page.render(title=title, mark=inputs.mark, blocks=blocks)
    path.write_text(html, encoding="utf-8")


def write_csv(rows: Iterable[Sequence[str]], path: Path) -> None:
    """Write rows of words."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
