"""Cox models: what is fitted, what is refused and why (numbers: against R)."""

import numpy as np
import pandas as pd
import pytest

from leukocytosis.survival.cox import CoxFit, CoxRefused, cox_rows, fit_cox
from leukocytosis.survival.design import code_design
from leukocytosis.survival.proportional_hazards import (
    fit_proportional_hazards,
    proportional_hazards_rows,
)

ANALYSIS = {"analysis_id": "cox_adjusted", "outcome_id": "death_12w"}
CANNOT = "cannot be estimated, because "


def patients(n: int = 60) -> pd.DataFrame:
    """A cohort in which everything can be estimated."""
    draw = np.random.default_rng(2009)
    return pd.DataFrame(
        {
            "days": draw.integers(1, 60, n).astype(float),
            "status": (draw.random(n) < 0.8).astype(int),
            "cause_group": np.array(["infection", "plr", "other"])[np.arange(n) % 3],
            "age": draw.normal(62, 10, n),
            "male": np.arange(n) % 2 == 0,
        }
    )


def refused(frame: pd.DataFrame, *covariates: str, least: float = 5) -> str:
    """Fit, expect a refusal, and check that every row carries its reason."""
    references = {"cause_group": "infection"} if "cause_group" in covariates else {}
    fit = fit_cox(code_design(frame, covariates, references), min_events_per_parameter=least)
    assert isinstance(fit, CoxRefused)
    rows = (*cox_rows(fit, **ANALYSIS), *proportional_hazards_rows(fit, **ANALYSIS))
    assert {row.note for row in rows} == {CANNOT + fit.reason}
    assert {(row.estimate, row.ci_low, row.ci_high, row.p_value) for row in rows} == {(None,) * 4}
    assert len({row.term for row in rows}) == len(rows) >= 4
    return fit.reason


def fitted(frame: pd.DataFrame, *covariates: str) -> CoxFit:
    references = {"cause_group": "infection"} if "cause_group" in covariates else {}
    fit = fit_cox(code_design(frame, covariates, references))
    assert isinstance(fit, CoxFit)
    return fit


def test_dummies_are_coded_against_the_reference_and_named_so() -> None:
    design = code_design(patients(), ["cause_group", "age", "male"], {"cause_group": "plr"})
    assert design.columns == (
        "cause_group: infection against plr",
        "cause_group: other against plr",
        "age",
        "male",
    )
    assert design.terms == ("cause_group", "cause_group", "age", "male")
    assert design.values[:3, :2].tolist() == [[1, 0], [0, 0], [0, 1]]
    assert design.values[:2, 3].tolist() == [1, 0]


def test_only_complete_cases_are_fitted_and_the_rest_is_counted_in_every_row() -> None:
    frame = patients()
    frame.loc[[0, 7], "age"] = np.nan
    frame.loc[7, "cause_group"] = None
    fit = fitted(frame, "cause_group", "age")
    assert (fit.design.n, fit.design.n_left_out) == (58, 2)
    rows = cox_rows(fit, **ANALYSIS)
    assert all("2 patients left out for a missing covariate" in row.note for row in rows)
    assert {row.n for row in rows} == {58}


def test_rows_give_hazard_ratios_then_the_likelihood_ratio_test() -> None:
    fit = fitted(patients(), "cause_group", "age")
    rows = cox_rows(fit, **ANALYSIS)
    assert [row.term for row in rows] == [*fit.design.columns, "likelihood ratio test"]
    assert [row.estimate for row in rows[:3]] == pytest.approx(np.exp(fit.coefficients).tolist())
    assert all(row.ci_low < row.estimate < row.ci_high for row in rows[:3])
    assert rows[-1].note.startswith("chi-squared on 3 degrees of freedom")
    terms = [row.term for row in proportional_hazards_rows(fit, **ANALYSIS)]
    assert terms == [f"proportional hazards: {t}" for t in ("cause_group", "age", "GLOBAL")]


def test_a_unit_changes_the_hazard_ratio_and_nothing_else() -> None:
    frame = patients()
    years = fitted(frame, "age")
    days = fitted(frame.assign(age=frame["age"] * 365.25), "age")
    assert days.coefficients * 365.25 == pytest.approx(years.coefficients)
    assert days.log_likelihood == pytest.approx(years.log_likelihood)


