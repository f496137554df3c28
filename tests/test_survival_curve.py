"""Proportions, Kaplan–Meier, follow-up: what they say, and when they say why not."""

import numpy as np
import pytest

from leukocytosis.survival.curve import fit_curve, median_row, risk_rows, survival_rows
from leukocytosis.survival.follow_up import (
    count_incomplete,
    crude_risk_row,
    fit_crude_risk,
    follow_up_row,
)
from leukocytosis.survival.proportion import exact_bound, fit_proportion
from leukocytosis.survival.row import COLUMNS, Number, cannot
from leukocytosis.survival.times import at_half_a_day, check_times
from leukocytosis.tables import ESTIMATES

ANALYSIS = {"analysis_id": "risk", "outcome_id": "death_12w"}
CANNOT = "cannot be estimated, because "


def test_a_row_has_the_columns_of_the_table_of_estimates() -> None:
    assert set(COLUMNS) == set(ESTIMATES.names)
    assert COLUMNS[: len(ESTIMATES.key)] == ESTIMATES.key


def test_the_row_of_what_cannot_be_estimated_gives_the_reason_and_no_number() -> None:
    row = cannot("there are no events", **ANALYSIS, group="plr", term="risk", method="m", n=9)
    assert (row.estimate, row.ci_low, row.ci_high, row.p_value) == (None, None, None, None)
    assert row.note == "cannot be estimated, because there are no events"
    assert (row.group, row.n, row.time_days) == ("plr", 9, None)


@pytest.mark.parametrize(
    ("days", "status", "message"),
    [
        ([1, np.nan, np.nan], [0, 1, 1], "2 of 3 times are missing"),
        ([1, -2, 3], [0, 1, 1], "1 of 3 times are negative"),
        ([1, np.inf, 3], [0, 1, 1], "1 of 3 times are infinite"),
        ([1, 2, 3], [0, 1, 7], "1 of 3 statuses are not 0, 1 or 2"),
        ([1, 2, 3], [0, np.nan, 1], "1 of 3 statuses are missing"),
        ([1, 2, 3], [0, 2, 2], "2 of 3 statuses are 2 .*Aalen–Johansen"),
        ([1, 2, 3], [0, 1], "3 times and 2 statuses"),
        ([[1, 2]], [[0, 1]], "one time and one status per patient"),
        ([-1, np.nan], [0, 2], "times are missing; .*negative; .*Aalen–Johansen"),
    ],
)
def test_bad_follow_up_is_refused_with_counts(
    days: list[float], status: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_curve(days, status)


def test_no_message_quotes_a_value() -> None:
    with pytest.raises(ValueError, match="negative") as caught:
        check_times([-7391.0, 1.0], [1, 1])
    assert "7391" not in str(caught.value)


def test_events_on_day_0_count_at_half_a_day_and_are_counted() -> None:
    days, moved = at_half_a_day([0, 0, 0, 1], [1, 2, 0, 1])
    assert days.tolist() == [0.5, 0.5, 0.0, 1.0]  # whoever was censored on day 0 stays there
    assert moved == 2


def test_a_curve_by_hand() -> None:
    # day:  2 event of 4 at risk; 3 event and censored at a tie of 3; 5 censored
    curve = fit_curve([2, 3, 3, 5], [1, 1, 0, 0])
    assert curve.times.tolist() == [0, 2, 3, 5]
    assert curve.n_at_risk.tolist() == [4, 4, 3, 1]
    assert curve.n_events.tolist() == [0, 1, 1, 0]
    assert curve.n_censored.tolist() == [0, 0, 1, 1]
    assert curve.survival.tolist() == pytest.approx([1, 3 / 4, 3 / 4 * 2 / 3, 1 / 2])
    assert curve.at_risk_at([0, 2, 2.5, 3, 5, 6]).tolist() == [4, 4, 3, 3, 1, 0]
    assert [curve.events_by(day) for day in (0, 2, 3, 99)] == [0, 1, 2, 2]


def test_risk_is_survival_turned_over_with_its_interval() -> None:
    curve = fit_curve([2, 3, 3, 5], [1, 1, 0, 0])
    survival, risk = curve.survival_at(3), curve.risk_at(3)
    assert (risk.estimate, risk.ci_low, risk.ci_high) == pytest.approx(
        (1 - survival.estimate, 1 - survival.ci_high, 1 - survival.ci_low)
    )
    assert 0 < risk.ci_low < risk.estimate < risk.ci_high < 1


@pytest.mark.parametrize(
    ("status", "day", "estimate"),
    [
        ([1, 1, 0], 30, 2 / 3),  # the last observed day itself can be read
        ([1, 1, 0], 31, None),  # the day after cannot: nobody was followed to it
        ([1, 1, 1], 31, 1.0),  # unless everybody had had the event
    ],
)
def test_nothing_is_read_beyond_the_last_follow_up(
    status: list[int], day: float, estimate: float | None
) -> None:
    risk = fit_curve([10, 20, 30], status).risk_at(day)
    assert risk.estimate == pytest.approx(estimate)
    if estimate is None:
        assert risk == Number(note=CANNOT + "nobody was followed to day 31")


def test_without_events_the_interval_is_exact_from_those_followed_that_far() -> None:
    # two of nine were censored earlier: what became of them by day 84 is not known
    risk = fit_curve([10, 20, *[84] * 7], [0] * 9).risk_at(84)
    assert (risk.estimate, risk.ci_low) == (0, 0)
    assert risk.ci_high == pytest.approx(exact_bound(7))
    assert risk.note is not None
    assert "exact (Clopper–Pearson) interval from the 7 patients followed" in risk.note


def test_when_all_had_the_event_the_interval_is_exact_only_without_censoring() -> None:
    complete = fit_curve([1, 2, 3], [1, 1, 1]).risk_at(84)
    assert (complete.estimate, complete.ci_high) == (1, 1)
    assert complete.ci_low == pytest.approx(1 - exact_bound(3))
    censored = fit_curve([1, 2, 3], [1, 0, 1]).risk_at(84)
    assert (censored.estimate, censored.ci_low, censored.ci_high) == (1, None, None)
    assert censored.note == "no interval, because nobody was left at risk"


def test_a_day_before_the_index_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="before the index"):
        fit_curve([1], [1]).risk_at(-1)


