"""Word files: real tables with a head that repeats, the same bytes on every run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.documents.widths import is_wide, share_width
from leukocytosis.report.grids import Grid

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

FONT, POINTS, SMALL = "Times New Roman", 10, 8
ON_ONE_PAGE = 25  # rows of a table that is not broken over two pages
MARGIN_CM = 1.8
MARK = re.compile(r"(?<=\S) (\[\d+\])$")  # of a note, at the end of a cell
NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can name


def new_document(title: str, mark: str | None) -> Document:
    """Return an empty document with the house's type; `mark` stands on top of every page."""
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    document = docx.Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(POINTS)
    for name in ("Heading 1", "Heading 2", "Heading 3", "Caption"):
        style: Any = document.styles[name]
        style.font.name, style.font.color.rgb = FONT, RGBColor(0, 0, 0)
        # the theme's own font for headings goes before the one named
        style.element.rPr.rFonts.attrib.pop(qn("w:asciiTheme"), None)
        style.element.rPr.rFonts.attrib.pop(qn("w:hAnsiTheme"), None)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(document.sections[0], side, Cm(MARGIN_CM))
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    if mark:
        document.sections[0].header.paragraphs[0].text = f"{mark.capitalize()} data"
    return document


def add_grid(document: Document, grid: Grid, number: int) -> None:
    """Add a numbered table with its caption above and its notes below.

    Three rules, no vertical ones; the head repeats on each page and no row is broken over two.
    """
    from docx.shared import Pt

    turn_page(document, grid)
    caption = document.add_paragraph(style="Caption")
    caption.add_run(f"Table {number}. ").bold = True
    caption.add_run(grid.caption)
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(POINTS)
    table = document.add_table(rows=0, cols=len(grid.head))
    for i, row in enumerate((grid.head, *grid.rows)):
        cells = table.add_row().cells
        for cell, words, side in zip(cells, row, grid.align, strict=True):
            _fill(cell, words, bold=i == 0, right=side == "r", with_next=_stays(grid, i))
    _rule(table, grid.caption)
    _widen(document, table, grid)
    for note in grid.notes:
        under = document.add_paragraph()
        under.add_run(note).font.size = Pt(SMALL)
        under.paragraph_format.space_after = Pt(0)


def turn_page(document: Document, grid: Grid | None) -> None:
    """Begin a page of the other orientation where a table needs one; turn an empty page itself."""
    from docx.enum.section import WD_ORIENT, WD_SECTION

    section = document.sections[-1]
    on_its_side = grid is not None and is_wide(grid)
    wanted = WD_ORIENT.LANDSCAPE if on_its_side else WD_ORIENT.PORTRAIT
    if section.orientation == wanted:
        return
    turned = document.add_section(WD_SECTION.NEW_PAGE) if document.paragraphs else section
    turned.orientation = wanted
    turned.page_width, turned.page_height = section.page_height, section.page_width


def _stays(grid: Grid, row: int) -> bool:
    """Return whether a row keeps to the next one: in a table that fits on a page, all do."""
    return row < len(grid.rows) and len(grid.rows) <= ON_ONE_PAGE


def _widen(document: Document, table: Any, grid: Grid) -> None:
    """Share the width out by the longest words of each column."""
    section: Any = document.sections[-1]
    width = section.page_width - section.left_margin - section.right_margin
    for column, share in zip(table.columns, share_width(grid), strict=True):
        column.width = int(width * share)  # one reader goes by columns,
        for cell in column.cells:
            cell.width = column.width  # another by cells


def _fill(cell: _Cell, words: str, *, bold: bool, right: bool, with_next: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    marked = MARK.search(words)
    run = paragraph.add_run(words[: marked.start()] if marked else words)
    run.bold, run.font.size = bold, Pt(SMALL)
    if marked:
        mark = paragraph.add_run(marked.group())
        mark.font.size, mark.font.superscript = Pt(SMALL), True
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.keep_with_next = with_next
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _rule(table: Any, words: str) -> None:
    """Draw the rules, repeat the head, and say in words what the table is."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    ends = "".join(f'<w:{end} w:val="single" w:sz="8" w:space="0"/>' for end in ("top", "bottom"))
    table._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{ends}</w:tblBorders>"))
    described = parse_xml(f"<w:tblDescription {nsdecls('w')} />")
    described.set(described.nsmap["w"].join(("{", "}val")), words)
    table._tbl.tblPr.append(described)
    for i, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
        if i == 0:
            properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
            for cell in row.cells:
                line = '<w:bottom w:val="single" w:sz="4" w:space="0"/>'
                borders = f"<w:tcBorders {nsdecls('w')}>{line}</w:tcBorders>"
                cell._tc.get_or_add_tcPr().append(parse_xml(borders))


def add_paragraphs(document: Document, texts: Sequence[str]) -> None:
    """Add a paragraph per text."""
    for text in texts:
        document.add_paragraph(text)


def add_markdown(document: Document, markdown: str) -> None:
    """Add headings (#), list items (-) and paragraphs, which empty lines part."""
    for block in markdown.strip().split("\n\n"):
        if block.startswith("#"):
            marks, words = block.split(" ", 1)
            document.add_heading(words, level=len(marks))
        elif block.startswith("- "):
            for item in block.removeprefix("- ").split("\n- "):
                document.add_paragraph(" ".join(item.split("\n")), style="List Bullet")
        else:
            document.add_paragraph(" ".join(block.split("\n")))


def save_document(document: Document, path: Path) -> None:
    """Write a document whole, without the time of day that a zip file would carry."""
    made = io.BytesIO()
    document.save(made)
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(part, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, NO_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))
    part.replace(path)
