"""Restricted means by hand, their contrasts, and what cannot be estimated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leukocytosis.survival.curve import Curve, fit_curve
from leukocytosis.survival.restricted_mean import RestrictedMean, fit_restricted_mean, mean_rows


def curve(days: list[float], status: list[int]) -> Curve:
    return fit_curve(np.array(days), np.array(status))


def test_without_censoring_it_is_the_mean_of_the_days_cut_at_the_horizon() -> None:
    days = [3.0, 10.0, 40.0, 100.0]
    mean = fit_restricted_mean(curve(days, [1, 1, 1, 1]), 84)
    assert isinstance(mean, RestrictedMean)
    cut = np.minimum(days, 84)
    assert mean.days == pytest.approx(cut.mean())
    assert mean.error == pytest.approx(cut.std() / math.sqrt(4))


def test_beyond_follow_up_there_is_none() -> None:
    assert fit_restricted_mean(curve([5, 30], [1, 0]), 84) == "nobody was followed to day 84"
    ended = fit_restricted_mean(curve([5, 30], [1, 1]), 84)  # the curve had reached 0
    assert isinstance(ended, RestrictedMean) and ended.days == 17.5
    assert fit_restricted_mean(curve([], []), 84) == "there are no patients"


def test_contrasts_are_to_the_first_group() -> None:
    curves = {
        "all": curve([10, 20, 90, 90], [1, 1, 0, 0]),
        "infection": curve([20, 90], [1, 0]),
        "plr": curve([10, 90], [1, 0]),
        "other": curve([90, 90], [0, 0]),
    }
    rows = {
        (row.group, row.term): row
        for row in mean_rows(curves, 84, analysis_id="rmst", outcome_id="o")
    }
    assert rows["plr", "difference to infection"].estimate == pytest.approx(47 - 52)
    ratio = rows["plr", "ratio to infection"]
    assert ratio.estimate == pytest.approx(47 / 52)
    assert ratio.ci_low is not None and ratio.ci_high is not None
    assert ratio.ci_low * ratio.ci_high == pytest.approx((47 / 52) ** 2)
    nobody = rows["other", "difference to infection"]
    assert nobody.estimate == pytest.approx(84 - 52) and nobody.ci_low is None
    assert "no events" in str(nobody.note)
    assert ("all", "difference to infection") not in rows


def test_an_interval_is_cut_where_it_would_pass_the_horizon() -> None:
    rows = list(mean_rows({"a": curve([60, 84, 84], [1, 0, 0])}, 84.0,
                          analysis_id="rmst", outcome_id="o"))  # fmt: skip
    assert rows[0].ci_high == 84.0 and rows[0].estimate == pytest.approx(76.0)
    assert rows[0].ci_low == pytest.approx(76.0 - 1.959964 * 24 * math.sqrt(2 / 27), rel=1e-6)
    assert "cut there" in str(rows[0].note)


def test_a_contrast_says_whose_follow_up_is_too_short() -> None:
    short, long = curve([20, 30], [1, 0]), curve([10, 90], [1, 0])
    for curves, name in (
        ({"infection": short, "plr": long}, "infection"),
        ({"infection": long, "plr": short}, "PLR"),
    ):
        rows = list(mean_rows(curves, 84, analysis_id="rmst", outcome_id="o"))
        said = next(row.note for row in rows if row.term == "ratio to infection")
        assert said == f"cannot be estimated, because of {name}, nobody was followed to day 84"
