"""The design diagram: every window of every protocol, and nothing that is not in it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from geometry import PAGES, find_faults_for, lay_out

from leukocytosis.config import Protocol, load_protocol
from leukocytosis.config.evidence import Window
from leukocytosis.figures import draw_study_design
from leukocytosis.figures.study_design import (
    describe_days,
    find_ticks,
    list_lines,
    place_day,
)
from leukocytosis.figures.windows import FOLLOW_UP, Span, find_homes, list_windows

STUDIES = sorted(path.stem for path in Path("config/studies").glob("*.yaml"))


def read(study: str) -> Protocol:
    return load_protocol(Path(f"config/studies/{study}.yaml"))


def windows_in(value: object) -> list[Window]:
    """Return every window anywhere in a protocol, by walking it."""
    if isinstance(value, Window):
        return [value]
    if isinstance(value, (list, tuple)):
        return [window for part in value for window in windows_in(part)]
    fields = getattr(type(value), "model_fields", {})
    return [window for name in fields for window in windows_in(getattr(value, name))]


@pytest.mark.parametrize("study", STUDIES)
def test_no_window_of_the_protocol_is_left_out(study: str) -> None:
    protocol = read(study)
    bare = protocol.model_copy(update={"sensitivity": None})
    drawn = {(s.from_day, s.to_day, s.or_index_stay) for s in list_windows(protocol)}
    asked = {(w.from_day, w.to_day, w.or_index_stay) for w in windows_in(bare)}
    assert asked and asked <= drawn


@pytest.mark.parametrize("study", STUDIES)
def test_each_rule_stands_once_under_a_cause_that_names_it(study: str) -> None:
    protocol = read(study)
    homes = find_homes(protocol)
    assert set(homes) == {rule.id for rule in protocol.evidence}
    causes = {cause.id: cause.rules for cause in protocol.causes}
    assert all(rule in causes[cause] for rule, cause in homes.items())
    lines = list_lines(list_windows(protocol))
    evidence = [s for line in lines for s in line.spans if s.part.startswith("Evidence")]
    assert len(evidence) == len(protocol.evidence)


def test_growth_factor_is_not_evidence_of_the_leukaemia_it_rules_out() -> None:
    homes = find_homes(read("granger2009"))
    assert homes["short_acting_growth_factor"] == "growth_factor"
    assert homes["fever"] == "plr"
    assert homes["count_up_through_antibacterials"] == "infection"


@pytest.mark.parametrize("study", STUDIES)
def test_bars_reach_from_the_first_day_to_the_last_both_included(study: str) -> None:
    protocol = read(study)
    figure = draw_study_design(protocol)
    (axes,) = figure.axes
    first, last = axes.get_xlim()
    edges = {
        (round(min(x), 6), round(max(x), 6))
        for x in (patch.get_path().vertices[:, 0] for patch in axes.patches)
    }
    for span in list_windows(protocol):
        if span.from_day == span.to_day == 0:
            continue
        ends = (
            round(first if span.from_day is None else place_day(span.from_day - 0.5), 6),
            round(last if span.to_day is None else place_day(span.to_day + 0.5), 6),
        )
        assert ends in edges, span.item


@pytest.mark.parametrize("journal", PAGES)
@pytest.mark.parametrize("study", STUDIES)
def test_the_figure_has_no_fault_of_geometry(study: str, journal: str) -> None:
    assert find_faults_for(draw_study_design(read(study)), PAGES[journal]) == []


@pytest.mark.parametrize("study", STUDIES)
def test_words_stay_left_and_right_of_the_bars(study: str) -> None:
    figure = draw_study_design(read(study))
    lay_out(figure)
    (axes,) = figure.axes
    box = axes.get_window_extent()
    for text in axes.texts:
        extent = text.get_window_extent()
        on_top = text.get_text() == "index: day 0"
        assert on_top or extent.x1 <= box.x0 or extent.x0 >= box.x1, text.get_text()


def test_ticks_are_ends_of_windows_and_lie_apart() -> None:
    spans = list_windows(read("granger2009"))
    ends = {day for span in spans for day in (span.from_day, span.to_day)}
    ticks = find_ticks(spans)
    assert set(ticks) <= ends and 0 in ticks and 365 in ticks
    assert all(place_day(b) - place_day(a) > 0.7 for a, b in pairwise(ticks))


def test_the_axis_keeps_the_order_of_days() -> None:
    days = range(-400, 401)
    assert all(place_day(a) < place_day(b) for a, b in pairwise(days))
    assert place_day(0) == 0 and place_day(-7) == -place_day(7)


@pytest.mark.parametrize(
    ("ends", "words"),
    [((-3, 3), "−3 to 3"), ((None, 30), "to 30"), ((1, None), "from 1"), ((0, 0), "day 0"),
     ((None, None), "any day")],
)  # fmt: skip
def test_ends_are_said_in_numbers(ends: tuple[int | None, int | None], words: str) -> None:
    assert describe_days(Span("p", "i", *ends)) == words
    assert describe_days(Span("p", "i", *ends, or_index_stay=True)) == f"{words}, or stay"


def test_a_changed_horizon_changes_the_drawing() -> None:
    protocol = read("granger2009")
    longer = tuple(
        o.model_copy(update={"horizon_days": o.horizon_days + 10}) for o in protocol.outcomes
    )
    before = [s.to_day for s in list_windows(protocol) if s.part == FOLLOW_UP]
    changed = list_windows(protocol.model_copy(update={"outcomes": longer}))
    assert [s.to_day for s in changed if s.part == FOLLOW_UP] == [day + 10 for day in before if day]
