"""Commands that run the workflow, and say where what they made is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from leukocytosis.cli.reporting import explain_unwritten
from leukocytosis.errors import LeukocytosisError, Problem


def run_study(study: str, extract: str, cores: str) -> int:
    """Run the workflow, taking up what a killed run left; print where the report is.

    Returns the exit code of the rule that failed on something a user can mend, else Snakemake's.
    """
    code = _run_snakemake(cores, study, extract)
    if not code:
        release = Path("results/studies") / study / extract / "release"
        print(f"\nReport: {release / 'report.html'}\n")
        print((release / "headlines.txt").read_text(encoding="utf-8"), end="")
    return code


def run_studies(extract: str, cores: str) -> int:
    """Run every study with published numbers on an extract; print where they are compared."""
    page = Path("results/compare") / extract / "release/studies.html"
    code = _run_snakemake(cores, "granger2009", extract, str(page))
    if not code:
        print(f"\nComparison: {page}")
    return code


def assess_study(study: str, cohorts: int | None, extracts: int | None) -> int:
    """Draw cohorts of known truth, measure what a study makes of them; print where it stands."""
    from leukocytosis.assess import assess
    from leukocytosis.config import load_manifest, load_protocol, load_settings
    from leukocytosis.config.assess import load_assessment

    config, folder = Path("config"), Path("results/assess") / study
    protocol = load_protocol(config / f"studies/{study}.yaml")
    seed = load_settings(config / "config.yaml").seed
    settings = load_assessment(config / "config.yaml", protocol, cohorts=cohorts, extracts=extracts)
    manifest = load_manifest(config / "extracts/synthetic.yaml")
    assess(protocol, manifest, settings, seed, Path.cwd(), folder)
    print((folder / "assessment.md").read_text(encoding="utf-8"))
    print(f"Written: {folder}")
    return 0


def draw_strips(study: str, extract: str, cores: str) -> int:
    """Draw a page per episode of a study; print where they begin."""
    folder = Path("results/studies") / study / extract / "strips"
    code = _run_snakemake(cores, study, extract, str(folder))
    if not code:
        print(f"\nStrips (person-level, never to leave): {folder / 'index.html'}")
    return code


def draw_review(study: str, extract: str, cores: str, plan: Mapping[str, str]) -> int:
    """Draw charts for review; print where they, their key and the way back are.

    `plan` overrides the section `review` of config.yaml.
    """
    folder = Path("results/studies") / study / extract
    overriding = [f"review={json.dumps(plan)}"] if plan else []
    code = _run_snakemake(cores, study, extract, str(folder / "review"), overriding=overriding)
    if not code:
        print(f"\nCharts (person-level, for the reviewers): {folder / 'review/index.html'}")
        print(f"Key (not for the reviewers; keep a copy with the answers): {folder}/review_key.csv")
        print("How the answers come back: docs/review.md")
    return code


def _run_snakemake(
    cores: str, study: str, extract: str, *targets: str, overriding: Sequence[str] = ()
) -> int:
    command = [sys.executable, "-m", "snakemake", "--cores", cores, "--rerun-incomplete", *targets]
    command += ["--config", f"study={study}", f"extract={extract}", *overriding]
    with _alone() as lock:
        for code in _find_codes():
            code.unlink()  # of a failure that may be mended by now
        if any(Path(".snakemake/locks").glob("*")):  # nobody else runs, so a killed run left them
            subprocess.run([*command, "--unlock"], check=True, capture_output=True)
        returned = _wait_for(command, lock)
    return (_tell_failures() or returned) if returned else 0


def _wait_for(command: Sequence[str], lock: IO[str]) -> int:
    """Run a command to its end; an interrupt (Ctrl-C) reaches it too: it ends its jobs.

    A request to terminate is passed on as an interrupt. The command holds the lock as well: if we
    are killed while it runs, nobody else begins.
    """
    with subprocess.Popen(command, pass_fds=[lock.fileno()]) as started, _passing_on(started):
        while True:
            try:
                return started.wait()
            except KeyboardInterrupt:
                continue


@contextmanager
def _passing_on(started: subprocess.Popen[bytes]) -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: started.send_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _find_codes() -> list[Path]:
    return sorted(Path("results/logs").glob("**/*.log.exit_code"))


def _tell_failures() -> int | None:
    """Print last of all why rules failed; return the exit code that the first left beside its log.

    Snakemake's own account of a failed job fills a screen.
    """
    codes = _find_codes()
    for code in codes:
        print(f"\n{code.with_suffix('').read_text(encoding='utf-8')}", end="", file=sys.stderr)
    return int(codes[0].read_text(encoding="utf-8")) if codes else None


@contextmanager
def _alone() -> Iterator[IO[str]]:
    """Hold this folder's lock and yield it; a second run at the same time is refused."""
    import fcntl

    with _open_lock() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LeukocytosisError(
                Problem(str(Path.cwd()), "another run is under way here", "wait for it to end")
            ) from None
        yield lock


def _open_lock() -> IO[str]:
    """Open the lock; OutputError where nothing can be written, before Snakemake finds out."""
    for folder in (Path(".snakemake"), Path("results")):
        try:
            folder.mkdir(exist_ok=True)
            with TemporaryFile(dir=folder):
                pass
        except OSError as failure:
            failure.filename = str(folder)
            raise explain_unwritten(failure) or failure from None
    return Path(".snakemake/leukocytosis.lock").open("w")
