"""Every estimator beside R: `make_oracle.R` made the numbers, `session.txt` says with what."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from leukocytosis.estimation.cox import fit_cox, fit_proportional_hazards
from leukocytosis.estimation.curve import fit_curve, median_follow_up
from leukocytosis.estimation.logrank import fit_logrank

HERE = Path(__file__).parent
GROUPS = ("infection", "plr", "other")


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


def number(text: str) -> float:
    return math.nan if text.strip() == "NA" else float(text)


ROWS = read(HERE / "cohort.csv")
ORACLE = {row["id"]: number(row["value"]) for row in read(HERE / "oracle.csv")}
DAYS = np.array([float(row["days"]) for row in ROWS])
STATUS = np.array([int(row["status"]) for row in ROWS])
GROUP = np.array([GROUPS.index(row["group"]) for row in ROWS])


def near(ours: float | None, oracle_id: str) -> None:
    theirs = ORACLE[oracle_id]
    if math.isnan(theirs):
        assert ours is None or math.isnan(ours)
    else:
        assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("day", [28, 84])
def test_kaplan_meier(group: str, day: int) -> None:
    rows = GROUPS.index(group) == GROUP
    found = fit_curve(DAYS[rows], STATUS[rows]).at(day)
    assert found is not None
    for value, part in zip(found, ("surv", "low", "high"), strict=True):
        near(value, f"km {group} {day} {part}")


@pytest.mark.parametrize("group", GROUPS)
def test_median(group: str) -> None:
    rows = GROUPS.index(group) == GROUP
    found = fit_curve(DAYS[rows], STATUS[rows]).median()
    for value, part in zip(found, ("estimate", "low", "high"), strict=True):
        near(value, f"median {group} {part}")


def test_median_on_a_flat_step() -> None:
    near(fit_curve(np.arange(1.0, 5.0), np.ones(4, dtype=int)).median()[0], "flat median")


def test_median_follow_up() -> None:
    near(median_follow_up(DAYS, STATUS)[0], "reverse median")


def test_log_rank() -> None:
    near(fit_logrank(DAYS, STATUS, GROUP).chi_squared, "logrank chisq")


@pytest.mark.parametrize(("a", "b"), [(0, 1), (0, 2), (1, 2)])
def test_pairwise_log_rank(a: int, b: int) -> None:
    rows = (GROUP == a) | (GROUP == b)
    found = fit_logrank(DAYS[rows], STATUS[rows], GROUP[rows])
    near(found.chi_squared, f"logrank {GROUPS[a]} {GROUPS[b]}")


def test_cox_and_proportional_hazards() -> None:
    names = ("groupplr", "groupother", "age", "x")
    numbers = [np.array([float(row[c]) for row in ROWS]) for c in ("age", "x")]
    design = np.column_stack([GROUP == 1, GROUP == 2, *numbers]).astype(float)
    model = fit_cox(DAYS, STATUS, design, names)
    for i, name in enumerate(names):
        near(float(model.coefficient[i]), f"cox {name} coef")
        near(float(model.standard_error[i]), f"cox {name} se")
    near(model.log_likelihood, "cox loglik")
    near(model.log_likelihood_null, "cox loglik null")
    terms = {"group": [0, 1], "age": [2], "x": [3]}
    for term, (chi, _, _) in fit_proportional_hazards(model, DAYS, STATUS, terms).items():
        near(chi, f"zph {term}")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed here")
def test_the_script_still_makes_these_numbers(tmp_path: Path) -> None:
    subprocess.run(["Rscript", HERE / "make_oracle.R", tmp_path], check=True, capture_output=True)
    for row in read(tmp_path / "oracle.csv"):
        theirs, ours = number(row["value"]), ORACLE[row["id"]]
        assert theirs == pytest.approx(ours, rel=1e-9, nan_ok=True)
