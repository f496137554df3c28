"""What became of the patients of each cause: the numbers, their tables, and what may leave."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_fixtures import inputs, protocol

from leukocytosis.config import Policy, Protocol
from leukocytosis.disclosure import disclose
from leukocytosis.report import ReportInputs
from leukocytosis.report.grids import list_outcomes, list_survival
from leukocytosis.survival.analyses import fit_all
from leukocytosis.survival.by_cause import fit_by_cause
from leukocytosis.survival.crude import fit_crude
from leukocytosis.tables import BY_NAME

K = 5
CLOSED = Policy(policy="default", title="t", min_count=K)
COMPOSITE, DEATH = "death_or_hospice_12w", "death_1y"
GROUPS = {"infection": "infection", "plr": "plr", "growth_factor": "other",
          "corticosteroid": "other", "new_leukaemia": "other"}  # fmt: skip
SIZES = {"infection": 90, "plr": 60, "growth_factor": 200, "corticosteroid": 40,
         "new_leukaemia": 9}  # fmt: skip


@cache
def study() -> Protocol:
    asked = protocol()
    covariates = asked.covariates.model_copy(update={"adjusted_for": ("cause_group", "sex")})
    return asked.model_copy(update={"covariates": covariates})


def draw(sizes: dict[str, int], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    causes = [cause for cause, n in sizes.items() for _ in range(n)]
    n = len(causes)
    death = np.ceil(rng.exponential(200, n))
    hospice = np.where(rng.random(n) < 0.2, np.ceil(0.7 * death), np.inf)
    lost = np.where(rng.random(n) < 0.05, np.ceil(rng.uniform(1, 300, n)), np.inf)
    patients = pd.DataFrame(
        {"primary_cause": causes, "cause_group": [GROUPS[cause] for cause in causes],
         "age_at_index_years": rng.integers(30, 90, n), "log2_wbc": rng.uniform(5.4, 8, n),
         "neutrophil_percent": 80.0, "sex": rng.choice(["female", "male"], n),
         "metastatic": pd.Series(rng.random(n) < 0.4, dtype=object), "all_causes": causes}
    )  # fmt: skip
    for outcome, horizon, first in (
        (COMPOSITE, 84, np.minimum(death, hospice)), (DEATH, 365, death),
    ):  # fmt: skip
        days = np.minimum(np.minimum(first, lost), horizon)
        event = (first <= lost) & (first <= horizon)
        ended = np.where(first < death, "hospice", "death")
        patients[f"{outcome}_days"], patients[f"{outcome}_status"] = days, event.astype(int)
        patients[f"{outcome}_ended_by"] = np.where(event, ended, "horizon")
    return patients


def rows_of(patients: pd.DataFrame) -> pd.DataFrame:
    found = [*fit_all(study(), patients), *fit_by_cause(study(), patients, recorded=True),
             *fit_crude(study(), patients)]  # fmt: skip
    rows = pd.DataFrame(map(vars, found), columns=list(BY_NAME["estimates"].names))
    return rows.astype({"n": float, "n_events": float, "time_days": float})


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    return draw(SIZES, 1)


@pytest.fixture(scope="module")
def rows(patients: pd.DataFrame) -> pd.DataFrame:
    return rows_of(patients)


def wanted(rows: pd.DataFrame, **at: object) -> pd.DataFrame:
    for column, value in at.items():
        rows = rows[rows[column] == value]
    return rows


def test_risks_and_those_at_risk_are_those_of_lifelines(
    patients: pd.DataFrame, rows: pd.DataFrame
) -> None:
    from lifelines import KaplanMeierFitter

    for cause in SIZES:
        own = patients[patients["primary_cause"] == cause]
        curve = KaplanMeierFitter().fit(own[f"{DEATH}_days"], own[f"{DEATH}_status"])
        for day in (28.0, 365.0):
            at = {"outcome_id": DEATH, "term": cause, "time_days": day}
            (risk,) = wanted(rows, analysis_id="risk_by_cause", **at)["estimate"]
            assert risk == pytest.approx(1 - curve.predict(day), abs=1e-12)
            (at_risk,) = wanted(rows, analysis_id="at_risk_by_cause", **at)["estimate"]
            assert at_risk == (own[f"{DEATH}_days"] >= day).sum()


def test_causes_add_up_to_groups_and_first_events_to_either(rows: pd.DataFrame) -> None:
    by_cause = wanted(rows, analysis_id="risk_by_cause", outcome_id=COMPOSITE, time_days=84.0)
    of_group = wanted(rows, analysis_id="risk", outcome_id=COMPOSITE, time_days=84.0)
    sums = by_cause.groupby("group")[["n", "n_events"]].sum()
    assert sums.equals(of_group.set_index("group")[["n", "n_events"]].loc[sums.index])
    first = rows[rows["analysis_id"] == "events_by_cause"].groupby("term")["n_events"].sum()
    assert first.to_dict() == by_cause.set_index("term")["n_events"].to_dict()


def test_without_a_record_of_hospice_nobody_says_which_came_first(patients: pd.DataFrame) -> None:
    found = fit_by_cause(study(), patients, recorded=False)
    first = [row for row in found if row.analysis_id == "events_by_cause"]
    assert first and all(row.estimate is None and row.n_events is None for row in first)
    assert all("not assessed" in str(row.note) for row in first)


def test_levels_hold_all_patients_and_events(rows: pd.DataFrame) -> None:
    levels = wanted(rows, analysis_id="level_events", outcome_id=DEATH)
    (everybody,) = wanted(rows, analysis_id="crude", outcome_id=DEATH, group="all").itertuples()
    sexes = levels[levels["term"].str.startswith("sex: ")]
    assert sexes["n"].sum() == everybody.n and sexes["n_events"].sum() == everybody.n_events
    (alone,) = wanted(rows, analysis_id="cox_crude", outcome_id=DEATH).itertuples()
    assert alone.term == "sex: male against female" and alone.ci_low < alone.estimate


def shown_as(rows: pd.DataFrame) -> ReportInputs:
    tidy = rows.astype(object).where(rows.notna(), None)
    return replace(inputs(estimates=tidy.to_dict("records")), protocol=study())


def test_the_table_lists_each_cause_of_a_group_with_several(rows: pd.DataFrame) -> None:
    grid = list_outcomes(shown_as(rows))
    assert [row[0] for row in grid.rows] == [
        "all patients", "infection", "PLR", "other cause", "other cause: new leukaemia",
        "other cause: haematopoietic growth factor", "other cause: high-dose corticosteroid",
    ]  # fmt: skip
    assert grid.head[3:6] == ("Deaths, first, by day 84", "Hospice, first, by day 84",
                              "Either, by day 84")  # fmt: skip
    last = [int(cell) for cell in grid.rows[-1][3:6]]
    assert last[0] + last[1] == last[2]


def test_survival_is_given_on_each_day_with_those_at_risk(rows: pd.DataFrame) -> None:
    grid = list_survival(shown_as(rows), DEATH)
    assert [head.split(" (")[0] for head in grid.head[2:]] == [
        f"Alive on day {day}" for day in (28, 56, 84, 365)
    ]
    cells = [cell.replace("\u00a0", " ") for row in grid.rows for cell in row[2:]]
    assert all(cell.rpartition("; ")[2].isdigit() for cell in cells)


FEW = st.fixed_dictionaries({cause: st.sampled_from([0, 3, 7, 20, 90]) for cause in GROUPS})


@settings(max_examples=10, deadline=None)
@given(FEW.filter(lambda sizes: sum(sizes.values()) > 30), st.integers(0, 99))
def test_no_small_count_by_cause_leaves_or_can_be_worked_out(
    sizes: dict[str, int], seed: int
) -> None:
    exact = rows_of(draw(sizes, seed))
    shown = disclose({"estimates": exact}, CLOSED)["estimates"]
    by_cause = shown[shown["analysis_id"].isin(["risk_by_cause", "events_by_cause"])]
    seen = by_cause[by_cause["estimate"].notna()]
    assert not seen["n_events"].between(1, K - 1).any()
    assert not (seen["n"] - seen["n_events"]).between(1, K - 1).any()
    assert (seen["time_days"] >= 84).all()
    assert by_cause.loc[by_cause["estimate"].isna(), ["n", "n_events"]].isna().all(axis=None)
    # what the hidden causes of a group add up to is what its own row less the others tells
    columns = ["analysis_id", "outcome_id", "time_days", "group"]
    for place, part in exact.loc[by_cause.index].groupby(columns):
        gone = by_cause.loc[part.index, "estimate"].isna()
        if gone.any() and place[2] in (84.0, 365.0) and not gone.all():
            assert gone.sum() > 1
            assert not 1 <= part.loc[gone, "n_events"].sum() < K
    levels = shown[shown["analysis_id"] == "level_events"]
    assert not levels["n_events"].between(1, K - 1).any()


def test_large_causes_are_shown() -> None:
    shown = disclose({"estimates": rows_of(draw(dict.fromkeys(GROUPS, 400), 2))}, CLOSED)
    rows = wanted(shown["estimates"], analysis_id="risk_by_cause", outcome_id=DEATH,
                  time_days=365.0)  # fmt: skip
    assert rows["estimate"].notna().all()


def test_a_cause_hidden_alone_takes_the_smallest_other_of_its_group_with_it() -> None:
    sizes = {"infection": 400, "plr": 350, "growth_factor": 450, "corticosteroid": 380,
             "new_leukaemia": 3}  # fmt: skip
    shown = disclose({"estimates": rows_of(draw(sizes, 2))}, CLOSED)["estimates"]
    rows = wanted(shown, analysis_id="risk_by_cause", outcome_id=DEATH, time_days=365.0)
    hidden = set(rows.loc[rows["estimate"].isna(), "term"])
    assert {"new_leukaemia", "corticosteroid"} <= hidden and "growth_factor" not in hidden