def test_few_events_per_coefficient_are_said_and_very_few_refused() -> None:
    frame = patients()
    frame["status"] = 0
    frame.loc[:13, "status"] = 1
    for n_events, outcome in ((14, "7.0"), (10, "5.0"), (9, None)):
        frame["status"] = (frame.index < n_events).astype(int)
        design = code_design(frame, ["age", "male"], {})
        fit = fit_cox(design)
        if outcome is None:
            assert isinstance(fit, CoxRefused)
            assert fit.reason == "9 events are too few for 2 coefficients (fewer than 5 each)"
            assert isinstance(fit_cox(design, min_events_per_parameter=4), CoxFit)
        else:
            assert isinstance(fit, CoxFit)
            assert fit.note == f"only {outcome} events per coefficient: read with caution"


def test_nobody_no_complete_case_and_no_events() -> None:
    frame = patients()
    assert refused(frame.iloc[:0], "cause_group", "age") == "there are no patients"
    unknown = refused(frame.assign(age=np.nan), "cause_group", "age")
    assert unknown == "there are no patients with all covariates known"
    reason = refused(frame.assign(status=0), "cause_group", "age")
    assert reason == "there are no events"
    some = frame.assign(status=0, age=frame["age"].where(frame.index > 0))
    reason = refused(some, "cause_group", "age")
    assert reason == "there are no events among the patients with all covariates known"


@pytest.mark.parametrize("group", ["infection", "plr"])
def test_a_group_without_events_reference_or_not(group: str) -> None:
    frame = patients()
    frame.loc[frame["cause_group"] == group, "status"] = 0
    reason = refused(frame, "cause_group", "age")
    assert reason == f"there are no events among the patients with cause_group {group}"


def test_a_group_nobody_is_in_or_everybody() -> None:
    frame = patients()
    others = frame[frame["cause_group"] != "infection"]
    reason = refused(others, "cause_group", "age")
    assert reason == "there are no patients with cause_group infection to compare with"
    alone = frame[frame["cause_group"] == "infection"]
    reason = refused(alone, "cause_group", "age")
    assert reason == "all patients have the same cause_group (infection)"


def test_a_covariate_that_does_not_vary_or_follows_from_others() -> None:
    frame = patients().assign(one=1.0)
    assert refused(frame, "age", "one") == "all patients are alike in one"
    frame["months"] = frame["age"] * 12 + 3
    reason = refused(frame, "age", "months")
    assert reason == "months follows exactly from the other covariates (collinear)"
    frame["nearly"] = frame["age"] + np.random.default_rng(1).normal(0, 0.02, len(frame))
    assert refused(frame, "age", "nearly").startswith("the data say next to nothing about age")


def test_one_sex_without_events() -> None:
    frame = patients()
    frame.loc[~frame["male"], "status"] = 0
    assert refused(frame, "age", "male") == "there are no events among the patients without male"


@pytest.mark.parametrize(("without", "told"), [(5.32553, "lower"), (7.1, "higher")])
def test_a_reason_tells_no_patients_own_value(without: float, told: str) -> None:
    frame = pd.DataFrame({"days": range(1, 41), "log2_wbc": [5.32553, 7.1] * 20})
    frame["status"] = (frame["log2_wbc"] != without).astype(int)
    reason = refused(frame, "log2_wbc")
    assert reason.startswith(f"there are no events among the patients with the {told} of two")
    assert str(without) not in reason


def test_covariates_that_differ_only_before_the_first_event() -> None:
    frame = patients()
    early = np.arange(60) < 10  # gone before anything happens
    frame["early"] = np.where(early, np.arange(60), 0.0)
    frame.loc[early, ["days", "status"]] = (0.0, 0)
    reason = refused(frame, "age", "early")
    assert reason.startswith("among those at risk when events happened")


def test_separation_is_noticed_although_every_value_saw_events() -> None:
    frame = patients()
    frame["status"] = 1
    frame["first"] = frame["days"] < 20  # those with it all die before all the others
    frame["ordered"] = -frame["days"]  # whoever has more always dies first
    for separating in ("first", "ordered"):
        reason = refused(frame, "age", separating)
        assert reason == "the likelihood has no maximum (separation, monotone likelihood)"


def test_huge_values_do_not_overflow() -> None:
    frame = patients()
    shifted = fitted(frame.assign(age=frame["age"] * 1e6 + 1e9), "age")
    assert shifted.coefficients * 1e6 == pytest.approx(fitted(frame, "age").coefficients)


