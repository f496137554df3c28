"""The tables of a manuscript: the same words in Word, LaTeX, HTML and CSV."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import docx
import pytest
from report_fixtures import ROOT, estimate, estimates, inputs

from leukocytosis.documents import write_manuscript
from leukocytosis.documents.checklists import Item, fill_checklists
from leukocytosis.documents.filling import Text
from leukocytosis.documents.latex import render_latex
from leukocytosis.documents.manuscript import list_tables, write_word
from leukocytosis.documents.results import fill_text
from leukocytosis.errors import TextError
from leukocytosis.report.grids import Grid
from leukocytosis.report.release import write_report
from leukocytosis.rounding import RULE

TEXTS = ROOT / "config/texts"
CAUSAL = r"caus(ed|es) (by|death)|due to|leads? to|effect|increas|reduc|because of|benefit|worse"
GRID = Grid(
    "Risk of 5 % & more",
    ("Group", "n", "Risk"),
    "lrr",
    (("PLR_1", "77", "74.7 % (64.5 to 83.8) [1]"), ("other", "9", "−0.5 ×10⁹/L")),
    ("[1] χ² on 2 degrees of freedom",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("release") / "manuscript"
    write_manuscript(inputs(), TEXTS, place)
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
    write_word(inputs(), "tables", {"one": GRID, "two": GRID}, tmp_path / "t.docx")
    texts = [p.text for p in docx.Document(str(tmp_path / "t.docx")).paragraphs]
    assert [t for t in texts if t.startswith("Table")] == [
        "Table 1. Risk of 5 % & more",
        "Table 2. Risk of 5 % & more",
    ]
    assert texts.count(GRID.notes[0]) == 2


def test_a_table_spells_out_its_abbreviations_and_states_the_rounding() -> None:
    for grid in list_tables(inputs()).values():
        words = " ".join((grid.caption, *grid.head, *(c for row in grid.rows for c in row)))
        assert ("PLR, paraneoplastic leukemoid reaction" in grid.notes[-2]) == ("PLR" in words)
        assert grid.notes[-1] == RULE


def test_marks_of_notes_are_raised_in_word(tmp_path: Path) -> None:
    write_word(inputs(), "tables", {"one": GRID}, tmp_path / "t.docx")
    cell = docx.Document(str(tmp_path / "t.docx")).tables[0].rows[1].cells[2]
    assert [(run.text, bool(run.font.superscript)) for run in cell.paragraphs[0].runs] == [
        ("74.7 % (64.5 to 83.8)", False), (" [1]", True),
    ]  # fmt: skip


def test_every_page_says_that_data_are_synthetic(folder: Path, tmp_path: Path) -> None:
    header = docx.Document(str(folder / "tables.docx")).sections[0].header
    assert header.paragraphs[0].text == "Synthetic data"
    write_manuscript(inputs(synthetic=False), TEXTS, tmp_path)
    assert not docx.Document(str(tmp_path / "tables.docx")).sections[0].header.paragraphs[0].text
    assert "Synthetic" in (folder / "patients.html").read_text()
    assert "Synthetic" not in (tmp_path / "patients.html").read_text()


def test_the_same_input_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_manuscript(inputs(), TEXTS, tmp_path)
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
        columns = text.count(r"\arraybackslash}p{")
        shares = [float(share) for share in re.findall(r"dimexpr([\d.]+)", text)]
        assert len(shares) == columns and sum(shares) == pytest.approx(1, abs=0.01)
        cells = [line for line in text.splitlines() if re.search(r"(?<!\\)&", line)]
        assert cells
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in cells} == {columns}


def filled(**frames: Any) -> Text:
    return fill_text(inputs(**frames), (TEXTS / "results.md").read_text(encoding="utf-8"))


def test_every_number_of_the_results_is_that_of_the_row_it_names() -> None:
    """Read back by another road: each printed number is looked for among the row's, rounded."""
    rows = inputs().rows("estimates")
    checked = 0
    for bound in filled().bound:
        if bound.source != "estimates" or bound.columns in ("note", "p_value"):
            continue
        if "counted" in bound.columns:  # over rows; tests/test_results.py counts them again
            continue
        if bound.words.startswith("its interval"):  # beside 1; tests/test_results.py
            continue
        place = dict(part.split(" = ") for part in bound.key.split("; "))
        (row,) = [r for r in rows if all(str(r[name]) == place[name] for name in place)]
        known = [row[name] for name in bound.columns.split() if row[name] is not None]
        expected = {f"{v * scale:,.{d}f}" for v in known for scale in (1, 100) for d in (0, 1, 2)}
        printed = re.findall(r"\d[\d,.]*", bound.words)
        assert printed and set(printed) <= expected
        checked += len(printed)
    assert checked > 90


def test_the_results_follow_the_estimates() -> None:
    rows = estimates()
    for row in rows:
        if (row["analysis_id"], row["group"], row["time_days"]) == ("risk", "plr", 84.0):
            row.update(estimate=0.4321, ci_low=0.3, ci_high=0.5)
    assert "PLR: risk 30 to 50\u00a0% (43\u00a0%)" in filled(estimates=rows).markdown


