"""Every estimator against R's survival package, on numbers committed beside the script.

`tests/oracle/survival/make_oracle.R` wrote the data and the numbers; `session_info.txt` says with
what. Relative tolerance 1e-6 throughout.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import check_made_again, read_values

from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.curve import Curve, fit_curve
from leukocytosis.survival.design import code_design
from leukocytosis.survival.follow_up import fit_follow_up
from leukocytosis.survival.logrank import LogRank, fit_logrank, fit_pairwise_logrank
from leukocytosis.survival.permutation import permute_logrank
from leukocytosis.survival.proportion import exact_bound, fit_proportion
from leukocytosis.survival.proportional_hazards import fit_proportional_hazards
from leukocytosis.survival.restricted_mean import RestrictedMean, fit_restricted_mean

FOLDER = Path(__file__).parent / "oracle" / "survival"
DATA_SETS = ("cohort", "lung", "veteran", "ovarian")
COVARIATES = {
    "cohort": (["group", "age", "male", "log2_wbc"], {"group": "infection"}),
    "lung": (["age", "male", "ph_ecog"], {}),
    "veteran": (["group", "treated", "karno"], {"group": "adeno"}),
    "ovarian": (["group", "age"], {"group": "rx1"}),
}
ORACLE = read_values(FOLDER)
close = pytest.approx


def r(data: str, what: str, key: str, name: str) -> float:
    return float(ORACLE.loc[(data, what, key, name)])


def same(ours: float | None, theirs: float) -> bool:
    """R writes NA where we say None."""
    return ours is None if np.isnan(theirs) else ours == close(theirs, rel=1e-6)


def read(data: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{data}.csv")


def fit(data: str) -> CoxFit:
    covariates, references = COVARIATES[data]
    fitted = fit_cox(code_design(read(data), covariates, references), min_events_per_parameter=0)
    assert isinstance(fitted, CoxFit)
    return fitted


def r_curve(data: str, what: str, key: str) -> pd.DataFrame:
    """R's curve: a row per time, a column per quantity."""
    rows = ORACLE.loc[(data, what)].unstack("name")
    group, day = zip(*(place.split("@") for place in rows.index), strict=True)
    rows["day"] = np.array(day, dtype=float)
    return rows[np.array(group) == key].sort_values("day").reset_index(drop=True)


def assert_same_curve(ours: Curve, theirs: pd.DataFrame) -> None:
    here = np.searchsorted(ours.times, theirs["day"])
    assert ours.times[here] == close(theirs["day"].to_numpy())
    for name, array in {
        "n.risk": ours.n_at_risk,
        "n.event": ours.n_events,
        "n.censor": ours.n_censored,
        "surv": ours.survival,
        "lower": ours.ci_low,
        "upper": ours.ci_high,
    }.items():
        assert array[here] == close(theirs[name].to_numpy(), rel=1e-6, nan_ok=True), name


def assert_same_median(ours: Curve, data: str, what: str, key: str) -> None:
    median = ours.median()
    assert same(median.estimate, r(data, what, key, "median"))
    assert same(median.ci_low, r(data, what, key, "lower"))
    assert same(median.ci_high, r(data, what, key, "upper"))


@pytest.mark.parametrize("data", DATA_SETS)
def test_kaplan_meier_and_its_median(data: str) -> None:
    frame = read(data)
    parts = {"all": frame} | {str(name): part for name, part in frame.groupby("group")}
    for key, part in parts.items():
        ours = fit_curve(part["days"], part["status"])
        assert_same_curve(ours, r_curve(data, "curve", key))
        assert_same_median(ours, data, "curve median", key)


@pytest.mark.parametrize("data", DATA_SETS)
def test_reverse_kaplan_meier(data: str) -> None:
    frame = read(data)
    ours = fit_follow_up(frame["days"], frame["status"])
    assert_same_curve(ours, r_curve(data, "follow-up", "all"))
    assert_same_median(ours, data, "follow-up median", "all")


@pytest.mark.parametrize("status", ["1111", "1100", "1101"])
def test_the_median_of_a_step_at_exactly_one_half(status: str) -> None:
    ours = fit_curve([1, 2, 3, 4], [int(ended) for ended in status])
    assert_same_median(ours, "small", "curve median", status)


def assert_same_test(ours: LogRank, data: str, key: str) -> None:
    assert ours.chi_squared == close(r(data, "logrank", key, "chisq"), rel=1e-6)
    assert ours.df == r(data, "logrank", key, "df")
    assert ours.p_value == close(r(data, "logrank", key, "p"), rel=1e-6)
    expected = [r(data, "logrank", f"{key}@{name}", "expected") for name in ours.groups]
    assert ours.expected == close(expected, rel=1e-6)


