"""Extracts and studies at the edge: nobody in the cohort, tables missing, files misread."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import CODELISTS, ROOT, SEED, UNITS, Run, protocol_of, run_study

from leukocytosis.config import load_manifest, load_policy
from leukocytosis.errors import ExtractError
from leukocytosis.estimate import Beside, estimate
from leukocytosis.multiverse import Vocabulary, fit_multiverse
from leukocytosis.release import release
from leukocytosis.standardise import files, opening

TINY = load_manifest(ROOT / "config/extracts/tiny.yaml")
Read = Callable[[], Path]
VOCABULARY = Vocabulary(CODELISTS, UNITS, frozenset())
GLYPHS = re.compile(r"base64,[^)]*")  # of embedded fonts; letters in it say nothing


def estimate_all(run: Run) -> None:
    """Write every number a release needs."""
    protocol = protocol_of("granger2009")
    estimate(protocol, run.study, Beside(run.extract / "encounters.parquet"))
    fit_multiverse(protocol, VOCABULARY, run.extract, run.study, SEED)


def publish(run: Run, policy: str = "open") -> str:
    """Release a run that is estimated; return the report."""
    folder = run.study / "release"
    rules = load_policy(ROOT / f"config/policies/{policy}.yaml")
    release(protocol_of("granger2009"), TINY, rules, None, run.extract, folder)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def estimated(tiny: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny study with every number a release needs; each release replaces the last."""
    folder = tmp_path_factory.mktemp("estimated") / "study"
    run = Run(tiny.extract, shutil.copytree(tiny.study, folder))
    estimate_all(run)
    return run


def test_nobody_in_the_cohort_is_said_and_nothing_is_estimated(tmp_path: Path) -> None:
    protocol = protocol_of("granger2009")
    above = protocol.index.above.model_copy(update={"value": 10_000})
    index = protocol.index.model_copy(update={"above": above})
    run = run_study(protocol.model_copy(update={"index": index}), TINY, tmp_path)
    estimate_all(run)
    report = publish(run)
    estimates = pd.read_parquet(run.study / "estimates.parquet")
    risks = estimates[estimates["analysis_id"].isin(["risk", "cox_adjusted", "cause_shares"])]
    assert len(risks) and risks["estimate"].isna().all()
    assert risks["note"].str.contains("cannot be estimated, because").all()
    assert "cannot be estimated" in report


def test_without_pharmacy_and_laboratory_of_microbes_nobody_has_plr(tmp_path: Path) -> None:
    tables = {name: t for name, t in TINY.tables.items() if name not in ("drugs", "microbiology")}
    absent = {"drugs": "no pharmacy", "microbiology": "not exported"}
    manifest = TINY.model_copy(update={"tables": tables, "absent": absent})
    run = run_study(protocol_of("granger2009"), manifest, tmp_path)
    causes = pd.read_parquet(run.study / "causes.parquet")
    assert set(causes["primary_cause"]) == {"new_leukaemia", "undetermined"}
    assert causes["decided_by"].str.contains("short_acting_growth_factor").sum() == 27


def test_a_closed_policy_hides_small_counts_in_the_report(estimated: Run) -> None:
    publish(estimated, policy="default")
    shares = pd.read_csv(estimated.study / "release/tables/estimates.csv")
    counts = shares.loc[shares["analysis_id"] == "cause_shares", "n_events"].dropna()
    assert not counts.between(1, 4).any()
    variants = pd.read_csv(estimated.study / "release/tables/multiverse.csv")
    assert len(variants) and variants[["n", "n_events"]].isna().all(axis=None)


def test_the_release_holds_no_patient_id(estimated: Run) -> None:
    publish(estimated)
    for path in (estimated.study / "release").rglob("*"):
        if path.suffix in (".html", ".csv", ".svg", ".txt"):
            text = GLYPHS.sub("", path.read_text(encoding="utf-8"))
            assert not any(f"T{n:02d}" in text for n in range(10, 37)), path.name


def test_an_encoding_nobody_declared(project: Path, read_tiny: Read) -> None:
    raw = project / "tests/data/tiny/labs.csv"
    raw.write_bytes(raw.read_bytes().replace(b"K/uL", "K/µL".encode("latin-1")))
    with pytest.raises(ExtractError, match=r"labs.csv:\d+: cannot be read") as caught:
        read_tiny()
    assert "T01" not in str(caught.value)


def test_numbers_and_times_already_typed(project: Path, read_tiny: Read, tiny: Run) -> None:
    folder, manifest = project / "tests/data/tiny", project / "config/extracts/tiny.yaml"
    stays = pd.read_csv(folder / "encounters.csv", parse_dates=["start", "end"])
    stays.to_parquet(folder / "encounters.parquet")
    people = pd.read_csv(folder / "patients.csv", parse_dates=["from_", "until"])
    people.to_parquet(folder / "patients.parquet")
    text = manifest.read_text().replace("encounters.csv", "encounters.parquet")
    manifest.write_text(text.replace("{path: patients.csv}", "{path: patients.parquet}"))
    out = read_tiny()
    for table in ("encounters", "patients"):
        typed = pd.read_parquet(out / f"{table}.parquet")
        pd.testing.assert_frame_equal(typed, pd.read_parquet(tiny.extract / f"{table}.parquet"))


def test_a_folder_without_permission(read_tiny: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(root: Path, file: object) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(root))

    for room in (files, opening):  # tests may run as root, who may do anything
        monkeypatch.setattr(room, "find_paths", refuse)
    with pytest.raises(ExtractError) as caught:
        read_tiny()
    assert "labs.csv: cannot be opened: Permission denied" in str(caught.value)
    assert "(7 problems)" in str(caught.value)
