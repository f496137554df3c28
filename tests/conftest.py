"""Extracts and studies the tests share, made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from leukocytosis.adjudication import adjudicate
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import (
    Codelist,
    Manifest,
    Protocol,
    load_codelists,
    load_manifest,
    load_protocol,
    load_units,
)
from leukocytosis.followup import derive_analysis_set, derive_otherwise, derive_outcomes
from leukocytosis.report import ReportInputs
from leukocytosis.standardise import standardise
from leukocytosis.standardise.occurrence import count_codes

ROOT = Path(__file__).parent.parent
CODELISTS = load_codelists(ROOT / "config/codelists")
SEED = 2009
UNITS = load_units(ROOT / "config/units.csv")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file goes first: at the end one worker would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


@dataclass(frozen=True)
class Run:
    """Where a run put its canonical tables and its study's tables."""

    extract: Path
    study: Path


def protocol_of(study: str) -> Protocol:
    return load_protocol(ROOT / f"config/studies/{study}.yaml", CODELISTS)


def run_study(
    protocol: Protocol,
    manifest: Manifest,
    folder: Path,
    project: Path = ROOT,
    codelists: dict[str, Codelist] = CODELISTS,
) -> Run:
    """Raw files to the analysis set."""
    run = Run(folder / "extract", folder / "study")
    standardise(manifest, codelists, UNITS, project, run.extract)
    count_codes(manifest, codelists, project / "config/extracts", run.extract)
    find_index(protocol, codelists, run.extract, run.study)
    narrow(run.extract, run.study)
    collect_evidence(protocol, codelists, UNITS, frozenset(manifest.absent), run.study)
    classify(protocol, run.study)
    adjudicate(protocol, manifest.extract, None, run.study, use=False)
    derive_outcomes(protocol, run.extract, run.study)
    derive_otherwise(protocol, run.extract, run.study)
    derive_analysis_set(protocol, codelists, run.study)
    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Run:
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    return run_study(protocol_of("granger2009"), manifest, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> ReportInputs:
    """The default study run whole: every figure of the register has something to draw."""
    from drawn import run_synthetic

    return run_synthetic(tmp_path_factory.mktemp("synthetic"))


@pytest.fixture(scope="session")
def family(tiny: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of every published study on the tiny extract, as far as its scorecard."""
    from family import run_family

    return run_family(tiny, tmp_path_factory.mktemp("family"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of configuration and the tiny extract that a test may spoil."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "tests/data/tiny", tmp_path / "tests/data/tiny")
    return tmp_path


@pytest.fixture
def read_tiny(project: Path) -> Callable[[], Path]:
    """Standardise the (spoilt) tiny extract of `project`; return where the tables are."""

    def read() -> Path:
        manifest = load_manifest(project / "config/extracts/tiny.yaml")
        codelists = load_codelists(project / "config/codelists")
        standardise(
            manifest, codelists, load_units(project / "config/units.csv"), project, project / "out"
        )
        return project / "out"

    return read
