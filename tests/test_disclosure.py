"""What may leave: aggregates only, small counts and their shadows hidden."""

from __future__ import annotations

import pandas as pd
import pytest

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose, disclose_together
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


def test_rows_that_may_be_persons_are_rounded_and_few_hidden() -> None:
    ledger = pd.DataFrame({"table": "deaths", "fate": ["kept", "rejected", "outside"],
                           "n_rows": [103, 2, 0]})  # fmt: skip
    quality = pd.DataFrame({"check": ["before birth", "missing"], "n_broken": [1, 8],
                            "n_rows": [103, 103]})  # fmt: skip
    shown = disclose({"ledger": ledger, "quality": quality}, CLOSED)
    assert shown["ledger"]["n_rows"].astype(object).tolist() == [105, pd.NA, 0]
    assert shown["quality"]["n_broken"].astype(object).tolist() == [pd.NA, 10]
    assert shown["quality"]["n_rows"].tolist() == [105, 105]
    kept = disclose({"ledger": ledger, "quality": quality}, OPEN)
    assert kept["ledger"] is ledger and kept["quality"] is quality


def test_curves_are_given_by_whole_weeks_and_day_84_closes_the_twelfth() -> None:
    rows = pd.DataFrame(
        {"outcome_id": "o", "group": "all", "time_days": [0.0, 80.0, 84.0, 85.0],
         "n_at_risk": [33, 33, 31, 26], "n_events": [0, 2, 5, 6], "n_censored": [0, 0, 0, 2],
         "survival": [1.0, 0.93, 0.78, 0.6], "ci_low": None, "ci_high": None}
    )  # fmt: skip
    thin = disclose({"curves": rows}, CLOSED)["curves"]
    assert thin[["time_days", "n_at_risk", "n_events", "survival"]].to_numpy().tolist() == [
        [0.0, 35, 0, 1.0], [84.0, 35, 7, 0.78], [91.0, 25, 6, 0.6]
    ]  # fmt: skip
    assert thin["n_censored"].isna().tolist() == [False, False, True]  # few are not told


def curve(events: dict[str, list[int]], outcome: str = "o", size: int = 100) -> pd.DataFrame:
    """Return curves that have so many events at the end of each week."""
    return pd.DataFrame(
        {"outcome_id": outcome, "group": group, "time_days": 7.0 * week,
         "n_at_risk": size - sum(counts[: week - 1]), "n_events": n, "n_censored": 0,
         "survival": 1 - sum(counts[:week]) / size, "ci_low": None, "ci_high": None}
        for group, counts in events.items() for week, n in enumerate(counts, start=1)
    )  # fmt: skip


def risk(day: float, n_events: int, group: str, outcome: str = "o") -> dict[str, object]:
    return {"analysis_id": "risk", "outcome_id": outcome, "group": group, "time_days": day,
            "n": 100, "n_events": n_events}  # fmt: skip


def steps(curves: pd.DataFrame, group: str) -> dict[float, int]:
    rows = curves[curves["group"] == group]
    return dict(zip(rows["time_days"], rows["n_events"], strict=True))


def test_a_curve_steps_where_no_curve_tells_of_a_few() -> None:
    rows = curve({"all": [7, 8, 9, 10], "plr": [1, 5, 2, 3], "infection": [6, 3, 7, 7]})
    thin = disclose({"curves": rows}, CLOSED)["curves"]
    assert steps(thin, "plr") == {14.0: 6, 28.0: 5}
    assert steps(thin, "all") == {14.0: 15, 28.0: 19}  # less the others it would tell the third


def test_a_curve_is_cut_where_a_risk_is_shown() -> None:
    rows = curve({"all": [6, 6, 6, 6]})
    risks = estimates(risk(14.0, 12, "all"), risk(28.0, 24, "all"))
    thin = disclose({"curves": rows, "estimates": risks}, CLOSED)["curves"]
    assert steps(thin, "all") == {7.0: 6, 14.0: 6, 21.0: 6, 28.0: 6}


def test_a_curve_of_few_events_goes_with_that_of_everybody() -> None:
    rows = curve({"all": [14, 10], "plr": [2, 1], "infection": [12, 9]})
    thin = disclose({"curves": rows}, CLOSED)["curves"]
    assert set(thin["group"]) == {"infection"}


def test_few_events_on_day_0_are_not_told() -> None:
    rows = [{"analysis_id": "day_0", "outcome_id": "o", "group": group, "estimate": n, "n": 90,
             "n_events": 40} for group, n in (("all", 12.0), ("plr", 3.0), ("other", 9.0))
            ]  # fmt: skip
    assert hidden(*rows) == [True, True, True]
    assert hidden(*({**row, "estimate": 0.0} for row in rows)) == [False, False, False]


def test_curves_may_all_go() -> None:
    rows = curve({"all": [2, 1], "plr": [2, 1]})
    assert disclose({"curves": rows}, CLOSED)["curves"].empty
    assert disclose({"curves": rows.iloc[:0]}, CLOSED)["curves"].empty


