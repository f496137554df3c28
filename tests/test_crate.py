"""The record of a run: what the validator says of it, and that it names every file by its hash."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from report_fixtures import manifest, protocol

from leukocytosis.crate import RECORD, Made, write_crate
from leukocytosis.provenance import digest_package

SOURCES = [Path("Snakefile"), Path("config/studies/granger2009.yaml")]

RAW = [{"source": "labs_early", "number": 1, "n_bytes": 7, "sha256": "ab" * 32}]


def write(folder: Path) -> dict[str, dict[str, Any]]:
    """Write a record of two results and one input; return its entities by id."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text("<p>answer</p>")
    (folder / "tables/estimates.csv").write_text("estimate\n1\n")
    labs = folder.parent / "labs.parquet"
    labs.write_bytes(b"a patient's results")
    write_crate(protocol(), manifest(), Made(SOURCES, {"table labs": labs}, RAW), folder)
    graph = json.loads((folder / RECORD).read_text(encoding="utf-8"))["@graph"]
    return {entity["@id"]: entity for entity in graph}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT)
    return tmp_path / "release"


def validate(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tests/validate_crate.py"), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_validator_accepts_the_record(folder: Path) -> None:
    write(folder)
    found = validate(folder)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_validator_would_notice(folder: Path) -> None:
    entities = write(folder)
    del entities["./"]["mainEntity"]
    graph = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [*entities.values()]}
    (folder / RECORD).write_text(json.dumps(graph))
    assert validate(folder).returncode == 1


def test_every_file_is_named_with_its_hash_and_size(folder: Path) -> None:
    entities = write(folder)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != RECORD]
    assert len(files) == 4
    for path in files:
        entity = entities[path.relative_to(folder).as_posix()]
        assert entity["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert entity["contentSize"] == str(path.stat().st_size)


def test_what_may_not_leave_is_named_but_not_copied(folder: Path) -> None:
    entities = write(folder)
    labs = entities["#table_labs"]
    assert labs["sha256"] == hashlib.sha256(b"a patient's results").hexdigest()
    assert {"@id": "#table_labs"} in entities["#run"]["object"]
    assert {"@id": "#table_labs"} not in entities["./"]["hasPart"]
    assert not list(folder.rglob("*.parquet"))


def test_raw_files_are_named_by_hash_and_not_by_their_own_name(folder: Path) -> None:
    entities = write(folder)
    raw = entities["#raw_file_labs_early_1"]
    assert (raw["sha256"], raw["contentSize"]) == ("ab" * 32, "7")
    assert {"@id": "#raw_file_labs_early_1"} in entities["#run"]["object"]


def test_software_has_its_version_and_ours_its_hash(folder: Path) -> None:
    entities = write(folder)
    needed = [
        entities[one["@id"]] for one in entities["workflow/Snakefile"]["softwareRequirements"]
    ]
    assert all(one["version"] for one in needed)
    assert entities["#package"]["sha256"] == digest_package()
    assert {"duckdb", "leukocytosis", "snakemake"} <= {one["name"] for one in needed}


def test_results_and_sources_are_told_apart(folder: Path) -> None:
    run = write(folder)["#run"]
    assert {"@id": "report.html"} in run["result"]
    assert run["instrument"] == {"@id": "workflow/Snakefile"}
    assert {"@id": "workflow/config/studies/granger2009.yaml"} in run["object"]


def test_a_second_run_writes_the_same_record(folder: Path) -> None:
    write(folder)
    first = (folder / RECORD).read_bytes()
    write(folder)
    assert (folder / RECORD).read_bytes() == first