def test_what_cannot_be_estimated_is_said_in_the_results() -> None:
    rows = estimates()
    reason = "cannot be estimated, because 3 events are too few"
    for row in rows:
        if row["analysis_id"] == "cox_adjusted":
            row.update(estimate=None, ci_low=None, ci_high=None, p_value=None, note=reason)
    assert f"adjusted hazard ratio {reason}." in filled(estimates=rows).markdown


def test_a_number_typed_by_hand_fails_with_the_words_around_it() -> None:
    text = "Of {{ n_cohort() }} patients 77 had PLR, a risk of {{ 3 * 25 }} %, 95 % interval."
    with pytest.raises(TextError) as caught:
        fill_text(inputs(), text, "results.md")
    assert len(caught.value.problems) == 2
    assert "77" in str(caught.value) and "75" in str(caught.value)
    assert "results.md" in str(caught.value) and "bound to no row" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ shares('x') }}", "'shares' is undefined"),
        ("{{ share('cause_shares', term='plrr') }}", "no estimate has term = plrr"),
        ("{% for x in %}", "Expected"),
        ("{{ share() }}", "missing 1 required positional argument"),
    ],
)
def test_a_text_that_asks_for_what_is_not_there_is_refused(text: str, told: str) -> None:
    with pytest.raises(TextError, match=re.escape(told)):
        fill_text(inputs(), text)


def test_the_results_use_no_causal_verb() -> None:
    assert not re.search(CAUSAL, filled().markdown)


def test_word_and_markdown_hold_the_same_results(folder: Path) -> None:
    def words(text: str) -> list[str]:
        return re.sub(r"(?m)^(#+|-) ", "", text).split()

    document = docx.Document(str(folder / "results.docx"))
    markdown = (folder / "results.md").read_text(encoding="utf-8")
    assert markdown.startswith("*Synthetic data*\n\n")
    shown = " ".join(paragraph.text for paragraph in document.paragraphs).split()
    assert shown == words(markdown.removeprefix("*Synthetic data*\n\n"))


def test_where_each_number_stands_is_listed(folder: Path) -> None:
    with (folder / "results_numbers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["words"] for row in rows] == [bound.words for bound in filled().bound]
    assert {row["source"] for row in rows} == {"estimates", "attrition", "protocol", "table_one"}


def items(**frames: Any) -> list[Item]:
    return fill_checklists(inputs(**frames), (TEXTS / "checklists.csv").read_text(encoding="utf-8"))


def find_places(number: str, **told: Any) -> tuple[str, ...]:
    return next(item.places for item in items(**told) if item.number == number)


def test_each_link_of_the_checklists_has_a_target(folder: Path) -> None:
    write_report(inputs(), folder.parent / "report.html")
    (folder.parent / "ro-crate-metadata.json").write_text("{}")
    page = (folder / "checklists.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', page)
    assert links and len(links) == sum(len(item.places) for item in items())
    for link, words in links:
        path, _, anchor = link.partition("#")
        target = (folder / path).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in target, link
        section = re.search(rf'<h2 id="{anchor}">([^<]+)</h2>', target)
        assert section is None or words.endswith(f"“{section[1]}”"), words


def test_every_item_is_answered_or_says_why_not() -> None:
    found = items()
    assert len({(item.guideline, item.number) for item in found}) == len(found) == 47
    assert all(bool(item.places) != bool(item.why) for item in found)
    strobe = [item.number for item in found if item.guideline == "STROBE"]
    assert {re.sub("[a-e]", "", number) for number in strobe} == {str(n) for n in range(1, 23)}


def test_the_checklists_as_csv_hold_the_same(folder: Path) -> None:
    with (folder / "checklists.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["item"], row["where"], row["why_missing"]) for row in rows] == [
        (item.number, " ".join(item.places), item.why) for item in items()
    ]
    assert {row["status"] for row in rows} == {"answered", "missing"}


def test_an_item_the_run_does_not_take_up_is_missing() -> None:
    without = {(item.guideline, item.number): item for item in items(table_one=[], accuracy=[])}
    assert without["STROBE", "14a"].why == "this run has no table_one"
    assert "no validation" in without["RECORD", "6.2"].why
    assert items()[0].why == "the title and abstract are the authors'"
    assert all(item.places for item in items() if item.number in ("13a", "16c", "22.1"))


def test_rules_are_validated_by_planted_truth_by_review_or_by_both() -> None:
    truth, review = "../report.html#accuracy", "../report.html#review"
    read = [*estimates(), estimate("review_accuracy", "ppv", 0.9, group="plr", n=12, n_events=11)]
    assert find_places("6.2") == (truth,)
    assert find_places("6.2", synthetic=False, estimates=read) == (review,)
    assert find_places("6.2", estimates=read) == (truth, review)


def test_word_holds_the_checklists(folder: Path) -> None:
    tables = docx.Document(str(folder / "checklists.docx")).tables
    assert [len(table.rows) for table in tables] == [35, 14]
    assert tables[0].rows[1].cells[2].text == "missing: the title and abstract are the authors'"
