"""The race beside R: the same work, and the same answers."""

from __future__ import annotations

import shutil

import pytest

from leukocytosis import bench_survival
from leukocytosis.bench_survival import Race, draw_patients, fit_log_ratio, fit_survival, race


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
    patients = draw_patients(bench_survival.N_PATIENTS)
    assert patients["days"].between(1, 84).all()
    assert patients["days"].duplicated().any()
    assert set(patients["group"]) == {"infection", "plr", "other"}
