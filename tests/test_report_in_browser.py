"""The report in a real browser: it opens alone, nothing overlaps, all can be reached and read."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import report_fixtures as fixtures
from browser import CHROMIUM, Browser
from family import read_members
from test_multiverse_report import invent
from test_report_bias import bias_rows

from leukocytosis.report import ReportInputs, write_comparison, write_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
PROBES = (Path(__file__).parent / "page_probes.js").read_text(encoding="utf-8")
WIDTHS = (390, 768, 1100, 1600)
TABLE_ONE = "Patients at the index, by cause group"
CAUSES, RISKS = (
    "Primary causes",
    "Death or discharge to hospice within 12 weeks: Kaplan–Meier estimates (",
)
NAMED = {"image", "button", "link", "table", "region", "navigation", "complementary",
         "columnheader", "DisclosureTriangle"}  # fmt: skip


def full() -> ReportInputs:
    """Return inputs whose report has nearly every section."""
    rows = [row for row in fixtures.estimates() if row["analysis_id"] != "cox_adjusted"]
    return fixtures.inputs(estimates=[*rows, *bias_rows()], **invent())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(full(), path)
    return path


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser") / "profile") as browser:
        browser.go_offline()
        yield browser


@pytest.fixture
def browser(opened: Browser, report: Path) -> Iterator[Browser]:
    """The report as it opens at 1100 pixels; whatever a test does, it asks for and says nothing."""
    show(opened, report, 1100)
    yield opened
    assert opened.complaints == []
    assert {url.partition(",")[0] for url in opened.requests} <= {
        report.as_uri(), "data:font/ttf;base64"
    }  # fmt: skip


def show(browser: Browser, page: Path, width: int) -> None:
    browser.resize(width)
    browser.open(page)
    browser.ask(PROBES + ";0")


def probe(browser: Browser, function: str, *arguments: object) -> Any:
    words = ", ".join(json.dumps(argument) for argument in arguments)
    return browser.ask(f"{function}({words})")


def unfold(browser: Browser) -> None:
    browser.ask("document.querySelectorAll('details').forEach(fold => { fold.open = true })")


def find_focus(browser: Browser) -> str:
    return str(browser.ask("document.activeElement.outerHTML.slice(0, 200)"))


def press_until(browser: Browser, words: str, most: int = 80) -> None:
    """Press Tab until the focus is on an element whose start holds the words."""
    for _ in range(most):
        browser.press("Tab")
        if words in find_focus(browser):
            return
    pytest.fail(f"{most} times Tab do not reach {words}")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overlaps_or_is_too_wide(browser: Browser, width: int) -> None:
    browser.resize(width)
    for _ in ("as it opens", "unfolded"):
        assert browser.ask("document.documentElement.scrollWidth - innerWidth") <= 0
        assert probe(browser, "findOverlaps") == []
        assert probe(browser, "findSpills") == []
        unfold(browser)


def test_a_probe_finds_what_overlaps_and_what_is_pale(browser: Browser) -> None:
    browser.ask("document.querySelector('#certainty').style.marginTop = '-80px'")
    browser.ask("document.querySelector('h1').style.color = '#888'")
    assert any("How sure" in pair[0] + pair[1] for pair in probe(browser, "findOverlaps"))
    assert probe(browser, "findLeastContrast")[0] == pytest.approx(3.54, abs=0.01)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_can_be_read(browser: Browser, width: int) -> None:
    browser.resize(width)
    unfold(browser)
    contrast, where = probe(browser, "findLeastContrast")
    assert contrast >= 4.5, where
    if width < 768:
        assert probe(browser, "findLeastType") >= 16


@pytest.mark.parametrize("width", WIDTHS)
def test_words_of_figures_can_be_read_without_a_glass(browser: Browser, width: int) -> None:
    browser.resize(width)
    unfold(browser)
    size, where = probe(browser, "findLeastTypeDrawn")
    assert size >= 10, where


def test_the_answer_and_its_figure_come_first(browser: Browser) -> None:
    texts = browser.ask("[...document.querySelectorAll('.answer p')].map(p => p.textContent)")
    assert len(texts) == 3
    first = browser.ask("document.querySelector('figure').id")
    assert first == f"figure-survival_{fixtures.PRIMARY}"
    assert browser.ask("document.querySelector('figure').getBoundingClientRect().top") < 900


def test_headings_skip_no_level(browser: Browser) -> None:
    levels = probe(browser, "listHeadings")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_all_that_is_heard_has_a_name(browser: Browser) -> None:
    unfold(browser)
    nodes = browser.do("Accessibility.getFullAXTree")["nodes"]
    heard = [n for n in nodes if not n["ignored"] and n["role"]["value"] in NAMED]
    roles = {node["role"]["value"] for node in heard}
    assert {"image", "button", "link", "table", "navigation", "region"} <= roles
    nameless = [n["role"]["value"] for n in heard if not n.get("name", {}).get("value", "").strip()]
    assert nameless == []
    images = [n["name"]["value"] for n in heard if n["role"]["value"] == "image"]
    assert len(images) == browser.ask("document.querySelectorAll('figure').length")
    assert all(words.endswith("Data: synthetic.") for words in images)


def test_the_keyboard_reaches_text_contents_and_tables(browser: Browser) -> None:
    browser.press("Tab")
    assert 'class="skip"' in find_focus(browser)
    assert browser.ask("document.activeElement.getBoundingClientRect().left") >= 0
    browser.press("Tab")
    assert 'href="#answer"' in find_focus(browser)
    press_until(browser, 'href="#causes"')
    browser.press("Enter")
    browser.wait("location.hash === '#causes'")
    browser.wait("document.querySelector('nav [aria-current]').hash === '#causes'")
    top = browser.ask("document.getElementById('causes').getBoundingClientRect().top")
    banner = browser.ask("document.querySelector('.banner').getBoundingClientRect().bottom")
    assert banner <= top < 200
    press_until(browser, 'class="sort"')
    outline = browser.ask("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_the_skip_link_leads_past_the_contents(browser: Browser) -> None:
    browser.press("Tab")
    browser.press("Enter")
    browser.wait("document.activeElement.id === 'main'")


def test_on_a_phone_the_contents_are_folded(browser: Browser) -> None:
    browser.resize(390)
    link = "document.querySelector('nav a')"
    assert not browser.ask(f"isShown({link})")
    browser.press("Tab")
    browser.press("Tab")
    browser.press("Enter")
    browser.wait(f"isShown({link})")


def test_a_column_sorts_by_mouse_and_keyboard_and_goes_back(browser: Browser) -> None:
    before = probe(browser, "readColumn", CAUSES, 1)
    number = {words: int(words.replace(",", "")) for words in before}
    browser.ask(f"findTable({CAUSES!r}).querySelectorAll('.sort')[1].id = 'patients-of-cause'")
    browser.click("#patients-of-cause")
    assert probe(browser, "readColumn", CAUSES, 1) == sorted(before, key=number.__getitem__)
    heads = f"[...findTable({CAUSES!r}).tHead.rows[0].cells].map(head => head.ariaSort)"
    assert browser.ask(heads) == [None, "ascending", None]
    browser.press("Enter")
    found = probe(browser, "readColumn", CAUSES, 1)
    assert found == sorted(before, key=number.__getitem__, reverse=True)
    browser.press(" ")
    assert probe(browser, "readColumn", CAUSES, 1) == before
    assert browser.ask(heads) == [None, None, None]


def test_words_sort_as_words(browser: Browser) -> None:
    browser.ask(f"findTable({CAUSES!r}).querySelector('.sort').click()")
    found = probe(browser, "readColumn", CAUSES, 0)
    assert found == sorted(found, key=str.lower)


def test_what_has_no_number_stays_last_both_ways(browser: Browser) -> None:
    heads = f"[...findTable({RISKS!r}).tHead.rows[0].cells]"
    column = browser.ask(f"{heads}.findIndex(head => head.textContent.startsWith('Median'))")
    for _ in ("ascending", "descending"):
        browser.ask(f"findTable({RISKS!r}).querySelectorAll('.sort')[{column}].click()")
        first, *others = probe(browser, "readColumn", RISKS, column)
        assert first.startswith("39 (30 to")
        assert all(words.startswith("cannot be estimated") for words in others)


def test_a_dash_is_no_number_and_leaves_its_column_one(browser: Browser) -> None:
    cells = f"[...findTable({CAUSES!r}).tBodies[0].rows].map(row => row.cells[1])"
    browser.ask(f"{cells}[0].textContent = '–'")
    browser.ask(f"findTable({CAUSES!r}).querySelectorAll('.sort')[1].click()")
    *numbers, last = probe(browser, "readColumn", CAUSES, 1)
    assert last == "–"
    assert numbers == sorted(numbers, key=int)


def test_a_column_of_several_units_is_not_sorted(browser: Browser) -> None:
    def find_sorted(caption: str) -> list[str]:
        buttons = f"[...findTable({caption!r}).querySelectorAll('.sort')]"
        return list(browser.ask(f"{buttons}.map(button => button.textContent)"))

    scored = find_sorted("Published numbers beside ours")
    assert scored == ["The paper says", "Verdict", "Why"]  # percentages beside days and counts
    assert len(find_sorted(RISKS)) == browser.ask(
        f"findTable({RISKS!r}).tHead.rows[0].cells.length"
    )


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("1,234 (48.5 %)", 1234), ("−3.1 (−4 to −2)", -3.1), ("68.1 % (64.7 to 71.3) [1]", 68.1),
        ("χ² = 84.3 [3]", 84.3), ("< 5", 5 - 1e-9), ("< 0.001", 0.001 - 1e-9), ("2.0e-07", 2e-7),
        ("> 40", 40 + 1e-9), ("hidden [2]", None), ("not reached", None), ("all comers", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_printed(
    browser: Browser, words: str, number: float | None
) -> None:
    assert probe(browser, "readNumber", words) == pytest.approx(number)


def test_a_wide_table_scrolls_by_itself_and_says_what_it_is(browser: Browser) -> None:
    unfold(browser)
    box = f"findTable({RISKS!r}).parentElement"
    browser.resize(390)
    browser.wait(f"{box}.tabIndex === 0")
    assert browser.ask(f"{box}.ariaLabel").startswith(RISKS)
    assert browser.ask(f"{box}.scrollWidth > {box}.clientWidth")
    browser.resize(1600)
    browser.wait(f"!{box}.hasAttribute('tabindex')")


def test_table_one_needs_no_scrolling_on_a_laptop_and_is_not_sorted(browser: Browser) -> None:
    table = f"findTable({TABLE_ONE!r})"
    longest = "'(52.0\\u00a0to\\u00a070.0)'"  # quartiles, which do not break
    groups = f"[...{table}.tBodies[0].rows[0].cells].slice(1, 5)"
    browser.ask(f"{groups}.forEach(cell => {{ cell.textContent = {longest} }})")
    box = f"{table}.parentElement"
    assert browser.ask(f"{box}.scrollWidth <= {box}.clientWidth")
    assert browser.ask(f"{table}.querySelectorAll('.sort').length") == 0  # years beside percent


def test_without_its_script_the_page_can_be_read(opened: Browser, report: Path) -> None:
    opened.do("Emulation.setScriptExecutionDisabled", value=True)
    try:
        for width in (390, 1100):
            show(opened, report, width)
            assert opened.ask("document.querySelectorAll('.sort').length") == 0
            assert opened.ask("document.querySelectorAll('table').length") > 20
            assert probe(opened, "findOverlaps") == []
            assert opened.ask("isShown(document.querySelector('nav a'))") == (width == 1100)
            opened.click(".folded summary")
            assert opened.ask("isShown(document.querySelector('.folded table'))")
    finally:
        opened.do("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed here")
def test_on_paper_every_table_is_unfolded_under_its_head(browser: Browser, tmp_path: Path) -> None:
    pdf = tmp_path / "report.pdf"
    printed = browser.do("Page.printToPDF", preferCSSPageSize=True)
    pdf.write_bytes(base64.b64decode(printed["data"]))
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True,
                          check=True).stdout  # fmt: skip
    *pages, after = text.split("\f")
    assert not after and all("Synthetic data" in page for page in pages)
    protocol = [page for page in pages if "operationalised" in page or "stated  " in page]
    assert len(protocol) > 2
    assert all("What was done" in page for page in protocol[1:-1])


def test_a_study_without_patients_opens_as_well(opened: Browser, tmp_path: Path) -> None:
    write_report(fixtures.nobody(), tmp_path / "report.html")
    for width in WIDTHS:
        show(opened, tmp_path / "report.html", width)
        assert opened.ask("document.documentElement.scrollWidth - innerWidth") <= 0
        assert probe(opened, "findOverlaps") == []
    assert opened.complaints == []


@pytest.fixture(scope="module", params=["open", "default"])
def studies(
    request: pytest.FixtureRequest, family: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page that sets the studies beside each other, under both policies."""
    folder = tmp_path_factory.mktemp("studies")
    write_comparison(read_members(family, request.param), folder)
    return folder / "studies.html"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_studies_can_be_read_as_the_report_can(
    opened: Browser, studies: Path, width: int
) -> None:
    show(opened, studies, width)
    for _ in ("as it opens", "unfolded"):
        assert opened.ask("document.documentElement.scrollWidth - innerWidth") <= 0
        assert probe(opened, "findOverlaps") == [] == probe(opened, "findSpills")
        unfold(opened)
    levels = probe(opened, "listHeadings")
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    assert probe(opened, "findLeastContrast")[0] >= 4.5
    assert probe(opened, "findLeastTypeDrawn")[0] >= 10
    assert width >= 768 or probe(opened, "findLeastType") >= 16
    assert opened.complaints == []
