"""Figures, through the data they draw and the bytes they leave."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import report_fixtures as fixtures
from geometry import PAGES, find_faults
from matplotlib.figure import Figure
from report_fixtures import CANNOT, PRIMARY, SURVIVAL

from leukocytosis.config import load_published_cases
from leukocytosis.figures import (
    draw_case,
    draw_causes,
    draw_flow,
    draw_forest,
    draw_overlap,
    draw_restricted_means,
    draw_study_design,
    draw_survival,
    draw_white_counts,
    render_svg,
    save_figure,
)
from leukocytosis.figures.at_risk import count_at
from leukocytosis.figures.causes import sort_causes
from leukocytosis.figures.flow import left_out
from leukocytosis.figures.forest import label_term, list_lines
from leukocytosis.figures.survival import find_drawn, points, ticks_of

STUDY = fixtures.protocol()
ALL = {
    "study_design": lambda: draw_study_design(STUDY),
    "flow": lambda: draw_flow(fixtures.attrition()),
    "white_counts": lambda: draw_white_counts(STUDY, fixtures.white_counts()),
    "causes": lambda: draw_causes(STUDY, fixtures.estimates()),
    "overlap": lambda: draw_overlap(STUDY, fixtures.estimates()),
    "risk": lambda: draw_survival(STUDY, PRIMARY, fixtures.curves()),
    "survival": lambda: draw_survival(STUDY, SURVIVAL, fixtures.curves()),
    "restricted_means": lambda: draw_restricted_means(
        STUDY, fixtures.estimates(), fixtures.curves()
    ),
    "case": lambda: draw_case(*load_published_cases(fixtures.ROOT / "config/cases")),
    "forest": lambda: draw_forest(fixtures.estimates(), PRIMARY),
}


def words(figure: Figure) -> str:
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    ticks = [label for axes in figure.axes for label in axes.get_yticklabels()]
    return " ".join(" ".join(text.get_text() for text in (*texts, *ticks)).split())


def point(day: float, **more: Any) -> dict[str, Any]:
    return {
        "outcome_id": PRIMARY, "group": "plr", "time_days": day, "n_at_risk": 10, "n_events": 0,
        "n_censored": 0, "survival": 1.0, "ci_low": None, "ci_high": None, **more,
    }  # fmt: skip


def test_the_flow_shows_who_is_left_and_who_is_left_out() -> None:
    said = words(draw_flow(fixtures.attrition()))
    for count in ("n = 3,770", "n = 758", "left out: 1,246", "left out: 1,754"):
        assert count in said
    assert "left out: 0" not in said


def test_a_hidden_count_is_said_to_be_hidden() -> None:
    step = {"step": 1, "reason_id": "r", "reason": "a criterion", "n_patients_before": 20}
    assert left_out({**step, "n_patients_left": None}) is None
    rows = [{**step, "step": 0, "n_patients_left": 20}, {**step, "n_patients_left": None}]
    assert "n = hidden" in words(draw_flow(rows))
    assert "left out: hidden" in words(draw_flow(rows))


def test_causes_show_share_interval_and_the_wide_reading() -> None:
    said = words(draw_causes(STUDY, fixtures.estimates()))
    assert "68.9\u00a0% (65.5 to 72.1)".replace("\u00a0", " ") in said
    assert "PLR or undetermined" in said


def test_risk_rises_and_survival_falls() -> None:
    for outcome, first, ordered in ((PRIMARY, 0.0, 1), (SURVIVAL, 100.0, -1)):
        for curve in find_drawn(STUDY, outcome, fixtures.curves()):
            assert curve.percent[0] == first
            assert curve.percent[::ordered] == sorted(curve.percent)
            bounds = list(zip(curve.low, curve.percent, curve.high, strict=True))
            assert all(low <= middle <= high for low, middle, high in bounds if low == low)


def test_groups_come_in_the_order_of_the_protocol() -> None:
    drawn = find_drawn(STUDY, PRIMARY, fixtures.curves())
    assert tuple(curve.group for curve in drawn) == STUDY.analyses.groups


def test_a_curve_ends_where_too_few_are_at_risk() -> None:
    least = STUDY.analyses.min_at_risk_shown
    rows = [
        point(3, n_at_risk=least + 1, n_events=1, survival=0.8),
        point(9, n_at_risk=least, n_events=1, survival=0.7),
        point(20, n_at_risk=least - 1, n_events=1, survival=0.5),
    ]
    (curve,) = find_drawn(STUDY, PRIMARY, rows)
    assert curve.days == [0.0, 3, 9]


def test_a_hidden_number_at_risk_ends_the_curve_too() -> None:
    (curve,) = find_drawn(STUDY, PRIMARY, [point(3), point(9, n_at_risk=None)])
    assert curve.days == [0.0, 3]


def test_the_status_under_a_tick_is_that_at_the_end_of_its_day() -> None:
    rows = [
        point(3, n_at_risk=10, n_events=2),
        point(28, n_at_risk=8, n_events=1),
        point(40, n_at_risk=7, n_censored=3),
        point(84, n_at_risk=4, n_events=1, n_censored=3),
    ]
    assert count_at(rows, 0, 84) == (10, 0, 0)
    assert count_at(rows, 27, 84) == (8, 0, 2)
    assert count_at(rows, 28, 84) == (7, 0, 3)
    assert count_at(rows, 40, 84) == (4, 3, 3)
    assert count_at(rows, 84, 84) == (3, 3, 4)  # three were followed to the end


def test_at_risk_censored_and_events_add_up_to_the_group_on_every_tick() -> None:
    for outcome, horizon in ((PRIMARY, 84), (SURVIVAL, 365)):
        for group, n in fixtures.N.items():
            rows = points(fixtures.curves(), outcome, group)
            for day in ticks_of(STUDY, outcome):
                assert sum(count_at(rows, day, horizon)) == n  # type: ignore[arg-type]


def test_a_status_of_which_a_part_is_hidden_is_not_made_up() -> None:
    hidden = [point(3, n_events=None), point(84, n_at_risk=8, n_censored=8)]
    assert count_at(hidden, 28, 84) == (8, 0, None)
    assert count_at([point(3, n_censored=None)], 28, 84) == (None, None, None)
    # the rest of the curve has been left out: of its seven patients nothing is known
    assert count_at([point(3, n_events=3)], 28, 84) == (None, None, None)
    assert count_at([point(3, n_events=10)], 28, 84) == (0, 0, 10)


def test_a_curve_shown_by_weeks_has_the_status_of_its_last_week() -> None:
    weeks = [point(7, n_events=5), point(21, n_at_risk=5, n_events=5)]
    assert count_at(weeks, 10, 84) == count_at(weeks, 7, 84) == (5, 0, 5)
    late = [point(7), point(371, n_at_risk=10, n_events=4, n_censored=6)]
    assert count_at(late, 365, 365) == (6, 0, 4)
    drawn = find_drawn(STUDY, SURVIVAL, [row | {"outcome_id": SURVIVAL} for row in late])
    assert drawn[0].days[-1] == 365


@pytest.mark.parametrize("outcome", [PRIMARY, SURVIVAL])
def test_the_axis_of_a_curve_runs_from_0_to_100_percent(outcome: str) -> None:
    (axes,) = draw_survival(STUDY, outcome, fixtures.curves()).axes
    assert axes.get_ylim() == (0, 100)


def test_without_groups_the_curve_of_all_is_drawn() -> None:
    (curve,) = find_drawn(STUDY, PRIMARY, [point(3, group="all")])
    assert curve.group == "all"


def test_no_curve_says_why() -> None:
    assert "no patient was followed" in words(draw_survival(STUDY, PRIMARY, []))
    few = draw_survival(STUDY, PRIMARY, [point(3, group="all", n_at_risk=3)])
    assert "only 3 patients were ever at risk" in words(few)


def test_nothing_to_draw_is_said_in_words() -> None:
    assert "No flow diagram, because" in words(draw_flow([]))
    assert "No shares are drawn" in words(draw_causes(STUDY, []))
    assert "no Cox model was asked for" in words(draw_forest([], PRIMARY))
    reason = CANNOT + "there are too few events"
    failed = [fixtures.estimate("cox_adjusted", "age", note=reason, outcome_id=PRIMARY)]
    assert "because there are too few events" in words(draw_forest(failed, PRIMARY))


def test_the_forest_prints_what_cannot_be_estimated() -> None:
    said = words(draw_forest(fixtures.estimates(), PRIMARY))
    assert "cannot be estimated, because no patient without metastasis had an event" in said
    assert "3.10 (2.20 to 4.40)" in said


def test_the_forest_bounds_what_the_data_cannot_tell_and_stays_legible() -> None:
    wide = {"ci_low": 0.0005, "ci_high": 318918.39}
    rows = [row | wide if row["estimate"] else row for row in fixtures.estimates()]
    figure = draw_forest(rows, PRIMARY)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any(told.endswith("(below 0.001\nto above 1,000)") for told in words)
    assert find_faults(figure, PAGES["house"].journal) == []


def test_a_model_that_failed_whole_is_one_line() -> None:
    rows = [
        fixtures.estimate("cox_adjusted", term, note=CANNOT + "few events", outcome_id=PRIMARY)
        for term in ("age", "sex")
    ]
    assert [label for label, _ in list_lines(rows, PRIMARY)] == ["Adjusted", "all terms"]


def test_group_contrasts_are_named_for_readers() -> None:
    assert label_term("cause group: plr against infection") == "PLR against infection"
    assert label_term("infection against other") == "infection against other cause"
    assert label_term("sex: male against female") == "sex: male against female"


def test_the_forest_starts_with_the_causes_and_leaves_tests_out() -> None:
    rows = [
        fixtures.estimate("cox_adjusted", term, 1.0, outcome_id=PRIMARY)
        for term in (
            "age (per 10 years)",
            "cause group: other against infection",
            "cause group: plr against infection",
            "likelihood ratio test",
            "metastatic",
        )
    ]
    assert [label for label, _ in list_lines(rows, PRIMARY)] == [
        "Adjusted",
        "PLR against infection",
        "other cause against infection",
        "age (per 10 years)",
        "metastasis coded up to the index",
    ]


def test_causes_come_in_the_order_of_the_protocol() -> None:
    rows = sort_causes(STUDY, [{"term": t} for t in ("undetermined", "plr", "new_leukaemia")])
    assert [row["term"] for row in rows] == ["new_leukaemia", "plr", "undetermined"]


@pytest.mark.parametrize("name", ALL)
def test_every_word_lies_inside_the_figure(name: str) -> None:
    figure = ALL[name]()
    render_svg(figure, name, "synthetic")
    width, height = figure.bbox.width, figure.bbox.height
    ticks = [label for axes in figure.axes if axes.axison for label in axes.get_yticklabels()]
    for text in [*figure.texts, *(t for axes in figure.axes for t in axes.texts), *ticks]:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width, text.get_text()
        assert box.y0 >= 0 and box.y1 <= height, text.get_text()


@pytest.mark.parametrize("name", ALL)
def test_a_synthetic_figure_says_so_once(name: str) -> None:
    figure = ALL[name]()
    assert "synthetic" not in words(figure)
    render_svg(figure, name, "synthetic")
    render_svg(figure, name, "synthetic")
    assert words(figure).count("synthetic") == 1


def test_a_second_process_leaves_the_same_bytes(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; import test_figures as t; "
        "[t.save_figure(draw(), Path(sys.argv[1]), name, 'synthetic', dpi=100) "
        "for name, draw in t.ALL.items()]"
    )
    here = str(Path(__file__).parent)
    for seed, folder in (("1", tmp_path / "one"), ("2", tmp_path / "two")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": here}
        subprocess.run([sys.executable, "-c", script, str(folder)], check=True, env=environment)
    first = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert len(first) == 4 * len(ALL)
    assert first == second


def test_files_carry_no_date_and_text_can_be_edited(tmp_path: Path) -> None:
    pdf, svg, png, _ = save_figure(ALL["risk"](), tmp_path, "risk", None)
    assert b"CreationDate" not in pdf.read_bytes()
    assert b"/FontFile2" in pdf.read_bytes()  # TrueType: fonttype 42
    assert b"Type3" not in pdf.read_bytes()
    assert not re.search(r"<dc:date>", svg.read_text())
    assert png.read_bytes()[:4] == b"\x89PNG"


def test_the_users_own_settings_do_not_change_a_figure(tmp_path: Path) -> None:
    import matplotlib as mpl

    plain = render_svg(ALL["risk"](), "risk", None)
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 9}):
        assert render_svg(ALL["risk"](), "risk", None) == plain


def test_the_overlap_shows_its_combinations_most_patients_first() -> None:
    rows = [
        {"analysis_id": "overlap", "term": term, "n_events": n, "estimate": share}
        for term, n, share in (("infection", 9, 0.09), ("growth_factor+infection", 31, 0.31),
                               ("plr", None, None))
    ]  # fmt: skip
    figure = draw_overlap(STUDY, rows)
    bars, matrix = figure.axes
    assert [bar.get_height() for bar in bars.patches] == [31, 9]
    joined = [line.get_ydata() for line in matrix.lines if line.get_linestyle() == "-"]
    assert [len(list(ys)) for ys in joined] == [2, 1]
    assert "leukemoid" not in words(figure)