def test_without_patients_everything_says_so() -> None:
    curve = fit_curve([], [])
    assert curve.times.size == 0
    rows = (*risk_rows(curve, [84], "plr", **ANALYSIS), median_row(curve, "plr", **ANALYSIS))
    assert {row.note for row in rows} == {CANNOT + "there are no patients"}
    assert {row.estimate for row in rows} == {None}
    assert {(row.n, row.n_events) for row in rows} == {(0, 0)}


def test_one_patient_and_everybody_censored_on_day_0() -> None:
    assert fit_curve([5], [1]).median().estimate == 5
    curve = fit_curve([0, 0], [0, 0])
    assert curve.times.tolist() == [0]
    assert curve.risk_at(84).note == CANNOT + "nobody was followed to day 84"
    assert curve.median().note == "not reached"


def test_the_median_says_when_it_or_its_upper_end_is_not_reached() -> None:
    # the band may cross one half where the curve does not: the median is then only bounded below
    assert fit_curve([1, 2, 3], [1, 0, 0]).median() == Number(ci_low=1, note="not reached")
    few = fit_curve([1, 2, 3, 4, 5], [1, 1, 1, 0, 0]).median()
    assert (few.estimate, few.ci_high) == (3, None)
    assert few.note == "upper end of the interval not reached"
    same = fit_curve([84] * 9, [1] * 9).median()
    assert same == Number(84, note="no interval, because neither end of it is reached")


def test_rows_name_what_they_rest_on() -> None:
    curve = fit_curve([2, 3, 3, 5], [1, 1, 0, 0])
    (risk,) = risk_rows(curve, [2], "plr", **ANALYSIS)
    (survival,) = survival_rows(curve, [2], "plr", **ANALYSIS)
    assert (risk.term, risk.time_days, risk.n, risk.n_events) == ("risk", 2, 4, 1)
    assert risk.estimate == pytest.approx(0.25)
    assert (survival.term, survival.estimate) == ("survival", 0.75)
    assert (risk.analysis_id, risk.outcome_id, risk.group) == ("risk", "death_12w", "plr")


def test_follow_up_is_complete_when_each_had_an_event_or_was_seen_through_the_horizon() -> None:
    assert count_incomplete([84, 90, 10, 0.5], [0, 0, 1, 2], 84) == 0
    assert count_incomplete([83, 90, 10], [0, 0, 1], 84) == 1
    assert count_incomplete([83, 0, 10], [0, 0, 1], 84) == 2


def test_the_crude_risk_is_given_only_where_follow_up_is_complete() -> None:
    assert fit_crude_risk([84, 84, 84, 85], [0, 0, 1, 1], 84) == fit_proportion(1, 4)
    lost = crude_risk_row([83, 84, 10], [0, 0, 1], 84, "plr", **ANALYSIS)
    assert lost.estimate is None
    assert lost.note == CANNOT + "follow-up of 1 of 3 patients ends before the horizon"
    assert "crude proportion (follow-up complete)" in lost.method


def test_a_competing_event_is_complete_follow_up_but_not_the_event() -> None:
    assert fit_crude_risk([5, 84], [2, 1], 84) == fit_proportion(1, 2)


def test_median_follow_up_needs_somebody_whose_observation_ended() -> None:
    row = follow_up_row([1, 2], [1, 2], "all", **ANALYSIS)
    assert row.note == CANNOT + "every patient had the event"
    assert follow_up_row([84, 84, 1], [0, 0, 1], "all", **ANALYSIS).estimate == 84
    assert follow_up_row([], [], "all", **ANALYSIS).note == CANNOT + "there are no patients"


def test_proportions_out_of_nobody_and_impossible_ones() -> None:
    assert fit_proportion(0, 0).note == CANNOT + "there are no patients"
    assert (fit_proportion(0, 9).ci_low, fit_proportion(9, 9).ci_high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="0 ≤ events ≤ patients"):
        fit_proportion(10, 9)
