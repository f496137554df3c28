"""The only door to `release/`: aggregate tables, small counts hidden with their shadows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leukocytosis.config import Policy
from leukocytosis.disclosure.companions import drop_hidden_arms, find_companions
from leukocytosis.disclosure.derivable import (
    find_contrasts,
    find_copies,
    find_levels,
    find_partners,
    find_totals,
    hide_left_out,
)
from leukocytosis.disclosure.nesting import (
    BY_CAUSE,
    find_causes,
    find_told,
    hide_table_one,
    round_at_risk,
)
from leukocytosis.disclosure.sizes import find_hidden_groups, find_sizes
from leukocytosis.disclosure.thinning import COUNTED, find_steps, thin_curves
from leukocytosis.errors import DisclosureError, Problem
from leukocytosis.prose import name_group, name_patients
from leukocytosis.tables import BY_NAME

if TYPE_CHECKING:
    import pandas as pd

# rows that add up to the cohort, or to its undetermined patients
PARTITIONS = (
    "cause_shares", "group_shares", "overlap", "precedence", "unseen", "bias_shares",
    "bias_group_shares", "bias_by_outcome_shares", "bias_by_outcome_group_shares",
)  # fmt: skip
# counts that add up in rows and in columns: one that is small hides them all
CROSSED = ("confusion", "calendar_shares", "calendar_risk", "tipping")
STATES = ("incidence", "states")  # rows that add up to a group on each day
MODEL_ROWS = "cox_|proportional_hazards|hazard_ratio_over_time|model_size|count_spline"
WHITE_COUNTS = ["median_wbc_1e9_per_l", "q1_wbc_1e9_per_l", "q3_wbc_1e9_per_l"]
GROUPED = {"curves", "states", "white_counts"}  # tables of a row per group and day
NUMBERS = ["estimate", "ci_low", "ci_high", "p_value", "n_events"]


def disclose(tables: dict[str, pd.DataFrame], policy: Policy) -> dict[str, pd.DataFrame]:
    """Return the tables as they may leave. DisclosureError for a person-level table.

    Under a policy with `min_count` k above 1: estimates and percentages that rest on 1 to k − 1
    patients or events are hidden, and in a partition a second one if only one would be; a group
    whose size is hidden is hidden in every table (`sizes`); the attrition is rounded to
    multiples of k; curves step where each has had no event, or at least k, states are given on the
    days on which none of a group holds so few, white counts in the bins in which that many have
    one, and none or that many have not. Counts of codelists are rounded like the attrition: lists
    overlap, and their differences would tell as much. So are rows of the ledger and of quality,
    which may be persons (a death before birth); fewer than k are hidden. Of a multiverse only
    hazard ratios are left, to two decimals: its variants differ by few patients.
    """
    _refuse_persons(tables)
    k = policy.min_count
    if k <= 1:
        return tables
    open_tables = dict(tables)
    hide = {
        "estimates": _hide_estimates,
        "attrition": _round_attrition,
        "states": _thin_states,
        "white_counts": _hide_white_counts,
        "multiverse": _hide_variants,
        "codelists": _round_codelists,
        "ledger": _round_rows,
        "quality": _round_rows,
    }
    for name, hidden in hide.items():
        if name in tables:
            open_tables[name] = hidden(tables[name], k)
    if "estimates" in tables:
        open_tables |= _drop_hidden_groups(open_tables)
    if "table_one" in tables:
        open_tables |= _hide_table_one(open_tables, k)
    if "curves" in tables:
        open_tables["curves"] = _thin_curves(open_tables, k)
    if "scorecard" in tables and "estimates" in tables:
        values = open_tables["estimates"]["estimate"].dropna()
        open_tables["scorecard"] = _hide_scorecard(tables["scorecard"], values)
    return open_tables


def _refuse_persons(tables: Mapping[str, pd.DataFrame]) -> None:
    person = sorted(name for name in tables if BY_NAME[name].tier == "person")
    if person:
        raise DisclosureError(
            Problem(name, "holds one row per person", "release aggregates only") for name in person
        )


def _drop_hidden_groups(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of a row per group and day without the groups whose size is hidden."""
    gone = find_hidden_groups(tables["estimates"])
    found = {name: tables[name] for name in sorted(GROUPED & set(tables))}
    return {
        name: rows[~rows["group"].isin(gone)].reset_index(drop=True) for name, rows in found.items()
    }


