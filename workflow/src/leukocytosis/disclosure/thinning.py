"""Curves as they may leave: no two days are shown between which a few events can be read off.

A curve that steps down tells the events of each step. So curves are cut into whole weeks, and
weeks are put together until every curve of an outcome has had no event in them, or at least k.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ARM = re.compile(r"by day (\d+)$")  # of a landmark, whose days count from it
DEAD_BY_THEN = "left out: had the event"
COUNTED, OF_LANDMARK = ("risk", "survival"), ("landmark_flow", "treatment_landmark")
EVENTS = ["n_events", "n_censored"]
Place = tuple[str, float]  # an outcome and a day


def find_steps(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the estimates of a day whose count differs by 1 to k − 1 from one that is shown.

    From that of a later day, or of another outcome on the same day (who died, beside who died or
    went to hospice). The day is hidden for every group.
    """
    import pandas as pd

    counted = rows["analysis_id"].isin(COUNTED)
    counted |= (rows["analysis_id"] == OF_LANDMARK[0]) & (rows["term"] == DEAD_BY_THEN)
    counts = rows[counted & rows["n_events"].notna() & rows["time_days"].notna()]
    if counts.empty:
        return rows["n_events"].isna() & False
    cumulative = (
        counts.astype({"n_events": float, "time_days": float})
        .groupby(["outcome_id", "time_days", "group"])["n_events"]
        .max()
        .unstack("group")
    )
    hidden = set(_find_near_days(cumulative, k))
    hidden |= set(_find_near_outcomes(cumulative.drop(index=sorted(hidden)), k))
    places = zip(rows["outcome_id"], rows["time_days"].astype(float), strict=True)
    told = pd.Series([place in hidden for place in places], index=rows.index)
    return told & rows["analysis_id"].isin((*COUNTED, *OF_LANDMARK))


def _find_near_days(cumulative: pd.DataFrame, k: int) -> Iterator[Place]:
    for outcome, of_outcome in cumulative.groupby(level="outcome_id"):
        later = None
        for place, counts in of_outcome.iloc[::-1].iterrows():
            if later is not None and _holds_few(later - counts, k):
                yield str(outcome), float(place[1])  # type: ignore[index]
            else:
                later = counts


def _find_near_outcomes(cumulative: pd.DataFrame, k: int) -> Iterator[Place]:
    for day, of_day in cumulative.groupby(level="time_days"):
        most_first = of_day.loc[of_day.sum(axis=1).sort_values(ascending=False).index]
        kept: list[pd.Series[float]] = []
        for place, counts in most_first.iterrows():
            if any(_holds_few(other - counts, k) for other in kept):
                yield str(place[0]), float(str(day))  # type: ignore[index]
            else:
                kept.append(counts)


def thin_curves(rows: pd.DataFrame, shown: Iterable[Place], k: int) -> pd.DataFrame:
    """Return the curves by days between which every curve has had no event, or at least k.

    `shown` are the outcomes and days of which estimates are shown: there a curve must be cut. A
    curve with fewer than k events in all is left out (with that of everybody, which would tell
    it). Patients at risk are rounded to multiples of k, and few censored are not told.
    """
    import pandas as pd

    weekly = _without_small(_by_week(rows), k)
    days = {outcome: {day for o, day in shown if o == outcome} for outcome, _ in shown}
    others: dict[float, pd.Series[float]] = {}
    parts = []
    sizes = (
        weekly.groupby("outcome_id")["n_events"].sum().sort_values(ascending=False, kind="stable")
    )
    for outcome in sizes.index:
        part = weekly[weekly["outcome_id"] == outcome]
        cumulative = _accumulate(part)
        cuts = find_cuts(cumulative, days.get(outcome, set()), others, k)
        others |= {day: counts for day, counts in _list_days(cumulative) if day in cuts}
        parts.append(_put_together(part, cuts))
    thin = pd.concat(parts) if parts else weekly
    thin = thin[thin["n_at_risk"] >= k].sort_values(["outcome_id", "group", "time_days"])
    thin["n_at_risk"] = (thin["n_at_risk"] / k).round().astype(int) * k
    thin["n_censored"] = thin["n_censored"].mask(thin["n_censored"].between(1, k - 1))
    return thin[list(rows.columns)].reset_index(drop=True)


def find_cuts(
    cumulative: pd.DataFrame, forced: set[float], others: dict[float, pd.Series[float]], k: int
) -> list[float]:
    """Return the days to show: those forced, the last, and between them what tells of no few.

    `cumulative` has the events of each curve (column) by day; `others` those of outcomes done
    before, by the days they are shown on.
    """
    days = _list_days(cumulative)
    last = days[-1][0]
    ends = [(day, counts) for day, counts in days if day in forced or day == last]
    cuts: list[float] = []
    before = days[0][1] * 0
    for day, counts in days:
        end, at_end = next(found for found in ends if found[0] >= day)
        apart = (others[day] - counts).abs() if day in others else before * 0
        told = any(_holds_few(step, k) for step in (counts - before, at_end - counts, apart))
        if day == end or not told:
            cuts.append(day)
            before = counts
    return cuts


def _list_days(cumulative: pd.DataFrame) -> list[tuple[float, pd.Series[float]]]:
    """Return the days of a table with the events of each curve up to them."""
    return [(float(str(day)), counts) for day, counts in cumulative.iterrows()]


def _holds_few(counts: pd.Series[float], k: int) -> bool:
    return bool(counts.between(1, k - 1).any())


def _by_week(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the curves by weeks, which end on their 7th day: day 84 closes the 12th.

    `day` counts from the index, `time_days` from the landmark of an arm.
    """
    weekly = rows.assign(time_days=7.0 * (-(-rows["time_days"] // 7)))
    weekly["day"] = weekly["time_days"] + weekly["group"].map(_landmark)
    keys = ["outcome_id", "group", "day", "time_days"]
    return _merge(weekly, keys)


def _landmark(group: str) -> float:
    found = ARM.search(group)
    return float(found[1]) if found else 0.0


def _merge(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return rows put together: at risk at the start, events in all, the curve at the end."""
    grouped = rows.groupby(keys, sort=True)
    merged = grouped.last()
    merged["n_at_risk"] = grouped["n_at_risk"].first()
    merged[EVENTS] = grouped[EVENTS].sum()
    return merged.reset_index()


def _without_small(weekly: pd.DataFrame, k: int) -> pd.DataFrame:
    import pandas as pd

    totals = weekly.groupby(["outcome_id", "group"])["n_events"].sum()
    small = set(totals.index[totals.between(1, k - 1)])
    small |= {(outcome, "all") for outcome, _ in small}
    curves = zip(weekly["outcome_id"], weekly["group"], strict=True)
    return weekly[pd.Series([curve not in small for curve in curves], weekly.index, dtype=bool)]


def _accumulate(part: pd.DataFrame) -> pd.DataFrame:
    counts = part.pivot_table(index="day", columns="group", values="n_events", aggfunc="sum")
    return counts.astype(float).fillna(0.0).cumsum()


def _put_together(part: pd.DataFrame, cuts: list[float]) -> pd.DataFrame:
    """Return a part's weeks put together up to each cut, dated there."""
    import numpy as np

    at = np.asarray(cuts)[np.searchsorted(cuts, part["day"].to_numpy())]
    moved = part.assign(time_days=part["time_days"] + at - part["day"], day=at)
    return _merge(moved, ["outcome_id", "group", "day", "time_days"])
