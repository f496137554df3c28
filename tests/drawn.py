"""Inputs that figures are drawn from in tests: studies run whole, under both policies, and none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import report_fixtures as fixtures
from conftest import CODELISTS, ROOT, SEED, UNITS, Run, protocol_of, run_study

from leukocytosis.config import load_manifest, load_policy
from leukocytosis.config.bias import BiasPlan
from leukocytosis.disclosure import disclose
from leukocytosis.estimate import Beside, estimate
from leukocytosis.multiverse import Vocabulary, fit_multiverse
from leukocytosis.release import OWN_TABLES, STUDY_TABLES, read_inputs
from leukocytosis.report import ReportInputs
from leukocytosis.synthetic import draw_extract

STUDY = "granger2009"


def run_synthetic(folder: Path) -> ReportInputs:
    """Return the inputs of the default study: hundreds of patients, and every figure drawn."""
    shutil.copytree(ROOT / "config", folder / "config")
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    source = folder / manifest.root
    draw_extract(source, SEED)
    run = run_study(protocol_of(STUDY), manifest, folder, folder)
    return finish(run, "synthetic", source / str(manifest.truth))


def finish(run: Run, extract: str, truth: Path | None = None) -> ReportInputs:
    """Return the inputs of a study that has been run up to its analysis set."""
    manifest, protocol = load_manifest(ROOT / f"config/extracts/{extract}.yaml"), protocol_of(STUDY)
    encounters = run.extract / "encounters.parquet"
    plan = BiasPlan(SEED, draws=20, imputations=2)
    estimate(protocol, run.study, Beside(encounters, truth=truth, bias=plan))
    vocabulary = Vocabulary(CODELISTS, UNITS, frozenset(manifest.absent))
    fit_multiverse(protocol, vocabulary, run.extract, run.study, SEED)
    policy = load_policy(ROOT / "config/policies/open.yaml")
    tables = (*STUDY_TABLES, *OWN_TABLES)
    return read_inputs(protocol, manifest, policy, None, run.extract, run.study, tables)


def close(inputs: ReportInputs) -> ReportInputs:
    """Return what a closed policy leaves of some inputs."""
    policy = load_policy(ROOT / "config/policies/default.yaml")
    return replace(inputs, frames=disclose(dict(inputs.frames), policy))


def nobody() -> ReportInputs:
    """Return the inputs of a study that found no patient."""
    return fixtures.nobody()
