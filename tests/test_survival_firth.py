"""Firth's penalised Cox model: when it is used, when not, and what it says (numbers: against R)."""

import numpy as np
import pandas as pd
import pytest
import report_fixtures as fixtures

from leukocytosis.prose import list_methods
from leukocytosis.survival.cox import CoxFit, CoxRefused, cox_rows, fit_cox, likelihood_of
from leukocytosis.survival.design import Design, code_design
from leukocytosis.survival.firth import FirthFit, fit_cox_or_firth, fit_firth
from leukocytosis.survival.penalised_likelihood import PenalisedLikelihood
from leukocytosis.survival.proportional_hazards import PENALISED, proportional_hazards_rows
from leukocytosis.survival.refusal import (
    MIN_EVENTS_PER_PENALISED_PARAMETER,
    MIN_PATIENTS_PER_LEVEL,
)

ANALYSIS = {"analysis_id": "cox_adjusted", "outcome_id": "death_12w"}


def patients(n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(2001)
    return pd.DataFrame(
        {
            "days": draw.integers(1, 60, n).astype(float),
            "status": (draw.random(n) < 0.6).astype(int),
            "group": np.array(["infection", "plr", "other"])[np.arange(n) % 3],
            "age": draw.normal(62, 10, n),
            "male": np.arange(n) % 2 == 0,
        }
    )


def groups(frame: pd.DataFrame) -> Design:
    return code_design(frame, ["group", "age"], {"group": "infection"})


def test_an_ordinary_model_is_fitted_by_maximum_likelihood() -> None:
    fit = fit_cox_or_firth(groups(patients()))
    assert isinstance(fit, CoxFit) and not isinstance(fit, FirthFit)
    assert fit.coefficients.tolist() == fit_cox(groups(patients())).coefficients.tolist()


def test_a_group_of_nine_without_events_gets_an_interval_and_the_reason() -> None:
    frame = patients()
    frame = frame[(frame["group"] != "other") | (frame.index < 27)]  # nine of them
    frame.loc[frame["group"] == "other", "status"] = 0
    fit = fit_cox_or_firth(groups(frame))
    assert isinstance(fit, FirthFit)
    assert fit.because == "there are no events among the patients with group other"
    other, plr, age, whole = cox_rows(fit, **ANALYSIS)
    assert other.term == "group: other against infection"
    assert 0 < other.ci_low < other.estimate < other.ci_high < np.inf
    for row in (other, plr, age, whole):
        assert "Firth" in row.method
        assert row.note and fit.because in row.note
    assert whole.term == "likelihood ratio test"
    assert whole.method.endswith("penalised likelihood ratio test")


def separated(column: str) -> FirthFit:
    frame = patients(18).assign(status=1)
    frame["first"] = frame["days"] < 20  # those with it all die before all the others
    frame["ordered"] = -frame["days"]  # whoever has more always dies first
    fit = fit_cox_or_firth(code_design(frame, [column], {}))
    assert isinstance(fit, FirthFit)
    assert fit.because == "the likelihood has no maximum (separation, monotone likelihood)"
    return fit


def test_separation_gets_a_finite_interval() -> None:
    fit = separated("first")
    (low, high), (p_value,) = fit.log_intervals[0], fit.p_values
    assert 0 < low < fit.coefficients[0] < high < np.inf
    assert p_value < 0.01


def test_an_end_too_far_out_is_said_and_not_invented() -> None:
    row, _ = cox_rows(separated("ordered"), **ANALYSIS)
    assert (row.ci_low is not None, row.ci_high) == (True, None)
    assert row.note and row.note.startswith("the upper end of the interval lies too far out")


def test_few_events_are_penalised_and_very_few_refused() -> None:
    frame = patients()
    for n_events, expected in ((10, CoxFit), (9, FirthFit), (4, FirthFit), (3, CoxRefused)):
        frame["status"] = (frame.index < n_events).astype(int)
        fit = fit_cox_or_firth(code_design(frame, ["age", "male"], {}))
        assert type(fit) is expected, n_events
    assert fit.reason == (
        "3 events are too few for 2 coefficients (fewer than 5 each); penalised likelihood was "
        "not used: 3 events are too few for 2 coefficients (fewer than 2 each)"
    )


def test_a_level_of_four_is_described_and_not_modelled() -> None:
    frame = patients()
    frame = frame[(frame["group"] != "other") | (frame.index < 12)]
    frame.loc[frame["group"] == "other", "status"] = 0
    fit = fit_cox_or_firth(groups(frame))
    assert isinstance(fit, CoxRefused)
    assert fit.reason.endswith("not used: there are fewer than 5 patients with group other")
    assert {row.estimate for row in cox_rows(fit, **ANALYSIS)} == {None}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": 0}, "there are no events"),
        ({"age": np.nan}, "there are no patients with all covariates known"),
        ({"age": 62.0}, "all patients are alike in age"),
        ({"group": "infection"}, "all patients have the same group (infection)"),
    ],
)
def test_what_no_likelihood_can_estimate_keeps_its_plain_reason(
    change: dict[str, float], reason: str
) -> None:
    fit = fit_cox_or_firth(groups(patients().assign(**change)))
    assert isinstance(fit, CoxRefused)
    assert fit.reason == reason


