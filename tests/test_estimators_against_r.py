"""Tests in strata and for trend, contrasts, quantiles, imputation and standardisation beside R.

`tests/oracle/estimators/make_oracle.R` wrote the numbers; `session_info.txt` says with what.
Relative tolerance 1e-6 unless a test says why not.
"""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import read_oracle, read_values

from leukocytosis.survival import permutation
from leukocytosis.survival.baseline_hazard import find_baseline
from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.curve import Curve, fit_curve
from leukocytosis.survival.design import code_design
from leukocytosis.survival.difference import fit_risk_difference, fit_risk_ratio
from leukocytosis.survival.follow_up import fit_completeness
from leukocytosis.survival.imputation import Pooled, impute, pool
from leukocytosis.survival.proportion import fit_exact_proportion
from leukocytosis.survival.row import Number
from leukocytosis.survival.standardised import Standardised, standardise_group
from leukocytosis.survival.stratified import fit_stratified_logrank, fit_trend, permute_stratified

FOLDER = Path(__file__).parent / "oracle" / "estimators"
DATA_SETS = ("cohort", "lung", "veteran", "ovarian")
TABLE = read_oracle(FOLDER)
ORACLE = read_values(FOLDER)
close = pytest.approx


def r(data: str, what: str, key: str, name: str) -> float:
    return float(ORACLE.loc[(data, what, key, name)])


def keys_of(data: str, what: str) -> list[str]:
    found = TABLE[(TABLE["data"] == data) & (TABLE["what"] == what)]["key"].unique().tolist()
    assert found
    return found


def same(ours: float | None, theirs: float) -> bool:
    """R writes NA where we say None."""
    return ours is None if np.isnan(theirs) else ours == close(theirs, rel=1e-6)


def read(data: str) -> pd.DataFrame:
    """The data sets of the other oracle, with the strata and scores that the script made."""
    frame = pd.read_csv(FOLDER.parent / "survival" / f"{data}.csv")
    if data == "lung":
        frame = frame[frame["ph_ecog"].notna()].reset_index(drop=True)
    stratum, of, cuts = {
        "cohort": (frame.get("male"), "log2_wbc", (5.5, 6, 6.5)),
        "lung": (frame.get("age", 0) > 62, "ph_ecog", (0, 1, 2)),
        "veteran": (frame.get("treated"), "karno", (30, 50, 70)),
        "ovarian": (frame.get("age", 0) > 56, "age", (45, 60)),
    }[data]
    assert stratum is not None
    scores = np.searchsorted(cuts, frame[of]) + 1.0
    return frame.assign(stratum=stratum.astype(str), score=scores)


def curve_of(frame: pd.DataFrame, group: str) -> Curve:
    rows = frame if group == "all" else frame[frame["group"] == group]
    return fit_curve(rows["days"], rows["status"])


@pytest.mark.parametrize("data", DATA_SETS)
def test_stratified_logrank_is_survdiff_with_strata(data: str) -> None:
    frame = read(data)
    ours = fit_stratified_logrank(
        frame["days"], frame["status"], frame["group"].to_numpy(), frame["stratum"].to_numpy()
    )
    assert ours.chi_squared == close(r(data, "stratified", "all", "chisq"), rel=1e-6)
    assert ours.df == r(data, "stratified", "all", "df")
    assert ours.p_value == close(r(data, "stratified", "all", "p"), rel=1e-6)
    expected = [r(data, "stratified", group, "expected") for group in ours.groups]
    assert ours.expected == close(expected, rel=1e-6)


@pytest.mark.parametrize("data", DATA_SETS)
def test_trend_is_that_of_survdiff_and_of_the_exact_score_test(data: str) -> None:
    frame = read(data)
    arguments = frame["days"], frame["status"], frame["score"]
    for key, ours in {
        "all": fit_trend(*arguments),
        "stratified": fit_trend(*arguments, frame["stratum"].to_numpy()),
    }.items():
        assert ours.chi_squared == close(r(data, "trend", key, "chisq"), rel=1e-6)
        assert ours.p_value == close(r(data, "trend", key, "p"), rel=1e-6)
    if data != "cohort":
        ours = fit_trend(*arguments)
        assert ours.chi_squared == close(r(data, "trend", "coxph", "chisq"), rel=1e-6)


@pytest.mark.parametrize("data", DATA_SETS)
def test_the_stratified_permutation_is_every_deal_of_survdiff(data: str) -> None:
    rows = read(data).head(12)
    member = np.where(np.isin(np.arange(12), [0, 4, 1, 3, 9]), "one", "other")
    p_value, how = permute_stratified(
        rows["days"], rows["status"], member, np.array(["odd", "even"] * 6)
    )
    assert how == "exact permutation of 300 deals"
    assert same(p_value, r(data, "stratified permutation", "5 of 12", "p"))


