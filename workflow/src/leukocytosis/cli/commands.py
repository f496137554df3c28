"""The command line: what a run found, and failures a user can act on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from leukocytosis.cli.asking import CASES, check_configuration, explain_name, verify_release
from leukocytosis.cli.drafting import draft_extract
from leukocytosis.cli.running import assess_study, draw_review, draw_strips, run_studies, run_study
from leukocytosis.errors import LeukocytosisError
from leukocytosis.tables import describe_tables

PLAN = ("n", "sampling", "blind")
STARTS = ("study", "extract", "raw")
TRUTH = ("cohorts", "extracts")
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="leukocytosis", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_runs(commands)
    _add_questions(commands)
    commands.add_parser("cases", help="print the case book")
    commands.add_parser("tables", help="print the manual of tables")
    given = parser.parse_args(arguments)
    try:
        return int(getattr(given, "obey", _obey)(given))
    except LeukocytosisError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _add_runs(commands: Commands) -> None:
    """Add what runs the workflow on an extract."""
    run = commands.add_parser("run", help="run a study on an extract and print its headlines")
    strips = commands.add_parser("strips", help="draw the evidence of each episode of a study")
    review = commands.add_parser("review", help="draw charts of a study for reviewers")
    family = commands.add_parser("studies", help="run every published study on an extract")
    for command in (run, strips, review):
        command.add_argument("study")
    for command in (run, family, strips, review):
        command.add_argument("extract")
        command.add_argument("--cores", default="2")
    for option in PLAN:
        review.add_argument(f"--{option}", help="overrides config/config.yaml")


def _add_questions(commands: Commands) -> None:
    """Add what reads what stands, or drafts and draws something of its own beside it."""
    check = commands.add_parser("check", help="read the configuration and say what is wrong")
    check.add_argument("study")
    check.add_argument("extract")
    drafted = commands.add_parser("draft", help="draft the manifest of an extract from its files")
    drafted.add_argument("folder", help="where the extract's files are")
    drafted.add_argument("extract", help="a name for it: a-z, 0-9 and _")
    drafted.set_defaults(obey=lambda g: draft_extract(Path(g.folder), g.extract))
    asked = commands.add_parser("explain", help="say what a rule, a cause or a number is")
    asked.add_argument("name", help="a rule, a cause, a number as printed, or a row: table/key/…")
    made = commands.add_parser("verify", help="make released numbers again and compare them")
    for command in (asked, made):
        command.add_argument("study", nargs="?", default="granger2009")
        command.add_argument("extract", nargs="?", default="synthetic")
    start = "the person-level tables of the study, the canonical tables, or the raw files"
    made.add_argument("--from", dest="start", choices=STARTS, default="study", help=start)
    made.set_defaults(obey=lambda g: verify_release(g.study, g.extract, g.start))
    known = commands.add_parser("assess", help="draw cohorts of known truth and measure a study")
    known.add_argument("study")
    known.set_defaults(obey=lambda g: assess_study(g.study, g.cohorts, g.extracts))
    for option in TRUTH:
        known.add_argument(f"--{option}", type=int, help="overrides config/config.yaml")


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