def test_clusters_have_no_penalised_counterpart() -> None:
    frame = patients().assign(ward=np.arange(60) % 20)
    frame.loc[frame["group"] == "other", "status"] = 0
    design = code_design(frame, ["group"], {"group": "infection"}, cluster="ward")
    fit = fit_cox_or_firth(design)
    assert isinstance(fit, CoxRefused)
    assert fit.reason.endswith("not used: no robust variance is known for it")


def test_the_score_is_the_slope_of_the_penalised_likelihood() -> None:
    draw = np.random.default_rng(3)
    frame = patients().assign(entry=0.5 * draw.random(60), site=draw.integers(0, 2, 60))
    design = code_design(frame, ["age", "male"], {}, entry="entry", strata="site")
    likelihood = PenalisedLikelihood(likelihood_of(design))
    at, step = np.array([0.4, -0.3]), 1e-5
    slopes = [
        (likelihood.at(at + move).log_likelihood - likelihood.at(at - move).log_likelihood)
        / (2 * step)
        for move in step * np.eye(2)
    ]
    assert likelihood.at(at).score == pytest.approx(slopes, rel=1e-6)


def test_a_unit_changes_the_hazard_ratio_and_nothing_else() -> None:
    frame = patients()
    years = fit_firth(code_design(frame, ["age", "male"], {}))
    days = fit_firth(code_design(frame.assign(age=frame["age"] * 365.25), ["age", "male"], {}))
    assert isinstance(years, FirthFit) and isinstance(days, FirthFit)
    assert days.coefficients * [365.25, 1] == pytest.approx(years.coefficients, rel=1e-7)
    assert days.profile[0] * 365.25 == pytest.approx(years.profile[0], rel=1e-7)
    assert days.p_values == pytest.approx(years.p_values, rel=1e-7)


def test_with_many_events_penalised_and_plain_agree() -> None:
    draw = np.random.default_rng(4)
    frame = pd.DataFrame({"days": draw.exponential(30, 2000), "status": 1})
    frame["x"] = draw.random(2000) < 0.4
    plain, penalised = (f(code_design(frame, ["x"], {})) for f in (fit_cox, fit_firth))
    assert isinstance(plain, CoxFit) and isinstance(penalised, FirthFit)
    assert penalised.coefficients == pytest.approx(plain.coefficients, abs=1e-3)
    assert penalised.log_intervals == pytest.approx(plain.log_intervals, abs=1e-3)


def test_a_penalised_model_has_no_test_of_proportional_hazards() -> None:
    fit = fit_firth(groups(patients()))
    assert isinstance(fit, FirthFit)
    notes = {row.note for row in proportional_hazards_rows(fit, **ANALYSIS)}
    assert notes == {f"cannot be estimated, because {PENALISED}"}


def test_a_penalty_does_not_tell_near_twins_apart() -> None:
    frame = patients()
    frame["nearly"] = frame["age"] + np.random.default_rng(1).normal(0, 0.02, len(frame))
    fit = fit_cox_or_firth(code_design(frame, ["age", "nearly"], {}))
    assert isinstance(fit, CoxRefused)
    assert fit.reason.endswith("nearly follows from the other covariates")


def test_the_methods_name_the_floor_of_the_code() -> None:
    (said,) = [m.text for m in list_methods(fixtures.protocol()) if "Firth" in m.text]
    assert f"below {MIN_EVENTS_PER_PENALISED_PARAMETER} events per parameter" in said
    assert f"fewer than {MIN_PATIENTS_PER_LEVEL} patients" in said
