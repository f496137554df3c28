"""Competing risks against R's survival and cmprsk, on numbers committed beside the script.

`tests/oracle/competing/make_oracle.R` wrote the data and the numbers. Relative tolerance 1e-6; only
`finegray` differs on tied days, because it counts who had the event as gone when others are
censored that day (`crr`, and we, as still there): within 0.001 there, and 1e-6 without ties.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import check_made_again, read_values

from leukocytosis.survival.competing.fine_gray import FineGrayFit, fine_gray_rows, fit_fine_gray
from leukocytosis.survival.competing.gray import METHOD, fit_gray
from leukocytosis.survival.competing.occupation import Occupation, fit_occupation
from leukocytosis.survival.competing.paths import find_paths
from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.design import code_design

FOLDER = Path(__file__).parent / "oracle" / "competing"
DATA_SETS = ("cohort", "small", "mgus2", "untied")
STATES = {"alive": (0,), "hospice": (1,), "after": (2,), "without": (3,)}
INCIDENCE = {"hospice": (1, 2), "death": (3,)}
STATUS = {"hospice": 1, "death": 2}
ORACLE = read_values(FOLDER)
close = pytest.approx


def r(data: str, what: str, key: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in ORACLE.loc[(data, what, key)].items()}


def keys(data: str, what: str) -> list[str]:
    return sorted(ORACLE.loc[(data, what)].index.get_level_values("key").unique())


def read(data: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{data}.csv")


def occupation(data: str, group: str, *, follow_hospice: bool) -> Occupation:
    frame = read(data)
    rows = frame if group == "all" else frame[frame["group"] == group]
    later = (rows["last"], rows["died"]) if follow_hospice else ()
    paths = find_paths(rows["days"], rows["status"] == 1, rows["status"] == 2, *later)
    return fit_occupation(paths, (*STATES.values(), INCIDENCE["hospice"]))


def assert_same(
    fit: Occupation, measure: tuple[int, ...], day: float, theirs: dict[str, float]
) -> None:
    here = np.searchsorted(fit.times, day, side="right") - 1
    column = fit.measures.index(measure)
    assert fit.probability[here, column] == close(theirs["pstate"], rel=1e-6, abs=1e-12)
    assert fit.error[here, column] == close(theirs["std.err"], rel=1e-6, abs=1e-12)
    number = fit.at(measure, day)
    if number.estimate is not None and 0 < number.estimate < 1:  # at 0 and 1 R has no interval
        assert number.ci_low == close(theirs["lower"], rel=1e-6)
        assert number.ci_high == close(theirs["upper"], rel=1e-6)


@pytest.mark.parametrize("data", DATA_SETS)
def test_states_and_their_intervals_are_those_of_survfit(data: str) -> None:
    groups = {key.split("@")[0] for key in keys(data, "states")}
    fits = {group: occupation(data, group, follow_hospice=True) for group in groups}
    for key in keys(data, "states"):
        group, day, state = key.split("@")
        assert_same(fits[group], STATES[state], float(day), r(data, "states", key))


@pytest.mark.parametrize("data", DATA_SETS)
@pytest.mark.parametrize("follow_hospice", [True, False])
def test_incidence_is_that_of_survfit_and_of_cuminc(data: str, follow_hospice: bool) -> None:
    groups = {key.split("@")[0] for key in keys(data, "incidence")}
    fits = {group: occupation(data, group, follow_hospice=follow_hospice) for group in groups}
    for key in keys(data, "incidence"):
        group, day, event = key.split("@")
        assert_same(fits[group], INCIDENCE[event], float(day), r(data, "incidence", key))
    for key in keys(data, "cuminc"):
        group, day, event = key.split("@")
        theirs = r(data, "cuminc", key)["est"]
        fit = fits[group]
        here = np.searchsorted(fit.times, float(day), side="right") - 1
        ours = fit.probability[here, fit.measures.index(INCIDENCE[event])]
        assert np.isnan(theirs) or ours == close(theirs, rel=1e-6, abs=1e-12)


def of_event(frame: pd.DataFrame, event: str) -> pd.DataFrame:
    status = np.where(frame["status"] == STATUS[event], 1, np.where(frame["status"] > 0, 2, 0))
    return frame.assign(status=status)


@pytest.mark.parametrize("event", list(STATUS))
@pytest.mark.parametrize("data", DATA_SETS)
def test_gray_is_that_of_cuminc(data: str, event: str) -> None:
    frame = of_event(read(data), event)
    ours, theirs = fit_gray(frame["days"], frame["status"], frame["group"]), r(data, "gray", event)
    assert ours.chi_squared == close(theirs["chisq"], rel=1e-6)
    assert ours.df == theirs["df"]
    assert (ours.method == METHOD) == (data != "small")
    if data != "small":  # ours comes from permutation there
        assert ours.p_value == close(theirs["p"], rel=1e-6)


def model(data: str, event: str) -> tuple[list[str], dict[str, str], list[str]]:
    """Covariates, references and R's names of the columns, in our order."""
    names = [key.split("@")[1] for key in ORACLE.loc[(data, "crr")].index.unique("key")
             if key.startswith(event)]  # fmt: skip
    groups = sorted(name for name in names if name.startswith("group"))
    others = [name for name in ("age", "male", "log2_wbc") if name in names]
    references = {"group": "infection"} if groups else {}
    return [*references, *others], references, [*groups, *others]


@pytest.mark.parametrize("event", list(STATUS))
@pytest.mark.parametrize("data", DATA_SETS)
def test_fine_gray_is_crr(data: str, event: str) -> None:
    covariates, references, names = model(data, event)
    frame = of_event(read(data), event)
    fit = fit_fine_gray(frame, covariates, references, min_events_per_parameter=0)
    assert isinstance(fit, FineGrayFit)
    theirs = [r(data, "crr", f"{event}@{name}") for name in names]
    assert fit.coefficients == close([row["coefficient"] for row in theirs], rel=1e-6)
    assert fit.standard_errors == close([row["se"] for row in theirs], rel=1e-6)
    rows = fine_gray_rows(fit, analysis_id="fine_gray", outcome_id=event)
    for row, crr in zip(rows, theirs, strict=False):
        assert (row.ci_low, row.ci_high) == close((crr["low"], crr["high"]), rel=1e-6)
    finegray = [r(data, "finegray", f"{event}@{name}")["coefficient"] for name in names]
    tolerance = {"rel": 1e-6} if data == "untied" else {"rel": 0, "abs": 1e-3}
    assert fit.coefficients == close(finegray, **tolerance)


@pytest.mark.parametrize("event", list(STATUS))
@pytest.mark.parametrize("data", DATA_SETS)
def test_cause_specific_is_coxph(data: str, event: str) -> None:
    covariates, references, names = model(data, event)
    frame = read(data)
    frame["status"] = (frame["status"] == STATUS[event]).astype(int)
    fit = fit_cox(code_design(frame, covariates, references), min_events_per_parameter=0)
    assert isinstance(fit, CoxFit)
    theirs = [r(data, "cause-specific", f"{event}@{name}") for name in names]
    assert fit.coefficients == close([row["coefficient"] for row in theirs], rel=1e-6)
    assert fit.standard_errors == close([row["se"] for row in theirs], rel=1e-6)


def test_the_script_still_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)
