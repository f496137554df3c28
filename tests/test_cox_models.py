"""The protocol's Cox models as rows, tables and figures of the report."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import report_fixtures as fixtures
from geometry import PAGES, find_faults
from report_fixtures import CANNOT, PRIMARY, SURVIVAL

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.figures.cox import draw_count_spline, draw_over_time, find_contrasts, find_counts
from leukocytosis.report.cox import list_count_spline, list_over_time, list_sizes
from leukocytosis.survival.analyses import covariate_frame
from leukocytosis.survival.cox_models import fit_models

STUDY = fixtures.protocol()


def patients(n: int = 400) -> pd.DataFrame:
    """An analysis set in which everything can be estimated."""
    draw = np.random.default_rng(84)
    group = np.array(["infection", "plr", "other", "other"])[np.arange(n) % 4]
    days = np.ceil(draw.exponential(np.where(group == "plr", 60, 150)))
    frame = pd.DataFrame(
        {
            "cause_group": group,
            "age_at_index_years": draw.normal(62, 11, n).round(),
            "sex": np.where(draw.random(n) < 0.5, "female", "male"),
            "metastatic": draw.random(n) < 0.6,
            "log2_wbc": np.log2(40) + draw.exponential(0.5, n),
            "neutrophil_percent": draw.uniform(50, 99, n),
        }
    )
    for outcome, horizon in ((PRIMARY, 84), (SURVIVAL, 365)):
        frame[f"{outcome}_days"] = np.minimum(days, horizon)
        frame[f"{outcome}_status"] = (days <= horizon).astype(int)
    return frame


def rows(frame: pd.DataFrame, outcome: str = PRIMARY) -> list[dict[str, Any]]:
    fitted = fit_models(STUDY, outcome, covariate_frame(STUDY, outcome, frame))
    return [vars(row) for row in fitted]


def of(found: list[dict[str, Any]], analysis: str) -> list[dict[str, Any]]:
    return [row for row in found if row["analysis_id"] == analysis]


@pytest.fixture(scope="module")
def usual() -> list[dict[str, Any]]:
    return rows(patients())


def test_rows_have_unique_keys(usual: list[dict[str, Any]]) -> None:
    keys = [tuple(row[key] for key in ("analysis_id", "term", "time_days")) for row in usual]
    assert len(keys) == len(set(keys))


def test_each_model_says_what_it_was_planned_with_and_how_it_was_fitted(
    usual: list[dict[str, Any]],
) -> None:
    sizes = {row["term"]: row for row in of(usual, "model_size")}
    n_events = int(patients()[f"{PRIMARY}_status"].sum())
    for model, freedom in (("cox_unadjusted", 2), ("cox_adjusted", 7), ("count_spline", 9)):
        assert sizes[f"{model}: planned degrees of freedom"]["estimate"] == freedom
        per = sizes[f"{model}: events per planned degree of freedom"]
        assert per["estimate"] == pytest.approx(n_events / freedom)
        assert (per["n_events"], per["note"]) == (n_events, "maximum likelihood")


def test_a_group_without_events_is_penalised_and_a_tiny_one_refused() -> None:
    frame = patients()
    frame.loc[frame["cause_group"] == "plr", f"{PRIMARY}_status"] = 0
    how = {r["term"]: r["note"] for r in of(rows(frame), "model_size")}
    per = "events per planned degree of freedom"
    because = "there are no events among the patients with PLR"
    assert how[f"cox_adjusted: {per}"] == f"penalised likelihood (Firth), because {because}"
    assert how[f"count_spline: {per}"] == f"not fitted, because {because}"
    tiny = frame[(frame["cause_group"] != "plr") | (frame.index < 16)]
    how = {r["term"]: r["note"] for r in of(rows(tiny), "model_size")}
    assert how[f"cox_unadjusted: {per}"].endswith("there are fewer than 5 patients with PLR")


def test_counts_go_from_knot_to_knot_against_the_median(usual: list[dict[str, Any]]) -> None:
    found = find_counts(usual, PRIMARY)
    counts = [count for count, _ in found]
    low, middle, high = np.quantile(2 ** patients()["log2_wbc"], [0.05, 0.5, 0.95])
    assert counts == sorted(counts)
    assert counts[0] == pytest.approx(low, abs=0.5)
    assert counts[-1] == pytest.approx(high, abs=0.5)
    (reference,) = [row for count, row in found if count == round(middle)]
    assert (reference["estimate"], reference["ci_low"], reference["ci_high"]) == (1, 1, 1)
    assert all(row["ci_low"] <= row["estimate"] <= row["ci_high"] for _, row in found)


def test_a_straight_effect_is_found_straight_and_a_bent_one_bent() -> None:
    draw, frame = np.random.default_rng(5), patients(2000)
    for shape, straight in ((lambda x: 1.2 * x, True), (lambda x: -6 * (x - 0.6) ** 2, False)):
        rate = np.exp(shape(frame["log2_wbc"] - np.log2(40)) - 4)
        days = np.ceil(draw.exponential(1 / rate))
        frame[f"{PRIMARY}_days"] = np.minimum(days, 84)
        frame[f"{PRIMARY}_status"] = (days <= 84).astype(int)
        tests = {row["term"]: row["p_value"] for row in of(rows(frame), "count_spline")}
        assert (tests["non-linearity"] > 0.01) is straight
        assert tests["any association"] < 0.001


def test_a_hazard_ratio_that_falls_is_seen_to_fall() -> None:
    frame, draw = patients(1200), np.random.default_rng(6)
    spared = draw.random(len(frame)) < 0.5  # half of PLR dies early, half not before the horizon
    early = np.where(spared, 200, np.ceil(draw.uniform(1, 30, len(frame))))
    late = np.ceil(draw.uniform(1, 160, len(frame)))
    days = np.where(frame["cause_group"] == "plr", early, late)
    frame[f"{PRIMARY}_days"] = np.minimum(days, 84)
    frame[f"{PRIMARY}_status"] = (days <= 84).astype(int)
    found = find_contrasts(rows(frame), PRIMARY)["cause group: plr against infection"]
    by_day = {row["time_days"]: row["estimate"] for row in found}
    assert by_day[7] > 2 > 0.5 > by_day[77]
    assert set(by_day) <= {1, 3, *range(7, 85, 7)}


def test_secondary_outcomes_have_models_and_no_figures_of_them() -> None:
    analyses = {row["analysis_id"] for row in rows(patients(), SURVIVAL)}
    assert not analyses & {"count_spline", "hazard_ratio_over_time"}
    assert {"cox_adjusted", "model_size"} <= analyses


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({f"{PRIMARY}_status": 0}, "there are no events"),
        ({"log2_wbc": 5.5}, "too few values to place 4 knots"),
        ({"sex": "female"}, "all patients have the same sex (female)"),
        ({"age_at_index_years": np.nan}, "there are no patients with all covariates known"),
        ({f"{PRIMARY}_days": 0.0, f"{PRIMARY}_status": 0}, "there are no events"),
    ],
)
def test_bad_input_gives_a_plain_reason(change: dict[str, Any], reason: str) -> None:
    found = rows(patients().assign(**change))
    (spline,) = of(found, "count_spline")
    assert spline["estimate"] is None
    assert spline["note"].startswith(CANNOT) and reason in spline["note"]
    over_time = of(found, "hazard_ratio_over_time")
    if "log2_wbc" not in change:
        assert [(row["estimate"], reason in row["note"]) for row in over_time] == [(None, True)]


def test_nobody_and_one_patient() -> None:
    for n in (0, 1):
        found = rows(patients().iloc[:n])
        assert {row["estimate"] for row in of(found, "cox_adjusted")} == {None}
        (spline,) = of(found, "count_spline")
        assert spline["note"].startswith(CANNOT)


def test_figures_draw_the_rows_and_say_what_is_not_drawn(usual: list[dict[str, Any]]) -> None:
    curve = draw_count_spline(usual, PRIMARY).axes[0]
    drawn = curve.lines[0].get_ydata()
    assert list(drawn) == [row["estimate"] for _, row in find_counts(usual, PRIMARY)]
    panels = draw_over_time(STUDY, usual, PRIMARY).axes
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == ["PLR against infection", "other cause against infection"]
    first = find_contrasts(usual, PRIMARY)["cause group: plr against infection"]
    assert list(panels[0].lines[0].get_xdata()) == [row["time_days"] for row in first]
    none = rows(patients().assign(**{f"{PRIMARY}_status": 0}))
    for figure in (draw_count_spline(none, PRIMARY), draw_over_time(STUDY, none, PRIMARY)):
        assert "because there are no events" in figure.texts[0].get_text().replace("\n", " ")
    plt.close("all")


def test_a_band_that_leaves_the_axis_has_an_arrow_head_and_says_how_far_it_reaches(
    usual: list[dict[str, Any]],
) -> None:
    axes = draw_count_spline(usual, PRIMARY).axes[0]
    assert not [line for line in axes.lines if line.get_marker() in "^v"]
    (count, row) = find_counts(usual, PRIMARY)[-1]
    wide = [{**r, "ci_low": 0.0005, "ci_high": 318918.39} if r == row else r for r in usual]
    axes = draw_count_spline(wide, PRIMARY).axes[0]
    low, high = axes.get_ylim()
    heads = {line.get_marker(): line for line in axes.lines if line.get_marker() in ("^", "v")}
    for head, edge in (("^", high), ("v", low)):
        assert [*heads[head].get_xdata(), *heads[head].get_ydata()] == [count, edge]
    assert find_faults(axes.figure, PAGES["house"].journal) == []
    words = {text.get_text() for text in axes.texts}
    assert {"to above 1,000", "to below 0.001"} < words
    figure = draw_over_time(STUDY, [{**r, "ci_high": 99.0} for r in usual], PRIMARY)
    assert find_faults(figure, PAGES["house"].journal) == []
    assert all("to 99.00" in {t.get_text() for t in axes.texts} for axes in figure.axes)
    plt.close("all")


def test_the_tables_of_the_report(usual: list[dict[str, Any]]) -> None:
    inputs = fixtures.inputs(estimates=usual)
    sizes = list_sizes(inputs)
    assert [row[1] for row in sizes.rows] == [
        "unadjusted", "adjusted", "adjusted, the count along a spline"
    ]  # fmt: skip
    assert sizes.rows[1][2] == "7" and sizes.rows[1][-1] == "maximum likelihood"
    over_time = list_over_time(inputs)
    assert over_time.head[1:] == ("Day 7", "Day 28", "Day 56", "Day 84")
    assert {row[0] for row in over_time.rows} == {
        "PLR against infection", "other cause against infection"
    }  # fmt: skip
    *ratios, bend, association = list_count_spline(inputs).rows
    assert 4 <= len(ratios) <= 7
    assert all(" against " in label and "×10⁹/L" in label for label, _ in ratios)
    assert {bend[0], association[0]} == {"non-linearity", "any association"}
    assert bend[1].startswith("χ² = ")


def test_contrasts_of_a_group_with_hidden_events_are_hidden(usual: list[dict[str, Any]]) -> None:
    crude = [
        fixtures.estimate("crude", "crude risk", 0.1, n=100, n_events=n_events,
                          group=group, outcome_id=PRIMARY)
        for group, n_events in (("plr", 3), ("infection", 40))
    ]  # fmt: skip
    table = fixtures.frame("estimates", [*usual, *crude])
    shown = disclose({"estimates": table}, Policy(policy="p", title="t", min_count=5))["estimates"]
    hidden = shown[shown["estimate"].isna()]
    assert set(hidden["term"]) == {"cause group: plr against infection", "crude risk"}
    assert "hazard_ratio_over_time" in set(hidden["analysis_id"])
    others = shown[shown["term"] == "cause group: other against infection"]
    assert others["estimate"].notna().all()
