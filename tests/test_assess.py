"""Cohorts of known truth: they are what they claim to be, and what is measured on them is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, protocol_of

from leukocytosis.assess import assess
from leukocytosis.assess.cohorts import World
from leukocytosis.assess.extracts import chances_of, list_accuracy
from leukocytosis.assess.figure import draw_assessment
from leukocytosis.assess.measures import (
    Target,
    list_targets,
    measure,
    measure_test,
    share_error,
)
from leukocytosis.assess.run import assess_cohorts
from leukocytosis.config import load_manifest
from leukocytosis.config.assess import Assessment, load_assessment
from leukocytosis.errors import ConfigError
from leukocytosis.survival.analyses import fit_all

PROTOCOL = protocol_of("granger2009")
CONFIG = ROOT / "config/config.yaml"
SETTINGS = load_assessment(CONFIG, PROTOCOL)
MANY = SETTINGS.model_copy(
    update={"patients": {cause: 20 * n for cause, n in SETTINGS.patients.items()}}
)


def world(settings: Assessment = SETTINGS, *, difference: bool = True, **chances: Any) -> World:
    return World(PROTOCOL, settings, chances, difference)


def test_a_large_cohort_has_the_declared_risks_and_ratios() -> None:
    here = world(MANY)
    rows = fit_all(PROTOCOL, here.label(here.draw(np.random.default_rng(1)), "true_cause"))
    for target in list_targets(here):
        found = target.find(rows)
        assert found is not None, target.name
        assert found[0] == pytest.approx(target.truth, abs=0.12 if target.is_ratio else 0.03)


def test_the_risk_at_62_years_is_the_declared_one() -> None:
    ageless = world(SETTINGS.model_copy(update={"log_hazard_per_10_years": 0.0}))
    for group, risk in SETTINGS.risks.items():
        assert ageless.risk(group, 84) == pytest.approx(risk)
    same = world(difference=False)
    assert len({same.risk(group, 84) for group in SETTINGS.risks}) == 1


def test_rules_misclassify_as_told() -> None:
    here = world(MANY, plr={"plr": 0.5, "undetermined": 0.5})
    patients = here.draw(np.random.default_rng(2))
    plr = patients[patients["true_cause"] == "plr"]
    assert (plr["rule_cause"] == "undetermined").mean() == pytest.approx(0.5, abs=0.04)
    others = patients[patients["true_cause"] != "plr"]
    assert (others["rule_cause"] == others["true_cause"]).all()
    assert set(here.label(plr, "rule_cause")["cause_group"]) == {"plr", "other"}


def test_the_same_seed_gives_the_same_cohort() -> None:
    one, two = (world().draw(np.random.default_rng(3)) for _ in range(2))
    assert one.equals(two)


RATIO = Target("ratio", {"analysis_id": "cox_adjusted"}, 0.0, is_ratio=True)


def test_bias_coverage_and_rejection_are_counted() -> None:
    found = [(0.1, -0.1, 0.3), (0.3, 0.1, 0.5), (-0.1, -0.3, 0.1), None]
    measured = measure("s", "l", RATIO, found, null=0.0)
    assert measured.bias == pytest.approx(0.1)
    assert measured.bias_error == pytest.approx(0.2 / sqrt(3))
    assert measured.coverage == pytest.approx(2 / 3)
    assert measured.rejected == pytest.approx(1 / 3)
    assert (measured.n_estimated, measured.n_cohorts) == (3, 4)


def test_what_was_never_estimated_has_no_measure() -> None:
    measured = measure("s", "l", RATIO, [None, None])
    assert measured.coverage is None and measured.n_estimated == 0
    assert measure_test("s", "l", "test", [None]).rejected is None


def test_a_test_rejects_below_five_percent() -> None:
    assert measure_test("s", "l", "test", [0.01, 0.05, 0.2, None]).rejected == pytest.approx(1 / 3)


def test_full_coverage_is_not_known_without_error() -> None:
    assert share_error(1.0, 200) == pytest.approx(sqrt(0.0025 * 0.9975 / 200))
    assert share_error(0.5, 100) == pytest.approx(0.05)


def test_ratios_are_measured_on_the_log_scale() -> None:
    patients = world().draw(np.random.default_rng(1))
    rows = fit_all(PROTOCOL, world().label(patients, "true_cause"))
    row = next(row for row in rows if row.analysis_id == "cox_adjusted")
    assert RATIO.find([row]) == (log(row.estimate), log(row.ci_low), log(row.ci_high))  # type: ignore[arg-type]
    assert RATIO.find([replace(row, ci_low=None)]) is None
    assert RATIO.find([]) is None


def test_accuracy_counts_who_was_missed_and_who_was_called_wrongly() -> None:
    pairs: Counter[tuple[str | None, str | None]] = Counter(
        {("plr", "plr"): 6, ("plr", None): 2, ("infection", "plr"): 4, (None, "plr"): 2,
         ("plr", "infection"): 2}
    )  # fmt: skip
    found = {(row.cause, row.measure): row for row in list_accuracy(PROTOCOL, pairs)}
    assert found["plr", "sensitivity"].number.estimate == pytest.approx(6 / 10)
    assert found["plr", "ppv"].number.estimate == pytest.approx(6 / 12)
    assert found["corticosteroid", "ppv"].number.estimate is None
    assert chances_of(pairs)["plr"] == {"infection": 0.25, "plr": 0.75}


def test_every_set_of_labels_is_measured() -> None:
    few = SETTINGS.model_copy(update={"cohorts": 3, "draws": 100})
    here = world(few, plr={"plr": 0.9, "infection": 0.1})
    measures = assess_cohorts(here, np.random.default_rng(4))
    labels = {row.labels for row in measures}
    assert labels == {
        "true causes", "causes by the rules", "by the rules, corrected", "corrected by outcome",
    }  # fmt: skip
    assert all(row.n_cohorts == 3 for row in measures)
    assert all(row.n_estimated == 3 for row in measures), "some number was never found"
    again = assess_cohorts(here, np.random.default_rng(4))
    assert measures == again


def test_an_assessment_without_extracts_is_written(tmp_path: Path) -> None:
    few = SETTINGS.model_copy(update={"cohorts": 2, "extracts": 0})
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    measures, accuracy = assess(PROTOCOL, manifest, few, 5, ROOT, tmp_path)
    assert not accuracy and {row.labels for row in measures} == {"true causes"}
    page = (tmp_path / "assessment.md").read_text(encoding="utf-8")
    assert "Synthetic data" in page and "The rules were not tried" in page
    written = {path.name for path in tmp_path.iterdir()}
    assert {"assessment.csv", "classification.csv", "assessment.png", "assessment.svg"} <= written


def test_the_figure_has_a_point_for_every_measure() -> None:
    few = SETTINGS.model_copy(update={"cohorts": 3, "draws": 100})
    chances = {"plr": {"plr": 0.9, "infection": 0.1}}
    measures = [
        row
        for difference in (True, False)
        for row in assess_cohorts(
            World(PROTOCOL, few, chances, difference), np.random.default_rng(4)
        )
    ]
    pairs: Counter[tuple[str | None, str | None]] = Counter({("plr", "plr"): 6, ("plr", None): 2})
    figure = draw_assessment(PROTOCOL, measures, list_accuracy(PROTOCOL, pairs))
    shares = [x for axes in figure.axes[1:3] for line in axes.lines for x in line.get_xdata()]
    assert min(shares) >= 0 and max(shares) <= 100
    panels = figure.axes
    n_points = [
        sum(line.get_marker() not in ("", "None") for line in axes.lines) for axes in panels
    ]
    n_ratios_and_tests = 4 * 2 + 2
    assert n_points == [4 * 8, 4 * 8, n_ratios_and_tests, 2]
    coverage = [line.get_xdata()[0] for line in panels[1].lines if line.get_marker() == "o"]
    assert coverage == [
        100 * row.coverage
        for row in measures
        if row.labels == "true causes"
        and row.coverage is not None
        and row.scenario != "no difference"
    ]


def test_an_extract_is_drawn_and_classified_through_all_stages(tmp_path: Path) -> None:
    few = SETTINGS.model_copy(update={"cohorts": 2, "extracts": 1, "draws": 100})
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    _, accuracy = assess(PROTOCOL, manifest, few, 5, ROOT, tmp_path)
    found = {(row.cause, row.measure): row for row in accuracy}
    plr = found["plr", "sensitivity"]
    assert plr.n == 77 and 0.8 < plr.n_right / plr.n < 1
    assert not (tmp_path / ".scratch").exists()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"patients": {"plrr": 3}}, "unknown 'plrr' (did you mean 'plr'?)"),
        ({"risks": {"plr": 0.5}}, "no risk is given for the group 'infection'"),
        ({"risks": {"plr": 1.0}}, "between 0 and 1"),
        ({"patients": {"plr": 0}}, "at least one"),
        ({"cohorts": 1}, "cohorts"),
    ],
)
def test_an_impossible_truth_is_refused(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as failure:
        load_assessment(CONFIG, PROTOCOL, **changed)
    assert says in str(failure.value)
