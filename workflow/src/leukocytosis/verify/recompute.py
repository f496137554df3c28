"""The steps of the workflow once more, in a folder of their own, without Snakemake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from leukocytosis.adjudication import adjudicate, find_files
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import (
    Claims,
    Codelist,
    Manifest,
    Protocol,
    Unit,
    load_bias_plan,
    load_claims,
    load_codelists,
    load_manifest,
    load_protocol,
    load_units,
)
from leukocytosis.errors import OutputError, Problem
from leukocytosis.estimate import Beside, estimate
from leukocytosis.followup import derive_analysis_set, derive_otherwise, derive_outcomes
from leukocytosis.multiverse import TABLES, Vocabulary, fit_multiverse
from leukocytosis.provenance import read_record
from leukocytosis.scorecard import describe_setting, is_own
from leukocytosis.standardise import standardise
from leukocytosis.standardise.occurrence import count_codes

Start = Literal["study", "extract", "raw"]  # person-level tables of the study, canonical, raw files
ESTIMATED = (
    "estimates",
    "curves",
    "states",
    "white_counts",
    "table_one",
    "scorecard",
    "accuracy",
)


@dataclass(frozen=True)
class Project:
    """A study on an extract with all it is configured by; `root` is the project's folder."""

    root: Path
    protocol: Protocol
    manifest: Manifest
    codelists: dict[str, Codelist]
    units: tuple[Unit, ...]

    @property
    def claims(self) -> Claims | None:
        """Return the published numbers the study is scored by, if it has any."""
        name = self.protocol.claims
        return load_claims(self.root / f"config/claims/{name}.yaml") if name else None

    @property
    def study(self) -> Path:
        """Return the folder of the study's tables."""
        return self.root / "results/studies" / self.protocol.study / self.manifest.extract

    @property
    def extract(self) -> Path:
        """Return the folder of the extract's tables."""
        return self.root / "results/extracts" / self.manifest.extract


def load_project(study: str, extract: str, root: Path) -> Project:
    """Return a study on an extract as config/ describes it; ConfigError when it cannot be read."""
    config = root / "config"
    return Project(
        root,
        load_protocol(config / f"studies/{study}.yaml"),
        load_manifest(config / f"extracts/{extract}.yaml"),
        load_codelists(config / "codelists"),
        load_units(config / "units.csv"),
    )


def recompute(project: Project, start: Start, scratch: Path) -> tuple[Path, Path]:
    """Make the tables again; return the folders of the study's and of the extract's.

    What comes before the start is read where it stands, through links in `scratch`.
    """
    study, extract = scratch / "study", scratch / "extract"
    if start == "raw":
        standardise(project.manifest, project.codelists, project.units, project.root, extract)
    else:
        _link_tables(project.extract, extract, ("codelists",))
    extracts = project.root / "config/extracts"
    count_codes(project.manifest, project.codelists, extracts, extract)
    if start == "study":
        _link_tables(project.study, study, (*ESTIMATED, *TABLES))
    else:
        study.mkdir()
        _follow(project, extract, study)
    _estimate(project, extract, study)
    return study, extract


def _link_tables(folder: Path, to: Path, without: Collection[str]) -> None:
    to.mkdir(parents=True)
    for path in sorted(folder.glob("*.parquet")):
        if path.stem not in without:
            (to / path.name).symlink_to(path.resolve())


def _follow(project: Project, extract: Path, study: Path) -> None:
    """From canonical tables to the analysis set."""
    protocol, manifest = project.protocol, project.manifest
    find_index(protocol, project.codelists, extract, study)
    narrow(extract, study)
    absent = frozenset(manifest.absent)
    collect_evidence(protocol, project.codelists, project.units, absent, study)
    classify(protocol, study)
    asked = manifest.reviews.get(protocol.study)
    files = find_files(asked, manifest, project.root) if asked else None
    adjudicate(protocol, manifest.extract, files, study, use=bool(asked and asked.use_adjudicated))
    derive_outcomes(protocol, extract, study)
    derive_otherwise(protocol, extract, study)
    derive_analysis_set(protocol, project.codelists, study)


def _estimate(project: Project, extract: Path, study: Path) -> None:
    """From the analysis set to every number."""
    protocol, manifest, config = project.protocol, project.manifest, project.root / "config"
    settings = _read_settings(project, "estimates")
    drawn = {"accuracy": manifest.accuracy, "dates_shifted": manifest.dates_shifted}
    planted = manifest.truth if manifest.drawn_for == protocol.study else None
    beside = Beside(
        extract / "encounters.parquet",
        project.claims,
        project.root / manifest.root / planted if planted else None,
        describe_setting(manifest, protocol.claims),
        settings["seed"],
        load_bias_plan(config, {**settings["bias"], **drawn}, protocol.cause_ids),
        is_own(manifest, protocol.claims),
    )
    estimate(protocol, study, beside)
    vocabulary = Vocabulary(project.codelists, project.units, frozenset(manifest.absent))
    seed = _read_settings(project, "multiverse")["seed"]
    fit_multiverse(protocol, vocabulary, extract, study, seed)


def _read_settings(project: Project, table: str) -> Mapping[str, Any]:
    """Return what a table's step was run with: config.yaml may have been overridden, or edited."""
    record = read_record(project.study / f"{table}.parquet")
    if record is None:
        raise OutputError(
            Problem(table, "carries no record of its settings", "run the study again")
        )
    return record.configuration
