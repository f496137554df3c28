"""The races: the same work as others, and the right answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from leukocytosis.bench import survival
from leukocytosis.bench.drawn import count_wrong
from leukocytosis.bench.road import measure
from leukocytosis.bench.survival import Race, draw_patients, fit_log_ratio, fit_survival, race


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize(("task", "fit"), [("cox", fit_log_ratio), ("curve", fit_survival)])
def test_both_find_the_same(task: str, fit: object) -> None:
    found = race("few", task, 200, 3, fit)
    assert found.r_seconds is not None and found.r_seconds > 0
    assert found.apart is not None and found.apart < 1e-5  # R stops at 1e-9 of the likelihood


def test_without_r_our_own_time_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    alone = race("few", "curve", 50, 2, fit_survival)
    assert (alone.r_seconds, alone.apart) == (None, None)
    assert str(alone).split()[:1] == ["few"]
    assert f"{Race('few', 0.5, 1.0, 1e-9)}".split() == ["few", "0.50", "1.00", "2.0", "1e-09"]


def test_the_patients_are_those_of_a_study() -> None:
    patients = draw_patients(survival.N_PATIENTS)
    assert patients["days"].between(1, 84).all()
    assert patients["days"].duplicated().any()
    assert set(patients["group"]) == {"infection", "plr", "other"}


@pytest.mark.parametrize(
    ("form", "order"), [("parquet", "patient"), ("parquet", "chance"), ("csv", "chance")]
)
def test_every_way_to_draw_an_extract_leads_to_its_truth(
    tmp_path: Path, form: str, order: str
) -> None:
    rows = 400_000  # eight patients of the cohort
    timing = measure(rows, form, order, tmp_path)
    assert timing.ours.processor_seconds > 0 and (timing.six is None) == (form == "parquet")
    assert len(str(timing).splitlines()) == 2
    (folder,) = tmp_path.iterdir()
    alone = f"SELECT count(DISTINCT patient_id) FROM '{folder}/plain/labs.parquet'"
    assert duckdb.sql(alone).fetchall() == [(16,)]  # half of them have no tumour
    causes = folder / "out/study/causes.parquet"
    less = f"SELECT * REPLACE ('plr' AS primary_cause) FROM '{causes}'"
    duckdb.sql(f"COPY ({less}) TO '{tmp_path}/causes.parquet'")
    Path(tmp_path / "causes.parquet").replace(causes)
    assert count_wrong(rows, folder) > 0
