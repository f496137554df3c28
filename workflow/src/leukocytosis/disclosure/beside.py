"""The tables beside the estimates, as they may leave: rounded, thinned, or with gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leukocytosis.disclosure.hidden import NUMBERS, hide_around, why_hidden

if TYPE_CHECKING:
    import pandas as pd

WHITE_COUNTS = ["median_wbc_1e9_per_l", "q1_wbc_1e9_per_l", "q3_wbc_1e9_per_l"]


def round_attrition(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Round the patients of each step to multiples of k."""
    rows = rows.copy()
    for column in ("n_patients_before", "n_patients_left"):
        rows[column] = (rows[column] / k).round().astype(int) * k
    return rows


def round_codelists(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Round the rows and patients of each list; of a list that few have, all but that is hidden."""
    rows = rows.copy()
    few = rows["n_patients"].between(1, k - 1).fillna(value=False).astype(bool)
    counts = ["n_rows", "n_patients"]
    rows[counts] = ((rows[counts].astype("Float64") / k).round() * k).astype("Int64")
    rows.loc[few, ["n_codes_found", *counts]] = None
    rows.loc[few, "note"] = why_hidden(k)
    return rows


def round_rows(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Round counts of rows; fewer than k, which may be as few persons, are hidden."""
    rows = rows.copy()
    for column in rows.columns.intersection(["n_broken", "n_rows"]):
        few = rows[column].between(1, k - 1)
        rows[column] = ((rows[column].astype("Float64") / k).round() * k).astype("Int64").mask(few)
    return rows


def thin_states(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Give states by whole weeks, without the days on which one holds few of a group."""
    import pandas as pd

    weekly = rows.assign(week=(-(-rows["time_days"] // 7)).astype(int))
    parts = [
        part.drop_duplicates("week", keep="last").set_index("week")
        for _, part in weekly.groupby(["outcome_id", "group", "state"])
    ]
    if not parts:
        return rows
    # a week in which nothing happened stands as the week before
    whole = [part.reindex(range(part.index.min(), part.index.max() + 1)).ffill() for part in parts]
    thin = pd.concat(whole).reset_index()
    thin["time_days"], thin["n"] = 7.0 * thin["week"], thin["n"].astype("Int64")
    at = thin["outcome_id"] + "@" + thin["week"].astype(str)
    hidden = hide_around(thin["n"].between(1, k - 1), at, thin["group"])
    return thin.loc[~hidden, list(rows.columns)].reset_index(drop=True)


def hide_white_counts(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Hide bins of few patients, or of all but few; groups add up, so one hides a second."""
    rows = rows.copy()
    small = rows["n"].between(1, k - 1) | (rows["n_patients"] - rows["n"]).between(1, k - 1)
    for _, part in rows[rows["group"] != "all"].groupby("from_day"):
        visible = part[~small[part.index] & (part["n"] > 0)]
        if small[part.index].sum() == 1 and len(visible):
            small[visible["n"].astype(float).idxmin()] = True
    unsized = rows.loc[small & (rows["from_day"] == 0), "group"]  # on day 0 all have their count
    rows.loc[rows["group"].isin(unsized), "n_patients"] = None
    rows.loc[small, ["n", *WHITE_COUNTS]] = None
    rows.loc[small, "note"] = why_hidden(k)
    return rows


def hide_variants(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Leave hazard ratios alone, to two decimals: variants differ by few patients."""
    rows = rows.copy()
    risk = rows[rows["analysis_id"] == "risk"]
    small = risk["n"].between(1, k - 1) | risk["n_events"].between(1, k - 1)
    small |= (risk["n"] - risk["n_events"]).between(1, k - 1)
    ratio = rows["analysis_id"] == "hazard_ratio"
    hidden = ~ratio | rows["variant"].isin(risk.loc[small, "variant"])
    rows["n"] = None
    rows["n_events"] = None
    rows[NUMBERS[:3]] = rows[NUMBERS[:3]].round(2)
    rows.loc[hidden, NUMBERS[:3]] = None
    rows.loc[hidden, "note"] = (
        f"hidden: rests on fewer than {k} patients, or differs from another variant by so few"
    )
    # a reason may count patients
    rows.loc[ratio & ~hidden & rows["estimate"].isna(), "note"] = "cannot be estimated"
    return rows


def hide_scorecard(rows: pd.DataFrame, shown: pd.Series[float]) -> pd.DataFrame:
    """Hide counts, and numbers that are not shown among the estimates either."""
    rows = rows.copy()
    visible = {round(value, 9) for value in shown} | {round(100 * value, 9) for value in shown}
    count = rows["unit"] == "count"
    hidden = rows["estimate"].notna() & ~rows["estimate"].astype(float).round(9).isin(visible)
    rows.loc[hidden | count, ["estimate", "ci_low", "ci_high"]] = None
    return rows
