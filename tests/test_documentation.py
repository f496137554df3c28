"""What the pages say is there is there, and what they tell to run runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from leukocytosis.config.casebook import describe_cases, load_chapters
from leukocytosis.explain.register import describe_register
from leukocytosis.tables import ALL, describe_tables

PAGES = [
    *ROOT.glob("*.md"),
    ROOT / "data/README.md",
    ROOT / "config/codelists/README.md",
    *(path for path in (ROOT / "docs").rglob("*.md") if path.stem != "tutorial"),  # its own test
    *(ROOT / "workflow/decisions").glob("*.md"),
]
ESTIMATORS = [
    path for path in PAGES if "estimators" in str(path.relative_to(ROOT)) or path.stem == "rounding"
]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    for link in links:
        assert (page.parent / link).exists(), link
    for path in re.findall(r"`((?:config|workflow|tests|data|envs|docs)/[\w./]+)`", text):
        if "<" not in path:
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/estimators").glob("*.md")), ids=lambda p: p.name
)
def test_snippets_of_the_estimators_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        exec(compile(snippet, page.name, "exec"), {})


def test_make_targets_named_in_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        for named in re.findall(r"^make ((?:[a-z]+ ?)+)", page.read_text(encoding="utf-8"), re.M):
            assert set(named.split()) <= targets, page.name


def test_studies_and_extracts_named_in_the_pages_exist() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for study in re.findall(r"(?:STUDY|study)=(\w+)", text):
            assert (ROOT / f"config/studies/{study}.yaml").exists(), study
        for extract in re.findall(r"(?:EXTRACT|extract)=(\w+)", text):
            assert (ROOT / f"config/extracts/{extract}.yaml").exists(), extract


def test_every_column_says_what_it_is() -> None:
    for table in ALL:
        assert table.row and table.key
        assert set(table.key) <= set(table.names)
        assert all(column.says.strip() for column in table.columns), table.name


def test_the_manual_of_tables_is_printed_from_the_contracts() -> None:
    assert (ROOT / "docs/tables.md").read_text(encoding="utf-8") == describe_tables()


def test_the_table_of_estimators_is_printed_from_the_register() -> None:
    page = (ROOT / "docs/estimators.md").read_text(encoding="utf-8")
    assert describe_register() in page


def test_the_case_book_of_the_documentation_is_the_one_that_is_run() -> None:
    printed = describe_cases(load_chapters(ROOT / "tests/cases"))
    assert (ROOT / "docs/cases.md").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("page", ESTIMATORS, ids=lambda p: p.name)
def test_the_snippets_of_the_estimators_run(page: Path) -> None:
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        exec(compile(snippet, str(page), "exec"), {})


def test_every_page_on_estimators_is_linked_from_the_first() -> None:
    first = (ROOT / "docs/estimators.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/estimators").glob("*.md"):
        assert f"](estimators/{page.name})" in first, f"link {page.name} in docs/estimators.md"