def test_a_day_near_a_later_one_is_hidden_for_every_group() -> None:
    rows = [risk(28.0, 20, "all"), risk(56.0, 40, "all"), risk(28.0, 8, "plr"),
            risk(56.0, 11, "plr")]  # fmt: skip
    assert hidden(*rows) == [True, False, True, False]


def test_who_is_alive_in_hospice_cannot_be_subtracted() -> None:
    both = [risk(28.0, 30, "all", "death_or_hospice"), risk(28.0, 27, "all", "death")]
    assert hidden(*both) == [False, True]
    first = curve({"all": [10, 10, 10, 10]}, "death_or_hospice")
    second = curve({"all": [9, 9, 6, 6, 9]}, "death")
    thin = disclose({"curves": pd.concat([first, second])}, CLOSED)["curves"]
    dead = thin[thin["outcome_id"] == "death"]
    # after 7 and 14 days 1 and 2 were alive in hospice; after 21 and 28, 6 and 10
    assert steps(dead, "all") == {21.0: 24, 28.0: 6, 35.0: 9}


def together(policy: Policy, **counts: tuple[int, ...]) -> dict[str, list[bool]]:
    """Return, per study, which of its shares stay visible beside the others'."""
    scorecard = pd.DataFrame(
        {"unit": ["count"], "estimate": [1.0], "ci_low": None, "ci_high": None}
    )
    studies = {study: {"estimates": shares(*found), "scorecard": scorecard}
               for study, found in counts.items()}  # fmt: skip
    shown = disclose_together(studies, policy)
    return {study: tables["estimates"]["estimate"].notna().tolist()
            for study, tables in shown.items()}  # fmt: skip


def test_two_studies_that_differ_by_a_few_hide_both_counts_and_a_shadow() -> None:
    found = together(CLOSED, narrow=(20, 40, 60), wide=(24, 50, 90))
    assert found == {"narrow": [False, False, True], "wide": [False, False, True]}
    assert together(CLOSED, narrow=(20, 40, 60), wide=(25, 50, 90))["wide"] == [True] * 3
    assert together(OPEN, narrow=(20, 40, 60), wide=(24, 50, 90))["wide"] == [True] * 3


def test_two_cohorts_that_differ_by_a_few_tell_nothing_of_each_other() -> None:
    found = together(CLOSED, narrow=(20, 40, 60), wide=(30, 51, 42))  # 120 and 123 patients
    assert found == {"narrow": [False] * 3, "wide": [False] * 3}


def estimates(*rows: dict[str, object]) -> pd.DataFrame:
    """Rows of one outcome; what a row does not say is large enough to be shown."""
    usual = {
        "analysis_id": "risk", "outcome_id": "death", "group": "all", "term": "risk",
        "time_days": 84.0, "estimate": 0.5, "ci_low": 0.4, "ci_high": 0.6, "p_value": None,
        "n": 100, "n_events": 50, "method": "m", "note": None,
    }  # fmt: skip
    frame = pd.DataFrame([usual | row for row in rows])
    return frame.astype({"n": "Int64", "n_events": "Int64", "time_days": "Float64"})


def hidden(*rows: dict[str, object]) -> list[bool]:
    found = disclose({"estimates": estimates(*rows)}, CLOSED)["estimates"]
    return found["estimate"].isna().tolist()


def test_a_contrast_with_a_hidden_risk_is_hidden() -> None:
    contrast = {"analysis_id": "risk_contrast", "term": "risk difference"}
    assert hidden(
        {"group": "plr"},
        {"group": "infection"},
        {"group": "other", "n": 40, "n_events": 3},
        {"group": "plr against infection", **contrast},
        {"group": "other against infection", **contrast},
        {"group": "other against plr", "time_days": 28.0, **contrast},
    ) == [False, False, True, False, True, False]


def test_a_restricted_mean_beside_a_hidden_reference_is_hidden() -> None:
    rmst = {"analysis_id": "rmst", "term": "restricted mean"}
    assert hidden(
        {**rmst, "group": "infection", "n_events": 2},
        {**rmst, "group": "plr"},
        {**rmst, "group": "plr", "term": "difference to infection"},
    ) == [True, False, True]


def test_everybodys_completeness_would_tell_that_of_a_group() -> None:
    complete = {"analysis_id": "completeness", "term": "completeness"}
    assert hidden(
        {**complete, "n_events": 24},
        {**complete, "group": "plr", "n_events": 3},
        {**complete, "group": "other", "n_events": 21},
    ) == [True, True, False]


def test_everybodys_count_does_not_tell_that_of_the_one_hidden_group() -> None:
    groups = {"all": 60, "infection": 17, "plr": 3, "other": 40}
    assert hidden(*({"group": group, "n_events": n} for group, n in groups.items())) == [
        False, True, True, False
    ]  # fmt: skip
    groups = {"all": 60, "infection": 4, "plr": 3, "other": 53}
    assert hidden(*({"group": group, "n_events": n} for group, n in groups.items())) == [
        False, True, True, False
    ]  # fmt: skip