def test_drawn_deals_come_near_every_deal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read("veteran").head(12)
    arguments = (
        rows["days"],
        rows["status"],
        np.where(np.isin(np.arange(12), [0, 4, 1, 3, 9]), "one", "other"),
        np.array(["odd", "even"] * 6),
    )
    exact, _ = permute_stratified(*arguments)
    monkeypatch.setattr(permutation, "MOST_EXACT", 0)
    drawn, how = permute_stratified(*arguments)
    assert how == "permutation, 20,000 draws"
    assert drawn == close(exact, abs=0.015)  # four standard errors of 20,000 draws


def test_drawn_deals_of_three_groups_come_near_every_deal() -> None:
    rows = read("veteran").head(8)
    days, status = rows["days"].to_numpy(), rows["status"].to_numpy()
    strata = np.array(["x"] * 4 + ["y"] * 4)
    observed = ("a", "a", "b", "c", "b", "c", "a", "c")
    excess = {
        deal: (test := fit_stratified_logrank(days, status, np.array(deal), strata)).observed
        - test.expected
        for first in set(permutations(observed[:4]))
        for second in set(permutations(observed[4:]))
        for deal in [(*first, *second)]
    }
    inverse = np.linalg.pinv(np.cov(np.array(list(excess.values())).T, ddof=0), hermitian=True)
    found = {deal: float(apart @ inverse @ apart) for deal, apart in excess.items()}
    share = np.mean([beyond >= found[observed] - 1e-9 for beyond in found.values()])
    drawn, how = permute_stratified(days, status, np.array(observed), strata)
    assert how == "permutation, 20,000 draws"
    assert drawn == close(share, abs=0.015)


@pytest.mark.parametrize("data", DATA_SETS)
def test_risk_differences_and_ratios(data: str) -> None:
    frame = read(data)
    for what, fit in {"risk difference": fit_risk_difference, "risk ratio": fit_risk_ratio}.items():
        for key in keys_of(data, what):
            pair, day = key.split("@")
            group, reference = (curve_of(frame, name) for name in pair.split(" against "))
            ours = fit(group, reference, float(day))
            assert same(ours.estimate, r(data, what, key, "estimate")), key
            assert same(ours.ci_low, r(data, what, key, "low")), key
            assert same(ours.ci_high, r(data, what, key, "high")), key


def assert_same_quantile(ours: Number, data: str, key: str) -> None:
    ends = (("quantile", ours.estimate), ("lower", ours.ci_low), ("upper", ours.ci_high))
    for name, end in ends:
        assert same(end, r(data, "quantile", key, name)), (key, name)


@pytest.mark.parametrize("data", DATA_SETS)
def test_quantiles_with_brookmeyer_crowley_intervals(data: str) -> None:
    frame = read(data)
    for key in keys_of(data, "quantile"):
        group, percent = key.split("@")
        assert_same_quantile(curve_of(frame, group).quantile(float(percent) / 100), data, key)


def test_quantiles_of_a_flat_step_at_exactly_the_share() -> None:
    """Where the curve ends on such a step R's two functions differ: ours is the median's."""
    at_the_end = "1110@75"
    for key in keys_of("small", "quantile"):
        status, percent = key.split("@")
        ours = fit_curve([1, 2, 3, 4], [int(ended) for ended in status])
        if key != at_the_end:
            assert_same_quantile(ours.quantile(float(percent) / 100), "small", key)
    assert r("small", "quantile", at_the_end, "quantile") == 3.5  # on to the last time
    assert fit_curve([1, 2, 3, 4], [1, 1, 1, 0]).quantile(0.75).estimate == 3


def test_exact_interval_is_binom_test() -> None:
    for key in keys_of("proportion", "exact"):
        n_events, n = (int(count) for count in key.split("/"))
        ours = fit_exact_proportion(n_events, n)
        assert ours.ci_low == close(r("proportion", "exact", key, "low"), rel=1e-6)
        assert ours.ci_high == close(r("proportion", "exact", key, "high"), rel=1e-6)


@pytest.mark.parametrize("data", DATA_SETS)
def test_completeness_of_follow_up(data: str) -> None:
    frame = read(data)
    for key in keys_of(data, "completeness"):
        rows = frame if key == "all" else frame[frame["group"] == key]
        ours = fit_completeness(rows["days"], rows["status"], 84)
        assert same(ours.estimate, r(data, "completeness", key, "C"))


MODELS = {
    "cohort": (["group", "age", "male", "log2_wbc"], (28, 56, 84)),
    "veteran": (["group", "treated", "karno"], (30, 90, 180)),
    "ovarian": (["group", "age"], (200, 400)),
}


