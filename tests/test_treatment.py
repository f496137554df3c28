"""Treatment after the index: its estimators, their bad input, its section and figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import report_fixtures as fixtures
from conftest import protocol_of
from test_treatment_against_r import OUTCOME, patients, protocol

from leukocytosis.config import Policy
from leukocytosis.disclosure import disclose
from leukocytosis.figures.landmark import draw_guaranteed, draw_landmarks
from leukocytosis.report import write_report
from leukocytosis.report.design import list_landmarks, list_left_out, list_naive, list_rules
from leukocytosis.survival.alternatives import fit_alternatives, fit_contrast, fit_hindsight
from leukocytosis.survival.landmark import set_landmark
from leukocytosis.survival.row import CANNOT, Estimate
from leukocytosis.survival.time_dependent import share_guaranteed, split_at_treatment
from leukocytosis.survival.treatment import find_treatment_curves, fit_treatment

NAN = float("nan")
NO_OTHERS = pd.DataFrame(columns=["episode_id", "rule", "days", "status"])


# the estimators


def test_a_landmark_counts_its_own_day_as_before() -> None:
    found = set_landmark([13, 14, 14, 15, 30], [1, 1, 0, 1, 0], [NAN, 3, 14, 14, 15], 14)
    assert (found.n_had_event, found.n_lost) == (2, 1)
    assert found.days.tolist() == [1, 16] and found.status.tolist() == [1, 0]
    assert found.treated.tolist() == [True, False]


def test_a_patient_waits_among_the_untreated() -> None:
    frame = pd.DataFrame(
        {"days": [40.0, 40, 0, 20], "status": [1, 1, 0, 0], "t": [10, 40, NAN, NAN]}
    )
    rows = split_at_treatment(frame, "t", "treated")
    columns = ["patient", "entry", "days", "status", "treated"]
    assert rows[columns].to_numpy().tolist() == [
        [0, 0, 10, 0, 0], [0, 10, 40, 1, 1],
        [1, 0, 40, 1, 0],  # treated on the day of the event: an event among the untreated
        [3, 0, 20, 0, 0],  # the third patient was at risk at no time
    ]  # fmt: skip
    assert share_guaranteed(frame["days"].to_numpy(), frame["t"].to_numpy()) == 10 / 40
    assert share_guaranteed(np.array([3.0]), np.array([NAN])) is None


@pytest.mark.parametrize(
    ("days", "treated", "said"),
    [
        ([5, 5], [1, NAN, NAN], "got 3 days of treatment for 2 patients"),
        ([5, 5], [0, -4], "2 of 2 were treated on day 0 or before it"),
        ([-1, 5], [NAN, NAN], "1 of 2 times are negative"),
        ([NAN, 5], [NAN, NAN], "1 of 2 times are missing"),
    ],
)
def test_days_that_cannot_be_are_refused_with_counts(
    days: list[float], treated: list[float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        set_landmark(days, [1, 0], treated, 3)


def test_a_landmark_before_the_index_is_refused() -> None:
    with pytest.raises(ValueError, match="before the index"):
        set_landmark([5], [1], [NAN], -1)


def spoilt(what: str) -> pd.DataFrame:
    table = patients()
    days, status = f"{OUTCOME}_days", f"{OUTCOME}_status"
    return {
        "nobody": table.head(0),
        "one patient": table.head(1),
        "one group": table[table["cause_group"] == "plr"],
        "no events": table.assign(**{status: 0}),
        "all censored on day 0": table.assign(**{days: 0.0, status: 0, "treated_day": NAN}),
        "nobody treated": table.assign(treated_day=NAN),
        "everybody treated on day 1": table.assign(treated_day=1.0)[table[days] > 1],
        "nobody lives to a landmark": table.assign(**{days: np.minimum(table[days], 3)}).assign(
            treated_day=NAN
        ),
    }[what]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("nobody", "there are no patients"),
        ("one patient", "there are no patients"),
        ("one group", "there are no patients"),
        ("no events", "there are no events"),
        ("all censored on day 0", "there are no"),
        ("nobody treated", "all patients are alike in treatment"),
        ("everybody treated on day 1", "all patients are alike in treatment"),
        ("nobody lives to a landmark", "there are no patients"),
    ],
)
def test_what_cannot_be_estimated_says_why(what: str, reason: str) -> None:
    base = protocol_of("granger2009")
    analyses = protocol().analyses.model_copy(update={"min_events_per_parameter": 5})
    study = protocol().model_copy(update={"analyses": analyses, "treatment": base.treatment})
    rows = list(fit_treatment(study, spoilt(what)))
    rows += list(fit_alternatives(study, spoilt(what), NO_OTHERS))
    assert rows and all_explained(rows)
    assert any(reason in (row.note or "") for row in rows)
    list(find_treatment_curves(study, spoilt(what)))


def all_explained(rows: Sequence[Estimate]) -> bool:
    return all(row.estimate is not None or (row.note or "").startswith(CANNOT) for row in rows)


def test_an_arm_with_few_events_is_described_and_not_modelled() -> None:
    analyses = protocol().analyses.model_copy(update={"min_events_per_parameter": 5})
    study = protocol().model_copy(update={"analyses": analyses})
    table = patients()
    few = table["treated_day"].where(table["treated_day"].rank() <= 4)
    rows = [row for row in fit_treatment(study, table.assign(treated_day=few))
            if row.analysis_id == "treatment_time_dependent"]  # fmt: skip
    assert {row.note for row in rows if row.group == "all"} == {
        CANNOT + "there are fewer than 5 events among the treated"
    }


def test_a_landmark_at_the_horizon_has_nothing_to_estimate() -> None:
    treatment = protocol().treatment
    assert treatment is not None
    late = treatment.model_copy(update={"landmark_days": (365,)})
    study = protocol().model_copy(update={"treatment": late})
    rows = [row for row in fit_treatment(study, patients())
            if row.analysis_id == "treatment_landmark" and row.group == "all"]  # fmt: skip
    assert rows and all(row.estimate is None and row.note for row in rows)


def test_a_landmark_that_is_not_followed_far_enough_names_the_day_from_the_index() -> None:
    treatment, table = protocol().treatment, patients()
    assert treatment is not None
    early = treatment.model_copy(update={"landmark_days": (14,)})
    study = protocol().model_copy(update={"treatment": early})
    cut = {c: table[c].clip(upper=60) for c in table if c.endswith("_days")}
    ends = {c: table[c].where(table[c.replace("_status", "_days")] < 60, 0)
            for c in table if c.endswith("_status")}  # fmt: skip
    horizons = {outcome.id: outcome.horizon_days for outcome in study.outcomes}
    rows = [row for row in fit_treatment(study, table.assign(**cut, **ends))
            if row.analysis_id == "treatment_landmark" and row.term.startswith("survival")
            and row.group == "all"]  # fmt: skip
    assert rows
    for row in rows:
        assert row.note == f"{CANNOT}nobody was followed to day {horizons[row.outcome_id]}"


@pytest.mark.parametrize("measure", ["log_rank", "hazard_ratio", "adjusted_hazard_ratio"])
def test_the_contrast_as_declared_is_the_one_of_the_main_analyses(measure: str) -> None:
    from leukocytosis.survival.alternatives import Setting
    from leukocytosis.survival.analyses import covariate_frame, fit_all

    study = protocol()
    contrast = study.analyses.primary_contrast.model_copy(update={"measure": measure})
    analyses = study.analyses.model_copy(update={"primary_contrast": contrast})
    study = study.model_copy(
        update={
            "analyses": analyses,
            "outcomes": tuple(o for o in study.outcomes if o.id == OUTCOME),
        }
    )
    table = patients().assign(primary_cause="plr", all_causes="plr", grade="possible")
    own = fit_contrast(study, Setting("as declared", covariate_frame(study, OUTCOME, table)))
    analysis = {"log_rank": "logrank", "hazard_ratio": "cox_unadjusted"}.get(
        measure, "cox_adjusted"
    )
    main = [
        row
        for row in fit_all(study, table)
        if row.analysis_id == analysis and row.outcome_id == OUTCOME
        and (row.term.endswith(": plr against infection")
             or (row.group, row.term) == ("infection against plr", "log-rank"))
    ]  # fmt: skip
    assert [(row.estimate, row.p_value) for row in main] == [(own.estimate, own.p_value)]


# the report


@pytest.fixture(scope="module")
def inputs() -> Any:
    table = patients()
    fitted = [*fit_treatment(protocol(), table), *fit_hindsight(protocol(), known(table)),
              *fit_alternatives(protocol(), table, NO_OTHERS)]  # fmt: skip
    curves = [*fixtures.curves(), *find_treatment_curves(protocol(), table)]
    estimates = [*fixtures.estimates(), *(vars(row) for row in fitted)]
    return fixtures.inputs(estimates=estimates, curves=curves)


def known(table: pd.DataFrame) -> pd.DataFrame:
    late = table["cause_group"].map({"plr": 60, "infection": 2, "other": -1})
    return table.assign(cause_group_known_day=late)


def test_the_tables_of_the_section(inputs: Any) -> None:
    left_out = list_left_out(inputs)
    assert left_out.rows[0] == ("day 14", "all patients", "49", "14", "50", "287")
    assert len(left_out.rows) == len(list_landmarks(inputs).rows) == 16
    assert "not an answer" in list_naive(inputs).caption
    rules = [row[0] for row in list_rules(inputs).rows]
    assert rules[0] == "as declared" and "ties: after Breslow" in rules


def test_the_section_in_the_report(inputs: Any, tmp_path: Path) -> None:
    write_report(inputs, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert html.count("<figure") == html.count("<figcaption") >= 8
    section = html[html.index('aria-labelledby="design"') : html.index('aria-labelledby="methods"')]
    for words in (
        "immortal time",
        "Antineoplastic treatment begun after the index",
        "do not tell what treatment does",
        "How not to compare: a demonstration",
    ):
        assert words in section
    assert not [word for word in ("caused by", "effect of treatment", "benefit") if word in section]
    assert " p " not in section


def test_figures_draw_the_rows(inputs: Any) -> None:
    study, curves = inputs.protocol, inputs.rows("curves")
    figure = draw_landmarks(study, study.treatment, curves, inputs.rows("estimates"))
    panels = [axes for axes in figure.axes if axes.lines]
    assert [axes.lines[0].get_xdata()[0] for axes in panels] == [14, 28, 56, 84]
    title, ratio = panels[0].get_title(loc="left").split("\n")
    assert title == "day 14: 63 out, 50 treated, 287 not" and ratio.startswith("hazard ratio ")
    axes = draw_guaranteed(study, study.treatment, curves).axes[0]
    assert [line.get_label() for line in axes.lines] == ["ever treated", "never treated"]
    # on day 0 all of the ever-treated wait: everything under their curve is guaranteed
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == 100 and band[band[:, 0] == 0][:, 1].min() == 0
    plt.close("all")


def test_hidden_counts_draw_no_curve_and_say_so(inputs: Any) -> None:
    policy = Policy(policy="p", title="t", min_count=500)
    frames = disclose(dict(inputs.frames), policy)
    shut = fixtures.inputs(
        estimates=frames["estimates"].to_dict("records"), curves=frames["curves"].to_dict("records")
    )
    study, curves = shut.protocol, shut.rows("curves")
    for figure in (draw_landmarks(study, study.treatment, curves, shut.rows("estimates")),
                   draw_guaranteed(study, study.treatment, curves)):  # fmt: skip
        assert "or their counts are hidden" in figure.texts[0].get_text().replace("\n", " ")
    assert {row[2] for row in list_left_out(shut).rows} == {"hidden"}
    plt.close("all")
