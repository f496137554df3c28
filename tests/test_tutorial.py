"""The tutorial, run as it stands: a new cause and a new study without touching Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT, SEED, run_study
from test_case_book import check_case, run_cases

from leukocytosis.cli import explain_name
from leukocytosis.config import Protocol, load_codelists, load_manifest, load_protocol
from leukocytosis.config.casebook import expand, load_chapters
from leukocytosis.estimate import Beside, estimate
from leukocytosis.prose import describe_protocol
from leukocytosis.store import read_frame

BLOCK = re.compile(r"```(?:csv|yaml) (\S+)\n(.*?)```", re.DOTALL)
STUDY = "hepatitis_above45"


@pytest.fixture
def tutored(project: Path) -> Path:
    """A copy of the project with the tutorial's files in it."""
    (project / "tests/cases").mkdir(exist_ok=True)
    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(text))
    assert len(blocks) == 3
    for path, content in blocks.items():
        (project / path).write_text(content, encoding="utf-8")
    return project


def protocol_in(project: Path) -> Protocol:
    codelists = load_codelists(project / "config/codelists")
    return load_protocol(project / f"config/studies/{STUDY}.yaml", codelists)


def test_its_cases_pass(tutored: Path, tmp_path: Path) -> None:
    (chapter,) = load_chapters(tutored / "tests/cases")
    assert chapter.study == STUDY
    cases = dict(patient for case in chapter.cases for patient in expand(case))
    (tmp_path / "cases").mkdir()
    codelists = load_codelists(tutored / "config/codelists")
    found = run_cases(protocol_in(tutored), codelists, cases, tmp_path / "cases")
    for name, case in cases.items():
        check_case(found, name, case)


def test_its_study_runs_and_speaks_of_the_new_cause(tutored: Path, tmp_path: Path) -> None:
    protocol = protocol_in(tutored)
    manifest = load_manifest(tutored / "config/extracts/tiny.yaml")
    codelists = load_codelists(tutored / "config/codelists")
    run = run_study(protocol, manifest, tmp_path / "run", tutored, codelists)
    estimate(protocol, run.study, Beside(run.extract / "encounters.parquet"))
    estimates = read_frame(run.study / "estimates.parquet")
    shares = estimates[estimates["analysis_id"] == "cause_shares"]
    assert "alcoholic_hepatitis" in set(shares["term"])
    said = " ".join(statement.text for statement in describe_protocol(protocol))
    assert "alcoholic hepatitis coded within 14 days" in said.lower() and "> 45" in said


def test_its_commands_exist(tutored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tutored)
    said = explain_name("alcoholic_hepatitis_code", STUDY, "tiny")
    assert "hepatitis_window" in said and "K701" in said
    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", text, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets and all(f"\n{target}:" in makefile for target in targets)
    assert SEED == 2009
