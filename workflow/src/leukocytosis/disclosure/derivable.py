"""Which numbers would give a hidden one away: its copies, its contrasts, and who was left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

PLACE = ["outcome_id", "group", "term", "time_days"]
COPIES = r"^(?:exact|second_engine)_"  # the same count again, with another interval or engine
CONTRASTS = {  # analysis of two groups → that of one group, from which it is made
    "risk_contrast": "risk",
    "rmst": "rmst",
    "logrank": "median",
    "standardised": "standardised",
}
# a row per cause group and one of all, whose counts are the sum of the groups'
GROUPED = ("risk", "survival", "crude", "median", "follow_up", "day_0")
TOTALS = ("completeness",)  # the groups' counts add up to everybody's
REFERENCE = re.compile(r"(?:difference|ratio) to (.+)")
AGAINST = " against "
LEFT_OUT = re.compile(r"\b(\d+) patients left out")


def find_copies(rows: pd.DataFrame, hidden: pd.Series[bool]) -> pd.Series[bool]:
    """Return the rows that repeat a hidden number at the same place."""
    places = rows[PLACE].astype(str).agg("|".join, axis=1)
    places = rows["analysis_id"].str.replace(COPIES, "", regex=True) + "|" + places
    return hidden.groupby(places).transform("any")


def find_totals(rows: pd.DataFrame, hidden: pd.Series[bool]) -> pd.Series[bool]:
    """Return everybody's rows where a group's is hidden: less the others, they tell it."""
    places = (
        rows[["analysis_id", "outcome_id", "term", "time_days"]].astype(str).agg("|".join, axis=1)
    )
    of_group = (hidden & (rows["group"] != "all")).groupby(places).transform("any")
    return of_group & rows["analysis_id"].isin(TOTALS) & (rows["group"] == "all")


def find_partners(rows: pd.DataFrame, hidden: pd.Series[bool]) -> pd.Series[bool]:
    """Return, where one group's number alone is hidden, that of the smallest other group.

    Else everybody's count less those of the other groups would tell it.
    """
    grouped = rows[rows["analysis_id"].isin(GROUPED)]
    at = _join(grouped, ["analysis_id", "outcome_id", "term", "time_days"])
    gone, everybody = hidden.reindex(grouped.index), grouped["group"] == "all"
    told = at.isin(at[everybody & ~gone]) & ~everybody
    alone = told & ((gone & ~everybody).groupby(at).transform("sum") == 1)
    seen = grouped.loc[alone & ~gone & (grouped["n_events"].fillna(0) > 0), "n_events"]
    smallest = seen.astype(float).groupby(at.reindex(seen.index)).idxmin()
    return rows.index.to_series().isin(smallest)


def _join(rows: pd.DataFrame, columns: list[str]) -> pd.Series[str]:
    joined = rows[columns[0]].astype(str)
    for column in columns[1:]:
        joined = joined + "|" + rows[column].astype(str)
    return joined


def find_contrasts(rows: pd.DataFrame, hidden: pd.Series[bool]) -> pd.Series[bool]:
    """Return the contrasts of a group whose own number, on the same day, is hidden."""
    import pandas as pd

    day = rows["time_days"].astype(float).fillna(-1.0)
    columns = (rows["analysis_id"], rows["outcome_id"], day, rows["group"], rows["term"], hidden)
    places = list(zip(*(column.tolist() for column in columns), strict=True))
    gone = {place[:4] for place in places if place[5] and len(_compared(*place[3:5])) == 1}
    told = [
        any((CONTRASTS.get(analysis), outcome, at, each) in gone for each in _compared(group, term))
        for analysis, outcome, at, group, term, _ in places
    ]
    return pd.Series(told, index=rows.index, dtype=bool)


def _compared(group: str, term: str) -> list[str]:
    """Return the groups a number compares; a number of one group has one."""
    reference = REFERENCE.match(term)
    return [*group.split(AGAINST), *([reference[1]] if reference else [])]


def find_levels(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the counts of a covariate's levels where one is small, or what they leave over is.

    Left over are those without a value: everybody's patients and events less those of the levels.
    """
    import pandas as pd

    counts = rows.loc[rows["analysis_id"] == "level_events"].astype({"n": float, "n_events": float})
    counts["free"] = counts["n"] - counts["n_events"]
    columns = ["n", "n_events", "free"]
    by = [counts["outcome_id"], counts["term"].str.split(":").str[0]]
    few = counts[columns].apply(lambda column: column.between(1, k - 1)).any(axis=1)
    crude = rows[(rows["analysis_id"] == "crude") & (rows["group"] == "all")]
    everybody = crude.set_index("outcome_id")[["n", "n_events"]].astype(float)
    everybody["free"] = everybody["n"] - everybody["n_events"]
    for column in columns:
        left = counts["outcome_id"].map(everybody[column]) - counts.groupby(by)[column].transform(
            "sum"
        )
        few |= left.between(1, k - 1) | left.isna()
    told = few.groupby(by).transform("any") if len(few) else few
    return pd.Series(told, dtype=bool).reindex(rows.index, fill_value=False)


def hide_left_out(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the rows without the counts that tell how a few (1 to k − 1) were left out.

    A model of the complete cases stands beside the size of its group: the difference is the number
    with a gap. The estimate itself stays.
    """
    rows = rows.copy()
    everybody = rows[rows["analysis_id"] == "day_0"].groupby("group")["n"].max().to_dict()
    size = rows["group"].map(lambda group: sum(everybody.get(g, 0) for g in group.split(AGAINST)))
    of_patients = (rows["outcome_id"] != "-") | (rows["analysis_id"] == "features")
    few = of_patients & (size - rows["n"]).between(1, k - 1)
    rows.loc[few, ["n", "n_events"]] = None
    rows["note"] = rows["note"].map(lambda note: _without_few(note, k), na_action="ignore")
    return rows


def _without_few(note: str, k: int) -> str:
    def some(found: re.Match[str]) -> str:
        return "some patients left out" if 0 < int(found[1]) < k else found[0]

    return LEFT_OUT.sub(some, note)
