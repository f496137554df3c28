"""White counts around the index: counted by a second way, hidden where few, drawn as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import report_fixtures as fixtures
from geometry import PAGES, find_faults_for

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.figures import draw_white_counts, render_svg
from leukocytosis.figures.columns import find_texts
from leukocytosis.figures.white_counts import HIGH, LOW, MIDDLE, find_boxes
from leukocytosis.report.drawings import draw_all
from leukocytosis.store import connect, table, write_rows
from leukocytosis.white_counts import BINS, describe_white_counts

STUDY = fixtures.protocol()
CLOSED = Policy(policy="default", title="t", min_count=5)
NUMBERS = ["n", MIDDLE, LOW, HIGH]


def test_bins_follow_each_other_and_the_index_has_its_own() -> None:
    days = [day for first, last in BINS for day in range(first, last + 1)]
    assert days == list(range(-56, 85))
    assert (0, 0) in BINS


def lab(episode: str, lab_id: str, day: int, value: float, **more: Any) -> dict[str, Any]:
    taken = pd.Timestamp("2020-03-10 12:00") + pd.Timedelta(days=day, hours=more.pop("hour", 0))
    row: dict[str, Any] = dict.fromkeys(table("cohort_labs").names)
    return row | {
        "episode_id": episode, "lab_id": lab_id, "patient_id": episode, "taken_at": taken,
        "taken_precision": "second", "code_system": "LOINC", "code": "6690-2",
        "concept": "wbc_blood", "value": value, "unit": "10*9/L", "days_from_index": day,
        "last_day_from_index": day, **more,
    }  # fmt: skip


def invent(folder: Path, labs: list[dict[str, Any]], groups: dict[str, str]) -> None:
    at = pd.Timestamp("2020-03-10 12:00")
    blank: dict[str, Any] = dict.fromkeys(table("episodes").names)
    episodes = [
        blank | {"episode_id": e, "patient_id": e, "index_at": at, "index_on": at.date(),
                 "wbc_1e9_per_l": 50.0, "peak_wbc_1e9_per_l": 50.0, "peak_day": 0}
        for e in groups
    ]  # fmt: skip
    causes = [
        {"episode_id": e, "primary_cause": g, "cause_group": g, "grade": "definite",
         "all_causes": g, "decided_by": "rule", "source": "rules", "rule_cause": g,
         "rule_grade": "definite"}
        for e, g in groups.items()
    ]  # fmt: skip
    rows = {"cohort_labs": labs, "episodes": episodes, "causes": causes}
    with connect(folder / ".scratch") as con:
        for name, found in rows.items():
            write_rows(con, found, table(name), folder / f"{name}.parquet")


def describe(folder: Path) -> pd.DataFrame:
    with connect(folder / ".scratch") as con:
        return pd.DataFrame(describe_white_counts(STUDY, con, folder))


def one(rows: pd.DataFrame, group: str, first: int) -> Any:
    return rows[(rows["group"] == group) & (rows["from_day"] == first)].iloc[0]


def test_a_patient_is_in_a_bin_once_with_the_count_nearest_to_the_index(tmp_path: Path) -> None:
    labs = [
        lab("a", "1", -2, 9.0), lab("a", "2", -1, 12.0), lab("a", "3", 0, 44.0, hour=-2),
        lab("a", "4", 0, 50.0), lab("a", "5", 0, 90.0, hour=3), lab("a", "6", 1, 30.0, hour=2),
        lab("a", "7", 1, 31.0, hour=1), lab("a", "8", 3, 20.0), lab("a", "9", 85, 7.0),
    ]  # fmt: skip
    invent(tmp_path, labs, {"a": "plr"})
    rows = describe(tmp_path)
    assert one(rows, "plr", -3)[MIDDLE] == 12.0  # the last before
    assert one(rows, "plr", 0)[MIDDLE] == 50.0  # the index count itself
    assert one(rows, "plr", 1)[MIDDLE] == 31.0  # the first after
    assert one(rows, "plr", 57)["n"] == 0  # day 85 is beyond the last bin
    assert rows["n"].max() == 1


def test_a_count_of_an_unknown_day_is_in_no_bin_and_other_tests_neither(tmp_path: Path) -> None:
    labs = [
        lab("a", "1", -40, 9.0, last_day_from_index=-12), lab("a", "2", 0, 50.0),
        lab("a", "3", 1, 88.0, concept="neutrophils_percent"),
    ]  # fmt: skip
    invent(tmp_path, labs, {"a": "other"})
    rows = describe(tmp_path)
    assert rows.loc[rows["n"] > 0, ["group", "from_day"]].to_numpy().tolist() == [
        ["all", 0], ["other", 0]
    ]  # fmt: skip


def test_a_group_without_counts_has_rows_that_say_so(tmp_path: Path) -> None:
    invent(tmp_path, [lab("a", "1", 0, 50.0)], {"a": "other"})
    rows = describe(tmp_path)
    assert len(rows) == 4 * len(BINS)
    empty = rows[rows["n"] == 0]
    assert empty["note"].str.startswith("cannot be estimated, because").all()
    assert one(rows, "plr", 0)["n_patients"] == 0


def test_pandas_counts_the_same(tmp_path: Path) -> None:
    """By sorting in pandas, on labs whose times and values collide."""
    draw = __import__("random").Random(20090)
    groups = {f"p{i:03}": draw.choice(STUDY.analyses.groups) for i in range(60)}
    labs = [lab(episode, f"{episode}-0", 0, 50.0) for episode in groups]
    for i in range(1500):
        episode, day = draw.choice(list(groups)), draw.randint(-70, 95)
        labs.append(lab(episode, f"x{i}", day, draw.choice([3.5, 8.0, 21.25, 60.0, 75.5]),
                        hour=draw.randint(-9, 9)))  # fmt: skip
    invent(tmp_path, labs, groups)
    frame = pd.DataFrame(labs)
    frame["group"] = frame["episode_id"].map(groups)
    edges = [first for first, _ in BINS] + [BINS[-1][1] + 1]
    frame["from_day"] = pd.cut(frame["days_from_index"], edges, right=False, labels=edges[:-1])
    frame["hours"] = (frame["taken_at"] - pd.Timestamp("2020-03-10 12:00")).abs()
    frame["days"] = frame["days_from_index"].abs()
    first = frame.dropna(subset="from_day").sort_values(
        ["days", "hours", "value"], ascending=[True, True, False]
    ).drop_duplicates(["episode_id", "from_day"])  # fmt: skip
    found = describe(tmp_path)
    for group in ("all", *STUDY.analyses.groups):
        part = first if group == "all" else first[first["group"] == group]
        for day, _ in BINS:
            values, row = part.loc[part["from_day"] == day, "value"], one(found, group, day)
            assert row["n"] == len(values)
            if len(values):
                expected = values.quantile([0.5, 0.25, 0.75]).tolist()
                assert row[NUMBERS[1:]].tolist() == pytest.approx(expected)


def rows_of(*counts: tuple[str, int, int, int]) -> list[dict[str, Any]]:
    """Return rows of `white_counts` for (group, first day, n, patients of the group)."""
    lasts = dict(BINS)
    return [
        {"group": group, "from_day": first, "to_day": lasts[first], "n": n, "n_patients": size,
         MIDDLE: 40.0 + n if n else None, LOW: 30.0 if n else None, HIGH: 90.0 if n else None,
         "note": None}
        for group, first, n, size in counts
    ]  # fmt: skip


def disclosed(*counts: tuple[str, int, int, int]) -> dict[tuple[str, int], int | None]:
    frame = fixtures.frame("white_counts", rows_of(*counts)).astype(
        {"n": "Int64", "n_patients": "Int64"}
    )
    rows = disclose({"white_counts": frame}, CLOSED)["white_counts"]
    shown = rows["n"].notna()
    assert rows.loc[~shown, [MIDDLE, LOW, HIGH]].isna().all().all()
    assert rows.loc[~shown, "note"].str.startswith("hidden").all()
    keys = zip(rows["group"], rows["from_day"], strict=True)
    return {k: int(n) if n is not pd.NA else None for k, n in zip(keys, rows["n"], strict=True)}


def test_a_small_bin_takes_the_next_smallest_group_with_it() -> None:
    shown = disclosed(("all", 1, 43, 100), ("plr", 1, 3, 20), ("infection", 1, 10, 30),
                      ("other", 1, 30, 50))  # fmt: skip
    assert shown == {("all", 1): 43, ("plr", 1): None, ("infection", 1): None, ("other", 1): 30}


def test_a_bin_that_misses_only_a_few_tells_of_them() -> None:
    shown = disclosed(("all", 1, 96, 100), ("plr", 1, 20, 20), ("infection", 1, 30, 30),
                      ("other", 1, 46, 50))  # fmt: skip
    assert shown == {("all", 1): None, ("plr", 1): None, ("infection", 1): 30, ("other", 1): None}


def test_the_size_of_a_small_group_is_not_told_on_another_day() -> None:
    frame = fixtures.frame("white_counts", rows_of(
        ("all", 0, 63, 63), ("plr", 0, 3, 3), ("infection", 0, 10, 10), ("other", 0, 50, 50),
        ("all", 1, 20, 63), ("plr", 1, 0, 3), ("infection", 1, 0, 10), ("other", 1, 20, 50),
    )).astype({"n": "Int64", "n_patients": "Int64"})  # fmt: skip
    rows = disclose({"white_counts": frame}, CLOSED)["white_counts"]
    assert set(rows.loc[rows["n_patients"].isna(), "group"]) == {"plr", "infection"}


def test_few_and_hidden_counts_are_not_drawn_and_lines_do_not_bridge_them() -> None:
    rows = rows_of(("plr", -3, 9, 20), ("plr", 0, 4, 20), ("plr", 1, 8, 20))
    assert [row["from_day"] for row in find_boxes(STUDY, rows)["plr"]] == [-3, 1]
    (axes,) = draw_white_counts(STUDY, rows).figure.axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [y == y for y in line.get_ydata()] == [True, False, True]


def test_boxes_reach_from_quartile_to_quartile() -> None:
    figure = draw_white_counts(STUDY, rows_of(("plr", 0, 20, 20), ("other", 0, 50, 50)))
    (axes,) = figure.axes
    ends = [(round(bar.get_y(), 9), round(bar.get_y() + bar.get_height(), 9))
            for bar in axes.patches]  # fmt: skip
    assert ends == [(30.0, 90.0)] * 2
    assert axes.patches[0].get_x() + axes.patches[0].get_width() <= axes.patches[1].get_x()
    assert axes.get_yscale() == "log"
    assert any(list(line.get_ydata()) == [40.0, 40.0] for line in axes.lines)  # the threshold


def test_the_numbers_beneath_stand_under_their_bins() -> None:
    rows = rows_of(("plr", -3, 9, 20), ("plr", 0, 20, 20), ("plr", 1, 8, 20))
    figure = draw_white_counts(STUDY, rows)
    render_svg(figure, "white_counts", None)
    (axes,) = figure.axes
    found = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert [found[n] for n in ("9", "20", "8")] == list(axes.get_xticks())


def test_the_caption_says_who_is_seen_and_who_is_not_drawn() -> None:
    rows = rows_of(
        ("all", 0, 26, 26), ("plr", 0, 2, 2), ("infection", 0, 4, 4), ("other", 0, 20, 20)
    )
    (drawing,) = (
        d for d in draw_all(fixtures.inputs(white_counts=rows)) if d.name == "white_counts"
    )
    assert "alive and still measured" in drawing.caption
    assert "Not drawn: infection and PLR." in drawing.caption


def test_nobody_measured_is_said_in_words() -> None:
    figure = draw_white_counts(STUDY, rows_of(("all", 0, 2, 2)))
    assert "No white counts are drawn" in " ".join(find_texts(figure)[0].get_text().split())


@pytest.mark.parametrize("journal", PAGES)
def test_the_figure_has_no_fault_of_geometry(journal: str) -> None:
    assert find_faults_for(draw_white_counts(STUDY, fixtures.white_counts()), PAGES[journal]) == []