@pytest.mark.parametrize("data", DATA_SETS)
def test_log_rank_overall_and_in_pairs(data: str) -> None:
    frame = read(data)
    days, status, groups = frame["days"], frame["status"], frame["group"]
    assert_same_test(fit_logrank(days, status, groups), data, "all")
    pairs = fit_pairwise_logrank(days, status, groups)
    assert len(pairs) == {"cohort": 3, "veteran": 6}.get(data, 1)
    for test, adjusted in pairs:
        key = " against ".join(test.groups)
        assert_same_test(test, data, key)
        assert adjusted == close(r(data, "holm", key, "p"), rel=1e-6)


def r_name(column: str) -> str:
    """R calls a dummy column by its term and level run together."""
    term, colon, rest = column.partition(": ")
    return term + rest.split(" against ")[0] if colon else term


@pytest.mark.parametrize("data", DATA_SETS)
def test_cox_with_efron_ties(data: str) -> None:
    fitted = fit(data)
    half = 1.959963984540054 * fitted.standard_errors
    for name, ours in {
        "coefficient": fitted.coefficients,
        "se": fitted.standard_errors,
        "p": fitted.p_values,
        "low": np.exp(fitted.coefficients - half),
        "high": np.exp(fitted.coefficients + half),
    }.items():
        theirs = [r(data, "cox", r_name(column), name) for column in fitted.design.columns]
        assert ours == close(theirs, rel=1e-6), name
    assert fitted.log_likelihood == close(r(data, "cox", "model", "loglik"), rel=1e-9)
    assert fitted.log_likelihood_null == close(r(data, "cox", "model", "loglik0"), rel=1e-9)
    assert fitted.likelihood_ratio[0] == close(r(data, "cox", "model", "lr"), rel=1e-6)
    assert fitted.design.n == r(data, "cox", "model", "n")
    assert fitted.design.n_events == r(data, "cox", "model", "n_events")


@pytest.mark.parametrize("transform", ["km", "identity"])
@pytest.mark.parametrize("data", DATA_SETS)
def test_proportional_hazards_as_cox_zph(data: str, transform: str) -> None:
    tests = fit_proportional_hazards(fit(data), transform)
    assert not isinstance(tests, str)
    assert [test.term for test in tests] == [*COVARIATES[data][0], "GLOBAL"]
    for test in tests:
        assert test.chi_squared == close(r(data, f"zph {transform}", test.term, "chisq"), rel=1e-6)
        assert test.df == r(data, f"zph {transform}", test.term, "df")
        assert test.p_value == close(r(data, f"zph {transform}", test.term, "p"), rel=1e-6)


@pytest.mark.parametrize(("n_events", "n"), [(0, 9), (1, 9), (9, 9), (60, 77), (112, 758)])
def test_wilson_interval(n_events: int, n: int) -> None:
    ours = fit_proportion(n_events, n)
    for end, name in ((ours.ci_low, "low"), (ours.ci_high, "high")):
        assert end == close(r("proportion", "wilson", f"{n_events}/{n}", name), rel=1e-6, abs=1e-15)


def test_exact_bound_is_clopper_pearson() -> None:
    assert exact_bound(9) == close(r("proportion", "exact", "0/9", "high"), rel=1e-6)
    assert 1 - exact_bound(9) == close(r("proportion", "exact", "9/9", "low"), rel=1e-6)


def test_the_script_still_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)


@pytest.mark.parametrize("data", DATA_SETS)
def test_restricted_means_are_those_of_r(data: str) -> None:
    frame = read(data)
    keys = sorted(
        {key for d, what, key, _ in ORACLE.index if (d, what) == (data, "restricted mean")}
    )
    assert keys
    for key in keys:
        group, horizon = key.split("@")
        rows = frame if group == "all" else frame[frame["group"] == group]
        mean = fit_restricted_mean(fit_curve(rows["days"], rows["status"]), float(horizon))
        assert isinstance(mean, RestrictedMean)
        assert same(mean.days, r(data, "restricted mean", key, "mean"))
        assert same(mean.error, r(data, "restricted mean", key, "error"))


@pytest.mark.parametrize("data", DATA_SETS)
def test_the_exact_permutation_is_every_survdiff_of_r(data: str) -> None:
    rows = read(data).head(12)
    member = np.isin(np.arange(12), [0, 3, 4, 8]).astype(np.int64)
    p_value, how = permute_logrank(rows["days"], rows["status"], member)
    assert how == "exact permutation of 495 deals"
    assert same(p_value, r(data, "permutation", "4 of 12", "p"))
