"""Hospice and death as competing risks: what is estimated, what is refused and why.

The numbers stand against R in test_competing_against_r.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Run, protocol_of

from leukocytosis.config import Protocol
from leukocytosis.estimate import records_hospice
from leukocytosis.store import connect
from leukocytosis.survival.competing.analyses import NOT_RECORDED, find_states, fit_competing
from leukocytosis.survival.competing.fine_gray import (
    FineGrayFit,
    FineGrayRefused,
    fine_gray_rows,
    fit_fine_gray,
)
from leukocytosis.survival.competing.gray import _permute, fit_gray
from leukocytosis.survival.competing.occupation import Occupation, fit_occupation
from leukocytosis.survival.competing.paths import find_paths
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.proportion import exact_bound
from leukocytosis.survival.row import CANNOT, Estimate

STUDY = protocol_of("granger2009")
OUTCOME, DEATH = "death_or_hospice_12w", "death_1y"
ALIVE, HOSPICE, AFTER, WITHOUT, EVER = (0,), (1,), (2,), (3,), (1, 2)
close = pytest.approx
Stories = list[
    tuple[float, str, float, int]
]  # first day and what it was; last day, and if it was death


def patients(n: int = 400, seed: int = 4) -> pd.DataFrame:
    """An analysis set in which everything can be estimated; no patient stands behind it."""
    draw = np.random.default_rng(seed)
    group = np.array(["infection", "plr", "other"])[np.arange(n) % 3]
    hospice, death = draw.integers(0, 200, n), draw.integers(0, 250, n) - 40 * (group == "plr")
    seen = np.where(draw.random(n) < 0.2, draw.integers(1, 365, n), 365)
    death = np.where(death < 0, 0, death)
    first = np.minimum.reduce([hospice, death, seen, np.full(n, 84)])
    ended = np.select([death <= first, hospice <= first], ["death", "hospice"], "horizon")
    died = (np.where(ended == "death", first, np.maximum(death, first + 1)) <= seen).astype(int)
    last = np.minimum(np.where(ended == "death", first, np.maximum(death, first + 1)), seen)
    return pd.DataFrame(
        {
            "cause_group": group, "age_at_index_years": draw.normal(62, 10, n).round(),
            "sex": np.where(draw.random(n) < 0.5, "female", "male"),
            "metastatic": draw.random(n) < 0.6, "log2_wbc": 5.3 + draw.exponential(0.5, n),
            "neutrophil_percent": draw.normal(85, 6, n), f"{OUTCOME}_days": first.astype(float),
            f"{OUTCOME}_status": (ended != "horizon").astype(int), f"{OUTCOME}_ended_by": ended,
            f"{DEATH}_days": last.astype(float), f"{DEATH}_status": died,
            f"{DEATH}_ended_by": np.where(died, "death", "horizon"),
        }
    )  # fmt: skip


def estimates(
    frame: pd.DataFrame, *, recorded: bool = True, protocol: Protocol = STUDY
) -> list[Estimate]:
    return fit_competing(protocol, frame, recorded=recorded)


def find(rows: list[Estimate], **wanted: Any) -> list[Estimate]:
    return [row for row in rows if all(getattr(row, k) == v for k, v in wanted.items())]


def occupy(stories: Stories) -> Occupation:
    days, first, last, died = zip(*stories, strict=True) if stories else ((), (), (), ())
    to_hospice = [what == "hospice" for what in first]
    dead = [what == "death" for what in first]
    paths = find_paths(days, to_hospice, dead, last, died)
    return fit_occupation(paths, (ALIVE, HOSPICE, AFTER, WITHOUT, EVER))


FOUR: Stories = [
    (0, "death", 0, 1),
    (3, "hospice", 9, 1),
    (5, "hospice", 84, 0),
    (84, "end", 84, 0),
]


def test_with_everybody_followed_shares_are_counts_and_their_error_binomial() -> None:
    fit = occupy(FOUR)
    for day, counts in ((0.5, (3, 0, 0, 1, 0)), (4, (2, 1, 0, 1, 1)), (84, (1, 1, 1, 1, 2))):
        for measure, count in zip(fit.measures, counts, strict=True):
            here = np.searchsorted(fit.times, day, side="right") - 1
            column = fit.measures.index(measure)
            p = count / 4
            assert fit.probability[here, column] == close(p, abs=1e-12)
            assert fit.error[here, column] == close(np.sqrt(p * (1 - p) / 4), abs=1e-12)
            assert fit.at(measure, day).estimate == close(p, abs=1e-12)


def test_the_day_itself_counts_and_so_does_day_0() -> None:
    fit = occupy(FOUR)
    assert fit.at(EVER, 2.9).estimate == 0
    assert fit.at(EVER, 3).estimate == close(0.25)
    assert fit.times[1] == 0.5  # the death on day 0
    assert fit.at(WITHOUT, 0).estimate == 0
    with pytest.raises(ValueError, match="before the index day"):
        fit.at(ALIVE, -1)


def test_states_that_nobody_or_everybody_is_in_have_an_exact_interval() -> None:
    fit = occupy(FOUR)
    none, all_ = fit.at(AFTER, 1), fit.at(ALIVE, 0)
    assert (none.estimate, none.ci_low, none.ci_high) == (0, 0, close(exact_bound(4)))
    assert (all_.estimate, all_.ci_low, all_.ci_high) == (1, close(1 - exact_bound(4)), 1)
    lost = occupy([*FOUR, (2, "end", 2, 0)])  # of five, four are still seen on day 2.5
    assert lost.at(EVER, 2.5).ci_high == close(exact_bound(3))  # one of them is dead
    gone = occupy([(1, "end", 1, 0), (2, "death", 2, 1)])
    number = gone.at(EVER, 3)
    assert (number.estimate, number.ci_high) == (0, None)
    assert number.note == "no interval, because nobody was left at risk"


def test_beyond_follow_up_nothing_is_known() -> None:
    fit = occupy([(3, "hospice", 9, 1), (20, "end", 20, 0)])
    assert fit.at(EVER, 20).estimate == close(0.5)
    assert fit.at(EVER, 21).note == (
        CANNOT + "nobody alive without hospice was followed beyond day 20"
    )
    assert occupy([(0, "end", 0, 0)] * 5).at(EVER, 28).estimate is None
    done = occupy([(3, "hospice", 9, 1), (20, "death", 20, 1)])  # everybody is dead: all is known
    assert done.at(AFTER, 365).estimate == close(0.5)


def test_who_vanishes_into_hospice_is_in_hospice_or_dead_and_nobody_knows_which() -> None:
    stories: Stories = [(3, "hospice", 3, 0), (84, "end", 84, 0), (30, "hospice", 40, 1)]
    fit = occupy(stories)
    assert fit.at(EVER, 84).estimate == close(2 / 3)
    assert fit.at(HOSPICE, 3).estimate == close(1 / 3)
    for state in (HOSPICE, AFTER):
        assert fit.at(state, 4).note == CANNOT + "nobody in hospice was followed beyond day 3"
    assert fit.at(WITHOUT, 84).estimate == 0


def test_a_cohort_of_nobody_and_of_one() -> None:
    assert occupy([]).at(ALIVE, 28).note == CANNOT + "there are no patients"
    one = occupy([(3, "hospice", 9, 1)])
    number = one.at(AFTER, 28)
    assert (number.estimate, number.ci_low, number.ci_high) == (1, close(1 - exact_bound(1)), 1)


def test_paths_that_cannot_be_are_refused_with_counts() -> None:
    with pytest.raises(ValueError, match="1 of 2 patients have two first events"):
        find_paths([1, 2], [True, False], [True, False])
    with pytest.raises(ValueError, match="1 of 2 times are negative"):
        find_paths([-1, 2], [True, False], [False, False])
    with pytest.raises(ValueError, match="1 of 2 times are missing"):
        find_paths([np.nan, 2], [True, False], [False, False])
    with pytest.raises(ValueError, match="1 of 1 patients left hospice before entering it"):
        find_paths([5], [True], [False], [4], [1])


def test_the_two_events_add_up_to_the_risk_of_either() -> None:
    """A second engine: Kaplan–Meier of the composite knows nothing of Aalen and Johansen."""
    frame = patients()
    rows = estimates(frame)
    for group in ("all", *STUDY.analyses.groups):
        part = frame if group == "all" else frame[frame["cause_group"] == group]
        days = part[f"{OUTCOME}_days"].replace(0, 0.5)
        curve = fit_curve(days, part[f"{OUTCOME}_status"])
        for day in (28.0, 56.0, 84.0):
            at = {"group": group, "time_days": day}
            parts = find(rows, analysis_id="incidence", **at)
            assert len(parts) == 2
            assert sum(part.estimate or 0 for part in parts) == close(curve.risk_at(day).estimate)
            assert sum(part.n_events or 0 for part in parts) == curve.events_by(day)
            states = find(rows, analysis_id="states", **at)
            assert len(states) == 4
            assert sum(state.estimate or 0 for state in states) == close(1)


def test_every_row_has_an_interval_or_a_reason() -> None:
    for row in estimates(patients()):
        if row.estimate is None:
            assert row.note and row.note.startswith(CANNOT)
        elif row.term not in ("Gray's test", "likelihood ratio test", "Wald test",
                              "not seen after discharge"):  # fmt: skip
            assert row.ci_low is not None and row.ci_high is not None, row
            assert row.ci_low <= row.estimate <= row.ci_high


def test_the_points_of_the_figure_are_the_rows_of_the_table() -> None:
    frame = patients()
    points = list(find_states(STUDY, frame, recorded=True))
    by_place = {(p["group"], p["state"], p["time_days"]): p for p in points}
    assert len(by_place) == len(points)
    rows = find(estimates(frame), analysis_id="states", time_days=84.0)
    assert len(rows) == 16
    for row in rows:
        point = by_place[row.group, row.term, 84.0]
        assert point["probability"] == row.estimate
        assert point["n"] == row.n_events


def test_hospice_that_the_extract_does_not_record_is_not_absent(tiny: Run) -> None:
    rows = estimates(patients(), recorded=False)
    assert len(rows) == len(estimates(patients()))
    assert {row.note for row in rows} == {CANNOT + NOT_RECORDED}
    assert {(r.estimate, r.ci_low, r.p_value, r.n_events) for r in rows} == {(None,) * 4}
    assert not list(find_states(STUDY, patients(), recorded=False))
    with connect(tiny.study / ".scratch") as con:
        assert records_hospice(con, tiny.extract / "encounters.parquet")
        changed, source = tiny.study / "at_home.parquet", tiny.extract / "encounters.parquet"
        home = f"SELECT * REPLACE ('home' AS disposition) FROM '{source}'"
        con.execute(f"COPY ({home}) TO '{changed}'")
        assert not records_hospice(con, changed)


def test_without_an_outcome_of_death_alone_what_follows_hospice_is_unknown() -> None:
    outcomes = tuple(outcome for outcome in STUDY.outcomes if outcome.id == OUTCOME)
    alone = STUDY.model_copy(update={"outcomes": outcomes})
    rows = estimates(patients(), protocol=alone)
    reason = f"{CANNOT}no outcome of the protocol follows patients in hospice to death until day 84"
    hidden = find(rows, note=reason)
    terms = {
        "in hospice",
        "dead after hospice",
        "median days after discharge",
        "not seen after discharge",
    }
    assert {row.term for row in hidden} == terms
    both = {(row.term, row.group, row.time_days): row.estimate for row in estimates(patients())
            if row.analysis_id == "incidence"}  # fmt: skip
    assert both == {(row.term, row.group, row.time_days): row.estimate for row in rows
                    if row.analysis_id == "incidence"}  # fmt: skip
    none = STUDY.model_copy(update={"outcomes": tuple(o for o in STUDY.outcomes if o.id == DEATH)})
    assert estimates(patients(), protocol=none) == []


def test_the_tiny_extract_has_its_hospice_stories(tiny: Run) -> None:
    frame = pd.read_parquet(tiny.study / "analysis_set.parquet")
    n = int((frame[f"{OUTCOME}_ended_by"] == "hospice").sum())
    assert n >= 1
    rows = estimates(frame)
    (row,) = find(rows, analysis_id="incidence", outcome_id=f"{OUTCOME}:hospice", group="all",
                  time_days=84.0)  # fmt: skip
    assert row.n_events == n
    refused = find(rows, analysis_id="fine_gray_adjusted")
    assert refused and all((r.note or "").startswith(CANNOT) for r in refused)


def empty(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:0]


def all_lost_on_day_0(frame: pd.DataFrame) -> pd.DataFrame:
    gone = {f"{o}_{c}": 0 for o in (OUTCOME, DEATH) for c in ("days", "status")}
    return frame.assign(**gone, **{f"{o}_ended_by": "last contact" for o in (OUTCOME, DEATH)})


def one_group(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(cause_group="infection")


@pytest.mark.parametrize("spoil", [empty, all_lost_on_day_0, one_group])
def test_bad_cohorts_give_rows_with_reasons(spoil: Any) -> None:
    rows = estimates(spoil(patients()))
    assert len(rows) >= 60
    for row in rows:
        known = row.estimate is not None or row.note == "not reached"
        assert known or (row.note or "").startswith(CANNOT), row
        assert row.estimate is None or np.isfinite(row.estimate)
    models = [row for row in rows if row.analysis_id.startswith(("gray", "fine_gray_un"))]
    assert models and all(row.estimate is None for row in models)


# --- Gray's test


def gray(**columns: Any) -> Any:
    frame = pd.DataFrame({"days": [1.0, 2, 3, 4], "status": [1, 2, 0, 1], "group": list("aabb")})
    frame = frame.assign(**columns)
    return fit_gray(frame["days"], frame["status"], frame["group"])


def test_gray_says_why_not() -> None:
    assert fit_gray([], [], []).reason == "there are no patients"
    assert gray(group="a").reason == "there is only one group"
    assert gray(status=[2, 2, 0, 2]).reason == "there are no events"
    assert gray(days=1.0, status=1).reason == "the events leave no variance between the groups"
    with pytest.raises(ValueError, match="1 of 4 statuses are not 0, 1 or 2"):
        gray(status=[1, 2, 0, 3])
    with pytest.raises(ValueError, match="one group name per patient; got 3 for 4 patients"):
        gray(group=["a", None, "b", "b"])


def test_gray_permutes_small_groups_and_agrees_with_chi_squared_in_large_ones() -> None:
    small = gray()
    assert small.method == "Gray's test, permutation, 2,000 draws"
    frame = patients(600)
    status = np.select([frame[f"{OUTCOME}_ended_by"] == "hospice",
                        frame[f"{OUTCOME}_ended_by"] == "death"], [1, 2], 0)  # fmt: skip
    group = np.arange(600) % 3
    days = frame[f"{OUTCOME}_days"].to_numpy()
    test = fit_gray(days, status, group.astype(str))
    assert test.method == "Gray's test" and 0.05 < test.p_value < 0.95
    p_value, _ = _permute(days, status, group, test.chi_squared)
    assert p_value == close(test.p_value, abs=4 * np.sqrt(0.25 / 2000))


# --- Fine and Gray


def modelled(**columns: Any) -> pd.DataFrame:
    draw = np.random.default_rng(1999)
    n = 120
    frame = pd.DataFrame(
        {
            "days": draw.integers(1, 60, n).astype(float), "status": draw.integers(0, 3, n),
            "age": draw.normal(62, 10, n), "male": np.arange(n) % 2,
            "group": np.array(["a", "b"])[np.arange(n) // 60],
        }
    )  # fmt: skip
    return frame.assign(**columns)


def refused(frame: pd.DataFrame, *covariates: str, least: float = 5) -> str:
    references = {"group": "a"} if "group" in covariates else {}
    fit = fit_fine_gray(frame, covariates, references, min_events_per_parameter=least)
    assert isinstance(fit, FineGrayRefused)
    rows = fine_gray_rows(fit, analysis_id="fine_gray", outcome_id="hospice")
    assert {row.note for row in rows} == {CANNOT + fit.reason}
    assert {(row.estimate, row.ci_low, row.ci_high, row.p_value) for row in rows} == {(None,) * 4}
    return fit.reason


def fitted(frame: pd.DataFrame, *covariates: str) -> FineGrayFit:
    fit = fit_fine_gray(frame, covariates, {}, min_events_per_parameter=5)
    assert isinstance(fit, FineGrayFit)
    return fit


def test_fine_gray_refuses_what_cox_refuses() -> None:
    frame = modelled()
    n_events = int((frame["status"] == 1).sum())
    assert refused(frame.iloc[:0], "age") == "there are no patients"
    without = "there are no events"
    assert refused(frame.assign(status=frame["status"] * 0 + 2), "age") == without
    assert refused(frame.assign(one=1.0), "age", "one") == "all patients are alike in one"
    assert refused(frame.assign(group="a"), "group") == "all patients have the same group (a)"
    assert refused(
        frame.assign(status=np.where(frame["male"], frame["status"], 2)), "age", "male"
    ) == ("there are no events among the patients without male")
    assert "collinear" in refused(frame.assign(months=12 * frame["age"]), "age", "months")
    assert refused(frame, "age", "male", least=30).startswith(f"{n_events} events are too few")
    for bad, message in (({"days": -1.0}, "negative"), ({"status": 3}, "not 0, 1 or 2")):
        with pytest.raises(ValueError, match=message):
            fit_fine_gray(frame.assign(**bad), ["age"], {}, min_events_per_parameter=5)


def test_fine_gray_notices_separation() -> None:
    frame = modelled()
    # whoever is older has the event before all others, and nobody competes
    frame = frame.assign(status=1, days=200 - frame["age"].rank())
    assert (
        refused(frame, "age") == "the likelihood has no maximum (separation, monotone likelihood)"
    )


def test_fine_gray_says_who_was_left_out_and_when_nothing_competed() -> None:
    frame = modelled()
    frame.loc[[0, 7], "age"] = np.nan
    assert fitted(frame, "age").note == "2 patients left out for a missing covariate"
    alone = modelled(status=np.minimum(modelled()["status"], 1))
    assert fitted(alone, "age").note == "no competing events: the same as a Cox model"


def test_fine_gray_does_not_depend_on_the_unit_or_the_order() -> None:
    frame = modelled()
    years, days = (
        fitted(frame, "age", "male"),
        fitted(frame.assign(age=365.25 * frame["age"]), "age", "male"),
    )
    assert days.coefficients[0] * 365.25 == close(years.coefficients[0])
    again = fitted(frame.sample(frac=1, random_state=1), "age", "male")
    assert again.covariance == close(years.covariance)