def test_all_events_on_one_day_leave_no_test_of_proportional_hazards() -> None:
    frame = patients().assign(days=10.0)
    frame["days"] += 1 - frame["status"]
    fit = fitted(frame, "age")
    assert fit_proportional_hazards(fit) == "all events happened at one time"


@pytest.mark.parametrize(
    ("covariates", "references", "message"),
    [
        (["agee"], {}, "lacks the columns agee"),
        (["age"], {"male": "no"}, "reference levels given for no covariate: male"),
        (["cause_group"], {}, "cause_group holds text where numbers belong"),
    ],
)
def test_a_design_that_names_the_wrong_things(
    covariates: list[str], references: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        code_design(patients(), covariates, references)


def test_bad_numbers_are_refused_with_counts() -> None:
    frame = patients()
    with pytest.raises(ValueError, match="1 of 60 values of age are infinite"):
        code_design(frame.assign(age=[np.inf, *frame["age"][1:]]), ["age"], {})
    with pytest.raises(ValueError, match="1 of 60 times are missing"):
        code_design(frame.assign(days=[np.nan, *frame["days"][1:]]), ["age"], {})
    with pytest.raises(ValueError, match="60 of 60 statuses are 2"):
        code_design(frame.assign(status=2), ["age"], {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entry": np.nan}, "60 of 60 entries are missing"),
        ({"entry": -1.0}, "60 of 60 entries are negative"),
        ({"entry": 100.0}, "60 of 60 rows end on or before the day they enter"),
        ({"patient": 1}, "59 rows begin before the patient's last one ended"),
    ],
)
def test_entries_that_cannot_be_used(changes: dict[str, float], message: str) -> None:
    frame = patients().assign(entry=0.0, patient=range(60)).assign(**changes)
    with pytest.raises(ValueError, match=message):
        code_design(frame, ["age"], {}, entry="entry", patient="patient")


def test_several_rows_of_a_patient_need_their_entry() -> None:
    with pytest.raises(ValueError, match="59 rows repeat a patient; several rows need their entry"):
        code_design(patients().assign(patient=1), ["age"], {}, patient="patient")


def test_entry_at_0_and_one_stratum_change_nothing() -> None:
    frame = patients().assign(entry=0.0, site="here", patient=range(60))
    plain = fitted(frame, "age", "male")
    same = fit_cox(
        code_design(frame, ["age", "male"], {}, entry="entry", strata="site", patient="patient")
    )
    assert isinstance(same, CoxFit)
    assert same.coefficients == pytest.approx(plain.coefficients, rel=1e-12)
    assert same.covariance == pytest.approx(plain.covariance, rel=1e-12)


def test_a_follow_up_cut_into_rows_is_the_same_follow_up() -> None:
    frame = patients().assign(patient=range(60), entry=0.0)
    cut = frame[frame["days"] > 20]
    early, late = cut.assign(days=20.0, status=0), cut.assign(entry=20.0)
    rows = pd.concat([frame[frame["days"] <= 20], early, late])
    again = fit_cox(code_design(rows, ["age"], {}, entry="entry", patient="patient"))
    assert isinstance(again, CoxFit)
    assert again.design.n == 60
    assert again.coefficients == pytest.approx(fitted(frame, "age").coefficients, rel=1e-12)


def test_few_clusters_give_no_robust_variance() -> None:
    frame = patients().assign(ward=np.arange(60) % 9)
    fit = fit_cox(code_design(frame, ["age"], {}, cluster="ward"))
    assert isinstance(fit, CoxRefused)
    assert fit.reason == "9 clusters are too few for a robust variance (fewer than 10)"


def test_clusters_are_tested_by_wald() -> None:
    frame = patients().assign(ward=np.arange(60) % 20)
    fit = fit_cox(code_design(frame, ["age"], {}, cluster="ward"))
    *_, whole = cox_rows(fit, **ANALYSIS)
    assert (whole.term, whole.method) == ("Wald test", "Cox model (Efron), robust Wald test")
    assert whole.estimate == pytest.approx(float((fit.coefficients**2 / fit.covariance[0])[0]))


def test_strata_within_which_nothing_varies() -> None:
    frame = patients().assign(site=np.arange(60) % 2)
    fit = fit_cox(code_design(frame, ["age", "male"], {}, strata="site"))
    assert isinstance(fit, CoxRefused)
    assert fit.reason.startswith("among those at risk when events happened")
