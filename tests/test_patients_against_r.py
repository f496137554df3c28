"""Standardised differences and tests of Table 1 against R, and by a second road in numpy."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import check_made_again, read_values
from scipy.spatial.distance import mahalanobis

from leukocytosis.describe.differences import (
    NoDifferenceError,
    find_difference,
    find_distance,
    rank_together,
)
from leukocytosis.describe.equality import (
    DRAWN,
    NoTestError,
    compare_categories,
    compare_numbers,
    fit_fisher,
)

FOLDER = Path(__file__).parent / "oracle/patients"
COHORT = pd.read_csv(FOLDER / "cohort.csv")
GROUPS = ["a", "b", "c", "d", "e"]
PAIRS = list(combinations(GROUPS, 2))
SOME = {"all": GROUPS, "large": ["a", "b", "c"], "small": ["d", "e"]}
R = read_values(FOLDER).to_dict()
close = pytest.approx


def known(group: str, variable: str) -> np.ndarray:
    return COHORT.loc[COHORT["group"] == group, variable].dropna().to_numpy()


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize(("reference", "group"), PAIRS)
@pytest.mark.parametrize("variable", ["age", "count"])
def test_differences_of_numbers_equal_those_of_r(reference: str, group: str, variable: str) -> None:
    pair = known(group, variable).astype(float), known(reference, variable).astype(float)
    key = f"{group} against {reference}"
    assert find_difference(*pair) == close(R["means", key, variable], rel=1e-6)
    assert find_difference(*rank_together(*pair)) == close(R["ranks", key, variable], rel=1e-6)


@pytest.mark.parametrize(("reference", "group"), PAIRS)
def test_distances_of_shares_equal_those_of_r(reference: str, group: str) -> None:
    key = f"{group} against {reference}"
    for variable in ("sex", "tumour"):
        pair = known(group, variable).tolist(), known(reference, variable).tolist()
        assert find_distance(*pair) == close(R["shares", key, variable], rel=1e-6)
    sexes = known(group, "sex").tolist(), known(reference, "sex").tolist()
    assert find_distance(*sexes) == close(abs(R["proportions", key, "sex"]), rel=1e-6)


@pytest.mark.parametrize(("reference", "group"), PAIRS)
def test_the_distance_is_that_of_the_indicators_of_each_level(reference: str, group: str) -> None:
    """By the patients' own 0/1 columns and numpy's covariance, the first level left out."""
    pair = known(group, "tumour").tolist(), known(reference, "tumour").tolist()
    levels = sorted({*pair[0], *pair[1]})[1:]
    columns = [np.array([[v == level for level in levels] for v in part]) for part in pair]
    spread = sum(np.cov(part.T.astype(float), bias=True) for part in columns) / 2
    means = [part.mean(axis=0) for part in columns]
    assert find_distance(*pair) == close(mahalanobis(*means, np.linalg.inv(spread)), rel=1e-9)


NUMBERS = st.lists(st.integers(-50, 50), min_size=5, max_size=30)
LEVELS = st.lists(st.sampled_from("abcd"), min_size=5, max_size=30)


@given(NUMBERS, NUMBERS)
def test_ranks_see_no_scale_and_the_other_way_round_is_the_opposite(
    one: list[int], other: list[int]
) -> None:
    first, second = np.array(one, float), np.array(other, float)
    try:
        found = find_difference(*rank_together(first, second))
    except NoDifferenceError:
        return
    assert find_difference(*rank_together(np.exp(first / 9), np.exp(second / 9))) == close(found)
    assert find_difference(*rank_together(second, first)) == close(-found)


@given(LEVELS, LEVELS, st.permutations("abcd"))
def test_a_distance_is_never_negative_and_names_and_sides_do_not_matter(
    one: list[str], other: list[str], names: list[str]
) -> None:
    renamed = dict(zip("abcd", names, strict=True))
    try:
        found = find_distance(one, other)
    except NoDifferenceError:
        assert not {*one} & {*other} or len({*one, *other}) == 1
        return
    assert found >= 0
    assert find_distance(other, one) == close(found, abs=1e-9)
    again = [[renamed[level] for level in group] for group in (one, other)]
    assert find_distance(*again) == close(found, abs=1e-9)


def test_small_differences_of_ranks_are_those_of_means_where_values_are_normal() -> None:
    draw = rng()
    pair = draw.normal(0.2, 1, 200_000), draw.normal(0, 1, 200_000)
    ratio = find_difference(*rank_together(*pair)) / find_difference(*pair)
    assert ratio == close(np.sqrt(3 / np.pi), rel=0.01)  # 0.977


@pytest.mark.parametrize(
    ("values", "reference", "why"),
    [
        ([], [1, 2, 3, 4, 5], "fewer than 5"),
        ([1, 2, 3, 4], [1, 2, 3, 4, 5], "fewer than 5"),
        ([7] * 6, [7] * 9, "does any value differ"),
        ([7] * 6, [8] * 9, "does any value differ"),
    ],
)
def test_numbers_that_do_not_vary_say_why_there_is_no_difference(
    values: list[float], reference: list[float], why: str
) -> None:
    with pytest.raises(NoDifferenceError, match=why):
        find_difference(np.array(values, float), np.array(reference, float))


def test_levels_that_do_not_vary_say_why_there_is_no_difference() -> None:
    with pytest.raises(NoDifferenceError, match="everybody has the same level"):
        find_distance(["yes"] * 6, ["yes"] * 9)
    with pytest.raises(NoDifferenceError, match="no level in common"):
        find_distance(["yes"] * 6, ["no"] * 9)
    with pytest.raises(NoDifferenceError, match="fewer than 5"):
        find_distance(["yes"], ["yes", "no"] * 9)
    assert find_distance(["yes"] * 6, ["yes", "no"] * 9) == close(np.sqrt(2))


@pytest.mark.parametrize("variable", ["age", "count"])
@pytest.mark.parametrize("key", SOME)
def test_kruskal_wallis_equals_that_of_r(key: str, variable: str) -> None:
    found = compare_numbers([known(group, variable) for group in SOME[key]], rng())
    assert found.statistic == close(R["kruskal", key, variable], rel=1e-6)
    if key == "large":
        assert found.method.endswith("χ²")
        assert found.p_value == close(R["kruskal_p", key, variable], rel=1e-6)
    else:  # drawn deals, near what chi-squared says
        assert found.method.endswith(f"{DRAWN:,} drawn deals")
        assert found.p_value == close(R["kruskal_p", key, variable], abs=0.03)


def test_every_deal_of_few_is_the_exact_rank_sum_test() -> None:
    few = [np.array([40.2, 44, 51, 73]), np.array([41, 47, 90, 120, 133.0])]
    found = compare_numbers(few, rng())
    assert found.method.endswith("every deal")
    assert found.p_value == close(R["wilcoxon_exact", "few", "count"], rel=1e-9)


@pytest.mark.parametrize("variable", ["sex", "tumour"])
@pytest.mark.parametrize("key", SOME)
def test_pearson_and_fisher_equal_those_of_r(key: str, variable: str) -> None:
    found = compare_categories([known(group, variable) for group in SOME[key]], rng())
    assert found.statistic == close(R["pearson", key, variable], rel=1e-6)
    if found.method.endswith("χ²"):
        assert found.p_value == close(R["pearson_p", key, variable], rel=1e-6)
    elif found.method.endswith("every table"):
        assert found.p_value == close(R["fisher_p", key, variable], rel=1e-6)
    else:
        by_chance = 4 * np.sqrt(0.25 / DRAWN)
        assert found.p_value == close(R["fisher_p", key, variable], abs=by_chance)


def test_small_tables_are_tested_by_every_table() -> None:
    tea = np.array([[3, 1], [1, 3]])
    assert fit_fisher(tea, rng()) == (close(R["fisher_p", "printed", "tea"]), "every table")
    jobs = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]]).T
    p_value, how = fit_fisher(jobs, rng())  # Agresti's job satisfaction, in R's own example
    assert how == f"{DRAWN:,} drawn tables"
    assert p_value == close(R["fisher_p", "printed", "jobs"], abs=0.015)


def test_where_nothing_differs_there_is_no_test() -> None:
    with pytest.raises(NoTestError, match="no value differs"):
        compare_categories([np.array(["yes"] * 5), np.array(["yes"] * 9)], rng())
    with pytest.raises(NoTestError, match="fewer than two groups"):
        compare_numbers([np.array([1.0, 2.0])], rng())


def test_the_script_still_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)
