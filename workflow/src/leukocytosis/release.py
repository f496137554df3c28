"""The release stage: aggregate tables through the disclosure door, then report, figures, tables."""

from __future__ import annotations

from pathlib import Path

from leukocytosis.config import Claims, Manifest, Policy, Protocol
from leukocytosis.disclosure import disclose
from leukocytosis.report import ReportInputs, describe_headlines, write_release
from leukocytosis.store import read_frame

STUDY_TABLES = ("attrition", "estimates", "curves", "table_one", "scorecard", "accuracy")
EXTRACT_TABLES = ("quality", "ledger")
HEADLINES = "headlines.txt"


def release(
    protocol: Protocol,
    manifest: Manifest,
    policy: Policy,
    claims: Claims | None,
    extract: Path,
    folder: Path,
) -> None:
    """Write `release/` of a study: what may leave, and nothing else.

    `folder` is the release folder within the study's results. DisclosureError when a person-level
    table was about to leave.
    """
    study = folder.parent
    frames = {name: read_frame(study / f"{name}.parquet") for name in STUDY_TABLES}
    frames |= {name: read_frame(extract / f"{name}.parquet") for name in EXTRACT_TABLES}
    inputs = ReportInputs(protocol, manifest, disclose(frames, policy), claims)
    write_release(inputs, folder)
    lines = "".join(f"{line}\n" for line in describe_headlines(inputs))
    (folder / HEADLINES).write_text(lines, encoding="utf-8")
