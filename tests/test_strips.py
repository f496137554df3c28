"""Evidence strips: what they show, what they keep to themselves, and words that do not touch."""

from __future__ import annotations

import csv
import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from conftest import CODELISTS, ROOT, Run, protocol_of

from leukocytosis.config import load_manifest
from leukocytosis.strips import Strip, find_blind, read_strips, write_strips
from leukocytosis.strips.layout import LEFT, WIDTH, View, lay_out
from leukocytosis.strips.pages import name_rules
from leukocytosis.strips.records import Count, Item, Span

PROTOCOL = protocol_of("granger2009")
VIEW = View(-30, 30, 40, name_rules(PROTOCOL))
CURTAIN = find_blind(PROTOCOL, rules=True)
BLIND = View(-30, CURTAIN.last_day, 40, {})


@pytest.fixture(scope="module")
def strips(tiny: Run) -> list[Strip]:
    return read_strips(tiny.study, CODELISTS, PROTOCOL)


def strip_of(strips: list[Strip], words: str) -> Strip:
    with (ROOT / "tests/data/tiny/stories.csv").open(encoding="utf-8") as stream:
        patient = next(row["patient"] for row in csv.DictReader(stream) if words in row["story"])
    return next(strip for strip in strips if strip.episode["episode_id"] == patient)


def test_every_record_that_met_a_rule_is_marked(strips: list[Strip]) -> None:
    several = strip_of(strips, "all three are kept")
    met = {row["rule_id"] for row in several.evidence if row["status"] == "met"}
    marked = {rule for item in several.items for rule in item.rules}
    assert met == marked
    drawing = lay_out(several, VIEW)
    words = " ".join(mark.label for lane in drawing.lanes for mark in lane.marks if mark.met)
    assert "short-acting granulocyte growth factor given" in words


def test_a_strip_shows_no_death_and_no_disposition(strips: list[Strip]) -> None:
    words = " ".join(item.label.lower() for strip in strips for item in strip.items)
    for hidden in ("hospice", "expired", "died", "home"):
        assert hidden not in words


def test_the_blind_falls_with_the_last_window_by_which_a_cause_can_hold() -> None:
    assert (CURTAIN.last_day, CURTAIN.codes_until) == (7, 60)


def test_a_blind_strip_is_read_no_further_than_it_is_shown(tiny: Run) -> None:
    for strip in read_strips(tiny.study, CODELISTS, PROTOCOL, CURTAIN):
        assert not strip.evidence and not any(item.rules for item in strip.items)
        assert all(count.day < CURTAIN.last_day + 1 for count in strip.counts)
        for item in strip.items:
            assert item.last < (1 if item.lane == "stays" else CURTAIN.last_day + 1)
            dated = [span for span in item.spans if span.first > 0]
            assert item.lane != "codes" or not dated or "coded after the index" in item.label
        drawing = lay_out(strip, BLIND)
        marks = [mark for lane in drawing.lanes for mark in lane.marks]
        assert not any(mark.met or "→" in mark.label for mark in marks)


def test_a_strip_blind_to_the_outcome_only_answers_no_rule_that_looks_behind_it(tiny: Run) -> None:
    curtain = find_blind(PROTOCOL, rules=False)
    for strip in read_strips(tiny.study, CODELISTS, PROTOCOL, curtain):
        answered = {row["rule_id"] for row in strip.evidence}
        assert "second_count_above" not in answered and "infection_code" in answered


def test_words_stay_on_the_page_and_do_not_touch(strips: list[Strip]) -> None:
    for strip in strips:
        drawing = lay_out(strip, VIEW)
        for lane in drawing.lanes:
            assert all(m.extent[0] >= LEFT - 6 and m.extent[1] <= WIDTH for m in lane.marks)
            for one, other in combinations(lane.marks, 2):
                apart = one.extent[1] <= other.extent[0] or other.extent[1] <= one.extent[0]
                assert apart or abs(one.y - other.y) >= 14
        labelled = sorted(dot.x for dot in drawing.dots if dot.label)
        assert all(b - a > 30 for a, b in pairwise(labelled))
        assert all(above.y + above.height <= below.y for above, below in pairwise(drawing.lanes))


def test_a_crowded_lane_says_how_many_it_leaves_out() -> None:
    items = [Item("drugs", f"drug {day}", (Span(day, day),)) for day in range(-30, 30)]
    strip = Strip({}, {}, counts=[Count(0.4, 52.3)], items=items)
    lane = next(lane for lane in lay_out(strip, VIEW).lanes if lane.name == "drugs")
    assert len(lane.marks) == 24 and lane.n_more == 36
    assert "drug 0" in {mark.label for mark in lane.marks}


def test_a_record_of_long_ago_stands_at_the_edge_with_its_day() -> None:
    spans = {"C34.90 lung": Span(-200, -200), "C91.0 leukaemia": Span(45, 45, met=True),
             "S22 rib": Span(50, 50)}  # fmt: skip
    items = [Item("codes", label, (span,)) for label, span in spans.items()]
    lanes = lay_out(Strip({}, {}, items=items), VIEW).lanes
    codes = next(lane for lane in lanes if lane.name == "codes")
    early, late = codes.marks
    assert codes.n_more == 1
    assert early.label == "C34.90 lung (day -200)" and early.bars[0].x == LEFT
    assert late.label == "C91.0 leukaemia (day 45)" and late.anchor == "end"


def test_doses_apart_are_drawn_apart(tiny: Run) -> None:
    spans = (Span(-20, -19.1), Span(2, 5.9, met=True, n=4), Span(200, 201))
    strip = Strip({}, {}, items=[Item("drugs", "filgrastim", spans, ("short",))])
    (mark,) = next(lane for lane in lay_out(strip, VIEW).lanes if lane.name == "drugs").marks
    assert [bar.met for bar in mark.bars] == [False, True] and "×5" in mark.label


def test_pages_are_whole_alike_and_lead_to_the_missed_first(
    strips: list[Strip], tmp_path: Path
) -> None:
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    truth = {str(strips[0].episode["episode_id"]): "corticosteroid"}
    for folder in ("one", "two"):
        write_strips(strips, PROTOCOL, manifest, truth, tmp_path / folder)
    pages = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(pages) == len(strips) + 1
    for name in pages:
        text = (tmp_path / "one" / name).read_text(encoding="utf-8")
        assert text == (tmp_path / "two" / name).read_text(encoding="utf-8")
        assert "never to leave this machine" in text and "http" not in text
    index = (tmp_path / "one/index.html").read_text(encoding="utf-8")
    assert "Missed (1)" in index
    assert all((tmp_path / "one" / page).exists() for page in re.findall(r'href="([^"]+)"', index))
