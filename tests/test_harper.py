"""The protocol in HARPER's order: every section there, filled or saying that nothing is stated."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from conftest import protocol_of
from report_fixtures import ROOT, inputs

from leukocytosis.documents import write_manuscript
from leukocytosis.documents.harper import NOT_STATED, list_objective, list_tables
from leukocytosis.documents.methods import fill_methods

TEXTS = ROOT / "config/texts"
TEMPLATE = (TEXTS / "protocol.md").read_text(encoding="utf-8")
STUDIES = sorted(path.stem for path in (ROOT / "config/studies").glob("*.yaml"))
# the template's own contents, in its order
HARPER = (
    "Title page", "Abstract", "Amendments and updates", "Milestones", "Rationale and background",
    "Research question and objectives", "Research methods", "Study design",
    "Study design diagram", "Setting", "Variables", "Data analysis", "Data sources",
    "Data management", "Quality control", "Study size and feasibility",
    "Limitation of the methods", "Protection of human subjects", "Reporting of adverse events",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("release") / "manuscript"
    write_manuscript(inputs(), TEXTS, place)
    return place


def test_the_sections_stand_in_harpers_order(folder: Path) -> None:
    page = (folder / "protocol.html").read_text(encoding="utf-8")
    headings = re.findall(r"<h[23] id=[^>]+>([^<]+)</h", page)
    assert tuple(headings[: len(HARPER)]) == HARPER
    assert headings[len(HARPER) :] == [
        "Plans for disseminating and communicating study results", "Appendices", "References",
    ]  # fmt: skip


def test_no_section_is_empty() -> None:
    parts = re.split(r"(?m)^#{2,3} ", fill_methods(inputs(), TEMPLATE).markdown)[1:]
    assert len(parts) == len(HARPER) + 2
    for part in parts:
        heading, _, body = part.partition("\n")
        assert body.strip() or heading == "Research methods", heading
    unfilled = [part.partition("\n")[0] for part in parts if NOT_STATED in part.lower()]
    assert {"Abstract", "Milestones", "Reporting of adverse events"} <= set(unfilled)


@pytest.mark.parametrize("study", STUDIES)
def test_each_study_has_a_protocol_page_that_names_its_contrast(study: str) -> None:
    given = replace(inputs(), protocol=protocol_of(study))
    assert fill_methods(given, TEMPLATE).bound
    told = dict(list_objective(given).rows)
    assert told["Objective"] == protocol_of(study).question
    assert told["Hypothesis"] == NOT_STATED
    assert f"{protocol_of(study).index.above.value:g} ×10⁹/L" in told["Population"]


def test_page_and_word_hold_the_same_tables(folder: Path) -> None:
    expected = [[list(grid.head), *map(list, grid.rows)] for grid in list_tables(inputs()).values()]
    tables = docx.Document(str(folder / "protocol.docx")).tables
    assert [[[c.text for c in row.cells] for row in t.rows] for t in tables] == expected
    page = (folder / "protocol.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<tr\b", page)) == sum(map(len, expected))
