"""Treatment after the index, and the rules' alternatives, against R's tmerge, coxph and survfit.

`tests/oracle/treatment/make_oracle.R` wrote the data and the numbers. The whole room is held to
them: from an analysis set to rows of `estimates`. Relative tolerance 1e-6 throughout.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import protocol_of
from oracles import check_made_again, read_values

from leukocytosis.config import Protocol
from leukocytosis.config.design import PrimaryContrast
from leukocytosis.survival.alternatives import RULES, fit_alternatives
from leukocytosis.survival.analyses import covariate_frame
from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.design import code_design
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.time_dependent import split_at_treatment
from leukocytosis.survival.treatment import fit_treatment

FOLDER = Path(__file__).parent / "oracle" / "treatment"
OUTCOME, GROUPS = "death_1y", ("all", "infection", "plr", "other")
ORACLE = read_values(FOLDER)
close = pytest.approx


def r(what: str, key: str, name: str) -> float:
    return float(ORACLE.loc[(what, key, name)])


def protocol() -> Protocol:
    """Granger's protocol, adjusted for what the oracle's cohort has, refusing no small model."""
    base = protocol_of("granger2009")
    contrast = PrimaryContrast(outcome=OUTCOME, groups=("plr", "infection"))
    covariates = base.covariates.model_copy(update={"adjusted_for": ("cause_group", "age")})
    analyses = base.analyses.model_copy(
        update={"min_events_per_parameter": 0, "primary_contrast": contrast}
    )
    return base.model_copy(update={"covariates": covariates, "analyses": analyses})


def patients() -> pd.DataFrame:
    """The oracle's cohort as an analysis set."""
    cohort = pd.read_csv(FOLDER / "cohort.csv")
    return pd.DataFrame(
        {
            "episode_id": cohort["id"].astype(str),
            "cause_group": cohort["group"],
            "age_at_index_years": cohort["age"],
            "sex": "female",
            "metastatic": True,
            "log2_wbc": 5.0,
            "neutrophil_percent": 80.0,
            "treated_day": cohort["treated_day"],
            "treatment_assessed": True,
            f"{OUTCOME}_days": cohort["days"].astype(float),
            f"{OUTCOME}_status": cohort["status"],
        }
    )


ROWS = {(row.analysis_id, row.group, row.term, row.time_days): row
        for row in fit_treatment(protocol(), patients())}  # fmt: skip


def assert_same_ratio(ours: Estimate, what: str, key: str) -> None:
    found = (ours.estimate, ours.ci_low, ours.ci_high, ours.p_value)
    assert found == close(tuple(r(what, key, n) for n in ("ratio", "low", "high", "p")), rel=1e-6)
    assert ours.n_events == r(what, key, "n_events")


def test_rows_are_those_of_tmerge() -> None:
    frame = covariate_frame(protocol(), OUTCOME, patients())
    frame["treated day"] = patients()["treated_day"]
    for group in GROUPS:
        part = frame if group == "all" else frame[frame["cause group"] == group]
        rows = split_at_treatment(part, "treated day", "treated")
        treated = rows[rows["treated"] == 1]
        assert (len(rows), len(treated)) == (r("rows", group, "n"), r("rows", group, "treated"))
        assert (treated["days"] - treated["entry"]).sum() == r("rows", group, "days treated")


@pytest.mark.parametrize("model", ["alone", "adjusted"])
@pytest.mark.parametrize("group", GROUPS)
def test_time_dependent_treatment(group: str, model: str) -> None:
    term = "hazard ratio" if model == "alone" else "adjusted hazard ratio"
    ours = ROWS["treatment_time_dependent", group, term, None]
    assert_same_ratio(ours, "time-dependent", f"{group} {model}")
    # a patient of two rows counts once, who was censored on day 0 not at all
    cohort = patients()
    here = (cohort["cause_group"] == group) | (group == "all")
    assert ours.n == (here & (cohort[f"{OUTCOME}_days"] + cohort[f"{OUTCOME}_status"] > 0)).sum()


