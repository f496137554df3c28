"""The size of a cause or of a group: hidden where few, with whatever would tell it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.disclosure.sizes import READINGS
from leukocytosis.tables import ESTIMATES

K = 10
GROUP_OF = {
    "infection": "infection", "plr": "plr", "growth_factor": "other", "corticosteroid": "other",
    "new_leukaemia": "other", "undetermined": "other",
}  # fmt: skip
SIZES = st.fixed_dictionaries(
    {c: st.integers(0, 40) | st.integers(200, 300) for c in GROUP_OF}
).filter(lambda sizes: sum(sizes.values()) >= 2 * K)


def by_group(sizes: Mapping[str, int]) -> dict[str, int]:
    return {
        group: sum(n for cause, n in sizes.items() if GROUP_OF[cause] == group)
        for group in ("infection", "plr", "other")
    }


def draw(sizes: Mapping[str, int]) -> pd.DataFrame:
    """Shares, readings of PLR, and a risk of each group, nobody of whom had the event."""
    n, rows = sum(sizes.values()), []

    def add(analysis: str, group: str, term: str, n: int, n_events: int) -> None:
        rows.append({"analysis_id": analysis, "group": group, "term": term, "n": n,
                     "n_events": n_events, "estimate": n_events / n})  # fmt: skip

    for cause, size in sizes.items():
        add("cause_shares", "all", cause, n, size)
        if size:
            add("risk_by_cause", GROUP_OF[cause], cause, size, 0)
        add("order_any_lowest", "all", cause, n, size)
    for group, size in by_group(sizes).items():
        add("group_shares", "all", group, n, size)
        if size:
            add("risk", group, "risk", size, 0)
    add("risk", "all", "risk", n, 0)
    for reading, causes in READINGS.items():
        add("plr_interval", "all", reading, n, sum(sizes[cause] for cause in causes))
    frame = pd.DataFrame(rows, columns=list(ESTIMATES.names))
    return frame.assign(outcome_id="-", method="counted").astype({"note": object})


def release(sizes: Mapping[str, int]) -> pd.DataFrame:
    policy = Policy(policy="closed", title="closed", min_count=K)
    return disclose({"estimates": draw(sizes)}, policy)["estimates"]


def shown(rows: pd.DataFrame, analysis: str, column: str = "n_events") -> dict[str, int]:
    of = rows[(rows["analysis_id"] == analysis) & rows[column].notna()]
    name = "term" if column == "n_events" else "group"
    return {str(row[name]): int(row[column]) for _, row in of.iterrows()}


@settings(deadline=None, max_examples=60)
@given(SIZES)
def test_what_is_shown_leaves_no_cause_or_group_of_few(sizes: dict[str, int]) -> None:
    rows = release(sizes)
    groups = shown(rows, "group_shares") | shown(rows, "risk", "n")
    groups.pop("all", None)
    causes = shown(rows, "cause_shares") | shown(rows, "order_any_lowest")
    readings = shown(rows, "plr_interval")
    if {"plr_narrow", "plr_wide"} <= set(readings):
        causes["undetermined"] = readings["plr_wide"] - readings["plr_narrow"]
    causes |= {group: n for group, n in groups.items() if group != "other"}  # of one cause each
    for left in (*causes.values(), *groups.values()):
        assert not 0 < left < K
    for whole, parts in ((sum(sizes.values()), groups), (groups.get("other"), {
        cause: n for cause, n in causes.items() if GROUP_OF[cause] == "other"})):  # fmt: skip
        if whole is not None and parts:
            assert not 0 < whole - sum(parts.values()) < K


def test_a_group_of_few_takes_another_with_it_in_everything() -> None:
    sizes = {"infection": 4, "plr": 70, "growth_factor": 500, "corticosteroid": 40,
             "new_leukaemia": 30, "undetermined": 60}  # fmt: skip
    rows = release(sizes)
    assert shown(rows, "group_shares") == {"other": 630}
    assert shown(rows, "risk", "n") == {"other": 630, "all": 704}
    assert not shown(rows, "plr_interval") and not shown(rows, "order_any_lowest")
    of_plr = rows[rows["group"] == "plr"]
    assert of_plr["estimate"].isna().all() and of_plr["note"].str.startswith("hidden").all()


def test_a_cause_of_few_takes_another_of_its_group_and_the_reading_that_tells_it() -> None:
    sizes = {"infection": 100, "plr": 70, "growth_factor": 500, "corticosteroid": 40,
             "new_leukaemia": 4, "undetermined": 30}  # fmt: skip
    rows = release(sizes)
    assert set(shown(rows, "cause_shares")) == {
        "infection", "plr", "growth_factor", "corticosteroid"
    }  # fmt: skip
    assert shown(rows, "plr_interval") == {"plr_narrow": 70}
    assert len(shown(rows, "group_shares")) == 3


def test_large_causes_are_all_shown() -> None:
    rows = release(dict.fromkeys(GROUP_OF, 50))
    assert rows["estimate"].notna().all()
