"""The published patient: read whole or refused, and drawn where the article says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import report_fixtures as fixtures
from geometry import PAGES, find_faults_for

from leukocytosis.config import PublishedCase, load_published_cases
from leukocytosis.config.casebook import load_chapters
from leukocytosis.errors import ConfigError
from leukocytosis.figures import draw_case
from leukocytosis.figures.case_time_line import find_sides, is_firm, list_rows, measure_tumour
from leukocytosis.figures.time_scale import TimeScale, keep_apart, list_months
from leukocytosis.report.cases import describe_case, list_facts
from leukocytosis.report.drawing import inline_drawing
from leukocytosis.report.drawings import draw_all

FOLDER = Path("config/cases")
(CASE,) = load_published_cases(FOLDER)
SCALE = TimeScale(CASE.index_on, -60, 30)


def test_the_case_book_tells_the_same_counts_and_treatments() -> None:
    chapters = load_chapters(Path("tests/cases"))
    (told,) = (c for chapter in chapters for c in chapter.cases if c.id == "qing2014")
    ours = {CASE.day(v.ends[0]): v.value for v in CASE.counts.values}
    assert {day: ours.get(day) for day in told.counts} == told.counts
    ours_given = {(t.name, CASE.day(t.first_on)) for t in CASE.treatments}
    assert {(d.drug, d.day) for d in told.drugs} <= ours_given
    cultures = {(CASE.day(c.ends[0]), bool(c.organism)) for c in CASE.cultures}
    assert {(c.day, bool(c.organism)) for c in told.cultures} == cultures


def faulty(tmp_path: Path, *changes: tuple[str, str]) -> str:
    """Return what is said of the file with some of its words changed."""
    text = (FOLDER / "qing2014.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "qing2014.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_published_cases(tmp_path)
    return str(caught.value)


def test_the_index_is_the_first_count_beyond_the_threshold(tmp_path: Path) -> None:
    said = faulty(tmp_path, ("index_on: 2012-08-25", "index_on: 2012-08-28"))
    assert "'index_on' is 2012-08-28, the first count beyond is on 2012-08-25" in said


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    said = faulty(
        tmp_path,
        ("sex: female", "sexx: female"),
        ("age_years: 40", "age_years: -1"),
        ("{on: 2012-08-29, specimen", "{on: 2012-08-29, first_on: 2012-08-20, specimen"),
        ("first_on: 2012-10-10, last_on: 2012-11-16", "first_on: 2012-10-10, last_on: 2012-01-16"),
    )
    for part in ("sexx", "age_years", "needs a day", "before it starts"):
        assert part in said


def test_two_files_are_complained_of_together(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("case: other\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_published_cases(tmp_path)
    assert "one.yaml" in str(caught.value) and "two.yaml" in str(caught.value)


def test_days_keep_their_order_and_the_close_up_its_scale() -> None:
    places = [SCALE.place(day) for day in range(-200, 200)]
    assert all(a < b for a, b in pairwise(places))
    assert [SCALE.place(day) for day in (-60, -11, 0, 30)] == [-60, -11, 0, 30]
    assert SCALE.place(31) - SCALE.place(30) < 1


def test_months_begin_within_the_ends() -> None:
    months = list(list_months(date(2012, 11, 20), date(2013, 2, 1)))
    assert months == [date(2012, 12, 1), date(2013, 1, 1), date(2013, 2, 1)]
    assert keep_apart([(0, "a"), (3, "b"), (9, "c")], 5) == [(0, "a"), (9, "c")]


def test_each_count_is_drawn_on_its_day_filled_where_the_day_is_printed() -> None:
    axes = draw_case(CASE).axes[0]
    points = [
        (line.get_xdata()[0], line.get_ydata()[0], line.get_marker(), line.get_markerfacecolor())
        for line in axes.lines if line.get_marker() not in ("None", "", None)
    ]  # fmt: skip
    exact = {CASE.day(v.on): v for v in CASE.counts.values if v.on}
    assert len(points) == len(CASE.counts.values)
    for place, count, marker, face in points:
        if place in exact:
            value = exact[place]
            assert count == value.value
            assert (marker == "v") == (value.bound == "up_to")
            assert (face == "white") != is_firm(value)
        else:  # the day lies in a span
            assert face == "white" and count == 5.93


def test_the_tumour_is_drawn_by_its_longest_axis() -> None:
    assert [v.value for v in measure_tumour(CASE).values] == [33, 68, 80, 70, 90, 65, 0]


def test_each_treatment_has_a_row_and_its_bars_its_days() -> None:
    rows = list_rows(CASE)
    assert rows[0] == "cultures" and len(rows) == len(set(rows))
    bars = draw_case(CASE).axes[4].patches
    found = {
        (rows[round(bar.get_y() + bar.get_height() / 2)], round(bar.get_x(), 6))
        for bar in bars if round(bar.get_height(), 6) == 0.55
    }  # fmt: skip
    expected = {
        (t.name, round(SCALE.place(CASE.day(t.first_on) - 0.5), 6)) for t in CASE.treatments
    }
    assert found == expected


def test_an_inferred_end_is_dashed_and_hollow() -> None:
    axes = draw_case(CASE).axes[4]
    row = list_rows(CASE).index("amikacin")
    (bar,) = (b for b in axes.patches if round(b.get_y() + b.get_height() / 2) == row
              and round(b.get_height(), 6) == 0.55)  # fmt: skip
    assert bar.get_facecolor()[:3] == (1, 1, 1) and bar.get_linestyle() != "-"
    assert bar.get_x() + bar.get_width() == SCALE.place(6.5)  # 31 August, that day included


def test_numbers_stand_beside_the_lines() -> None:
    assert find_sides([1, 5, 2, 3, 9, 4, 1]) == [
        "above", "above", "below", "left", "above", "right", "right"
    ]  # fmt: skip


def test_every_fact_is_in_the_data_with_what_its_day_rests_on() -> None:
    facts = list(list_facts(CASE))
    kinds = [fact["kind"] for fact in facts]
    assert kinds.count("measurement") == 8 + 8 + 6
    assert kinds.count("antibacterial") == 11 and kinds.count("antineoplastic") == 7
    inferred = {fact["name"] for fact in facts if fact["basis"] == "inferred"}
    assert inferred == {"white count", "LAP", "piperacillin-tazobactam", "amikacin"}


def test_the_caption_says_whose_facts_these_are_and_what_is_not_known() -> None:
    said = describe_case(CASE)
    for part in ("not one of the extract", "growth factors", "Not measured", CASE.doi, "CC BY 4.0"):
        assert part in said


def test_a_published_patient_never_carries_the_mark_of_synthetic_data() -> None:
    inputs = replace(fixtures.inputs(), cases=(CASE,))
    (drawing,) = (d for d in draw_all(inputs) if d.name == "case_qing2014")
    shown = inline_drawing(drawing, inputs.mark)
    assert inputs.mark == "synthetic"
    assert "synthetic" not in shown["svg"]  # which holds the alternative text, too
    assert "A published patient" in shown["svg"]


@pytest.mark.parametrize("journal", PAGES)
def test_the_figure_has_no_fault_of_geometry(journal: str) -> None:
    assert find_faults_for(draw_case(CASE), PAGES[journal]) == []


def test_a_case_needs_no_more_than_its_counts() -> None:
    bare: PublishedCase = CASE.model_copy(
        update={"markers": (), "temperature": None, "tumour_sizes": (), "cultures": ()}
    )
    assert len(draw_case(bare).axes) == 3  # counts, treatments, the key
