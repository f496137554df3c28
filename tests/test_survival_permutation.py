"""The permutation log-rank: its scores, its draws beside the exact answer, and when it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leukocytosis.survival import permutation
from leukocytosis.survival.logrank import fit_logrank, logrank_rows
from leukocytosis.survival.permutation import find_scores, is_small, permute_logrank

RNG = np.random.default_rng(7)
ANALYSIS: dict[str, Any] = {"analysis_id": "logrank", "outcome_id": "o"}


def test_scores_add_up_to_observed_minus_expected() -> None:
    days, status = RNG.integers(1, 30, 60), RNG.integers(0, 2, 60)
    groups = RNG.choice(["a", "b", "c"], 60)
    test = fit_logrank(days, status, groups)
    scores = find_scores(days, status)
    sums = [scores[groups == group].sum() for group in test.groups]
    assert sums == pytest.approx(test.observed - test.expected)


def test_draws_come_near_the_exact_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    days, status = np.arange(1, 15), np.tile([1, 1, 0], 5)[:14]
    member = np.array([0, 1, 0, 0, 1, 1, 1] * 2)
    exact, _ = permute_logrank(days, status, member)
    monkeypatch.setattr(permutation, "MOST_EXACT", 0)
    drawn, how = permute_logrank(days, status, member)
    assert how == "permutation, 20,000 draws" and drawn == pytest.approx(exact, abs=0.012)
    assert permute_logrank(days, status, member) == (drawn, how)


def test_large_groups_agree_with_chi_squared() -> None:
    days, status = RNG.exponential(20, 400).round() + 1, RNG.integers(0, 2, 400)
    member = RNG.integers(0, 2, 400)
    p_value, _ = permute_logrank(days, status, member)
    asymptotic = fit_logrank(days, status, np.where(member, "b", "a")).p_value
    assert p_value == pytest.approx(asymptotic, abs=0.03)


@pytest.mark.parametrize(("n", "events", "small"), [((20, 20), (5, 5), False),
                         ((19, 90), (9, 9), True), ((90, 90), (4, 50), True)])  # fmt: skip
def test_when_it_is_used(n: tuple[int, int], events: tuple[int, int], small: bool) -> None:
    assert is_small(np.array(n), np.array(events)) is small


def test_the_row_says_which_test_was_used() -> None:
    groups = ["infection"] * 40 + ["other"] * 9 + ["plr"] * 40
    days = np.concatenate([np.arange(1, 41), np.arange(3, 12), np.arange(1, 41) / 2])
    rows = {(r.group, r.term): r for r in logrank_rows(days, [1] * 89, groups, **ANALYSIS)}
    assert rows["infection against plr", "log-rank"].method == "log-rank test"
    small = rows["infection against other", "log-rank"]
    assert small.method == "log-rank test, permutation, 20,000 draws"
    holm = rows["infection against other", "log-rank (Holm)"]
    assert holm.method.endswith("20,000 draws, p value adjusted after Holm")
    assert small.p_value is not None and holm.p_value is not None
    assert holm.p_value >= small.p_value
