"""Snakemake end to end on the tiny extract: rests, repeats, resumes, re-runs what it must."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.workflow
BIN = Path(sys.executable).parent
PARTS = ("Snakefile", "workflow/rules", "workflow/scripts", "workflow/src", "config", "profiles",
         "envs", "notebooks", "tests/data")  # fmt: skip


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


def test_a_study_runs_then_rests_and_repeats_to_the_byte(copy: Path) -> None:
    first = study(copy)
    assert first.returncode == 0, first.stderr
    assert "release/report.html" in first.stdout and "28 patients" in first.stdout
    made = results(copy)
    assert any(name.endswith("report.html") for name in made)
    second = study(copy)
    assert "Nothing to be done" in second.stdout + second.stderr
    shutil.rmtree(copy / "results")
    assert study(copy).returncode == 0
    again = results(copy)
    assert {name for name in made if made[name] != again.get(name)} == set()


def test_an_edit_reruns_what_depends_on_it_and_no_more(copy: Path) -> None:
    assert study(copy).returncode == 0
    protocol = copy / "config/studies/granger2009.yaml"
    edit(protocol, "at_days: [28, 56, 84]", "at_days: [14, 84]")
    # release lists the protocol's own text, estimate reads its analyses, first_look the estimates
    assert planned(copy) == {"estimate", "release", "first_look"}
    edit(protocol, "at_days: [14, 84]", "at_days: [28, 56, 84]")
    code = copy / "workflow/src/leukocytosis/followup/outcomes.py"
    edit(code, '"""Outcomes: the', '"""Outcomes; the')
    assert planned(copy) == {"follow_up", "estimate", "release", "first_look"}
    edit(code, '"""Outcomes; the', '"""Outcomes: the')


def test_a_killed_run_resumes_to_the_same_bytes(copy: Path) -> None:
    assert study(copy).returncode == 0
    made = results(copy)
    shutil.rmtree(copy / "results")
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


def test_wrong_configuration_stops_before_anything_runs(copy: Path) -> None:
    failed = run(copy, "snakemake", "-n", "--config", "study=granger209", "extract=tiny")
    assert failed.returncode == 10
    assert "did you mean 'granger2009.yaml'?" in failed.stderr


def test_reviews_come_back_through_the_manifest(copy: Path) -> None:
    review = copy / "results/studies/granger2009/tiny/review"
    assert run(copy, "leukocytosis", "review", "granger2009", "tiny").returncode == 0
    codes = re.findall(r'data-chart="(R\w+)"', (review / "review.html").read_text())
    head = "review_id,reviewer,cause,certainty,comment,sampling\n"
    (copy / "reviews").mkdir()
    for reviewer, last in (("ann", "plr"), ("bob", "infection")):
        causes = ["growth_factor"] * (len(codes) - 1) + [last]
        lines = [f"{c},{reviewer},{x},probable,,stratified\n" for c, x in zip(codes, causes)]  # noqa: B905
        (copy / f"reviews/{reviewer}.csv").write_text(head + "".join(lines))
    manifest = copy / "config/extracts/tiny.yaml"
    kept = manifest.read_text()
    files = "[reviews/ann.csv, reviews/bob.csv]"
    for use in ("false", "true"):  # the answers stay the same, what is made of them does not
        reviews = f"reviews: [{{study: granger2009, files: {files}, use_adjudicated: {use}}}]\n"
        manifest.write_text(kept + reviews)
        assert study(copy).returncode == 0
        report = (review.parent / "release/report.html").read_text(encoding="utf-8")
        assert "Agreement of the reviewers" in report
        replaced = f"The causes of {len(codes) - 1} of {len(codes)} patients are labels"
        assert (replaced in report) is (use == "true")
    assert run(copy, "leukocytosis", "review", "granger2009", "tiny").returncode == 0
    assert len((review / "disagreements.csv").read_text().splitlines()) == 3
    (copy / "reviews/bob.csv").write_text(head + f"{codes[0]},bob,plr,probable,,lucky\n")
    failed = study(copy)
    manifest.write_text(kept)
    assert failed.returncode == 11 and "bob.csv:2" in failed.stderr
