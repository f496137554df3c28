"""Two charts reviewed in a real browser, from the disk, with mouse and keyboard."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from conftest import CODELISTS, ROOT, Run, protocol_of

from leukocytosis.adjudication import ReviewFiles, adjudicate
from leukocytosis.config import ReviewPlan, load_manifest
from leukocytosis.review import draw_charts, read_labels, write_key, write_review
from leukocytosis.store import read_frame
from leukocytosis.strips import find_blind, read_strips

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
PROTOCOL = protocol_of("granger2009")
PLAN = ReviewPlan(n=6, sampling="stratified")
TELLING = ("died", "death", "hospice", "expired", "disposition", "discharge", "surviv", "home")
COMMENT = 'cultures "negative", yet\ncefepime for a week'
SIZES = """[...document.querySelectorAll('.chart:not([hidden]) svg text')].map(
    text => { const box = text.getBoundingClientRect(); return [box.left, box.right] })"""
LABELLED = """[...document.querySelectorAll('input, select, textarea, button')].every(
    field => field.labels?.length || field.textContent.trim())"""


@pytest.fixture(scope="module")
def folder(tiny: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `make review` writes, with its key beside it."""
    place = tmp_path_factory.mktemp("reviewed")
    blind = find_blind(PROTOCOL, rules=True)
    charts = draw_charts(read_labels(tiny.study), PROTOCOL, PLAN, 2009)
    strips = read_strips(tiny.study, CODELISTS, PROTOCOL, blind)
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    write_review(charts, strips, PROTOCOL, manifest, blind, place / "review")
    write_key(charts, "granger2009", "tiny", PLAN, place / "key.csv")
    return place


@pytest.fixture
def browser(folder: Path, tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "browser") as opened:
        opened.open(folder / "review/index.html")
        yield opened
        assert opened.complaints == []
        assert all(url.startswith(("file://", "blob:")) for url in opened.requests)


def start(browser: Browser, who: str) -> None:
    browser.click("#reviewer")
    browser.type(who)
    browser.press("Enter")
    browser.wait("!document.getElementById('charts').hidden")


def progress(browser: Browser) -> str:
    return str(browser.ask("document.getElementById('progress').textContent"))


def message(browser: Browser) -> str:
    return str(browser.ask("document.getElementById('message').textContent"))


def test_two_charts_are_answered_and_come_back_as_a_file(
    browser: Browser, folder: Path, tiny: Run, tmp_path: Path
) -> None:
    start(browser, "anna")
    browser.click("input[value=infection]")
    browser.click("input[value=probable]")
    browser.click("textarea")
    browser.type(COMMENT)
    browser.press("n")  # in the comment a key is a letter
    browser.click("#next")
    for key in ("7", "d", "n", "3"):  # the third chart lacks a certainty
        browser.press(key)
    assert progress(browser) == "2 of 6 charts answered"
    browser.click("#download")
    path = browser.downloaded()
    assert path.name == "review_granger2009_tiny_anna.csv"
    assert message(browser).startswith("1 chart with a cause or a certainty missing")

    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["review_id", "reviewer", "cause", "certainty", "comment"]
    said = [(row["reviewer"], row["cause"], row["certainty"]) for row in rows]
    assert said == [("anna", "infection", "probable"), ("anna", "plr", "definite")]
    assert rows[0]["comment"] == COMMENT + "n"

    study = tmp_path / "study"
    study.mkdir()
    for table in tiny.study.glob("*.parquet"):
        (study / table.name).write_bytes(table.read_bytes())
    files = ReviewFiles(folder / "key.csv", (path,), None)
    adjudicate(PROTOCOL, "tiny", files, study, use=False)
    assert read_frame(study / "reviews.parquet")["cause"].tolist().count("plr") == 1


def test_answers_are_kept_under_a_name_and_another_reviewer_sees_none(
    browser: Browser, folder: Path
) -> None:
    start(browser, "anna")
    browser.press("8")  # cannot be told: how certain is not asked
    assert progress(browser) == "1 of 6 charts answered"
    browser.open(folder / "review/index.html")
    start(browser, "ben")
    assert progress(browser) == "0 of 6 charts answered"
    browser.open(folder / "review/index.html")
    start(browser, "anna")
    assert progress(browser) == "1 of 6 charts answered"


def test_a_file_is_loaded_back(browser: Browser, folder: Path, tmp_path: Path) -> None:
    with (folder / "key.csv").open(encoding="utf-8") as stream:
        numbers = [row["review_id"] for row in csv.DictReader(stream)]
    saved = tmp_path / "ben.csv"
    saved.write_text(
        "review_id;reviewer;cause;certainty;comment\r\n"
        f'{numbers[0]};ben;plr;definite;"one; ""two"""\r\n{numbers[2]};ben;infection;possible;\r\n'
        "9999;ben;plr;definite;\r\n",
        encoding="utf-8-sig",
    )
    browser.give_file("#load", saved)
    browser.wait("document.getElementById('message').textContent.startsWith('Loaded')")
    assert message(browser) == "Loaded 2 answers; 1 row of charts that are not here left out."
    assert progress(browser) == "2 of 6 charts answered"
    assert browser.ask("document.querySelector('textarea').value") == 'one; "two"'
    assert browser.ask("document.getElementById('go').value") == "1"  # the first without an answer
    saved.write_text("a,b\n1,2\n")
    browser.give_file("#load", saved)
    browser.wait("document.getElementById('message').textContent.startsWith('That file')")


def test_nobody_answers_without_a_name(browser: Browser) -> None:
    browser.click("#begin")
    assert message(browser).startswith("Please give a name")
    assert browser.ask("document.getElementById('charts').hidden")


def test_the_page_tells_no_outcome_and_can_be_used_by_all(browser: Browser) -> None:
    text = str(browser.ask("document.documentElement.outerHTML")).lower()
    assert not any(word in text for word in TELLING)
    assert browser.ask(LABELLED)
    start(browser, "anna")
    for _ in range(6):
        assert all(left >= 0 and right <= 1200 for left, right in browser.ask(SIZES))
        browser.press("n")
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert browser.ask(overflow) <= 0
    # every step is reached by the keyboard alone, in the order of the page
    browser.ask("document.querySelector('.chart:not([hidden]) h2').focus()")
    browser.press("Tab")
    assert browser.ask("document.activeElement.name") == "cause"
