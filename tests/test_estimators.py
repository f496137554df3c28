"""Contrasts, strata, imputation, standardisation and the second engine, away from R's data sets."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import report_fixtures as fixtures
import test_bad_input as bad
from pydantic import ValidationError

from leukocytosis.config.protocol import Analyses
from leukocytosis.report.engines import describe_agreement, find_difference, list_engines
from leukocytosis.report.estimators import list_contrasts, list_imputed, list_standardised
from leukocytosis.survival.analyses import fit_all
from leukocytosis.survival.cox import CoxFit, CoxRefused, fit_cox
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.design import code_design
from leukocytosis.survival.difference import fit_risk_difference, fit_risk_ratio
from leukocytosis.survival.follow_up import fit_completeness
from leukocytosis.survival.imputation import count_imputations, impute, pool, why_not_impute
from leukocytosis.survival.proportion import (
    fit_exact_proportion,
    fit_proportion,
    should_quote_exact,
)
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.second_engine import fit_second_engine
from leukocytosis.survival.standardised import standardised_rows
from leukocytosis.survival.stratified import fit_stratified_logrank, fit_trend

close = pytest.approx
NOBODY, SOME = fit_curve([84.0] * 9, [0] * 9), fit_curve([10.0, 20, 84, 84], [1, 1, 0, 0])
ALL_HAD_IT = fit_curve([1.0, 2, 3], [1, 1, 1])


def test_a_difference_of_few_does_not_pass_a_hundred_points() -> None:
    most = fit_curve(np.array([1.0, 2, 3, 4, 84]), np.array([1, 1, 1, 1, 0]))
    few = fit_curve(np.array([5.0, 84, 84, 84, 84]), np.array([1, 0, 0, 0, 0]))
    number = fit_risk_difference(most, few, 84.0)
    assert number.estimate == pytest.approx(0.6)
    assert number.ci_low is not None and number.ci_high is not None
    assert -1 <= number.ci_low < 0.6 < number.ci_high <= 1
    assert "pass 100 points" in str(number.note)
    # Zou and Donner by hand, from the groups' own log-log intervals
    risk, other = most.risk_at(84.0), few.risk_at(84.0)
    up = math.hypot(float(risk.ci_high or 0) - 0.8, 0.2 - float(other.ci_low or 0))
    assert number.ci_high == pytest.approx(0.6 + up)


def test_the_difference_to_nobody_takes_the_exact_intervals_of_both() -> None:
    """Zou and Donner by hand: squares of the distances to the near ends add up."""
    found = fit_risk_difference(NOBODY, SOME, 84)
    none, some = NOBODY.risk_at(84), SOME.risk_at(84)
    assert found.estimate == -0.5
    assert found.ci_low == close(-0.5 - math.hypot(0, some.ci_high - 0.5))
    assert found.ci_high == close(-0.5 + math.hypot(none.ci_high - 0, 0.5 - some.ci_low))
    assert "Zou and Donner" in str(found.note)


def test_ratios_with_nobody_and_with_everybody() -> None:
    assert "no events to divide by" in str(fit_risk_ratio(SOME, NOBODY, 84).note)
    zero = fit_risk_ratio(NOBODY, SOME, 84)
    assert (zero.estimate, zero.ci_low) == (0.0, None) and "no events in the group" in str(
        zero.note
    )
    two = fit_risk_ratio(ALL_HAD_IT, SOME, 84)
    assert (two.estimate, two.ci_low) == (2.0, None) and "all had the event" in str(two.note)


def test_a_contrast_beyond_follow_up_names_the_group() -> None:
    short = fit_curve([10.0, 50], [1, 0])
    assert "of the reference group, nobody was followed" in str(
        fit_risk_difference(SOME, short, 84).note
    )
    assert "of the group, nobody was followed" in str(fit_risk_ratio(short, SOME, 84).note)


def test_one_stratum_is_the_plain_test_and_apart_strata_are_no_test() -> None:
    days, status = [5, 8, 9, 12, 30, 31], [1, 1, 0, 1, 1, 0]
    groups = np.array(["a", "b"] * 3)
    one = fit_stratified_logrank(days, status, groups, np.array(["x"] * 6))
    assert one.chi_squared is not None and one.observed.sum() == 4
    apart = fit_stratified_logrank(days, status, groups, groups)
    assert "only one group was at risk" in str(apart.reason)
    with pytest.raises(ValueError, match="1 of 6 patients have no group name"):
        fit_stratified_logrank(days, status, groups, np.array([None, *"xxxxx"], dtype=object))


def test_trend_knows_its_direction_and_its_limits() -> None:
    days, status = np.arange(1.0, 41), np.ones(40)
    rising = fit_trend(days, status, 40 - days)
    falling = fit_trend(days, status, days)
    assert rising.excess_score is not None and rising.excess_score > 0
    assert falling.excess_score is not None and falling.excess_score < 0
    assert rising.chi_squared == close(falling.chi_squared)
    assert fit_trend([1, 2], [1, 1], [3, 3]).reason == "all patients have the same score"
    assert fit_trend([1, 2], [0, 0], [1, 2]).reason == "there are no events"
    assert "different scores at risk" in str(fit_trend([1, 2, 3], [0, 0, 1], [1, 2, 3]).reason)
    with pytest.raises(ValueError, match="1 of 2 scores are missing or infinite"):
        fit_trend([1, 2], [1, 1], [1, np.nan])


def test_bands_of_the_count_must_rise() -> None:
    contrast = {"outcome": "a", "groups": ("plr", "infection"), "measure": "hazard_ratio"}
    given = {"primary_outcome": "a", "survival_outcome": "a", "at_days": (84,),
             "primary_contrast": contrast}  # fmt: skip
    assert Analyses(**given, count_bands_1e9_per_l=(50, 75)).count_bands_1e9_per_l == (50, 75)
    with pytest.raises(ValidationError, match="rising counts"):
        Analyses(**given, count_bands_1e9_per_l=(75, 50))


def test_the_exact_interval_holds_wilsons_centre_and_is_wider() -> None:
    for n_events in range(10):
        exact, wilson = fit_exact_proportion(n_events, 9), fit_proportion(n_events, 9)
        assert exact.ci_low <= exact.estimate <= exact.ci_high
        assert exact.ci_high - exact.ci_low > wilson.ci_high - wilson.ci_low
    assert [should_quote_exact(n, 9) for n in (0, 4, 5, 9)] == [True, True, True, True]
    assert [should_quote_exact(n, 100) for n in (4, 5, 95, 96)] == [True, False, False, True]
    assert "no patients" in str(fit_exact_proportion(0, 0).note)


def test_completeness_by_hand() -> None:
    # an event on day 10, one lost on day 42, one followed to the horizon, one beyond it
    found = fit_completeness([10, 42, 84, 200], [1, 0, 0, 1], 84)
    assert found.estimate == close((10 + 42 + 84 + 84) / (10 + 84 + 84 + 84))
    assert fit_completeness([5, 5], [1, 1], 84).estimate == 1
    assert "no day" in str(fit_completeness([0.0], [1], 84).note)


FRAME = pd.DataFrame({
    "days": np.arange(1.0, 61), "status": np.tile([1, 0, 1], 20),
    "cause group": np.tile(["a", "b"], 30), "age": np.linspace(3, 9, 60) % 2.7,
    "sex": np.tile(["female", "male", "male"], 20),
})  # fmt: skip
TERMS, REFERENCES = ["cause group", "age", "sex"], {"cause group": "a", "sex": "female"}


def gaps(column: str, n: int) -> pd.DataFrame:
    return FRAME.assign(**{column: FRAME[column].where(FRAME.index >= n)})


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (FRAME.iloc[:0], "there are no patients"),
        (FRAME.assign(status=0), "there are no events"),
        (gaps("cause group", 1), "have no cause group, and that is never imputed"),
        (gaps("age", 31), "age is missing in more than half"),
        (gaps("age", 60), "age is known of nobody"),
        (gaps("age", 5).assign(age=lambda f: f["age"] * 0 + 1), "age is the same wherever"),
        (gaps("sex", 5).assign(sex=lambda f: f["sex"].where(f.index < 50, "x")), "two levels"),
        (gaps("age", 2).head(10), "too few patients"),
    ],
)
def test_imputation_refuses_where_it_is_hopeless(frame: pd.DataFrame, words: str) -> None:
    assert words in str(why_not_impute(frame, TERMS, REFERENCES, "cause group"))


def test_imputation_is_seeded_and_touches_only_gaps() -> None:
    frame = gaps("age", 8).assign(sex=FRAME["sex"].where(FRAME.index % 9 != 4))
    assert why_not_impute(frame, TERMS, REFERENCES, "cause group") is None
    assert count_imputations(frame, TERMS) == 24  # 14 of 60 are incomplete
    once, again, other = (impute(frame, TERMS, REFERENCES, 3, seed) for seed in (1, 1, 2))
    for copy, same in zip(once, again, strict=True):
        pd.testing.assert_frame_equal(copy, same)
        assert copy["age"][8:].equals(FRAME["age"][8:])
        assert set(copy["age"][:8]) <= set(FRAME["age"][8:])  # donors are patients
        assert set(copy["sex"]) == {"female", "male"}
    assert not all(a.equals(b) for a, b in zip(once, other, strict=True))
    assert not once[0].equals(once[1])


def test_two_imputations_are_the_least() -> None:
    with pytest.raises(ValueError, match="at least 2 imputations; got 1"):
        pool(np.array([0.1]), np.array([0.2]), 30)


def test_a_group_that_the_model_lacks_and_a_refused_model_give_reasons() -> None:
    fit = fit_cox(code_design(FRAME, TERMS, REFERENCES))
    assert isinstance(fit, CoxFit)
    where = {"analysis_id": "standardised", "outcome_id": "o"}
    members = FRAME["cause group"].tolist()
    rows = list(standardised_rows(fit, "cause group", members, ("a", "c"), [30], **where))
    notes = [row.note for row in rows]
    assert notes[0] is None and "the model has no group c" in str(notes[1])
    assert all("the model has no group c" in str(note) for note in notes[2:])
    refused = CoxRefused(fit.design, "there are no events")
    for row in standardised_rows(refused, "cause group", members, ("a", "b"), [30], **where):
        assert row.note == "cannot be estimated, because there are no events"


def test_standardising_over_alike_groups_changes_little() -> None:
    """The groups of FRAME have the same ages: the model alone moves the difference."""
    fit = fit_cox(code_design(FRAME, ["cause group", "age"], {"cause group": "a"}))
    assert isinstance(fit, CoxFit)
    rows = list(standardised_rows(fit, "cause group", FRAME["cause group"].tolist(), ("a", "b"),
                                  [30], analysis_id="s", outcome_id="o"))  # fmt: skip
    a, b, difference, ratio = (row.estimate for row in rows)
    assert difference == close(b - a) and ratio == close(b / a)
    for row in rows:
        assert row.ci_low < row.estimate < row.ci_high


@pytest.fixture(scope="module")
def both() -> tuple[list[Estimate], list[Estimate]]:
    frame = bad.draw()
    ours = fit_all(bad.PROTOCOL, frame)
    return ours, list(fit_second_engine(bad.PROTOCOL, frame, ours))


def test_two_engines_agree_on_every_headline(both: tuple[list[Estimate], list[Estimate]]) -> None:
    ours = {(r.analysis_id, r.outcome_id, r.group, r.term, r.time_days): r for r in both[0]}
    seen = set()
    for second in both[1]:
        analysis = second.analysis_id.removeprefix("second_engine_")
        place = (analysis, second.outcome_id, second.group, second.term, second.time_days)
        difference = find_difference(vars(ours[place]), vars(second))
        assert difference is not None and (difference < 1e-6 or analysis == "median"), place
        seen.add(analysis)
    assert seen == {"cause_shares", "group_shares", "plr_interval", "risk", "survival", "median",
                    "rmst", "logrank", "cox_adjusted"}  # fmt: skip


def report_of(rows: list[Estimate]) -> fixtures.ReportInputs:
    return fixtures.inputs(estimates=[vars(row) for row in rows])


def test_the_report_says_when_two_engines_differ(
    both: tuple[list[Estimate], list[Estimate]],
) -> None:
    ours, everything = both
    second = [row for row in everything if row.analysis_id != "second_engine_median"]
    inputs = report_of([*ours, *second])
    assert describe_agreement(inputs).endswith("agree within 1 in a million.")
    one = next(row for row in second if row.analysis_id == "second_engine_cox_adjusted")
    off = Estimate(**{**vars(one), "estimate": 1.01 * one.estimate})
    inputs = report_of([*ours, *(off if row is one else row for row in second)])
    assert "1 differs, see the table" in describe_agreement(inputs)
    rows = [row for row in list_engines(inputs).rows if row[3].startswith("9.9e-03")]
    assert len(rows) == 1 and rows[0][0].startswith("adjusted hazard ratio")


def test_the_tables_of_the_report() -> None:
    inputs = report_of(bad.fit_everything(bad.draw()))
    contrasts = list_contrasts(inputs).rows
    assert [row[1:3] for row in contrasts[:3]] == [
        ("84", "PLR against infection"), ("84", "other cause against infection"),
        ("84", "other cause against PLR"),
    ]  # fmt: skip
    risk = inputs.estimate("risk_contrast", outcome_id=bad.OUTCOMES[0],
                           group="plr against infection", term="risk difference")  # fmt: skip
    assert contrasts[0][3].startswith(f"{100 * risk['estimate']:.1f} (")
    standardised = list_standardised(inputs, bad.OUTCOMES[0]).rows
    assert [row[0] for row in standardised[:4]] == [
        "infection", "PLR", "other cause", "PLR against infection"]  # fmt: skip
    assert not any("not asked for" in cell for row in standardised for cell in row)
    imputed = list_imputed(inputs, bad.OUTCOMES[0])
    assert imputed.head[2] == "Gaps imputed (n = 240)" and len(imputed.rows) == 7
    assert any("imputations, seed 7" in note for note in imputed.notes)


def test_no_interval_of_a_standardised_difference_passes_100_points() -> None:
    """Few patients and risks far apart: the normal interval would; the groups' own cannot."""
    from leukocytosis.survival.standardised import Standardised, _difference

    few = Standardised(np.array([0.1]), np.array([[0.2], [-0.2]]))
    many = Standardised(np.array([0.9]), np.array([[-0.2], [0.2]]))
    number = _difference(few, many, None)
    assert number.estimate == pytest.approx(0.8)
    assert number.ci_low is not None and number.ci_high is not None
    assert -1 <= number.ci_low < 0.8 < number.ci_high <= 1
    assert "would pass 100 points" in str(number.note)
