"""The release stage: aggregate tables through the disclosure door, then report, figures, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from leukocytosis.config import (
    Claims,
    Manifest,
    Page,
    Policy,
    Protocol,
    load_claims,
    load_codelists,
    load_manifest,
    load_policy,
    load_protocol,
    load_published_cases,
    load_references,
)
from leukocytosis.crate import RECORD, SOURCES
from leukocytosis.disclosure import disclose, disclose_together
from leukocytosis.documents import write_manuscript, write_readme
from leukocytosis.errors import OutputError, Problem
from leukocytosis.report import (
    Background,
    ReportInputs,
    describe_headlines,
    write_comparison,
    write_release,
)
from leukocytosis.store import read_frame

STUDY_TABLES = ("attrition", "estimates", "curves", "states", "table_one", "scorecard", "accuracy")
# not on the page of studies
OWN_TABLES = ("white_counts", "multiverse", "variants", "decisions", "options")
EXTRACT_TABLES = ("quality", "ledger", "codelists")
HEADLINES = "headlines.txt"
TEXTS = Path("config/texts")  # the templates of the manuscript
CODELISTS = Path("config/codelists")
CASES = Path("config/cases")  # patients of published articles


def release(
    protocol: Protocol,
    manifest: Manifest,
    policy: Policy,
    claims: Claims | None,
    extract: Path,
    folder: Path,
    page: Page | None = None,
) -> None:
    """Write `release/` of a study: what may leave, and nothing else.

    `folder` is the release folder within the study's results; figures are sized for the journal of
    the page. TextError when a text of config/texts holds a number bound to nothing;
    DisclosureError when a person-level table was about to leave.
    """
    tables = (*STUDY_TABLES, *OWN_TABLES)
    read = read_inputs(protocol, manifest, policy, claims, extract, folder.parent, tables)
    inputs = add_background(read, policy)
    write_release(inputs, folder, page)
    write_manuscript(inputs, TEXTS, folder / "manuscript")
    write_headlines(inputs, folder)
    write_readme(inputs, folder, coming=(RECORD, SOURCES))


def write_headlines(inputs: ReportInputs, folder: Path) -> None:
    """Write the answer in a few sentences, a line each."""
    lines = "".join(f"{line}\n" for line in describe_headlines(inputs))
    (folder / HEADLINES).write_text(lines, encoding="utf-8")


def add_background(inputs: ReportInputs, policy: Policy, root: Path = Path()) -> ReportInputs:
    """Return a study's tables with what texts and figures tell besides the study's numbers.

    ConfigError for a file under `root` that is wrong.
    """
    references = load_references(root / TEXTS / "references.yaml")
    background = Background(policy, load_codelists(root / CODELISTS), references)
    cases = load_published_cases(root / CASES)
    return replace(inputs, background=background, cases=cases)


def read_inputs(
    protocol: Protocol,
    manifest: Manifest,
    policy: Policy,
    claims: Claims | None,
    extract: Path,
    study: Path,
    tables: Sequence[str] = STUDY_TABLES,
) -> ReportInputs:
    """Return a study's aggregate tables as they may leave; DisclosureError for any other."""
    frames = {name: read_frame(study / f"{name}.parquet") for name in tables}
    frames |= {name: read_frame(extract / f"{name}.parquet") for name in EXTRACT_TABLES}
    return ReportInputs(protocol, manifest, disclose(frames, policy), claims)


def load_inputs(study: str, extract: str, root: Path = Path()) -> ReportInputs:
    """Return a study's aggregate tables as they may leave, with its configuration, from disk.

    `root` is the project's folder. OutputError when the study has not been run on the extract.
    """
    config, folder = root / "config", root / "results/studies" / study / extract
    protocol = load_protocol(config / f"studies/{study}.yaml")
    manifest = load_manifest(config / f"extracts/{extract}.yaml")
    check_released(folder)
    policy = load_policy(config / f"policies/{manifest.policy}.yaml")
    claims = load_claims(config / f"claims/{protocol.claims}.yaml") if protocol.claims else None
    tables, of_extract = (*STUDY_TABLES, *OWN_TABLES), root / "results/extracts" / extract
    return read_inputs(protocol, manifest, policy, claims, of_extract, folder, tables)


def check_released(study: Path) -> None:
    """Raise OutputError when a study's folder holds no release."""
    if not (study / "release/report.html").exists():
        run = f"run `leukocytosis run {study.parent.name} {study.name}` first"
        raise OutputError(Problem(str(study / "release"), "is not there yet", run))


def compare(
    studies: Sequence[tuple[Protocol, Claims | None]],
    manifest: Manifest,
    policy: Policy,
    results: Path,
    folder: Path,
) -> None:
    """Write the page that sets several studies of one extract beside each other.

    `results` is the project's results folder, `folder` the release folder of the comparison.
    """
    write_comparison(read_family(studies, manifest, policy, results), folder)


def read_family(
    studies: Sequence[tuple[Protocol, Claims | None]],
    manifest: Manifest,
    policy: Policy,
    results: Path,
) -> list[ReportInputs]:
    """Return several studies' aggregate tables as they may stand on one page."""
    extract = results / "extracts" / manifest.extract
    alone = [
        read_inputs(protocol, manifest, policy, claims, extract,
                    results / "studies" / protocol.study / manifest.extract)
        for protocol, claims in studies
    ]  # fmt: skip
    frames = disclose_together({m.protocol.study: dict(m.frames) for m in alone}, policy)
    return [replace(m, frames=frames[m.protocol.study]) for m in alone]