def test_what_repeats_a_hidden_number_is_hidden() -> None:
    frame = shares(3, 12, 60)
    copies = [frame.assign(analysis_id=f"{engine}_cause_shares") for engine in
              ("exact", "second_engine")]  # fmt: skip
    rows = disclose({"estimates": pd.concat([frame, *copies], ignore_index=True)}, CLOSED)
    assert rows["estimates"]["estimate"].isna().tolist() == [True, True, False] * 3


def test_how_few_were_left_out_is_not_told() -> None:
    left_out = {"analysis_id": "cox_adjusted", "time_days": None, "n": 97, "n_events": 48}
    rows = disclose(
        {"estimates": estimates(
            {"analysis_id": "day_0", "term": "events on day 0", "n_events": 0, "n": 100},
            {**left_out, "note": "3 patients left out for a missing covariate; x"},
            {**left_out, "n": 80, "note": "20 patients left out for a missing covariate"},
        )},
        CLOSED,
    )["estimates"]  # fmt: skip
    assert rows["estimate"].notna().all()
    assert rows["n"].isna().tolist() == [False, True, False]
    assert rows["note"].tolist()[1:] == [
        "some patients left out for a missing covariate; x",
        "20 patients left out for a missing covariate",
    ]


def landmark(**events: tuple[int, int, int, int]) -> pd.DataFrame:
    """Return the counts of one landmark by group: had the event, lost, treated, untreated."""
    terms = ("left out: had the event", "left out: no longer observed", "treated", "untreated")
    rows = [
        {"analysis_id": "landmark_flow", "outcome_id": "o", "group": group, "term": term,
         "time_days": 14.0, "estimate": 0.1, "n": sum(counts), "n_events": count}
        for group, counts in events.items() for term, count in zip(terms, counts, strict=True)
    ]  # fmt: skip
    rows += [
        {"analysis_id": "treatment_landmark", "outcome_id": "o", "group": group,
         "term": f"survival: {arm}", "time_days": 14.0, "estimate": 0.5, "n": counts[i],
         "n_events": counts[i] // 2}
        for group, counts in events.items() for i, arm in ((2, "treated"), (3, "untreated"))
    ]  # fmt: skip
    empty = {"ci_low": None, "ci_high": None, "p_value": None, "method": "m", "note": None}
    table = pd.DataFrame([row | empty for row in rows])
    return table.astype({"n": "Int64", "n_events": "Int64"})


def seen(rows: pd.DataFrame) -> set[tuple[str, str]]:
    shown = rows[rows["n_events"].notna()]
    return set(zip(shown["group"], shown["term"], strict=True))


def test_a_small_arm_hides_the_landmark_of_every_cause_group() -> None:
    rows = landmark(all=(42, 0, 103, 613), plr=(8, 0, 3, 64), other=(34, 0, 100, 549))
    shown = disclose({"estimates": rows}, CLOSED)["estimates"]
    assert {group for group, _ in seen(shown)} == {"all"}
    assert shown.loc[shown["group"] != "all", ["estimate", "n", "n_events"]].isna().all(axis=None)
    # of all patients nothing is lost
    assert len(seen(shown)) == 6


def test_a_small_arm_of_all_patients_hides_the_landmark_and_its_curves() -> None:
    rows = landmark(all=(42, 0, 3, 613), plr=(8, 0, 0, 64), other=(34, 0, 3, 549))
    curves = pd.DataFrame(
        {"outcome_id": "o", "group": ["all", "treated by day 14", "untreated by day 14",
                                      "untreated by day 140"],
         "time_days": 7.0, "n_at_risk": 30, "n_events": 6, "n_censored": 0, "survival": 0.8,
         "ci_low": None, "ci_high": None}
    )  # fmt: skip
    shown = disclose({"estimates": rows, "curves": curves}, CLOSED)
    assert not seen(shown["estimates"])
    assert set(shown["curves"]["group"]) == {"all", "untreated by day 140"}


def test_few_lost_hide_the_reasons_and_not_the_arms() -> None:
    rows = landmark(all=(42, 2, 103, 613), plr=(8, 0, 13, 64), other=(34, 2, 90, 549))
    shown = seen(disclose({"estimates": rows}, CLOSED)["estimates"])
    assert not [term for _, term in shown if term.startswith("left out")]
    assert {("all", "treated"), ("plr", "treated"), ("other", "survival: untreated")} <= shown


def test_other_rules_do_not_tell_of_a_single_event() -> None:
    rows = shares(1, 1, 1).assign(analysis_id="rules", n=664, n_events=[221, 220, 300])
    shown = disclose({"estimates": rows.astype({"n": "Int64", "n_events": "Int64"})}, CLOSED)
    assert shown["estimates"]["n_events"].isna().tolist() == [True, True, False]
    assert shown["estimates"]["estimate"].notna().sum() == rows["estimate"].notna().sum()
