"""Evidence strips: what they show, what they keep to themselves, and words that do not touch."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import CODELISTS, ROOT, Run, protocol_of

from leukocytosis.config import load_manifest
from leukocytosis.strips import Strip, read_strips, write_strips
from leukocytosis.strips.layout import BOLD, CHARACTER, LEFT, WIDTH, View, lay_out
from leukocytosis.strips.pages import name_rules
from leukocytosis.strips.records import Count, Item

PROTOCOL = protocol_of("granger2009")
VIEW = View(-30, 30, 40, name_rules(PROTOCOL))
BLIND = View(-30, 14, 40, {})


@pytest.fixture(scope="module")
def strips(tiny: Run) -> list[Strip]:
    return read_strips(tiny.study, CODELISTS, "wbc_blood")


def strip_of(strips: list[Strip], words: str) -> Strip:
    with (ROOT / "tests/data/tiny/stories.csv").open(encoding="utf-8") as stream:
        patient = next(row["patient"] for row in csv.DictReader(stream) if words in row["story"])
    return next(strip for strip in strips if strip.episode["episode_id"] == patient)


def test_every_record_that_met_a_rule_is_marked(strips: list[Strip]) -> None:
    several = strip_of(strips, "all three are kept")
    met = {row["rule_id"] for row in several.evidence if row["status"] == "met"}
    marked = {rule for item in several.items for rule in item.rules}
    assert met - marked <= {"neutrophil_predominance", "second_count_above"} and marked
    drawing = lay_out(several, VIEW)
    words = " ".join(mark.label for lane in drawing.lanes for mark in lane.marks if mark.met)
    assert "short-acting granulocyte growth factor given" in words


def test_a_strip_shows_no_death_and_no_disposition(strips: list[Strip]) -> None:
    words = " ".join(item.label.lower() for strip in strips for item in strip.items)
    for hidden in ("hospice", "expired", "died", "home"):
        assert hidden not in words


def test_a_blind_view_hides_rules_and_later_days(strips: list[Strip]) -> None:
    for strip in strips:
        drawing = lay_out(strip, BLIND)
        marks = [mark for lane in drawing.lanes for mark in lane.marks]
        assert not any(mark.met or "→" in mark.label for mark in marks)
        assert all(mark.x + mark.width <= BLIND.x(15) + 0.1 or mark.width == 5 for mark in marks)
        assert all(dot.x <= BLIND.x(15) for dot in drawing.dots)


def test_words_stay_on_the_page_and_do_not_touch(strips: list[Strip]) -> None:
    for strip in strips:
        drawing = lay_out(strip, VIEW)
        for lane in drawing.lanes:
            for mark in lane.marks:
                wide = len(mark.label) * (BOLD if mark.met else CHARACTER)
                ends = (mark.text_x, mark.text_x + wide)
                if mark.anchor == "end":
                    ends = (mark.text_x - wide, mark.text_x)
                assert ends[0] >= LEFT - 6 and ends[1] <= WIDTH
            assert all(b.y - a.y >= 14 for a, b in pairwise(lane.marks))
        labelled = sorted(dot.x for dot in drawing.dots if dot.label)
        assert all(b - a > 30 for a, b in pairwise(labelled))
        assert all(above.y + above.height <= below.y for above, below in pairwise(drawing.lanes))


def test_a_crowded_lane_says_how_many_it_leaves_out() -> None:
    items = [Item("drugs", float(day), float(day), f"drug {day}") for day in range(-30, 30)]
    strip = Strip({}, {}, counts=[Count(0.4, 52.3)], items=items)
    lane = next(lane for lane in lay_out(strip, VIEW).lanes if lane.name == "drugs")
    assert len(lane.marks) == 24 and lane.n_more == 36
    assert "drug 0" in {mark.label for mark in lane.marks}


def test_a_record_of_long_ago_stands_at_the_edge_with_its_day() -> None:
    strip = Strip({}, {}, items=[Item("codes", -200.0, -200.0, "C34.90 lung")])
    (mark,) = next(lane for lane in lay_out(strip, VIEW).lanes if lane.name == "codes").marks
    assert mark.label == "C34.90 lung (day -200)" and mark.x == LEFT


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
