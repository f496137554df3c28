"""The published studies, each run on the tiny extract as far as its scorecard."""

from __future__ import annotations

from pathlib import Path

from conftest import CODELISTS, ROOT, UNITS, Run, protocol_of

from leukocytosis.adjudication import adjudicate
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import load_claims, load_manifest, load_policy
from leukocytosis.estimate import Beside, estimate
from leukocytosis.followup import derive_analysis_set, derive_otherwise, derive_outcomes
from leukocytosis.release import read_family
from leukocytosis.report import ReportInputs

FAMILY = {path.stem: path for path in sorted((ROOT / "config/claims").glob("*.yaml"))}


def run_family(tiny: Run, folder: Path) -> Path:
    """Run each study on the tiny extract; return the folder of results."""
    (folder / "extracts").mkdir()
    (folder / "extracts/tiny").symlink_to(tiny.extract)
    for study, claims in FAMILY.items():
        protocol, out = protocol_of(study), folder / "studies" / study / "tiny"
        find_index(protocol, CODELISTS, tiny.extract, out)
        narrow(tiny.extract, out)
        collect_evidence(protocol, CODELISTS, UNITS, frozenset(), out)
        classify(protocol, out)
        adjudicate(protocol, "tiny", None, out, use=False)
        derive_outcomes(protocol, tiny.extract, out)
        derive_otherwise(protocol, tiny.extract, out)
        derive_analysis_set(protocol, CODELISTS, out)
        encounters = tiny.extract / "encounters.parquet"
        estimate(protocol, out, Beside(encounters, load_claims(claims)))
    return folder


def read_members(family: Path, policy: str) -> list[ReportInputs]:
    """Return what a policy lets the page of all studies say."""
    return read_family(
        [(protocol_of(study), load_claims(claims)) for study, claims in FAMILY.items()],
        load_manifest(ROOT / "config/extracts/tiny.yaml"),
        load_policy(ROOT / f"config/policies/{policy}.yaml"),
        family,
    )
