"""Raw files to outcomes at growing size, beside others on the same files in the same run.

Usage: `python -m leukocytosis.bench.road [million lab rows …] [--csv] [--chance]`. The cohort and
the cause of each patient are checked against the drawing's truth.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.bench.alone import Spent, clock, run_plain, scan_bare, scan_six
from leukocytosis.bench.drawn import count_wrong, draw_extract, manifest_data

FOLDER = Path("bench")
TITLES = ("M rows", "form", "order", "of", "ours", "bare", "ratio", "plain", "six cols", "peak MB")


@dataclass(frozen=True)
class Timing:
    """What one size took: us, our peak memory, and others.

    `bare` is the engine's scan, `plain` a script for one study that judges nothing, `six` the
    cheapest reading of six columns of a CSV.
    """

    rows: int
    form: str
    order: str
    ours: Spent
    bare: Spent
    plain: Spent
    six: Spent | None
    peak_megabytes: float

    def __str__(self) -> str:
        """Return the two lines of the printed table: by the clock, and of processor time."""
        return f"{self._line('seconds')}\n{self._line('processor_seconds')}"

    def _line(self, of: str) -> str:
        ours, bare, plain = (getattr(one, of) for one in (self.ours, self.bare, self.plain))
        six = f"{getattr(self.six, of):.1f}" if self.six else ""
        return line(
            f"{self.rows / 1e6:g}", self.form, self.order, of.removesuffix("_seconds"),
            f"{ours:.1f}", f"{bare:.1f}", f"{ours / bare:.2f}", f"{plain:.1f}", six,
            f"{self.peak_megabytes:.0f}",
        )  # fmt: skip


def line(*cells: str) -> str:
    """Return a line of the printed table."""
    return " ".join(f"{cell:>9}" for cell in cells)


def run_road(form: str, folder: Path) -> None:
    """Run raw files to outcomes as the workflow does, telling what each stage took."""
    from leukocytosis.causes import classify, collect_evidence
    from leukocytosis.cohort import find_index, narrow
    from leukocytosis.config import Manifest, load_codelists, load_protocol, load_units
    from leukocytosis.followup import derive_outcomes
    from leukocytosis.standardise import standardise

    out, config = folder / "out", Path("config")
    codelists, units = load_codelists(config / "codelists"), load_units(config / "units.csv")
    protocol = load_protocol(config / "studies/granger2009.yaml")
    manifest = Manifest.model_validate(manifest_data(form, folder))
    steps = {
        "standardise": lambda: standardise(manifest, codelists, units, Path.cwd(), out / "extract"),
        "find_index": lambda: find_index(protocol, codelists, out / "extract", out / "study"),
        "narrow": lambda: narrow(out / "extract", out / "study"),
        "evidence": lambda: collect_evidence(
            protocol, codelists, units, frozenset(), out / "study"
        ),
        "classify": lambda: classify(protocol, out / "study"),
        "outcomes": lambda: derive_outcomes(protocol, out / "extract", out / "study"),
    }
    for step, run in steps.items():
        start = time.perf_counter()
        run()  # type: ignore[no-untyped-call]
        print(f"{step} {time.perf_counter() - start:.2f}", file=sys.stderr)


RUNS = {"road": run_road, "plain": run_plain}


def measure(rows: int, form: str, order: str = "patient", root: Path = FOLDER) -> Timing:
    """Return the timing of one size; SystemExit when a patient differs from the drawing's truth.

    Ours and the plain script are processes of their own, so that each pays for its imports and
    the memory is ours.
    """
    folder = root / f"{rows}_{form}_{order}"
    draw_extract(rows, form, folder, order)
    shutil.rmtree(folder / "out", ignore_errors=True)
    scan_bare(form, folder)  # all find the files in the same cache
    ours = _clock_process("road", form, folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if wrong := count_wrong(rows, folder):
        raise SystemExit(f"{wrong} patients differ from the truth at {rows} rows")
    plain = _clock_process("plain", form, folder)
    six = scan_six(folder / "labs.csv") if form == "csv" else None
    return Timing(rows, form, order, ours, scan_bare(form, folder), plain, six, peak)


def _clock_process(run: str, form: str, folder: Path) -> Spent:
    command = [sys.executable, "-m", "leukocytosis.bench.road", "--run", run, form, str(folder)]
    return clock(lambda: subprocess.run(command, check=True), resource.RUSAGE_CHILDREN)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print per size our seconds, the bare scan's and their ratio, by the clock and of processor.

    The bare scan is DuckDB's: of the six lab columns in Parquet, of a CSV's count of rows.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="*", type=float, default=[1, 5, 20])
    parser.add_argument("--csv", action="store_true", help="also from CSV")
    parser.add_argument("--chance", action="store_true", help="also with labs in no order")
    parser.add_argument(
        "--run", nargs=3, metavar=("WHAT", "FORM", "FOLDER"), help=argparse.SUPPRESS
    )
    given = parser.parse_args(arguments)
    if given.run:
        RUNS[given.run[0]](given.run[1], Path(given.run[2]))
        return
    print(line(*TITLES))
    for millions in given.millions:
        for form in ("parquet", "csv") if given.csv else ("parquet",):
            for order in ("patient", "chance") if given.chance else ("patient",):
                print(measure(int(millions * 1e6), form, order), flush=True)


if __name__ == "__main__":
    main()
