"""The log-rank tests: when there is none, and what their rows say (numbers: against R)."""

import pytest

from leukocytosis.survival.logrank import (
    adjust_holm,
    fit_logrank,
    fit_pairwise_logrank,
    logrank_rows,
)

ANALYSIS = {"analysis_id": "logrank", "outcome_id": "death_12w"}


@pytest.mark.parametrize(
    ("days", "status", "groups", "reason"),
    [
        ([], [], [], "there are no patients"),
        ([1, 2], [1, 1], ["plr", "plr"], "there is only one group"),
        ([1, 2], [0, 0], ["plr", "other"], "there are no events"),
        ([1, 5], [0, 1], ["plr", "other"], "only one group was at risk when events happened"),
        ([3, 3], [1, 1], ["plr", "other"], "the events leave no variance"),
    ],
)
def test_what_cannot_be_tested_says_why(
    days: list[float], status: list[int], groups: list[str], reason: str
) -> None:
    test = fit_logrank(days, status, groups)
    assert (test.chi_squared, test.df, test.p_value) == (None, None, None)
    assert test.reason is not None
    assert test.reason.startswith(reason)
    (row,) = logrank_rows(days, status, groups, **ANALYSIS)
    assert row.estimate is None
    assert row.note == f"cannot be estimated, because {test.reason}"


def test_a_group_never_at_risk_takes_no_part_and_is_named() -> None:
    days, status = [0, 1, 2, 3, 4], [0, 1, 1, 1, 0]
    with_it = fit_logrank(days, status, ["left", "a", "b", "a", "b"])
    without = fit_logrank(days[1:], status[1:], ["a", "b", "a", "b"])
    assert (with_it.chi_squared, with_it.df) == (pytest.approx(without.chi_squared), 1)
    overall = logrank_rows(days, status, ["left", "a", "b", "a", "b"], **ANALYSIS)[0]
    assert overall.note is not None
    assert overall.note.endswith("never at risk when events happened: left")


def test_two_groups_by_hand() -> None:
    # expected in a: 1/2 on day 1, 1/3 on day 2; variance 1/4 + 2/9
    test = fit_logrank([1, 2, 5, 5], [1, 1, 0, 0], ["a", "b", "a", "b"])
    assert test.observed.tolist() == [1, 1]
    assert test.expected.tolist() == pytest.approx([1 / 2 + 1 / 3, 1 / 2 + 2 / 3])
    assert test.chi_squared == pytest.approx((1 / 6) ** 2 / (1 / 4 + 2 / 9))


def test_missing_groups_are_refused_with_a_count() -> None:
    with pytest.raises(ValueError, match="1 of 2 patients have no group name"):
        fit_logrank([1, 2], [1, 1], ["plr", None])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="one group per patient"):
        fit_logrank([1, 2], [1, 1], ["plr"])


def test_holm_adjusts_step_down_and_counts_only_what_was_tested() -> None:
    assert adjust_holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm([0.01, None, 0.03]) == [pytest.approx(0.02), None, pytest.approx(0.03)]
    assert adjust_holm([0.9, 0.8]) == [1.0, 1.0]
    assert adjust_holm([]) == []


def test_rows_give_the_overall_test_then_each_pair_plain_and_after_holm() -> None:
    groups = ["infection", "other", "plr"] * 4
    rows = logrank_rows(list(range(1, 13)), [1, 0, 1] * 4, groups, **ANALYSIS)
    assert [(row.group, row.term) for row in rows] == [
        ("all", "log-rank"),
        ("infection against other", "log-rank"),
        ("infection against other", "log-rank (Holm)"),
        ("infection against plr", "log-rank"),
        ("infection against plr", "log-rank (Holm)"),
        ("other against plr", "log-rank"),
        ("other against plr", "log-rank (Holm)"),
    ]
    assert rows[0].note == "chi-squared on 2 degrees of freedom"
    assert (rows[0].n, rows[0].n_events, rows[1].n) == (12, 8, 8)
    assert all(
        adjusted.p_value >= plain.p_value
        for plain, adjusted in zip(rows[1::2], rows[2::2], strict=True)
    )


def test_a_pair_without_events_does_not_stop_the_others() -> None:
    groups = ["a", "a", "b", "b", "c", "c"]
    pairs = fit_pairwise_logrank([1, 2, 9, 9, 9, 9], [1, 1, 0, 0, 0, 0], groups)
    assert [test.reason for test, _ in pairs] == [None, None, "there are no events"]
    assert pairs[2][1] is None