@pytest.mark.parametrize("day", [14, 28, 56, 84])
@pytest.mark.parametrize("group", GROUPS)
def test_landmarks(group: str, day: int) -> None:
    key, at = f"{group} {day}", float(day)
    for term, name in (("left out: had the event", "had event"),
                       ("left out: no longer observed", "lost"),
                       ("treated", "treated"), ("untreated", "untreated")):  # fmt: skip
        assert ROWS["landmark_flow", group, term, at].n_events == r("landmark", key, name)
    for arm in ("treated", "untreated"):
        ours = ROWS["treatment_landmark", group, f"survival: {arm}", at]
        place = ("survival", f"{key} {arm}")
        if place not in ORACLE.index.droplevel("name"):
            # nobody of the arm was followed so far: unknown, unless all had had the event
            assert not ours.estimate and ours.note
            assert ours.estimate == 0 or "nobody was followed" in ours.note
            continue
        found = (ours.estimate, ours.ci_low, ours.ci_high)
        assert found == close(tuple(r(*place, n) for n in ("survival", "low", "high")), rel=1e-6)
    for model, term in (("alone", "hazard ratio"), ("adjusted", "adjusted hazard ratio")):
        ours = ROWS["treatment_landmark", group, term, at]
        assert_same_ratio(ours, "landmark", f"{key} {model}")


def test_the_naive_comparison_and_the_time_it_gives_away() -> None:
    naive = ROWS["treatment_naive", "all", "hazard ratio", None]
    assert_same_ratio(naive, "naive", "all")
    share = ROWS["treatment_naive", "all", "guaranteed share of their days", None]
    assert share.estimate == close(r("naive", "all", "guaranteed"), rel=1e-12)


def test_a_fair_design_finds_no_benefit_where_there_is_none_and_the_naive_one_does() -> None:
    naive = ROWS["treatment_naive", "all", "hazard ratio", None]
    fair = ROWS["treatment_time_dependent", "all", "hazard ratio", None]
    assert naive.ci_high is not None and naive.ci_high < 0.75
    assert fair.ci_low is not None and fair.ci_high is not None
    assert fair.ci_low < 1 < fair.ci_high
    assert "demonstration of immortal-time bias, not an answer" in naive.method


def test_the_primary_contrast_under_other_rules() -> None:
    cohort = patients()
    days, status = cohort[f"{OUTCOME}_days"], cohort[f"{OUTCOME}_status"]
    otherwise = pd.concat(
        pd.DataFrame({"episode_id": cohort["episode_id"], "rule": f"horizon_{horizon}",
                      "days": np.minimum(days, horizon), "status": status * (days <= horizon)})
        for horizon in (83, 84, 90)
    )  # fmt: skip
    rows = {row.term: row for row in fit_alternatives(protocol(), cohort, otherwise)}
    for term, key in {
        "as declared": "as declared",
        "events on day 0: at 0 days": "0 days",
        "events on day 0: at 1 day": "1 day",
        "ties: after Breslow": "breslow",
        "horizon: day 83": "horizon 83",
        "horizon: day 84": "horizon 84",
        "horizon: day 90": "horizon 90",
        "landmark: day 60, when every window for a cause had closed": "landmark 60",
    }.items():
        assert rows[term].analysis_id == RULES
        assert_same_ratio(rows.pop(term), "rules", key)
    assert not rows


def test_breslow_ties_with_delayed_entry() -> None:
    frame = covariate_frame(protocol(), OUTCOME, patients())
    frame["treated day"] = patients()["treated_day"]
    rows = split_at_treatment(frame, "treated day", "treated")
    terms = ["treated", "age (per 10 years)"]
    design = replace(code_design(rows, terms, {}, entry="entry", patient="patient"), ties="breslow")
    fit = fit_cox(design, min_events_per_parameter=0)
    assert isinstance(fit, CoxFit)
    assert np.exp(fit.coefficients[0]) == close(r("rules", "breslow rows", "ratio"), rel=1e-6)
    assert fit.p_values[0] == close(r("rules", "breslow rows", "p"), rel=1e-6)


def test_the_script_still_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)
