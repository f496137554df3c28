"""What may leave: aggregates only, small counts and their shadows hidden."""

from __future__ import annotations

import pandas as pd
import pytest

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.errors import DisclosureError

CLOSED = Policy(policy="default", title="t", min_count=5)
OPEN = Policy(policy="open", title="t", min_count=1)


def shares(*counts: int) -> pd.DataFrame:
    n = sum(counts)
    return pd.DataFrame(
        {
            "analysis_id": "cause_shares", "outcome_id": "-", "group": "all",
            "term": [f"cause {i}" for i in range(len(counts))], "time_days": None,
            "estimate": [count / n for count in counts], "ci_low": 0.1, "ci_high": 0.9,
            "p_value": None, "n": n, "n_events": counts, "method": "m", "note": None,
        }
    ).astype({"n": "Int64", "n_events": "Int64"})  # fmt: skip


def test_person_level_tables_are_refused() -> None:
    with pytest.raises(DisclosureError, match="episodes"):
        disclose({"episodes": pd.DataFrame()}, OPEN)


def test_open_data_pass_unchanged() -> None:
    table = shares(3, 40)
    assert disclose({"estimates": table}, OPEN)["estimates"] is table


def test_a_small_count_takes_the_next_smallest_with_it() -> None:
    rows = disclose({"estimates": shares(3, 12, 60)}, CLOSED)["estimates"]
    assert rows["estimate"].isna().tolist() == [True, True, False]
    assert rows["note"].str.startswith("hidden").tolist()[:2] == [True, True]


def test_zero_and_large_counts_stay() -> None:
    rows = disclose({"estimates": shares(0, 30, 60)}, CLOSED)["estimates"]
    assert rows["estimate"].notna().all()


def test_attrition_is_rounded() -> None:
    steps = pd.DataFrame({"n_patients_before": [103], "n_patients_left": [98]})
    rounded = disclose({"attrition": steps}, CLOSED)["attrition"]
    assert rounded.iloc[0].tolist() == [105, 100]


def test_curves_are_given_by_whole_weeks_and_day_84_closes_the_twelfth() -> None:
    rows = pd.DataFrame(
        {"outcome_id": "o", "group": "all", "time_days": [0.0, 80.0, 84.0, 85.0],
         "n_at_risk": [30, 30, 28, 27], "n_events": [0, 2, 1, 1], "n_censored": 0,
         "survival": [1.0, 0.93, 0.9, 0.87], "ci_low": None, "ci_high": None}
    )  # fmt: skip
    thin = disclose({"curves": rows}, CLOSED)["curves"]
    assert thin[["time_days", "n_at_risk", "n_events", "survival"]].to_numpy().tolist() == [
        [0.0, 30, 0, 1.0], [84.0, 30, 3, 0.9], [91.0, 27, 1, 0.87]
    ]  # fmt: skip
