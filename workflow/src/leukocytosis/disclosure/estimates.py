"""Which estimates rest on few patients, or would tell of such; and their hiding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leukocytosis.disclosure.companions import find_companions
from leukocytosis.disclosure.derivable import (
    find_contrasts,
    find_copies,
    find_levels,
    find_partners,
    find_totals,
    hide_left_out,
)
from leukocytosis.disclosure.hidden import NUMBERS, differ_by_few, hide_around, why_hidden
from leukocytosis.disclosure.nesting import BY_CAUSE, find_causes, round_at_risk
from leukocytosis.disclosure.sizes import find_sizes
from leukocytosis.disclosure.thinning import find_steps
from leukocytosis.prose import name_group, name_patients

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


def hide_estimates(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the estimates without what rests on 1 to k − 1 patients, or would tell of such."""
    rows = rows.copy()
    small = rows["n"].between(1, k - 1) | rows["n_events"].between(1, k - 1)
    # the rest of a group gives a small number away as surely as the number itself
    small |= (rows["n"] - rows["n_events"]).between(1, k - 1)
    small |= _few_on_day_0(rows, k) | find_steps(rows, k)
    together = find_companions(rows, small, k)
    sized = find_sizes(rows, small, k)
    small |= sized
    small = with_shadows(rows, small) | _near(rows, k) | _of_hidden_groups(rows, small) | together
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
    rows.loc[small, "note"] = why_hidden(k)
    return round_at_risk(hide_left_out(rows, k), k)


def _few_on_day_0(rows: pd.DataFrame, k: int) -> pd.Series[bool]:
    """Return the counts of an outcome's events on day 0, where one is small: they add up."""
    day_0 = rows["analysis_id"] == "day_0"
    few = day_0 & rows["estimate"].between(1, k - 1)  # here the count is the estimate
    return day_0 & rows["outcome_id"].isin(rows.loc[few, "outcome_id"])


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


def with_shadows(rows: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
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
    hidden = hide_around(small[states], (outcome + "@" + day.astype(str))[states], group[states])
    last = day[states] == day[states].groupby(outcome[states]).transform("max")
    after = rows["analysis_id"] == "after_hospice"
    few = small[after] | of_group[after].isin(of_group[states][hidden & last])
    told = (outcome + "@" + rows["term"])[after]
    return pd.concat([hidden, hide_around(few, told, group[after])])


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
    return rules & differ_by_few(rows["n_events"].where(rules).astype(float), k)


def _shadow(part: pd.DataFrame, small: pd.Series[bool]) -> pd.Series[bool]:
    """Return the smallest visible row of a partition of which exactly one row is hidden."""
    hidden = small.reindex(part.index)
    visible = part[~hidden & (part["n_events"] > 0)]
    shadow = hidden & False
    if hidden.sum() == 1 and len(visible):
        shadow |= shadow.index == visible["n_events"].astype(float).idxmin()
    return shadow
