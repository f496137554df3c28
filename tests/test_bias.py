"""The bias analysis of a study: what it draws, what it refuses, what it never gives away."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Run, protocol_of

from leukocytosis.bias import fit_bias
from leukocytosis.bias.calendar import calendar_rows, name_periods
from leukocytosis.bias.contrast import Model, fit_model
from leukocytosis.bias.e_value import e_value_of, e_value_rows, fit_e_value
from leukocytosis.bias.imputation import AT_ONCE, prepare_fates
from leukocytosis.bias.many_curves import fit_many_risks
from leukocytosis.bias.many_models import fit_many
from leukocytosis.bias.matrix import Confusion, NoMatrix, count_charts, find_confusion
from leukocytosis.bias.misclassification import Cohort, misclassification_rows
from leukocytosis.bias.redraw import outcome_strata, redraw_causes
from leukocytosis.bias.tipping import DELTAS, find_tip, tipping_rows
from leukocytosis.config import BiasPlan, Policy, load_accuracy, load_bias_plan
from leukocytosis.disclosure import disclose
from leukocytosis.errors import ConfigError
from leukocytosis.store import connect, read_frame, write_rows
from leukocytosis.survival.row import CANNOT, COLUMNS, Estimate
from leukocytosis.tables import ADJUDICATIONS

PROTOCOL = protocol_of("granger2009")
CAUSES = (*(cause.id for cause in PROTOCOL.causes), "undetermined")
GROUP_OF = {cause.id: cause.group for cause in PROTOCOL.causes} | {"undetermined": "other"}
PRIMARY = PROTOCOL.analyses.primary_outcome
HAZARD = {"infection": 1 / 90, "plr": 1 / 45, "other": 1 / 250}
HIDING = Policy(policy="p", title="hides counts below 5", min_count=5)
MIXED = {  # how often patients with a cause are given which by the rules
    "infection": {"infection": 0.8, "plr": 0.1, "growth_factor": 0.1},
    "plr": {"plr": 0.7, "infection": 0.2, "growth_factor": 0.1},
    "growth_factor": {"growth_factor": 0.96, "infection": 0.02, "plr": 0.02},
}


def draw_patients(n: dict[str, int], seed: int = 1, **changed: float) -> pd.DataFrame:
    """An analysis set with known causes and constant hazards, and the causes by the rules."""
    rng = np.random.default_rng(seed)
    true = np.repeat(list(n), list(n.values()))
    groups = np.array([GROUP_OF[cause] for cause in true])
    rate = np.array([(HAZARD | changed)[group] for group in groups])
    event = 1 + np.floor(rng.exponential(1 / rate))
    left = np.minimum(84, np.floor(rng.uniform(5, 250, true.size)))
    by_rules = [rng.choice(list(MIXED[c]), p=list(MIXED[c].values())) for c in true]
    frame = pd.DataFrame({
        "episode_id": [f"E{i:04d}" for i in range(true.size)],
        "true_cause": true,
        "primary_cause": by_rules,
        "cause_group": [GROUP_OF[cause] for cause in by_rules],
        "age_at_index_years": rng.normal(62, 12, true.size).round(),
        "sex": rng.choice(["female", "male"], true.size),
        "metastatic": rng.random(true.size) < 0.5,
        "log2_wbc": 5.5 + rng.exponential(0.4, true.size),
        "neutrophil_percent": rng.uniform(60, 95, true.size),
    })  # fmt: skip
    for outcome in PROTOCOL.outcomes:
        frame[f"{outcome.id}_days"] = np.minimum(event, left)
        frame[f"{outcome.id}_status"] = (event <= left).astype(int)
    return frame


SIZES = {"infection": 120, "plr": 80, "growth_factor": 400}
PATIENTS = draw_patients(SIZES)


def cohort_of(patients: pd.DataFrame) -> Cohort:
    by_rules = patients["primary_cause"].to_numpy(dtype=str)
    return Cohort(PROTOCOL, patients, by_rules, fit_model(PROTOCOL, PRIMARY, patients))


def matrix_of(patients: pd.DataFrame, *, fixed: bool = False) -> Confusion:
    by_rules = dict(zip(patients["episode_id"], patients["primary_cause"], strict=True))
    truth = dict(zip(patients["episode_id"], patients["true_cause"], strict=True))
    return count_charts(CAUSES, by_rules, truth, "the truth", fixed=fixed)


def correct(patients: pd.DataFrame, confusion: Any, n_draws: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = misclassification_rows(cohort_of(patients), confusion, n_draws, rng)
    return pd.DataFrame([vars(row) for row in rows], columns=list(COLUMNS))


def draw_once(confusion: Confusion, patients: pd.DataFrame, n: int = 200, **given: Any) -> Any:
    place = {cause: i for i, cause in enumerate(confusion.causes)}
    found = np.array([place[cause] for cause in patients["primary_cause"]])
    groups = np.unique([GROUP_OF[c] for c in confusion.causes], return_inverse=True)[1]
    strata = outcome_strata(
        patients[f"{PRIMARY}_days"].to_numpy(), patients[f"{PRIMARY}_status"].to_numpy()
    )
    how = given.get("how", "non-differential")
    rng = np.random.default_rng(given.get("seed", 5))
    drawn = redraw_causes(confusion, groups, found, strata, how, n, rng)
    return np.array(confusion.causes)[drawn]


# redrawing causes


def test_rules_that_are_always_right_move_nothing() -> None:
    patients = PATIENTS.assign(true_cause=PATIENTS["primary_cause"])
    confusion = matrix_of(patients)
    certain = replace(confusion, right=np.ones(len(CAUSES), dtype=bool))
    for how in ("non-differential", "by outcome"):
        drawn = draw_once(certain, patients, how=how)
        if how == "non-differential":
            assert (drawn == patients["primary_cause"].to_numpy()).all()
        assert (drawn == patients["primary_cause"].to_numpy()).mean() > 0.97


def test_the_shares_come_back_to_the_truth() -> None:
    drawn = draw_once(matrix_of(PATIENTS), PATIENTS, 400)
    for cause, n in SIZES.items():
        counts = (drawn == cause).sum(axis=1)
        assert counts.mean() == pytest.approx(n, abs=6)
        assert counts.std() > 2


def test_a_cause_that_no_chart_showed_is_not_drawn() -> None:
    drawn = draw_once(matrix_of(PATIENTS), PATIENTS)
    assert set(np.unique(drawn)) == set(SIZES)


def test_patients_whose_chart_was_read_keep_their_cause() -> None:
    drawn = draw_once(matrix_of(PATIENTS, fixed=True), PATIENTS)
    assert (drawn == PATIENTS["true_cause"].to_numpy()).all()


def test_the_same_seed_draws_the_same() -> None:
    same, other = (draw_once(matrix_of(PATIENTS), PATIENTS, 20, seed=seed) for seed in (5, 6))
    assert (same == draw_once(matrix_of(PATIENTS), PATIENTS, 20, seed=5)).all()
    assert (same != other).any()


def test_corrected_numbers_are_nearer_to_the_truth_than_the_numbers_as_analysed() -> None:
    """What misclassification takes from a hazard ratio, the correction gives back, by and large."""
    patients = draw_patients({cause: 6 * n for cause, n in SIZES.items()}, other=1 / 400)
    true = _log_ratio(patients.assign(cause_group=patients["true_cause"].map(GROUP_OF)))
    rows = correct(patients, matrix_of(patients), n_draws=100)
    assert true - _log_ratio(patients) > 0.25
    for analysis in ("bias_ratio", "bias_by_outcome_ratio"):
        ratios = rows[rows["analysis_id"] == analysis].set_index("term")
        corrected = ratios.loc["plr against infection"]
        assert np.log(corrected["estimate"]) == pytest.approx(true, abs=0.1)
        assert corrected["ci_low"] < np.exp(true) < corrected["ci_high"]


def _log_ratio(patients: pd.DataFrame) -> float:
    model = fit_model(PROTOCOL, PRIMARY, patients)
    return float(model.fit.coefficients[model.groups.index("plr")])  # type: ignore[union-attr]


def test_both_assumptions_are_drawn_and_every_number_has_an_interval() -> None:
    rows = correct(PATIENTS, matrix_of(PATIENTS))
    assert {"bias_shares", "bias_by_outcome_shares", "bias_ratio", "bias_by_outcome_ratio"} <= set(
        rows["analysis_id"]
    )
    known = rows[rows["estimate"].notna()]
    assert (known["ci_low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["ci_high"]).all()
    risks = rows[rows["analysis_id"] == "bias_risk"]
    assert set(risks["time_days"]) == {14.0, 28.0, 42.0, 56.0, 70.0, 84.0}


def test_charts_of_other_patients_cannot_show_accuracy_by_outcome() -> None:
    published = replace(matrix_of(PATIENTS), of_patients=None)
    rows = correct(PATIENTS, published)
    assert not rows["analysis_id"].str.startswith("bias_by_outcome").any()
    with pytest.raises(ValueError, match="other patients"):
        draw_once(published, PATIENTS, how="by outcome")


@pytest.mark.parametrize(
    ("patients", "confusion", "reason"),
    [
        (PATIENTS, NoMatrix("nobody read a chart"), "nobody read a chart"),
        (PATIENTS.head(0), matrix_of(PATIENTS), "there are no patients"),
        (PATIENTS, replace(matrix_of(PATIENTS), counts=np.zeros((8, 8))), "no chart was read"),
    ],
)
def test_without_a_matrix_every_row_says_why(
    patients: pd.DataFrame, confusion: Any, reason: str
) -> None:
    rows = correct(patients, confusion)
    assert len(rows) == 4
    assert rows["estimate"].isna().all()
    assert rows["note"].str.startswith(CANNOT + reason).all()


BAD = {
    "one group": PATIENTS[PATIENTS["cause_group"] == "plr"],
    "one patient": PATIENTS.head(1),
    "no events": PATIENTS.assign(**{f"{PRIMARY}_status": 0}),
    "all censored on day 0": PATIENTS.assign(**{f"{PRIMARY}_status": 0, f"{PRIMARY}_days": 0.0}),
    "all have the event on day 0": PATIENTS.assign(
        **{f"{PRIMARY}_status": 1, f"{PRIMARY}_days": 0.0}
    ),
    "constant covariate": PATIENTS.assign(sex="female"),
    "covariate never known": PATIENTS.assign(neutrophil_percent=np.nan),
    "collinear covariates": PATIENTS.assign(log2_wbc=PATIENTS["age_at_index_years"]),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gives_rows_with_reasons(what: str) -> None:
    patients = BAD[what]
    cohort = cohort_of(patients)
    rows: list[Estimate] = [
        *misclassification_rows(cohort, matrix_of(patients), 100, np.random.default_rng(1)),
        *tipping(cohort.model, patients),
        *e_value_rows(PROTOCOL, cohort.model, patients),
        *calendar_rows(PROTOCOL, patients, 2005 + np.arange(len(patients)) % 4, None),
    ]
    ratios = [r for r in rows if r.analysis_id in ("bias_ratio", "tipping", "calendar_ratio")]
    assert ratios
    assert all(row.estimate is None and row.note.startswith(CANNOT) for row in ratios if row.note)
    for row in rows:
        assert row.estimate is not None or (row.note or "").startswith(CANNOT)
        assert row.estimate is None or np.isfinite(row.estimate)


def test_a_column_that_does_not_vary_is_not_found() -> None:
    values = np.zeros((1, 4, 1))
    fits = fit_many(values, np.array([[1.0, 2, 3, 4]]), np.ones((1, 4), dtype=np.int64))
    assert not fits.found.any() and np.isnan(fits.coefficients).all()


def test_separation_is_not_found() -> None:
    values = np.array([[[1.0], [1], [0], [0]]])
    status = np.array([[1, 1, 0, 0]])
    fits = fit_many(values, np.array([[1.0, 2, 3, 4]]), status)
    assert not fits.found.any()


def test_nobody_followed_so_far_has_no_risk() -> None:
    days, status = np.array([5.0, 6.0, 80.0]), np.array([1, 0, 0])
    members = np.array([[True, True, False], [True, True, True], [False, False, False]])
    centre, _ = fit_many_risks(members, days, status, np.array([5.0, 40.0]))
    assert np.isfinite(centre[:2, 0]).all()
    assert np.isnan(centre[0, 1]) and np.isfinite(centre[1, 1])
    assert np.isnan(centre[2]).all()


# where the matrix comes from


def review(folder: Path, sampling: str, charts: pd.DataFrame) -> None:
    rows = [
        {"review_id": f"R{i}", "episode_id": row.episode_id, "sampling": sampling,
         "stratum": "all", "n_stratum": len(charts), "cause": row.true_cause,
         "certainty": "definite", "how": "agreement", "n_reviewers": 2, "in_use": False}
        for i, row in enumerate(charts.itertuples())
    ]  # fmt: skip
    with connect(folder / ".scratch") as con:
        write_rows(con, rows, ADJUDICATIONS, folder / "adjudications.parquet")


ACCURACY = """
accuracy: other_hospital
title: Charts of another hospital
source: invented for this test
charts:
  infection: {infection: 80, plr: 12, growth_factor: 8}
  plr: {plr: 60, infection: 40}
