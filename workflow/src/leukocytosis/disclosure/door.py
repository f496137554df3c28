"""The only door to `release/`: aggregate tables, small counts hidden with their shadows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leukocytosis.config import Policy
from leukocytosis.disclosure.beside import (
    hide_scorecard,
    hide_variants,
    hide_white_counts,
    round_attrition,
    round_codelists,
    round_rows,
    thin_states,
)
from leukocytosis.disclosure.companions import drop_hidden_arms
from leukocytosis.disclosure.derivable import find_contrasts, find_copies
from leukocytosis.disclosure.estimates import hide_estimates, with_shadows
from leukocytosis.disclosure.hidden import NUMBERS, differ_by_few, why_hidden
from leukocytosis.disclosure.nesting import find_told, hide_table_one
from leukocytosis.disclosure.sizes import find_hidden_groups
from leukocytosis.disclosure.thinning import COUNTED, thin_curves
from leukocytosis.errors import DisclosureError, Problem
from leukocytosis.tables import BY_NAME

if TYPE_CHECKING:
    import pandas as pd

GROUPED = {"curves", "states", "white_counts"}  # tables of a row per group and day

EACH_ALONE = {  # what a table needs whatever the others say
    "estimates": hide_estimates,
    "attrition": round_attrition,
    "states": thin_states,
    "white_counts": hide_white_counts,
    "multiverse": hide_variants,
    "codelists": round_codelists,
    "ledger": round_rows,
    "quality": round_rows,
}


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
    for name, hidden in EACH_ALONE.items():
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
        open_tables["scorecard"] = hide_scorecard(tables["scorecard"], values)
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


def _find_shown(rows: pd.DataFrame) -> set[tuple[str, float]]:
    """Return the outcomes and days of which a risk is shown."""
    if "analysis_id" not in rows:
        return set()
    risks = rows[rows["analysis_id"].isin(COUNTED) & rows["estimate"].notna()]
    return set(zip(risks["outcome_id"], risks["time_days"].astype(float), strict=True))


def _hide_table_one(tables: dict[str, pd.DataFrame], k: int) -> dict[str, pd.DataFrame]:
    """Return Table 1 as it may leave, and the estimates without what would tell the rest of it."""
    estimates = tables.get("estimates")
    rows, hidden = hide_table_one(tables["table_one"], estimates, k)
    if estimates is None:
        return {"table_one": rows}
    estimates, told = estimates.copy(), find_told(estimates, hidden)
    estimates.loc[told, [*NUMBERS, "n"]] = None
    estimates.loc[told, "note"] = why_hidden(k)
    return {"table_one": rows, "estimates": estimates}


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
        near |= counts.transform(differ_by_few, k).astype(bool)
    return {study: _hide_near(tables, near.xs(study), k) for study, tables in studies.items()}


def _hide_near(
    tables: dict[str, pd.DataFrame], near: pd.Series[bool], k: int
) -> dict[str, pd.DataFrame]:
    rows = tables["estimates"].copy()
    hidden = with_shadows(rows, near | rows["note"].fillna("").str.startswith("hidden"))
    hidden |= find_contrasts(rows, hidden)
    hidden |= find_copies(rows, hidden)
    rows.loc[hidden, NUMBERS] = None
    rows.loc[near, "n"] = None
    rows.loc[hidden, "note"] = (
        f"hidden: rests on few patients, or another study differs by fewer than {k}"
    )
    scorecard = hide_scorecard(tables["scorecard"], rows["estimate"].dropna())
    return {**tables, "estimates": rows, "scorecard": scorecard}
