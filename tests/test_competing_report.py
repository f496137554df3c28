"""Hospice and death in the report: tables, figures, and the small counts that stay hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import report_fixtures as fixtures
from report_fixtures import CANNOT, PRIMARY
from test_competing import STUDY, patients
from test_figures import words

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.figures import draw_incidence, draw_states, render_svg
from leukocytosis.figures.incidence import find_areas, find_curves
from leukocytosis.report import ReportInputs, write_report
from leukocytosis.report.competing import describe_competing, draw_competing, list_models
from leukocytosis.report.grids import list_unestimated
from leukocytosis.survival.competing.analyses import find_states, fit_competing

CLOSED = Policy(policy="default", title="t", min_count=5)
COMPETE = STUDY.outcomes[0]


def inputs(frame: pd.DataFrame, *, recorded: bool = True) -> ReportInputs:
    rows = [vars(row) for row in fit_competing(STUDY, frame, recorded=recorded)]
    states = list(find_states(STUDY, frame, recorded=recorded))
    return fixtures.inputs(estimates=[*fixtures.estimates(), *rows], states=states)


@pytest.fixture(scope="module")
def full() -> ReportInputs:
    return inputs(patients())


def hidden(full: ReportInputs) -> ReportInputs:
    return replace(full, frames=disclose(dict(full.frames), CLOSED))


def test_the_report_has_a_section_of_it_and_only_where_events_compete(
    full: ReportInputs, tmp_path: Path
) -> None:
    write_report(full, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="competing">Hospice and death</h2>' in page
    assert f'<figure id="figure-states_{PRIMARY}">' in page
    for sentence in ("cause-specific hazard ratio compares how fast", "does not say how fast",
                     "Who leaves the hospice alive is not on record"):  # fmt: skip
        assert sentence in " ".join(page.split())
    write_report(fixtures.inputs(), tmp_path / "without.html")
    assert "Hospice and death" not in (tmp_path / "without.html").read_text(encoding="utf-8")


def test_every_table_is_full_and_the_two_ratios_stand_side_by_side(full: ReportInputs) -> None:
    (part,) = describe_competing(full)
    sizes = {
        name: len(part[name].rows) for name in ("incidence", "states", "after_hospice", "gray")
    }
    assert sizes == {"incidence": 8, "states": 16, "after_hospice": 4, "gray": 2}
    for grid in (*(part[name] for name in sizes), *part["models"]):
        assert all(cell for row in grid.rows for cell in row)
        assert {len(row) for row in grid.rows} == {len(grid.head)} == {len(grid.align)}
    hospice = part["models"][0]
    assert hospice.caption == "Two ratios for discharge to hospice (95 % intervals)"
    assert [row[1] for row in hospice.rows[:3]] == [
        "PLR against infection", "other cause against infection", "PLR against infection"
    ]  # fmt: skip
    assert len(hospice.rows) == 2 + 7


def test_models_refused_for_one_reason_are_one_line() -> None:
    few = patients().assign(**{f"{PRIMARY}_ended_by": "horizon", f"{PRIMARY}_status": 0})
    grid = list_models(inputs(few), COMPETE, "hospice")
    assert [row[:4] for row in grid.rows] == [
        (model, "all terms", "cannot be estimated [1]", "cannot be estimated [1]")
        for model in ("Unadjusted", "Adjusted")
    ]
    reason = "there are no events"
    assert grid.notes == (f"[1] {CANNOT}{reason}",)


def test_hospice_not_recorded_is_said_and_nothing_is_drawn() -> None:
    unseen = inputs(patients(), recorded=False)
    (part,) = describe_competing(unseen)
    assert {row[4] for row in part["incidence"].rows} == {"cannot be estimated [1]"}
    assert "not assessed" in part["incidence"].notes[0]
    assert all(
        "Nothing is drawn" in words(figure) for figure in (d.figure for d in draw_competing(unseen))
    )
    (reason,) = (row for row in list_unestimated(unseen).rows if "not assessed" in row[0])
    assert "(discharge to hospice)" in reason[1]


def test_the_areas_reach_the_top_and_the_curves_end_where_few_are_left(full: ReportInputs) -> None:
    states = full.rows("states")
    for group in ("all", *STUDY.analyses.groups):
        areas = find_areas(PRIMARY, group, states)
        assert areas[0][0] == 0 and areas[-1][0] == 84
        assert all(sum(found.values()) == pytest.approx(1) for _, found in areas)
    whole = find_curves(STUDY, PRIMARY, states, "ever in hospice")
    assert {group: rows[-1]["time_days"] for group, rows in whole.items()} == dict.fromkeys(
        whole, 84
    )
    n_left = min(
        r["n"] for r in states if r["state"] == "alive without hospice" and r["group"] != "all"
    )
    asked = STUDY.analyses.model_copy(update={"min_at_risk_shown": n_left + 1})
    strict = STUDY.model_copy(update={"analyses": asked})
    cut = find_curves(strict, PRIMARY, states, "ever in hospice")
    assert min(rows[-1]["time_days"] for rows in cut.values()) < 84


@pytest.mark.parametrize("draw", [draw_incidence, draw_states])
def test_every_word_lies_inside_the_figure_and_is_the_same_again(
    draw: Any, full: ReportInputs
) -> None:
    figure = draw(STUDY, PRIMARY, full.rows("states"))
    svg = render_svg(figure, "states", None)
    assert svg == render_svg(draw(STUDY, PRIMARY, full.rows("states")), "states", None)
    texts = [*figure.texts, *(axes.title for axes in figure.axes)]
    texts += [label for axes in figure.axes for label in (*axes.get_yticklabels(), axes.yaxis.label,
              axes.xaxis.label)]  # fmt: skip
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width, text.get_text()
        assert box.y0 >= 0 and box.y1 <= figure.bbox.height, text.get_text()


def test_a_small_state_takes_the_others_of_that_day_and_everybodys_with_it(
    full: ReportInputs,
) -> None:
    before, after = full.frames["estimates"], hidden(full).frames["estimates"]
    place = ["analysis_id", "outcome_id", "group", "term", "time_days"]
    both = before.merge(after, on=place, suffixes=("", "_open"))
    states = both[both["analysis_id"].isin(["states", "incidence"])].copy()
    small = states["n_events"].between(1, 4) | (states["n"] - states["n_events"]).between(1, 4)
    assert small.any() and not small.all()
    days = set()
    for group, day in set(zip(states[small]["group"], states[small]["time_days"], strict=True)):
        there = states[(states["group"] == group) & (states["time_days"] == day)]
        assert len(there) == 6
        assert there["estimate_open"].isna().all() and there["n_events_open"].isna().all()
        days.add(day)
    everybody = states[(states["group"] == "all") & states["time_days"].isin(days)]
    assert everybody["estimate_open"].isna().all()
    kept = states[~states["time_days"].isin(days)]
    assert len(kept) and kept["estimate_open"].notna().all()


def test_no_small_count_leaves_with_the_points_of_the_figure(full: ReportInputs) -> None:
    before, after = full.frames["states"], hidden(full).frames["states"]
    assert before["n"].between(1, 4).any()
    assert not after["n"].between(1, 4).any()
    assert (after["time_days"] % 7 == 0).all() and 84 in set(after["time_days"])
    # all states of a day or none; everybody's only where no group hides
    sizes = after.groupby(["group", "time_days"])["state"].nunique()
    assert set(sizes) == {5}
    for day, part in after.groupby("time_days"):
        if "all" in set(part["group"]):
            assert set(part["group"]) == {"all", *STUDY.analyses.groups}, day
    # each point is the estimate that stands at that day
    for row in after.itertuples():
        same = before[(before["group"] == row.group) & (before["state"] == row.state)]
        last = same[same["time_days"] <= row.time_days].sort_values("time_days").iloc[-1]
        assert last["probability"] == row.probability


def test_who_was_few_in_hospice_is_hidden_with_everybodys_number() -> None:
    frame = patients()
    few = frame.index[
        (frame["cause_group"] == "plr") & (frame[f"{PRIMARY}_ended_by"] == "hospice")
    ][3:]
    frame = frame.drop(few)
    rows = hidden(inputs(frame)).estimates("after_hospice")
    shown = {row["group"] for row in rows if row["n"] is not None}
    assert shown == {"infection", "other"}
