"""The command line: what a run found, and failures a user can act on."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from leukocytosis.errors import LeukocytosisError, OutputError, Problem
from leukocytosis.tables import describe_tables

CASES = Path("tests/cases")
PLAN = ("n", "sampling", "blind")
TRUTH = ("cohorts", "extracts")


@contextmanager
def reported(log: str) -> Iterator[None]:
    """Print a user's failure, keep it in the rule's log, and end with its own exit code."""
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    code = path.with_name(path.name + ".exit_code")  # Snakemake itself only says 1
    code.unlink(missing_ok=True)
    try:
        yield
    except (LeukocytosisError, PermissionError) as failure:
        error = failure if isinstance(failure, LeukocytosisError) else _no_permission(failure)
        path.write_text(f"{error}\n", encoding="utf-8")
        code.write_text(str(error.exit_code), encoding="utf-8")
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def _no_permission(failure: PermissionError) -> LeukocytosisError:
    place = str(failure.filename or "a file")
    return OutputError(Problem(place, "permission denied", "run where you may write"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="leukocytosis", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a study on an extract and print its headlines")
    check = commands.add_parser("check", help="read the configuration and say what is wrong")
    strips = commands.add_parser("strips", help="draw the evidence of each episode of a study")
    review = commands.add_parser("review", help="draw charts of a study for reviewers")
    for command in (run, check, strips, review):
        command.add_argument("study")
        command.add_argument("extract")
    asked = commands.add_parser("explain", help="say what a rule or cause asks, counts and is")
    asked.add_argument("name", help="the id of a rule or a cause")
    asked.add_argument("study", nargs="?", default="granger2009")
    asked.add_argument("extract", nargs="?", default="synthetic")
    known = commands.add_parser("assess", help="draw cohorts of known truth and measure a study")
    known.add_argument("study")
    known.set_defaults(obey=lambda g: assess_study(g.study, g.cohorts, g.extracts))
    for option in TRUTH:
        known.add_argument(f"--{option}", type=int, help="overrides config/config.yaml")
    commands.add_parser("cases", help="print the case book")
    commands.add_parser("tables", help="print the manual of tables")
    family = commands.add_parser("studies", help="run every published study on an extract")
    family.add_argument("extract")
    for command in (run, family, strips, review):
        command.add_argument("--cores", default="2")
    for option in PLAN:
        review.add_argument(f"--{option}", help="overrides config/config.yaml")
    given = parser.parse_args(arguments)
    try:
        return int(getattr(given, "obey", _obey)(given))
    except LeukocytosisError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _obey(given: argparse.Namespace) -> int:
    if given.command == "run":
        return run_study(given.study, given.extract, given.cores)
    if given.command == "strips":
        return draw_strips(given.study, given.extract, given.cores)
    if given.command == "review":
        plan = {option: vars(given)[option] for option in PLAN if vars(given)[option]}
        return draw_review(given.study, given.extract, given.cores, plan)
    if given.command == "studies":
        return run_studies(given.extract, given.cores)
    if given.command == "check":
        check_configuration(given.study, given.extract)
    elif given.command == "explain":
        print(explain_name(given.name, given.study, given.extract), end="")
    elif given.command == "cases":
        from leukocytosis.config.casebook import describe_cases, load_chapters

        print(describe_cases(load_chapters(CASES)), end="")
    else:
        print(describe_tables(), end="")
    return 0


def explain_name(name: str, study: str, extract: str) -> str:
    """Return what a rule or cause of a study says; LeukocytosisError when there is none."""
    from leukocytosis.config import load_codelists, load_manifest, load_protocol, load_units
    from leukocytosis.config.casebook import load_chapters
    from leukocytosis.explain import Shelf, explain

    codelists = load_codelists(Path("config/codelists"))
    shelf = Shelf(
        load_protocol(Path(f"config/studies/{study}.yaml"), codelists),
        load_manifest(Path(f"config/extracts/{extract}.yaml")),
        codelists,
        load_units(Path("config/units.csv")),
        load_chapters(CASES),
        Path("results/extracts") / extract,
    )
    return explain(name, shelf)


def check_configuration(study: str, extract: str) -> None:
    """Read everything a run would read; LeukocytosisError says what is wrong."""
    from leukocytosis.config import (
        load_claims,
        load_codelists,
        load_manifest,
        load_policy,
        load_protocol,
        load_units,
    )

    codelists = load_codelists(Path("config/codelists"))
    protocol = load_protocol(Path(f"config/studies/{study}.yaml"), codelists)
    manifest = load_manifest(Path(f"config/extracts/{extract}.yaml"))
    load_policy(Path(f"config/policies/{manifest.policy}.yaml"))
    load_units(Path("config/units.csv"))
    if protocol.claims:
        load_claims(Path(f"config/claims/{protocol.claims}.yaml"))


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
    from leukocytosis.config import load_manifest, load_protocol
    from leukocytosis.config.assess import load_assessment, load_seed

    config, folder = Path("config"), Path("results/assess") / study
    protocol = load_protocol(config / f"studies/{study}.yaml")
    settings = load_assessment(config / "config.yaml", protocol, cohorts=cohorts, extracts=extracts)
    manifest = load_manifest(config / "extracts/synthetic.yaml")
    assess(protocol, manifest, settings, load_seed(config / "config.yaml"), Path.cwd(), folder)
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
    command = ["snakemake", "--cores", cores, "--rerun-incomplete", *targets]
    command += ["--config", f"study={study}", f"extract={extract}", *overriding]
    with _alone():
        if any(Path(".snakemake/locks").glob("*")):  # nobody else runs, so a killed run left them
            subprocess.run([*command, "--unlock"], check=True, capture_output=True)
        finished = subprocess.run(command, check=False)
    return (_exit_code(extract) or finished.returncode) if finished.returncode else 0


def _exit_code(extract: str) -> int | None:
    """Return the exit code that the failed rule left beside its log."""
    codes = Path("results/logs").glob(f"**/{extract}.log.exit_code")
    found = [int(path.read_text()) for path in sorted(codes)]
    return found[0] if found else None


@contextmanager
def _alone() -> Iterator[None]:
    """Hold this folder's lock; a second run at the same time is refused."""
    import fcntl

    Path(".snakemake").mkdir(exist_ok=True)
    with Path(".snakemake/leukocytosis.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LeukocytosisError(
                Problem(str(Path.cwd()), "another run is under way here", "wait for it to end")
            ) from None
        yield


if __name__ == "__main__":
    sys.exit(main())
