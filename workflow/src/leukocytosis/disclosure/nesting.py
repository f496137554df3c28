"""Counts by cause, within those by cause group, within those of everybody: which hide together.

Causes add up to their group, groups to everybody, so that a column hidden alone is what is left
when the others are taken away. Columns of few are hidden first, then the smallest others until what
is left over is no small count either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Counts = NDArray[np.float64]

EVERYBODY = ("cohort", "all")
# features of the estimates → the variable of Table 1 that counts the same patients
FEATURES = {
    "metastatic": "metastasis coded up to the index",
    "neutrophil_predominance": "neutrophils, %",
}
Place = tuple[str, str]  # how the cohort is parted, and the part


def find_hidden(
    counts: Mapping[Place, Counts], within: Mapping[Place, Place], known: set[Place], k: int
) -> set[Place]:
    """Return the parts to hide: those `known` to hide, of few, or that would tell of such.

    `counts` has for each part its size, then other counts, all of which add up; few is 1 to k − 1.
    """
    hidden = known | {part for part, own in counts.items() if _holds_few(own, k)}
    groups = [part for part in counts if within.get(part) == EVERYBODY]
    causes = {group: [part for part in counts if within.get(part) == group] for group in groups}
    before: set[Place] = set()
    while hidden != before:
        before = set(hidden)
        if EVERYBODY not in hidden:
            hidden |= _hide_with(counts, groups, hidden, k)
        for group, parts in causes.items():
            hidden |= set(parts) if group in hidden else _hide_with(counts, parts, hidden, k)
            if len(parts) == 1 and parts[0] in hidden:  # the same patients
                hidden.add(group)
    return hidden


def _hide_with(
    counts: Mapping[Place, Counts], parts: list[Place], hidden: set[Place], k: int
) -> set[Place]:
    """Return what hides of parts that add up to a number which is shown."""
    gone = [part for part in parts if part in hidden]
    left = sorted(set(parts) - set(gone), key=lambda part: (counts[part][0], part))
    while gone and left and (len(gone) == 1 or _holds_few(sum(counts[p] for p in gone), k)):
        gone.append(left.pop(0))
    return set(gone)


def _holds_few(counts: Counts | int, k: int) -> bool:
    import numpy as np

    size = np.abs(np.asarray(counts))
    return bool(((size >= 1) & (size < k)).any())


def hide_table_one(
    rows: pd.DataFrame, estimates: pd.DataFrame | None, k: int
) -> tuple[pd.DataFrame, set[tuple[Place, str]]]:
    """Return Table 1 without its small counts and what tells them; and which parts hide, of what.

    All of a variable hides in a part: its levels add up. A part whose share is hidden in
    `estimates` hides in every variable.
    """
    rows = rows.copy()
    known = set() if estimates is None else _find_hidden_shares(estimates)
    parts = list(zip(rows["grouped_by"], rows["group"], strict=True))
    within = _find_within(rows)
    hidden: set[tuple[Place, str]] = set()
    for variable, of_variable in rows.groupby("variable"):
        counts = _count(of_variable)
        hidden |= {(part, str(variable)) for part in find_hidden(counts, within, known, k)}
    gone = [(part, variable) in hidden for part, variable in zip(parts, rows["variable"],
                                                                strict=True)]  # fmt: skip
    rows.loc[gone, ["n", "n_missing", "value", "spread_low", "spread_high"]] = None
    return rows, hidden


def _find_within(rows: pd.DataFrame) -> dict[Place, Place]:
    """Return the part that each part of Table 1 is within."""
    above = {"cause": "cause_group", "cause_group": "cohort"}
    columns = (rows["grouped_by"], rows["group"], rows["within"])
    return {
        (by, group): (above[by], within)
        for by, group, within in zip(*columns, strict=True)
        if by in above
    }


def _count(rows: pd.DataFrame) -> dict[Place, Counts]:
    """Return a variable's counts by part: its size, with a value, without, and each level's.

    Of a level those without it, too: where only the yes is given, that is the no.
    """
    import numpy as np

    counts: dict[Place, list[float]] = {}
    columns = ("grouped_by", "group", "statistic", "n", "n_missing", "spread_low")
    for by, group, statistic, n, n_missing, n_level in rows[list(columns)].itertuples(index=False):
        of_part = counts.setdefault((by, group), [n + n_missing, n, n_missing])
        if statistic == "percent":
            of_part += [n_level, n - n_level]
    return {part: np.array(of_part, dtype=float) for part, of_part in counts.items()}


def _find_hidden_shares(estimates: pd.DataFrame) -> set[Place]:
    gone = estimates[estimates["note"].fillna("").str.startswith("hidden")]
    of = {"cause_shares": "cause", "group_shares": "cause_group"}
    shares = gone[gone["analysis_id"].isin(of)]
    return set(zip(shares["analysis_id"].map(of), shares["term"], strict=True))


def find_told(estimates: pd.DataFrame, hidden: set[tuple[Place, str]]) -> pd.Series[bool]:
    """Return the estimates that rest on a variable in a part of Table 1 in which it is hidden.

    Standardised differences and tests of the variable, and the features at the index.
    """
    import pandas as pd

    of_group = {(name, variable) for ((by, name), variable) in hidden if by == "cause_group"}
    of_cause = {(name, variable) for ((by, name), variable) in hidden if by == "cause"}
    judges: dict[str, Callable[[str, str], bool]] = {
        "standardised_difference": lambda g, t: _compares(g, t, of_group),
        "standardised_difference_by_cause": lambda g, t: _compares(g, t, of_cause),
        "table_one_test": lambda _, t: t in {variable for _, variable in of_group},
        "table_one_test_by_cause": lambda _, t: t in {variable for _, variable in of_cause},
        "features": lambda g, t: (g, FEATURES.get(t, t)) in of_group,
    }
    columns = (estimates["analysis_id"], estimates["group"], estimates["term"])
    told = [
        analysis in judges and judges[analysis](group, term)
        for analysis, group, term in zip(*columns, strict=True)
    ]
    return pd.Series(told, index=estimates.index, dtype=bool)


def _compares(pair: str, term: str, hidden: Iterable[tuple[str, str]]) -> bool:
    variable = term.removesuffix(", means")
    return any((name, variable) in hidden for name in pair.split(" against "))


BY_CAUSE = ("risk_by_cause", "survival_by_cause", "events_by_cause", "at_risk_by_cause")
OF_GROUPS = ("risk", "survival")


def find_causes(rows: pd.DataFrame, hidden: pd.Series[bool], k: int) -> pd.Series[bool]:
    """Return the estimates by cause that may not leave, `hidden` being the others that may not.

    Only the last day of an outcome is shown by cause. A cause is shown with all its outcomes or
    not at all: not where one of its counts, or the difference of two, is small, nor where that
    would tell of another cause of its group, or of a group that is hidden.
    """
    of_cause = rows["analysis_id"].isin(BY_CAUSE)
    if not of_cause.any():
        return of_cause
    day = rows["time_days"].astype(float)
    last = day.groupby(rows["outcome_id"].str.split(":").str[0]).transform(_last_of(of_cause))
    counted = rows[of_cause & (day == last) & (rows["analysis_id"] != "survival_by_cause")]
    counts, within = _count_causes(counted[counted["analysis_id"] != "at_risk_by_cause"])
    groups = rows[rows["analysis_id"].isin(OF_GROUPS) & (day == last) & hidden]
    known: set[Place] = {("cause_group", group) for group in groups["group"]}
    shares = rows[hidden & (rows["analysis_id"] == "cause_shares")]
    known |= {("cause", cause) for cause in shares["term"]}
    gone = {name for by, name in find_hidden(counts, within, known, k) if by == "cause"}
    return of_cause & ((day < last) | rows["term"].isin(gone))


def _last_of(of_cause: pd.Series[bool]) -> Callable[[pd.Series[float]], float]:
    return lambda days: float(days[of_cause.reindex(days.index)].max())


def _count_causes(rows: pd.DataFrame) -> tuple[dict[Place, Counts], dict[Place, Place]]:
    """Return each cause's size, events and differences of events, with the sums of groups."""
    import numpy as np

    by_cause: dict[Place, list[float]] = {}
    within: dict[Place, Place] = {}
    ordered = rows.sort_values(["analysis_id", "outcome_id"])
    columns = ["group", "term", "n", "n_events"]
    for group, cause, n, n_events in (
        ordered[columns].fillna({"n_events": 0}).itertuples(index=False)
    ):
        within["cause", cause] = ("cause_group", group)
        within["cause_group", group] = EVERYBODY
        by_cause.setdefault(("cause", cause), [n]).append(n_events)
    counts: dict[Place, Counts] = {}
    for cause, own in by_cause.items():
        each = np.array(own, dtype=float)
        vector = np.concatenate([each, (each[:, None] - each[None, :]).ravel()])
        for part in (cause, within[cause], EVERYBODY):
            counts[part] = counts.get(part, 0.0) + vector
    return counts, within


def round_at_risk(rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the rows with those at risk rounded to multiples of k, as curves have them."""
    at_risk = rows["analysis_id"].isin(("at_risk", "at_risk_by_cause"))
    rows = rows.copy()
    rounded = (rows.loc[at_risk, "estimate"].astype(float) / k).round() * k
    rows.loc[at_risk, "estimate"] = rounded
    return rows
