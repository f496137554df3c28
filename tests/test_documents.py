"""The tables of a manuscript: the same words in Word, LaTeX, HTML and CSV."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import docx
import pytest
from report_fixtures import inputs

from leukocytosis.documents import write_manuscript
from leukocytosis.documents.latex import render_latex
from leukocytosis.documents.manuscript import list_tables, write_word
from leukocytosis.report.grids import Grid

GRID = Grid(
    "Risk of 5 % & more",
    ("Group", "n", "Risk"),
    "lrr",
    (("PLR_1", "77", "74.7 % (64.5 to 83.8) [1]"), ("other", "9", "−0.5 ×10⁹/L")),
    ("[1] χ² on 2 degrees of freedom",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("manuscript")
    write_manuscript(inputs(), place)
    return place


def test_word_holds_real_tables_with_the_words_of_the_grids(folder: Path) -> None:
    document = docx.Document(str(folder / "tables.docx"))
    expected = [[list(grid.head), *map(list, grid.rows)] for grid in list_tables(inputs()).values()]
    found = [[[cell.text for cell in row.cells] for row in t.rows] for t in document.tables]
    assert found == expected
    assert len(found) >= 6
    assert not document.inline_shapes


def test_the_head_of_a_word_table_repeats_and_no_row_is_broken(folder: Path) -> None:
    for table in docx.Document(str(folder / "tables.docx")).tables:
        rows = [row._tr.xml for row in table.rows]
        assert "w:tblHeader" in rows[0]
        assert not any("w:tblHeader" in row for row in rows[1:])
        assert all("w:cantSplit" in row for row in rows)


def test_captions_are_numbered_and_notes_follow(tmp_path: Path) -> None:
    write_word(inputs(), {"one": GRID, "two": GRID}, tmp_path / "t.docx")
    texts = [p.text for p in docx.Document(str(tmp_path / "t.docx")).paragraphs]
    assert [t for t in texts if t.startswith("Table")] == [
        "Table 1. Risk of 5 % & more",
        "Table 2. Risk of 5 % & more",
    ]
    assert texts.count(GRID.notes[0]) == 2


def test_every_page_says_that_data_are_synthetic(folder: Path, tmp_path: Path) -> None:
    header = docx.Document(str(folder / "tables.docx")).sections[0].header
    assert header.paragraphs[0].text == "Synthetic data"
    write_manuscript(inputs(synthetic=False), tmp_path)
    assert not docx.Document(str(tmp_path / "tables.docx")).sections[0].header.paragraphs[0].text
    assert "Synthetic" in (folder / "patients.html").read_text()
    assert "Synthetic" not in (tmp_path / "patients.html").read_text()


def test_the_same_input_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_manuscript(inputs(), tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert all((tmp_path / n).read_bytes() == (folder / n).read_bytes() for n in names)


def test_csv_holds_the_cells(folder: Path) -> None:
    for name, grid in list_tables(inputs()).items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = [tuple(row) for row in csv.reader(stream)]
        assert rows == [grid.head, *grid.rows, *((note,) for note in grid.notes)]


def test_html_holds_the_cells(folder: Path) -> None:
    page = (folder / "causes.html").read_text(encoding="utf-8")
    grid = list_tables(inputs())["causes"]
    assert page.count("<tr>") == len(grid.rows) + 1
    assert grid.caption in page
    assert not re.search(r"(src|href)=", page)


def test_latex_is_escaped_and_has_a_cell_per_column(folder: Path) -> None:
    made = render_latex(GRID, "risk")
    assert r"PLR\_1 & 77 & 74.7 \% (64.5 to 83.8) {[}1{]} \\" in made
    assert r"other & 9 & $-$0.5 $\times$10$^{9}$/L \\" in made
    assert r"\caption{Risk of 5 \% \& more}\label{tab:risk}" in made
    for path in folder.glob("*.tex"):
        text = path.read_text(encoding="utf-8")
        assert not set(text) & set("\u00a0−×⁹²χ≥≤")
        columns = len(re.search(r"begin\{longtable\}\{([lr]+)\}", text)[1])  # type: ignore[index]
        cells = [line for line in text.splitlines() if re.search(r"(?<!\\)&", line)]
        assert cells
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in cells} == {columns}
