"""What a person who has not seen the project finds first in a release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_fixtures import ROOT, inputs

from leukocytosis.documents import write_manuscript, write_readme
from leukocytosis.report import write_release

RECORD = ("ro-crate-metadata.json", "workflow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("release")
    write_release(inputs(), place)
    write_manuscript(inputs(), ROOT / "config/texts", place / "manuscript")
    (place / "headlines.txt").write_text("758 patients.\n")
    write_readme(inputs(), place, coming=RECORD)
    return place


def find_named(readme: str) -> set[str]:
    words = re.findall(r"(?<![\w.])(?:[\w/-]+\.[a-z]+|figures|tables|workflow)(?=[,:; (])", readme)
    return {word for word in words if not word.startswith(".")}


def test_it_fits_on_a_screen(folder: Path) -> None:
    lines = (folder / "README.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 88
    assert lines[2] == "SYNTHETIC DATA: no patient is real."


def test_every_file_it_names_is_there(folder: Path) -> None:
    named = find_named((folder / "README.txt").read_text(encoding="utf-8"))
    assert {
        "report.html", "manuscript/methods.docx", "manuscript/checklists.html", "figures",
        "figures/survival_death_or_hospice_12w.png", "manuscript/tables.docx",
    } <= named  # fmt: skip
    for name in named - set(RECORD):
        assert (folder / name).exists(), name


def test_what_is_not_there_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "report.html").write_text("<p>answer</p>")
    write_readme(inputs(synthetic=False), tmp_path)
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert find_named(readme) == {"report.html"}
    assert "SYNTHETIC" not in readme and "The record" not in readme
