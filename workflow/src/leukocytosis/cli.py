"""The command line: what a run found, and failures a user can act on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from leukocytosis.errors import LeukocytosisError


@contextmanager
def reported(log: str) -> Iterator[None]:
    """Print a user's failure, keep it in the rule's log, and end with its own exit code."""
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    try:
        yield
    except LeukocytosisError as error:
        path.write_text(f"{error}\n", encoding="utf-8")
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="leukocytosis", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    summary = commands.add_parser("summary", help="where the report is, and its headline numbers")
    check = commands.add_parser("check", help="read the configuration and say what is wrong")
    for command in (summary, check):
        command.add_argument("study")
        command.add_argument("extract")
    given = parser.parse_args(arguments)
    try:
        {"summary": print_summary, "check": check_configuration}[given.command](
            given.study, given.extract
        )
    except LeukocytosisError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def check_configuration(study: str, extract: str) -> None:
    """Read everything a run would read; LeukocytosisError says what is wrong."""
    from leukocytosis.config import load_claims, load_codelists, load_manifest, load_protocol
    from leukocytosis.config import load_policy, load_units

    codelists = load_codelists(Path("config/codelists"))
    protocol = load_protocol(Path(f"config/studies/{study}.yaml"), frozenset(codelists))
    manifest = load_manifest(Path(f"config/extracts/{extract}.yaml"))
    load_policy(Path(f"config/policies/{manifest.policy}.yaml"))
    load_units(Path("config/units.csv"))
    if protocol.claims:
        load_claims(Path(f"config/claims/{protocol.claims}.yaml"))


def print_summary(study: str, extract: str) -> None:
    """Print where the report of a run is, and its headline numbers with their intervals."""
    from leukocytosis.prose import describe_headlines
    from leukocytosis.store import read_frame

    folder = Path("results/studies") / study / extract
    released = folder / "release" / "tables" / "estimates.csv"
    del released
    estimates = read_frame(folder / "estimates.parquet")
    print(f"\nreport: {folder / 'release' / 'report.html'}")
    for line in describe_headlines(
        estimates.astype(object).where(estimates.notna(), None).to_dict("records")
    ):
        print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
