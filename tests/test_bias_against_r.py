"""The parts of the bias analysis against R, on numbers committed beside the script.

`tests/oracle/bias/make_oracle.R` wrote the cohort and the numbers. Relative tolerance 1e-6; the
shares of true groups 1e-5 absolute: both come from an iteration that stops.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import check_made_again, read_values

from leukocytosis.bias.e_value import convert_hazard_ratio, e_value_of
from leukocytosis.bias.imputation import AT_ONCE, Fates, pool
from leukocytosis.bias.many_curves import fit_many_risks
from leukocytosis.bias.many_models import fit_many
from leukocytosis.bias.redraw import _share_groups
from leukocytosis.survival.curve import fit_curve

FOLDER = Path(__file__).parent / "oracle" / "bias"
COHORT = pd.read_csv(FOLDER / "cohort.csv")
ORACLE = read_values(FOLDER)
DAYS, STATUS = COHORT["days"].to_numpy(float), COHORT["status"].to_numpy(np.int64)
GROUPS = COHORT["group"].to_numpy(str)
COPIES = np.stack([COHORT[f"group_{i}"].to_numpy(str) for i in range(1, 6)])
HORIZON = 84.0
close = pytest.approx


def r(what: str, key: str) -> pd.Series:
    return ORACLE.loc[(what, key)]


def design(labels: np.ndarray) -> np.ndarray:
    age = np.broadcast_to(COHORT["age"].to_numpy(float), labels.shape)
    return np.stack([labels == "other", labels == "plr", age], axis=2).astype(float)


def assert_same_model(
    key: str, what: str, coefficients: np.ndarray, covariance: np.ndarray
) -> None:
    theirs = r(what, key)
    names = ["other", "plr", "age"]
    assert coefficients == close(theirs[names].to_numpy(), rel=1e-6)
    errors = theirs[[f"error {name}" for name in names]].to_numpy()
    assert np.sqrt(np.diag(covariance)) == close(errors, rel=1e-6)


@pytest.mark.parametrize("key", ORACLE.loc["e-value"].index.get_level_values("key").unique())
def test_e_values(key: str) -> None:
    ratio, low, high, rare = (float(part) for part in key.split("/"))
    theirs = r("e-value", key)
    assert convert_hazard_ratio(ratio, common=not rare) == close(theirs["ratio"], rel=1e-6)
    ours = e_value_of(ratio, low, high, common=not rare)
    assert ours == close((theirs["estimate"], theirs["interval"]), rel=1e-6)


def test_many_models_at_once() -> None:
    fits = fit_many(design(COPIES), DAYS[None], STATUS[None])
    assert fits.found.all()
    for i in range(5):
        assert_same_model(str(i + 1), "cox", fits.coefficients[i], fits.covariance[i])


@pytest.mark.parametrize("group", ["infection", "plr", "other"])
def test_many_curves_at_once(group: str) -> None:
    at_days = np.array([28.0, 56.0, 84.0])
    centre, error = fit_many_risks(group == COPIES, DAYS, STATUS, at_days)
    for i in range(5):
        theirs = r("risk", f"{i + 1}@{group}")
        assert centre[i] == close(theirs[[f"log(-log) {d:g}" for d in at_days]].to_numpy())
        assert error[i] == close(theirs[[f"error {d:g}" for d in at_days]].to_numpy())


def fates() -> Fates:
    grid = np.unique(DAYS[STATUS == 1])
    curves = {}
    for group in np.unique(GROUPS):
        curve = fit_curve(DAYS[group == GROUPS], STATUS[group == GROUPS])
        here = np.searchsorted(curve.times, grid, side="right") - 1
        curves[str(group)] = curve.survival[here][None]
    luck = COHORT["luck"].to_numpy()[None]
    return Fates(DAYS, STATUS, GROUPS, HORIZON, grid, curves, luck)


@pytest.mark.parametrize(
    ("key", "delta"),
    [("never", 0.0), ("at once", AT_ONCE), ("0.5", 0.5), ("1", 1.0), ("4", 4.0)],
)
def test_the_fate_of_those_lost(key: str, delta: float) -> None:
    days, status = fates().impute(np.ones(DAYS.size, dtype=bool), delta)
    fits = fit_many(design(GROUPS[None]), days, status)
    assert_same_model(key, "imputed", fits.coefficients[0], fits.covariance[0])


@pytest.mark.parametrize("m", [2, 10])
def test_pooling(m: int) -> None:
    k = np.arange(1, m + 1)
    ours = pool(np.log(1.2 + 0.05 * np.sin(k)), 0.04 + 0.002 * np.cos(k))
    assert ours == close(r("pool", str(m))[["estimate", "low", "high"]].to_numpy(), rel=1e-6)


def test_the_shares_of_true_groups_within_each_outcome() -> None:
    classified = np.array(
        [[0.8, 0.15, 0.02], [0.1, 0.7, 0.03], [0.04, 0.05, 0.9], [0.06, 0.1, 0.05]]
    )
    found = np.array([[60.0, 25, 100, 12], [40, 9, 300, 8], [3, 30, 4, 2]])
    joint = classified * np.array([0.2, 0.1, 0.7])
    ours = _share_groups(joint[None], found[None])[0]
    for s in range(3):
        assert ours[s] == close(r("shares", str(s + 1)).to_numpy(), abs=1e-5)


def test_the_script_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)