def standardise(data: str) -> dict[str, Standardised]:
    covariates, days = MODELS[data]
    own = pd.read_csv(FOLDER / "standardised_cohort.csv") if data == "cohort" else read(data)
    first = str(own["group"].min())
    fit = fit_cox(code_design(own, covariates, {"group": first}), min_events_per_parameter=0)
    assert isinstance(fit, CoxFit)
    baseline = find_baseline(fit, days)
    return {g: standardise_group(fit, baseline, "group", g) for g in sorted(set(own["group"]))}


@pytest.mark.parametrize("data", MODELS)
def test_standardised_survival_is_survfit_averaged(data: str) -> None:
    for group, ours in standardise(data).items():
        keys = [f"{group}@{day}" for day in MODELS[data][1]]
        theirs = [r(data, "standardised", key, "survival") for key in keys]
        assert ours.survival == close(theirs, rel=1e-6)


@pytest.mark.parametrize("data", MODELS)
def test_standardised_errors_are_the_infinitesimal_jackknife(data: str) -> None:
    """R's are numerical derivatives by steps of 1e-4 in a weight: good to some 1e-7."""
    found = standardise(data)
    for group, ours in found.items():
        keys = [f"{group}@{day}" for day in MODELS[data][1]]
        theirs = [r(data, "standardised", key, "error") for key in keys]
        assert ours.errors == close(theirs, rel=1e-6)
    for key in keys_of(data, "standardised difference"):
        group, reference = (found[name] for name in key.split(" against "))
        apart = group.influence[:, -1] - reference.influence[:, -1]
        theirs_apart = r(data, "standardised difference", key, "error")
        assert np.sqrt((apart**2).sum()) == close(theirs_apart, rel=1e-6)


@pytest.mark.parametrize("data", MODELS)
def test_standardised_risks_beside_risk_regression(data: str) -> None:
    """Its errors are held against ours without ties only: it leaves Efron's ties out of them."""
    for group, ours in standardise(data).items():
        for i, day in enumerate(MODELS[data][1]):
            key = f"{group}@{day}"
            assert 1 - ours.survival[i] == close(r(data, "ate", key, "risk"), rel=1e-6)
            if data == "ovarian":
                assert ours.errors[i] == close(r(data, "ate", key, "error"), rel=1e-6)


GAPS = ["group", "age", "male", "log2_wbc"]


def pool_copies(copies: list[pd.DataFrame]) -> dict[str, Pooled]:
    fits = []
    for copy in copies:
        design = code_design(copy, GAPS, {"group": "infection"})
        fit = fit_cox(design, min_events_per_parameter=0)
        assert isinstance(fit, CoxFit)
        fits.append(fit)
    design = fits[0].design
    degrees = design.n_events - len(design.columns)
    pooled = {}
    for i, column in enumerate(design.columns):
        name = column.replace(": ", "").split(" against ")[0]
        estimates = np.array([fit.coefficients[i] for fit in fits])
        variances = np.array([fit.standard_errors[i] ** 2 for fit in fits])
        pooled[name] = pool(estimates, variances, degrees)
    return pooled


def test_pooled_results_of_the_same_imputed_data_are_those_of_mice() -> None:
    stacked = pd.read_csv(FOLDER / "imputed.csv")
    copies = [copy for _, copy in stacked.groupby("copy")]
    assert len(copies) == 5
    for name, ours in pool_copies(copies).items():
        low, high = ours.interval()
        for what, number in {
            "estimate": ours.estimate, "error": ours.error, "degrees": ours.degrees, "low": low,
            "high": high, "p": ours.p_value(), "fmi": ours.missing_information,
        }.items():  # fmt: skip
            assert number == close(r("gaps", "pooled", name, what), rel=1e-6), (name, what)


def test_our_imputations_have_the_distribution_of_those_of_mice() -> None:
    """Both ran 200 imputations: pooled estimates differ by no more than their Monte Carlo error."""
    gaps = pd.read_csv(FOLDER / "gaps.csv")
    copies = impute(gaps, GAPS, {"group": "infection"}, m=200, seed=2009)
    for copy in copies:
        assert not copy.isna().any(axis=None)
        known = gaps.notna()
        assert copy.where(known).equals(gaps.where(known).astype(copy.dtypes.to_dict()))
    for name, ours in pool_copies(copies).items():
        noise = np.sqrt(2) * r("gaps", "200 imputations", name, "monte carlo")
        assert abs(ours.estimate - r("gaps", "200 imputations", name, "estimate")) < 3.5 * noise
        assert ours.error == close(r("gaps", "200 imputations", name, "error"), rel=0.05)
        fmi = r("gaps", "200 imputations", name, "fmi")
        assert ours.missing_information == close(fmi, abs=0.07)