def _thin_curves(tables: Mapping[str, pd.DataFrame], k: int) -> pd.DataFrame:
    import pandas as pd

    shown = tables.get("estimates", pd.DataFrame(columns=["outcome_id", "time_days"]))
    curves = drop_hidden_arms(tables["curves"], shown) if len(shown) else tables["curves"]
    return thin_curves(curves, _find_shown(shown), k)


def disclose_together(
    studies: Mapping[str, dict[str, pd.DataFrame]], policy: Policy
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return several studies' tables (each disclosed alone) as they may stand on one page.

    Cohorts overlap: two counts of the same thing that differ by 1 to k − 1 tell how few patients
    are in one study and not in the other, so both are hidden, and the size of a cohort likewise.
    """
    import pandas as pd

    k = policy.min_count
    if k <= 1:
        return dict(studies)
    rows = pd.concat({study: tables["estimates"] for study, tables in studies.items()})
    by = [rows[key] for key in ("analysis_id", "outcome_id", "group", "term", "time_days")]
    near = pd.Series(data=False, index=rows.index)
    for column in ("n", "n_events"):
        counts = rows[column].astype(float).groupby(by, dropna=False)
        near |= counts.transform(_differ_by_few, k).astype(bool)
    return {study: _hide_near(tables, near.xs(study), k) for study, tables in studies.items()}


def _hide_near(
    tables: dict[str, pd.DataFrame], near: pd.Series[bool], k: int
) -> dict[str, pd.DataFrame]:
    rows = tables["estimates"].copy()
    hidden = _with_shadows(rows, near | rows["note"].fillna("").str.startswith("hidden"))
    hidden |= find_contrasts(rows, hidden)
    hidden |= find_copies(rows, hidden)
    rows.loc[hidden, NUMBERS] = None
    rows.loc[near, "n"] = None
    rows.loc[hidden, "note"] = (
        f"hidden: rests on few patients, or another study differs by fewer than {k}"
    )
    scorecard = _hide_scorecard(tables["scorecard"], rows["estimate"].dropna())
    return {**tables, "estimates": rows, "scorecard": scorecard}


def _differ_by_few(counts: pd.Series[float], k: int) -> pd.Series[bool]:
    """Return which counts have another one 1 to k − 1 away."""
    levels = counts.dropna().drop_duplicates().sort_values()
    near = levels.diff().between(1, k - 1) | levels.diff(-1).between(1 - k, -1)
    return counts.isin(levels[near])


def _hide_estimates(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    rows = rows.copy()
    small = rows["n"].between(1, k - 1) | rows["n_events"].between(1, k - 1)
    # the rest of a group gives a small number away as surely as the number itself
    small |= (rows["n"] - rows["n_events"]).between(1, k - 1)
    small |= _few_on_day_0(rows, k) | find_steps(rows, k)
    together = find_companions(rows, small, k)
    sized = find_sizes(rows, small, k)
    small |= sized
    small = _with_shadows(rows, small) | _near(rows, k) | _of_hidden_groups(rows, small) | together
    together |= _crossed(rows, small)
    small |= together
    small |= find_partners(rows, small)
    told = find_contrasts(rows, small) | find_totals(rows, small)
    small = small | told | find_copies(rows, small | told)
    told |= find_levels(rows, k)
    small |= told
    small |= find_causes(rows, small, k)
    rows.loc[_near_rules(rows, k), "n_events"] = None
    rows.loc[small, NUMBERS] = None
    sizes = rows["n"].between(1, k - 1) | (rows["analysis_id"] == "after_hospice")
    sizes |= rows["analysis_id"].isin(BY_CAUSE)
    sizes |= sized & (rows["group"] != "all")
    rows.loc[told | together | (small & sizes), "n"] = None
    rows.loc[small, "note"] = _why_hidden(k)
    return round_at_risk(hide_left_out(rows, k), k)


def _few_on_day_0(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the counts of an outcome's events on day 0, where one is small: they add up."""
    day_0 = rows["analysis_id"] == "day_0"
    few = day_0 & rows["estimate"].between(1, k - 1)  # here the count is the estimate
    return day_0 & rows["outcome_id"].isin(rows.loc[few, "outcome_id"])


def _find_shown(rows: pd.DataFrame) -> set[tuple[str, float]]:
    """Return the outcomes and days of which a risk is shown."""
    if "analysis_id" not in rows:
        return set()
    risks = rows[rows["analysis_id"].isin(COUNTED) & rows["estimate"].notna()]
    return set(zip(risks["outcome_id"], risks["time_days"].astype(float), strict=True))


def _of_hidden_groups(rows: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return the rows of models that name a group whose own events are hidden.

    The interval of a contrast tells the events of the smaller group nearly as well as a count.
    """
    groups = rows[small & (rows["analysis_id"] == "crude") & (rows["group"] != "all")]
    named = small & False
    for outcome_id, group in sorted(set(zip(groups["outcome_id"], groups["group"], strict=True))):
        patients = f"patients? {name_patients(group)}"
        words = rf": {group} against|against {group}\b|{patients}\b|\({name_group(group)}\)"
        of_model = rows["analysis_id"].str.match(MODEL_ROWS)
        text = rows["term"] + "|" + rows["note"].fillna("")
        named |= of_model & (rows["outcome_id"] == outcome_id) & text.str.contains(words)
    return named


def _with_shadows(rows: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return the rows to hide: with each only hidden one of a partition, a second."""
    for partition in PARTITIONS:
        part = _shadow(rows[rows["analysis_id"] == partition], small)
        small = small | part.reindex(rows.index, fill_value=False)
    return small | _hide_whereabouts(rows, small).reindex(rows.index, fill_value=False)


def _hide_whereabouts(rows: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return what hides with a small number of those who are in a state on a day.

    How many went to hospice in all follows from the states of the last day, and hides with them.
    """
    import pandas as pd

    outcome, day = rows["outcome_id"].str.split(":").str[0], rows["time_days"].astype(float)
    group, of_group = rows["group"], outcome + "@" + rows["group"]
    states = rows["analysis_id"].isin(STATES)
    hidden = _hide_around(small[states], (outcome + "@" + day.astype(str))[states], group[states])
    last = day[states] == day[states].groupby(outcome[states]).transform("max")
    after = rows["analysis_id"] == "after_hospice"
    few = small[after] | of_group[after].isin(of_group[states][hidden & last])
    told = (outcome + "@" + rows["term"])[after]
    return pd.concat([hidden, _hide_around(few, told, group[after])])


def _hide_around(
    small: pd.Series[bool], at: pd.Series[str], group: pd.Series[str]
) -> pd.Series[bool]:
    """Return what is hidden `at` one place: all of a group with a small number, and everybody's.

    The numbers of a group add up to the group, and the groups to everybody.
    """
    of_group = small.groupby([at, group]).transform("any")
    everybody = group == "all"
    return of_group | ((of_group & ~everybody).groupby(at).transform("any") & everybody)


def _crossed(rows: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return every row of an analysis whose counts add up both ways, when one of them is small."""
    hit = [name for name in CROSSED if small[rows["analysis_id"] == name].any()]
    return rows["analysis_id"].isin(hit)


def _near(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the readings of a share whose difference from another gives a small number away."""
    readings = rows["analysis_id"].str.startswith("order_")
    readings |= rows["analysis_id"] == "plr_interval"
    of = rows["term"].where(rows["analysis_id"] != "plr_interval", "plr")
    compared = rows[readings | (rows["analysis_id"] == "cause_shares")]
    counts = compared["n_events"].astype(float).groupby(of)
    close = counts.apply(lambda found: found.sort_values().diff().between(1, k - 1).any())
    return readings & of.isin(close[close].index)


def _near_rules(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the rows of the other rules whose events differ by few from another rule's."""
    rules = rows["analysis_id"] == "rules"
    return rules & _differ_by_few(rows["n_events"].where(rules).astype(float), k)


def _shadow(part: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return the smallest visible row of a partition of which exactly one row is hidden."""
    hidden = small.reindex(part.index)
    visible = part[~hidden & (part["n_events"] > 0)]
    shadow = hidden & False
    if hidden.sum() == 1 and len(visible):
        shadow |= shadow.index == visible["n_events"].astype(float).idxmin()
    return shadow


def _hide_table_one(tables: dict[str, pd.DataFrame], k: int) -> dict[str, pd.DataFrame]:
    """Return Table 1 as it may leave, and the estimates without what would tell the rest of it."""
    estimates = tables.get("estimates")
    rows, hidden = hide_table_one(tables["table_one"], estimates, k)
    if estimates is None:
        return {"table_one": rows}
    estimates, told = estimates.copy(), find_told(estimates, hidden)
    estimates.loc[told, [*NUMBERS, "n"]] = None
    estimates.loc[told, "note"] = _why_hidden(k)
    return {"table_one": rows, "estimates": estimates}


def _why_hidden(k: int) -> str:
    return f"hidden: rests on fewer than {k} patients or would reveal such"


def _round_attrition(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    rows = rows.copy()
    for column in ("n_patients_before", "n_patients_left"):
        rows[column] = (rows[column] / k).round().astype(int) * k
    return rows


def _round_codelists(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Round the rows and patients of each list; of a list that few have, all but that is hidden."""
    rows = rows.copy()
    few = rows["n_patients"].between(1, k - 1).fillna(value=False).astype(bool)
    counts = ["n_rows", "n_patients"]
    rows[counts] = ((rows[counts].astype("Float64") / k).round() * k).astype("Int64")
    rows.loc[few, ["n_codes_found", *counts]] = None
    rows.loc[few, "note"] = _why_hidden(k)
    return rows


def _round_rows(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Round counts of rows; fewer than k, which may be as few persons, are hidden."""
    rows = rows.copy()
    for column in rows.columns.intersection(["n_broken", "n_rows"]):
        few = rows[column].between(1, k - 1)
        rows[column] = ((rows[column].astype("Float64") / k).round() * k).astype("Int64").mask(few)
    return rows


def _thin_states(rows: pd.DataFrame, k: int) -> pd.DataFrame:
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
    hidden = _hide_around(thin["n"].between(1, k - 1), at, thin["group"])
    return thin.loc[~hidden, list(rows.columns)].reset_index(drop=True)


def _hide_white_counts(rows: pd.DataFrame, k: int) -> pd.DataFrame:
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
    rows.loc[small, "note"] = f"hidden: rests on fewer than {k} patients or would reveal such"
    return rows


def _hide_variants(rows: pd.DataFrame, k: int) -> pd.DataFrame:
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


def _hide_scorecard(rows: pd.DataFrame, shown: pd.Series[float]) -> pd.DataFrame:
    rows = rows.copy()
    visible = {round(value, 9) for value in shown} | {round(100 * value, 9) for value in shown}
    count = rows["unit"] == "count"
    hidden = rows["estimate"].notna() & ~rows["estimate"].astype(float).round(9).isin(visible)
    rows.loc[hidden | count, ["estimate", "ci_low", "ci_high"]] = None
    return rows
