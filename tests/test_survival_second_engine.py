"""Kaplan–Meier, Cox and Wilson by statsmodels on the same data: a second engine that must agree."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.design import code_design
from leukocytosis.survival.proportion import fit_proportion

COHORT = pd.read_csv(Path(__file__).parent / "oracle" / "survival" / "cohort.csv")


def test_kaplan_meier() -> None:
    ours = fit_curve(COHORT["days"], COHORT["status"])
    theirs = SurvfuncRight(COHORT["days"], COHORT["status"])
    here = np.searchsorted(ours.times, theirs.surv_times)
    assert ours.survival[here] == pytest.approx(theirs.surv_prob, rel=1e-10)
    assert ours.n_at_risk[here] == pytest.approx(theirs.n_risk)


def test_cox() -> None:
    fit = fit_cox(code_design(COHORT, ["group", "age", "log2_wbc"], {"group": "infection"}))
    assert isinstance(fit, CoxFit)
    design = fit.design
    centred = design.values - design.values.mean(axis=0)
    theirs = PHReg(design.days, centred, status=design.status, ties="efron").fit()
    # statsmodels stops its search earlier than we do
    assert fit.coefficients == pytest.approx(theirs.params, rel=1e-5)
    assert fit.standard_errors == pytest.approx(theirs.bse, rel=1e-5)


@pytest.mark.parametrize("n", [1, 9, 77, 758])
def test_wilson(n: int) -> None:
    for n_events in range(n + 1):
        ours = fit_proportion(n_events, n)
        theirs = proportion_confint(n_events, n, method="wilson")
        assert (ours.ci_low, ours.ci_high) == pytest.approx(theirs, rel=1e-12, abs=1e-15)


def test_importing_the_estimators_imports_nothing_heavy() -> None:
    modules = ("cox", "curve", "design", "follow_up", "logrank", "proportional_hazards", "row")
    code = (
        "import importlib, sys\n"
        f"for name in {modules}: importlib.import_module('leukocytosis.survival.' + name)\n"
        "heavy = {'pandas', 'scipy', 'lifelines', 'statsmodels', 'matplotlib', 'duckdb'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