taken_as_right: [growth_factor]
why: a dose is given or not
"""


@pytest.mark.parametrize(
    ("sampling", "published", "truth", "says"),
    [
        ("random", True, True, "charts of this cohort's review"),
        (None, True, True, "published accuracy: Charts of another hospital"),
        ("active", True, False, "published accuracy"),
        (None, False, True, "planted"),
        (None, False, False, "nobody knows"),
        ("active", False, False, "chosen actively"),
    ],
)
def test_a_review_comes_before_publications_and_these_before_planted_truth(
    tmp_path: Path, sampling: str | None, published: bool, truth: bool, says: str
) -> None:
    review(tmp_path, sampling or "random", PATIENTS.head(60 if sampling else 0))
    (tmp_path / "other_hospital.yaml").write_text(ACCURACY)
    accuracy = load_accuracy(tmp_path / "other_hospital.yaml", CAUSES) if published else None
    by_rules = dict(zip(PATIENTS["episode_id"], PATIENTS["primary_cause"], strict=True))
    known = dict(zip(PATIENTS["episode_id"], PATIENTS["true_cause"], strict=True)) if truth else {}
    with connect(tmp_path / ".scratch") as con:
        found = find_confusion(CAUSES, by_rules, con, tmp_path, accuracy, known)
    words = found.reason if isinstance(found, NoMatrix) else found.source
    assert says in words
    assert isinstance(found, NoMatrix) or found.fixed == (sampling == "random")


def test_an_accuracy_file_says_everything_that_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(ACCURACY.replace("plr: 12", "prl: 12").replace("plr: 60", "plr: -1")
                    .replace("why: a dose is given or not", ""))  # fmt: skip
    with pytest.raises(ConfigError) as failure:
        load_accuracy(path, CAUSES)
    for words in ("'prl' (did you mean 'plr'?)", "negative", "without saying why", "file's name"):
        assert words in str(failure.value)


def test_the_accuracy_file_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/estimators/bias.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    (tmp_path / "other_hospital.yaml").write_text(snippet)
    accuracy = load_accuracy(tmp_path / "other_hospital.yaml", CAUSES)
    assert set(accuracy.charts) | set(accuracy.taken_as_right) >= set(CAUSES) - {
        "known_blood_cancer"
    }


def test_the_plan_of_a_run_is_checked(tmp_path: Path) -> None:
    settings = {"seed": 7, "bias": {"draws": 500}, "dates_shifted": "by a year"}
    plan = load_bias_plan(ROOT / "config", settings, CAUSES)
    assert plan == BiasPlan(7, 500, dates_shifted="by a year")
    with pytest.raises(ConfigError, match="draws"):
        load_bias_plan(ROOT / "config", {"seed": 7, "bias": {"draws": 5}}, CAUSES)


# those who were lost


def tipping(model: Model, patients: pd.DataFrame, m: int = 5) -> list[Estimate]:
    groups = patients["cause_group"].to_numpy(dtype=str)[model.complete]
    hospice = np.arange(len(patients))[model.complete] % 2 == 0
    return list(tipping_rows(model, groups, hospice, 84.0, m, np.random.default_rng(3)))


def test_a_higher_hazard_never_means_a_later_event() -> None:
    days = PATIENTS[f"{PRIMARY}_days"].to_numpy()
    status = PATIENTS[f"{PRIMARY}_status"].to_numpy()
    groups = PATIENTS["cause_group"].to_numpy(dtype=str)
    fates = prepare_fates(days, status, groups, 84.0, 4, np.random.default_rng(2))
    lost = (status == 0) & (days < 84)
    everyone = np.ones(days.size, dtype=bool)
    before = None
    for delta in DELTAS:
        ends, events = fates.impute(everyone, delta)
        assert (ends[:, ~lost] == days[~lost]).all() and (events[:, ~lost] == status[~lost]).all()
        assert (ends >= days).all() and ends.max() <= 84
        at = np.where(events == 1, ends, 1000.0) + np.zeros((4, 1))
        assert before is None or (at <= before).all()
        before = at
    assert (events[:, lost] == 1).all() and (ends[:, lost] == days[lost] + 1).all()


def test_an_ordinary_hazard_leaves_the_ratios_about_where_they_were() -> None:
    rows = {(r.group, r.term): r for r in tipping(cohort_of(PATIENTS).model, PATIENTS, 20)}
    for contrast in ("plr against infection", "other against infection"):
        analysed = rows["all lost", f"{contrast}: as analysed"]
        usual = rows["all lost", f"{contrast}: hazard × 1"]
        assert np.log(usual.estimate / analysed.estimate) == pytest.approx(0, abs=0.08)


def test_each_set_of_those_lost_is_varied_in_its_own_contrasts() -> None:
    rows = tipping(cohort_of(PATIENTS).model, PATIENTS)
    varied = {(row.group, row.term.split(":")[0]) for row in rows}
    both = {"plr against infection", "other against infection"}
    assert {term for group, term in varied if group == "all lost"} == both
    assert {term for group, term in varied if group == "lost of infection"} == both
    assert {term for group, term in varied if group == "lost of plr"} == {"plr against infection"}
    assert {term for group, term in varied if group == "lost after hospice"} == both


def test_when_nobody_was_lost_nothing_can_tip() -> None:
    followed = PATIENTS.copy()
    left = (followed[f"{PRIMARY}_status"] == 0) & (followed[f"{PRIMARY}_days"] < 84)
    followed.loc[left, f"{PRIMARY}_days"] = 84.0
    rows = tipping(cohort_of(followed).model, followed)
    assert rows and all("nobody was lost" in (row.note or "") for row in rows)


def test_the_conclusion_tips_at_the_first_hazard_that_changes_it() -> None:
    intervals = {
        0.0: (1.0, 0.7, 1.4), 0.25: (1.2, 1.01, 1.6), 1.0: (1.5, 1.1, 2.0), 2.0: (1.3, 0.99, 1.7),
        8.0: (1.1, 0.8, 1.6), AT_ONCE: None,
    }  # fmt: skip
    assert find_tip(intervals, (1.5, 1.1, 2.0), above=True) == 2.0
    assert find_tip(intervals, (1.5, 1.1, 2.0), above=False) == 0.0
    assert find_tip({1.0: (1.5, 1.1, 2.0)}, (1.5, 1.1, 2.0), above=True) is None


# what was not measured


def test_the_e_value_of_no_contrast_is_one() -> None:
    assert fit_e_value(1.0) == 1.0
    assert e_value_of(1.3, 0.9, 1.9, common=True)[1] == 1.0
    assert e_value_of(0.5, 0.3, 0.8, common=False) == pytest.approx(
        e_value_of(2.0, 1.25, 1 / 0.3, common=False)
    )
    with pytest.raises(ValueError, match="positive"):
        fit_e_value(0.0)


def test_the_e_value_converts_as_of_a_common_outcome_where_the_risk_is_high() -> None:
    rows = list(e_value_rows(PROTOCOL, fit_model(PROTOCOL, PRIMARY, PATIENTS), PATIENTS))
    assert {row.note.split(";")[0] for row in rows if row.note} == {
        "converted as of a common outcome"
    }
    rare = draw_patients({cause: 5 * n for cause, n in SIZES.items()}, infection=0.001, plr=0.0012,
                         other=0.001)  # fmt: skip
    (row, *_) = e_value_rows(PROTOCOL, fit_model(PROTOCOL, PRIMARY, rare), rare)
    assert row.note and row.note.startswith("taken as a risk ratio")


# calendar years


def test_periods_are_years_or_spans_of_equal_length() -> None:
    assert set(name_periods(np.arange(2005, 2009))) == {"2005", "2006", "2007", "2008"}
    long = name_periods(np.arange(1996, 2008))
    assert sorted(set(long)) == ["1996–1998", "1999–2001", "2002–2004", "2005–2007"]


def test_shares_of_all_periods_add_up_to_the_cohort() -> None:
    rows = list(calendar_rows(PROTOCOL, PATIENTS, 2005 + np.arange(600) % 4, None))
    shares = [row for row in rows if row.analysis_id == "calendar_shares"]
    assert sum(row.n_events or 0 for row in shares) == len(PATIENTS)
    terms = [row.term for row in rows if row.analysis_id == "calendar_ratio"]
    assert "index year (per year)" in terms


@pytest.mark.parametrize(
    ("years", "shifted", "reason"),
    [
        (np.full(600, 2005), None, "all index counts are of 2005"),
        (2005 + np.arange(600) % 4, "by a random offset", "dates are shifted: by a random offset"),
    ],
)
def test_without_calendar_years_every_row_says_why(
    years: Any, shifted: str | None, reason: str
) -> None:
    rows = list(calendar_rows(PROTOCOL, PATIENTS, years, shifted))
    assert {row.analysis_id for row in rows} == {
        "calendar_shares", "calendar_risk", "calendar_ratio",
    }  # fmt: skip
    assert {row.note for row in rows} == {CANNOT + reason}


# the whole of a study


@pytest.fixture(scope="module")
def of_tiny(tiny: Run) -> pd.DataFrame:
    patients = read_frame(tiny.study / "analysis_set.parquet")
    plan = BiasPlan(2009, 200)
    with connect(tiny.study / ".scratch") as con:
        rows = list(fit_bias(PROTOCOL, plan, con, tiny.study, patients, {}))
        again = list(fit_bias(PROTOCOL, plan, con, tiny.study, patients, {}))
    assert rows == again
    return pd.DataFrame([vars(row) for row in rows], columns=list(COLUMNS))


def test_a_real_extract_without_review_is_refused(of_tiny: pd.DataFrame) -> None:
    refused = of_tiny[of_tiny["analysis_id"].isin(["confusion", "bias_ratio", "bias_risk"])]
    assert refused["estimate"].isna().all()
    assert refused["note"].str.contains("no chart was settled in a review").all()


def test_small_counts_hide_what_adds_up_with_them(of_tiny: pd.DataFrame) -> None:
    open_rows = disclose({"estimates": of_tiny}, HIDING)["estimates"]
    by_year = open_rows[open_rows["analysis_id"] == "calendar_shares"]
    assert by_year["estimate"].isna().all() and by_year["n"].isna().all()


def test_one_small_cell_hides_the_whole_matrix() -> None:
    rows = pd.DataFrame(
        [
            {"analysis_id": "confusion", "outcome_id": "-", "group": rule, "term": true,
             "estimate": n / of, "n": of, "n_events": n, "note": None, "time_days": None,
             "ci_low": 0.0, "ci_high": 1.0, "p_value": None, "method": "m"}
            for rule, true, n, of in (
                ("plr", "plr", 60, 80), ("plr", "infection", 20, 80),
                ("infection", "infection", 97, 100), ("infection", "plr", 3, 100),
            )
        ]
    )  # fmt: skip
    hidden = disclose({"estimates": rows}, HIDING)["estimates"]
    assert hidden[["estimate", "n", "n_events"]].isna().all().all()
    shown = disclose({"estimates": rows.head(2)}, HIDING)["estimates"]
    assert shown["estimate"].notna().all()
