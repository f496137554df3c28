"""A release compared with the same numbers made again, row by row, and by its hashes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import load_policy
from leukocytosis.documents import write_manuscript
from leukocytosis.errors import DifferenceError, Problem
from leukocytosis.release import (
    OWN_TABLES,
    STUDY_TABLES,
    TEXTS,
    add_background,
    check_released,
    read_inputs,
    write_headlines,
)
from leukocytosis.report import ReportInputs, write_report, write_tables
from leukocytosis.report.drawing import write_data
from leukocytosis.report.drawings import draw_all
from leukocytosis.tables import BY_NAME
from leukocytosis.verify.compare import Tally, compare_rows
from leukocytosis.verify.hashes import check_all
from leukocytosis.verify.pages import compare_pages
from leukocytosis.verify.recompute import Project, Start, load_project, recompute

READ_ONLY = {
    "study": ("attrition", "ledger", "quality"),
    "extract": ("ledger", "quality"),
    "raw": (),
}
FROM = {
    "study": "the study's person-level tables",
    "extract": "the extract's canonical tables",
    "raw": "the raw files",
}
MOST = 20  # differences printed


@dataclass(frozen=True)
class Verdict:
    """What was compared, and from where it was made again."""

    start: Start
    tallies: Sequence[Tally]

    @property
    def differences(self) -> list[str]:
        """Return a line for each thing that is not what was made again."""
        return [line for tally in self.tallies for line in tally.differs]

    def __str__(self) -> str:
        """Return the counts as a table, then what cannot be made again and why."""
        width = max(len(tally.what) for tally in self.tallies)
        yours = [f"Made again from {FROM[self.start]}, through the disclosure door:", ""]
        yours.append(f"{'':{width}}  {'equal':>7}  {'differ':>7}  {'cannot':>7}")
        for tally in self.tallies:
            counts = (tally.equal, len(tally.differs), len(tally.cannot))
            yours.append(f"{tally.what:{width}}  " + "  ".join(f"{n:>7,}" for n in counts))
        reasons = dict.fromkeys(line for tally in self.tallies for line in tally.cannot)
        return "\n".join([*yours, *(["", *reasons] if reasons else [])]) + "\n"

    def check(self) -> None:
        """Raise DifferenceError when anything differs."""
        found = self.differences
        problems = [Problem(*line.partition(": ")[::2]) for line in found[:MOST]]
        if len(found) > MOST:
            problems.append(Problem("and more", f"{len(found) - MOST} further differences"))
        if problems:
            raise DifferenceError(problems)


def verify(study: str, extract: str, root: Path, start: Start = "study") -> Verdict:
    """Make a study's released numbers again and compare them with what stands in its release.

    `start`: from the study's person-level tables, from the extract's canonical ones, or from the
    raw files. Numbers are equal to 1e-9 of their size, pages by their words; pictures and Word
    files by the hashes of the record alone. Nothing is written outside a temporary folder.
    OutputError when there is no release.
    """
    project = load_project(study, extract, root)
    check_released(project.study)
    with tempfile.TemporaryDirectory() as place:
        scratch, release = Path(place), project.study / "release"
        inputs = _disclose(project, *recompute(project, start, scratch))
        again = _write_again(inputs, root, scratch / "release")
        tallies = [
            *_compare_tables(inputs.frames, release, again, start),
            *_compare_texts(release / "manuscript", again / "manuscript"),
            *_compare_figures(release / "figures", again / "figures"),
            compare_pages(release, again),
        ]
    return Verdict(start, [*tallies, *check_all(project)])


def _disclose(project: Project, study: Path, extract: Path) -> ReportInputs:
    policy = load_policy(project.root / f"config/policies/{project.manifest.policy}.yaml")
    tables = (*STUDY_TABLES, *OWN_TABLES)
    inputs = read_inputs(
        project.protocol, project.manifest, policy, project.claims, extract, study, tables
    )
    return add_background(inputs, policy, project.root)


def _write_again(inputs: ReportInputs, root: Path, folder: Path) -> Path:
    """Write a release without the pictures of its figures; return its folder."""
    drawings, figures = draw_all(inputs), folder / "figures"
    write_report(inputs, folder / "report.html", drawings)
    write_tables(inputs.frames, folder / "tables")
    write_manuscript(inputs, root / TEXTS, folder / "manuscript")
    write_headlines(inputs, folder)
    figures.mkdir()
    for drawing in drawings:
        write_data(drawing.data, figures / f"{drawing.name}.csv")
    return folder


def _compare_tables(
    names: Iterable[str], release: Path, again: Path, start: Start
) -> Iterator[Tally]:
    for name in sorted(names):
        paths = [folder / "tables" / f"{name}.csv" for folder in (release, again)]
        tally = compare_rows(f"table {name}", paths[0], paths[1], BY_NAME[name].key)
        if name in READ_ONLY[start]:
            why = f"{name}: read where it stands; it is made before {FROM[start]} (--from)"
            tally.cannot, tally.equal = [why] * tally.equal, 0
        yield tally


def _compare_texts(release: Path, again: Path) -> Iterator[Tally]:
    """Compare each number of the texts, and what it is bound to."""
    for path in sorted(again.glob("*_numbers.csv")):
        text = path.name.removesuffix("_numbers.csv")
        yield compare_rows(f"numbers of the {text}", release / path.name, path, ("number",))


def _compare_figures(release: Path, again: Path) -> Iterator[Tally]:
    """Compare the rows that each figure draws."""
    for name in sorted({path.name for folder in (release, again) for path in folder.glob("*.csv")}):
        what = f"figure {name.removesuffix('.csv')}"
        yield compare_rows(what, release / name, again / name, ())
