"""Snakemake end to end on the tiny extract: rests, repeats, resumes, re-runs what it must."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from leukocytosis.errors import ReviewError
from leukocytosis.provenance import read_record

pytestmark = pytest.mark.workflow
BIN = Path(sys.executable).parent
PARTS = ("Snakefile", "workflow/rules", "workflow/scripts", "workflow/report", "workflow/src",
         "config", "profiles", "envs", "notebooks", "tests/data", "requirements.lock",
         "CITATION.cff")  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        source = ROOT / part
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "workflow/src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def study(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "leukocytosis", "run", "granger2009", "tiny")


def planned(folder: Path) -> set[str]:
    config = ("--config", "study=granger2009", "extract=tiny")
    found = run(folder, "snakemake", "-n", "--cores", "1", *config)
    assert found.returncode == 0, found.stderr
    jobs = re.findall(r"^(\w+) +\d+$", found.stdout + found.stderr, re.M)  # the table of job counts
    return set(jobs) - {"all", "total"}


def results(folder: Path) -> dict[str, bytes]:
    kinds = ("*.parquet", "*.html", "*.pdf", "*.svg", "*.png", "*.csv", "*.ipynb")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for kind in kinds
        for path in sorted((folder / "results").rglob(kind))
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_page_asks_for_every_study_and_a_broken_one_stops_no_other(copy: Path) -> None:
    page = "results/compare/tiny/release/studies.html"
    asked = run(copy, "snakemake", "-n", "--cores", "1", page,
                "--config", "study=granger2009", "extract=tiny")  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    jobs = re.findall(r"^(\w+) +(\d+)$", asked.stdout + asked.stderr, re.M)
    assert {"release": "9", "standardise": "1", "compare": "1"}.items() <= dict(jobs).items()
    broken = copy / "config/studies/reding1998.yaml"
    kept = broken.read_text(encoding="utf-8")
    edit(broken, "study: reding1998", "study: reding1989")
    refused = run(copy, "leukocytosis", "studies", "tiny")
    assert refused.returncode == 10 and "names the study 'reding1989'" in refused.stderr
    assert "find_cohort" in planned(copy)  # the index study is not stopped
    broken.write_text(kept, encoding="utf-8")


def test_a_study_runs_then_rests(copy: Path) -> None:
    first = study(copy)
    assert first.returncode == 0, first.stderr
    assert "release/report.html" in first.stdout and "28 patients" in first.stdout
    made = results(copy)
    assert any(name.endswith("report.html") for name in made)
    tables = [copy / name for name in made if name.endswith(".parquet")]
    assert len(tables) > 30 and all(read_record(path) for path in tables)
    second = study(copy)
    assert "Nothing to be done" in second.stdout + second.stderr


def test_notebooks_print_no_person(copy: Path) -> None:
    assert study(copy).returncode == 0
    patients = pd.read_csv(copy / "tests/data/tiny/patients.csv")["patient"]
    printed = sorted((copy / "results/studies/granger2009/tiny/notebooks").glob("*.ipynb"))
    assert len(printed) == 3
    for path in printed:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        told = json.dumps(outputs)
        # a warning names a folder of the machine it was made on
        assert not [output for output in outputs if output.get("name") == "stderr"]
        assert not [patient for patient in patients if re.search(rf"\b{patient}\b", told)]
    assert all('"outputs"' not in path.read_text() for path in (ROOT / "notebooks").iterdir())


def test_an_edit_reruns_what_depends_on_it_and_no_more(copy: Path) -> None:
    assert study(copy).returncode == 0
    protocol = copy / "config/studies/granger2009.yaml"
    edit(protocol, "at_days: [28, 56, 84]", "at_days: [14, 84]")
    # release lists the protocol's own text, estimate reads its analyses, notebooks the estimates
    assert planned(copy) == {"estimate", "release", "notebooks"}
    edit(protocol, "at_days: [14, 84]", "at_days: [28, 56, 84]")
    code = copy / "workflow/src/leukocytosis/followup/outcomes.py"
    edit(code, '"""Outcomes: the', '"""Outcomes; the')
    assert planned(copy) == {"follow_up", "multiverse", "estimate", "release", "notebooks"}
    edit(code, '"""Outcomes; the', '"""Outcomes: the')


def test_a_run_repeats_to_the_byte_even_when_killed_and_resumed(copy: Path) -> None:
    assert study(copy).returncode == 0
    made = results(copy)
    shutil.rmtree(copy / "results")  # every file is made again
    kill_when_there(copy, copy / "results/studies/granger2009/tiny/episodes.parquet")
    assert not (copy / "results/studies/granger2009/tiny/release/report.html").exists()
    resumed = study(copy)
    assert resumed.returncode == 0, resumed.stderr
    again = results(copy)
    assert {name for name in made if made[name] != again.get(name)} == set()


def kill_when_there(folder: Path, path: Path) -> None:
    """Start a study and kill it, workers and all, as soon as a file appears."""
    command = [BIN / "leukocytosis", "run", "granger2009", "tiny"]
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
                                "PYTHONPATH": str(folder / "workflow/src")}  # fmt: skip
    started = subprocess.Popen(
        command, cwd=folder, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not path.exists():
        assert started.poll() is None, "ended before it could be killed"
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def test_a_users_mistake_ends_with_its_own_code_and_no_trace_of_python(copy: Path) -> None:
    raw = copy / "tests/data/tiny/labs.csv"
    kept = raw.read_text()
    raw.write_text(kept.replace("K/uL", "K/cumm"))
    failed = study(copy)
    raw.write_text(kept)
    assert failed.returncode == 11
    assert "units.csv" in failed.stderr and "LeukocytosisError" not in failed.stderr
    assert failed.stderr.rstrip().endswith("or to 'units' in the manifest")  # said last of all
    # the code of a failure is not that of the next one
    assert run(copy, "leukocytosis", "run", "granger209", "tiny").returncode == 10


@pytest.mark.parametrize("told", ["extrct=tiny", "journal=natur"])
def test_a_key_or_journal_nobody_knows_stops_before_anything_runs(copy: Path, told: str) -> None:
    failed = run(copy, "snakemake", "-n", "--cores", "1", "--config", "extract=tiny", told)
    assert failed.returncode == 10 and "did you mean" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_wrong_configuration_stops_before_anything_runs(copy: Path) -> None:
    failed = run(copy, "snakemake", "-n", "--config", "study=granger209", "extract=tiny")
    assert failed.returncode == 10
    assert "did you mean 'granger2009.yaml'?" in failed.stderr


def test_charts_are_drawn_as_asked_and_answers_change_the_causes(copy: Path) -> None:
    asked = ("leukocytosis", "review", "granger2009", "tiny", "--n", "5", "--sampling", "random")
    drawn = run(copy, *asked)
    assert drawn.returncode == 0, drawn.stderr
    study = copy / "results/studies/granger2009/tiny"
    with (study / "review_key.csv").open(encoding="utf-8") as stream:
        key = list(csv.DictReader(stream))
    assert len(key) == 5 and {row["sampling"] for row in key} == {"random"}
    assert [path.name for path in (study / "review").glob("*.html")] == ["index.html"]
    reviews = copy / "tests/data/tiny/reviews"
    reviews.mkdir()
    shutil.copy(study / "review_key.csv", reviews / "key.csv")
    for who in ("anna", "ben"):
        rows = "".join(f"{row['review_id']},{who},plr,probable,\n" for row in key)
        (reviews / f"{who}.csv").write_text(f"review_id,reviewer,cause,certainty,comment\n{rows}")
    manifest = copy / "config/extracts/tiny.yaml"
    before = manifest.read_text(encoding="utf-8")
    manifest.write_text(
        f"{before}reviews:\n  granger2009: {{key: reviews/key.csv, use_adjudicated: true,\n"
        "    files: [reviews/anna.csv, reviews/ben.csv]}\n"
    )
    try:
        run_again = run(copy, "leukocytosis", "run", "granger2009", "tiny")
        assert run_again.returncode == 0, run_again.stderr
        causes = pd.read_parquet(study / "causes.parquet").set_index("episode_id")
        read = causes.loc[[row["episode_id"] for row in key]]
        assert set(read["primary_cause"]) == {"plr"} and set(read["source"]) == {"adjudicated"}
        report = (study / "release/report.html").read_text(encoding="utf-8")
        assert "adjudicated for 5 patients" in report
        (reviews / "ben.csv").write_text("review_id,reviewer,cause,certainty,comment,died\n")
        refused = run(copy, "leukocytosis", "run", "granger2009", "tiny")
        assert refused.returncode == ReviewError.exit_code
        assert "column 'died' tells an outcome" in refused.stdout + refused.stderr
    finally:
        manifest.write_text(before)
        shutil.rmtree(reviews)


def test_a_blank_in_the_path_of_python_stops_nothing(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "my venv").symlink_to(sys.prefix)
    made = "results/extracts/tiny/labs.parquet"
    python = str(tmp_path / "my venv/bin/python")
    ran = run(copy, python, "-m", "snakemake", "--cores", "1", "--forcerun", "standardise", made,
              "--config", "study=granger2009", "extract=tiny")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
