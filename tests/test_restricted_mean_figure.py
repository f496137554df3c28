"""The figure of restricted means: the area that is shaded is the number that is printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import report_fixtures as fixtures
from geometry import PAGES, find_faults_for
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from report_fixtures import CANNOT, PRIMARY, SURVIVAL

from leukocytosis.figures import draw_restricted_means
from leukocytosis.figures.columns import find_texts
from leukocytosis.figures.restricted_mean import describe_mean, find_areas, find_tick
from leukocytosis.report.drawings import draw_all

STUDY = fixtures.protocol()


def area_of(shape: PolyCollection) -> float:
    """Return the area of a polygon by the shoelace formula."""
    x, y = shape.get_paths()[0].vertices.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def draw(rows: list[dict[str, Any]] | None = None) -> Figure:
    found = fixtures.estimates() if rows is None else rows
    return draw_restricted_means(STUDY, found, fixtures.curves())


def test_the_shaded_area_is_the_restricted_mean() -> None:
    shaded = [
        area_of(shape) / 100
        for axes in draw().axes
        for shape in axes.collections
        if isinstance(shape, PolyCollection)
    ]
    means = [
        area.mean["estimate"]
        for outcome in (PRIMARY, SURVIVAL)
        for area in find_areas(STUDY, outcome, fixtures.estimates(), fixtures.curves())
    ]
    assert len(means) == 6
    assert shaded == pytest.approx(means, rel=1e-9)


def test_each_outcome_goes_to_its_last_restricted_day() -> None:
    more = [row | {"time_days": 28.0} for row in fixtures.means(SURVIVAL)]
    areas = find_areas(STUDY, SURVIVAL, [*fixtures.estimates(), *more], fixtures.curves())
    assert {area.mean["time_days"] for area in areas} == {365.0}
    assert all(area.days[0] == 0 and area.days[-1] == 365 for area in areas)


def test_groups_come_in_their_order_and_are_compared_with_the_first() -> None:
    areas = find_areas(STUDY, PRIMARY, fixtures.estimates(), fixtures.curves())
    assert [area.group for area in areas] == list(STUDY.analyses.groups)
    assert areas[0].difference is None
    for area in areas[1:]:
        assert area.difference is not None
        expected = area.mean["estimate"] - areas[0].mean["estimate"]
        assert area.difference["estimate"] == pytest.approx(expected)


def test_a_curve_that_few_are_at_risk_for_is_dotted() -> None:
    rows = [row for row in fixtures.curves() if row["outcome_id"] == PRIMARY]
    thin = [row | {"n_at_risk": 4 if row["time_days"] > 40 else row["n_at_risk"]} for row in rows]
    for area in find_areas(STUDY, PRIMARY, fixtures.estimates(), thin):
        assert area.thin_from is not None and area.thin_from > 40
    figure = draw_restricted_means(STUDY, fixtures.estimates(), thin)
    panel = figure.axes[0]
    assert panel.lines[1].get_xdata()[0] == panel.lines[0].get_xdata()[-1]


def test_what_cannot_be_estimated_is_said_and_not_shaded() -> None:
    note = CANNOT + "the last follow-up of a group was on day 60"
    rows = [
        row | {"estimate": None, "ci_low": None, "ci_high": None, "note": note}
        if row["analysis_id"] == "rmst" and row["group"] == "plr" and row["outcome_id"] == PRIMARY
        else row
        for row in fixtures.estimates()
    ]
    figure = draw(rows)
    assert not [s for s in figure.axes[1].collections if isinstance(s, PolyCollection)]
    said = " ".join(text.get_text().replace("\n", " ") for text in find_texts(figure))
    assert said.count("cannot be estimated") == 2  # the mean and its difference
    assert describe_mean({"estimate": None, "note": "hidden: rests on few"}) == "hidden"


@pytest.mark.parametrize(("reach", "tick"), [(0.3, 1), (25.0, 20), (60, 50), (163, 100), (1.2, 1)])
def test_the_axis_of_differences_has_round_ticks(reach: float, tick: float) -> None:
    assert find_tick(reach) == tick


def test_without_any_mean_the_figure_says_so() -> None:
    assert "No area is drawn" in find_texts(draw([]))[0].get_text()


def test_beside_the_figure_stand_the_means_it_prints() -> None:
    (drawing,) = (d for d in draw_all(fixtures.inputs()) if d.name == "restricted_means")
    terms = [row["term"].split()[0] for row in drawing.data["estimates"]]
    assert terms.count("restricted") == 6 and terms.count("difference") == 4
    assert {row["group"] for row in drawing.data["curves"]} == set(STUDY.analyses.groups)


@pytest.mark.parametrize("journal", PAGES)
def test_the_figure_has_no_fault_of_geometry(journal: str) -> None:
    assert find_faults_for(draw(), PAGES[journal]) == []
