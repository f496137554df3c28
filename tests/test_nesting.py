"""No count of Table 1 that is hidden can be worked out from what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_fixtures import protocol

from leukocytosis.config import Policy
from leukocytosis.describe import compare_patients, describe_patients
from leukocytosis.disclosure import disclose
from leukocytosis.survival.analyses import fit_features, fit_shares
from leukocytosis.tables import BY_NAME

K = 5
CLOSED = Policy(policy="default", title="t", min_count=K)
GROUPS = {"infection": "infection", "plr": "plr", "growth_factor": "other",
          "corticosteroid": "other", "new_leukaemia": "other"}  # fmt: skip
METASTASIS = "metastasis coded up to the index"


def draw(sizes: dict[str, int], seed: int, missing: float) -> pd.DataFrame:
    """Return an analysis set of so many patients by cause, with what Table 1 needs of it."""
    rng = np.random.default_rng(seed)
    causes = [cause for cause, n in sizes.items() for _ in range(n)]
    n = len(causes)
    patients = pd.DataFrame(
        {"primary_cause": causes, "cause_group": [GROUPS[cause] for cause in causes],
         "age_at_index_years": rng.integers(30, 90, n), "wbc_1e9_per_l": 40 + rng.exponential(9, n),
         "neutrophil_percent": np.where(rng.random(n) < missing, np.nan, rng.uniform(60, 99, n)),
         "sex": rng.choice(["female", "male"], n), "tumour_group": rng.choice(["a", "b", "c"], n),
         "grade": rng.choice(["definite", "possible"], n), "all_causes": causes}
    )  # fmt: skip
    seen = pd.Series(rng.random(n) < 0.3, dtype=object)
    patients["metastatic"] = seen.mask(pd.Series(rng.random(n) < missing), None)
    return patients


def tables_of(patients: pd.DataFrame) -> dict[str, pd.DataFrame]:
    study = protocol()
    rows = {
        "table_one": list(describe_patients(study, patients)),
        "estimates": [
            *map(vars, fit_shares(study, patients)), *map(vars, fit_features(study, patients)),
            *compare_patients(study, patients, 1),
        ],
    }  # fmt: skip
    tables = {
        name: pd.DataFrame(found, columns=list(BY_NAME[name].names)) for name, found in rows.items()
    }
    for column in ("n", "n_events"):
        tables["estimates"][column] = tables["estimates"][column].astype(float)
    return tables


def counts_of(table: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, str, Any]]:
    """Yield what is counted, in which part, within which, and the count (None when hidden)."""
    for row in table.to_dict("records"):
        part = (row["grouped_by"], row["group"])
        above = {"cause": "cause_group", "cause_group": "cohort"}.get(row["grouped_by"], "")
        within = (above, row["within"])
        whats = {"n": row["n"], "missing": row["n_missing"]}
        if row["statistic"] == "percent":
            whats |= {row["level"]: row["spread_low"], f"not {row['level']}": None}
            if not pd.isna(row["n"]):
                whats[f"not {row['level']}"] = row["n"] - row["spread_low"]
        for what, count in whats.items():
            yield (row["variable"], what), part, within, None if pd.isna(count) else count


def work_out(table: pd.DataFrame) -> dict[Any, float]:
    """Return every count that is shown, or is a number shown less others that are, again and again.

    Also that of all hidden parts of a group together, which few must not be either.
    """
    known: dict[Any, float] = {}
    children: dict[Any, dict[Any, None]] = {}
    for what, part, within, count in counts_of(table):
        if count is not None:
            known[what, part] = count
        if within[0]:
            children.setdefault((what, within), {})[what, part] = None
    for _ in range(6):
        for whole, parts in children.items():
            known |= subtract(known, whole, list(parts))
    return known


def subtract(known: dict[Any, float], whole: Any, parts: list[Any]) -> dict[Any, float]:
    gone = [part for part in parts if part not in known]
    seen = sum(known[part] for part in parts if part in known)
    if not gone:
        return {} if whole in known else {whole: seen}
    if whole not in known:
        return {}
    left = known[whole] - seen
    return {gone[0]: left} if len(gone) == 1 else {("together", tuple(gone)): left}


SIZES = st.fixed_dictionaries(
    {cause: st.sampled_from([0, 1, 3, 6, 12, 30, 80]) for cause in GROUPS}
).filter(lambda sizes: sum(sizes.values()) > 0)


@settings(max_examples=20, deadline=None)
@given(SIZES, st.integers(0, 999), st.sampled_from([0.0, 0.03, 0.2]))
def test_no_small_count_is_shown_or_can_be_worked_out(
    sizes: dict[str, int], seed: int, missing: float
) -> None:
    shown = disclose(tables_of(draw(sizes, seed, missing)), CLOSED)
    told = work_out(shown["table_one"])
    assert not {place: count for place, count in told.items() if 1 <= count < K}


@settings(max_examples=12, deadline=None)
@given(SIZES, st.integers(0, 999), st.sampled_from([0.0, 0.03, 0.2]))
def test_estimates_tell_nothing_of_what_table_one_hides(
    sizes: dict[str, int], seed: int, missing: float
) -> None:
    shown = disclose(tables_of(draw(sizes, seed, missing)), CLOSED)
    rows, estimates = shown["table_one"], shown["estimates"]
    hidden = rows[rows["n"].isna()]
    for by, suffix in (("cause_group", ""), ("cause", "_by_cause")):
        gone = hidden[hidden["grouped_by"] == by]
        for group, variable in set(zip(gone["group"], gone["variable"], strict=True)):
            pairs = estimates["group"].str.split(" against ").map(lambda pair, g=group: g in pair)
            of = estimates["term"].isin([variable, f"{variable}, means"])
            of &= estimates["analysis_id"] == f"standardised_difference{suffix}"
            told = estimates[pairs & of]
            assert told[["estimate", "n"]].isna().all(axis=None)
            assert told["note"].str.startswith("hidden").all()
    features = estimates[(estimates["analysis_id"] == "features") & estimates["n"].notna()]
    of_groups = hidden[hidden["grouped_by"] == "cause_group"]
    gone = set(of_groups.loc[of_groups["variable"] == METASTASIS, "group"])
    assert not gone & set(features.loc[features["term"] == "metastatic", "group"])


def test_what_is_large_stays() -> None:
    patients = draw({"infection": 200, "plr": 150, "growth_factor": 300, "corticosteroid": 180},
                    1, 0.2)  # fmt: skip
    tables = tables_of(patients)
    shown = disclose(tables, CLOSED)["table_one"]
    sizes = shown[shown["variable"] != "cause"]
    assert sizes["n"].notna().all() and sizes["value"].notna().all()


def test_a_few_without_a_value_are_not_told() -> None:
    patients = draw({"infection": 60, "plr": 50, "growth_factor": 90}, 1, 0.0)
    patients.loc[[0, 1, 2], "neutrophil_percent"] = np.nan  # three, all of infection
    shown = disclose(tables_of(patients), CLOSED)["table_one"]
    rows = shown[shown["variable"] == "neutrophils, %"].set_index(["grouped_by", "group"])
    assert rows["n_missing"].isna().to_dict() == {
        ("cohort", "all"): True, ("cause_group", "infection"): True, ("cause", "infection"): True,
        ("cause_group", "plr"): False, ("cause", "plr"): False,
        ("cause_group", "other"): False, ("cause", "growth_factor"): False,
    }  # fmt: skip


@pytest.mark.parametrize("term", ["age at index, years", "age at index, years, means"])
def test_a_difference_of_a_hidden_group_says_so(term: str) -> None:
    patients = draw({"infection": 60, "plr": 3, "growth_factor": 90}, 1, 0.0)
    rows = disclose(tables_of(patients), CLOSED)["estimates"]
    told = rows[(rows["analysis_id"] == "standardised_difference") & (rows["term"] == term)]
    assert told["note"].str.startswith("hidden").all()  # infection hides with plr
