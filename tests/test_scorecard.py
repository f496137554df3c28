"""Published numbers beside ours: reproduced, differs, or cannot be assessed here."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_fixtures as fixtures
from conftest import ROOT, protocol_of

from leukocytosis.accuracy import compare_with_truth
from leukocytosis.config import load_claims, load_manifest
from leukocytosis.errors import ConfigError
from leukocytosis.report.certainty import describe_certainty
from leukocytosis.report.grids import describe_score
from leukocytosis.scorecard import describe_setting, is_own, score

CLAIMS = load_claims(ROOT / "config/claims/granger2009.yaml")


def verdicts(
    estimates: list[dict[str, object]], attrition: list[dict[str, object]]
) -> dict[str, tuple[str, str]]:
    rows = score(CLAIMS, estimates, attrition, own=True)
    return {row["claim_id"]: (row["verdict"], row["reason"]) for row in rows}


def risk(low: float | None, high: float | None, estimate: float | None = 0.7) -> dict[str, object]:
    return {
        "analysis_id": "risk", "outcome_id": "death_or_hospice_12w", "group": "plr", "term": "risk",
        "time_days": 84.0, "estimate": estimate, "ci_low": low, "ci_high": high,
        "note": None if estimate else "cannot be estimated, because there are no patients",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (risk(0.60, 0.80), "reproduced"),
        (risk(0.60, 0.779), "differs"),
        (risk(0.70, 0.78), "reproduced"),
        (risk(0.30, 0.95), "cannot be assessed here"),  # it would cover nearly anything
        (risk(None, None), "cannot be assessed here"),  # nor does a number without one
        (risk(None, None, None), "cannot be assessed here"),
    ],
)
def test_an_interval_must_cover_the_published_risk(row: dict[str, object], verdict: str) -> None:
    assert verdicts([row], [])["plr_12w"][0] == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (100.0, 150.0, "reproduced"),
        (119.0, None, "reproduced"),  # an end that was not reached is open
        (120.0, None, "differs"),
        (None, None, "cannot be assessed here"),
    ],
)
def test_a_median_is_judged_by_its_interval(
    low: float | None, high: float | None, verdict: str
) -> None:
    row = {"analysis_id": "median", "outcome_id": "death_1y", "group": "plr", "term": "median",
           "time_days": None, "estimate": 130.0, "ci_low": low, "ci_high": high}  # fmt: skip
    claims = load_claims(ROOT / "config/claims/taskaynatan2019.yaml")
    found = {scored["claim_id"]: scored["verdict"] for scored in score(claims, [row], [])}
    assert found["median_plr"] == verdict


@pytest.mark.parametrize(
    ("extract", "study", "said"),
    [
        ("synthetic", "granger2009", "data drawn to hold it"),
        ("synthetic", "reding1998", "data drawn for granger2009, so this says nothing of the"),
        ("tiny", "granger2009", "data drawn for no paper"),
        ("mimic_iv_demo", "granger2009", ""),
    ],
)
def test_each_verdict_says_what_agreement_means_here(extract: str, study: str, said: str) -> None:
    setting = describe_setting(load_manifest(ROOT / f"config/extracts/{extract}.yaml"), study)
    rows = list(score(CLAIMS, [risk(0.60, 0.80)], [], setting))
    assert all(said in row["reason"] for row in rows if row["verdict"] == "reproduced")
    assert setting.startswith(said)
    assert not any(
        setting and setting in row["reason"] for row in rows if "cannot" in row["verdict"]
    )


def test_a_count_is_the_same_or_not() -> None:
    for n, verdict in ((758, "reproduced"), (757, "differs")):
        attrition = [{"reason_id": "solid_tumour", "n_patients_left": n}]
        assert verdicts([], attrition)["solid_tumour"][0] == verdict


def test_a_count_of_another_hospital_cannot_be_assessed_but_its_shares_can() -> None:
    attrition = [{"reason_id": "solid_tumour", "n_patients_left": 28}]
    found = {row["claim_id"]: row for row in score(CLAIMS, [risk(0.60, 0.70)], attrition, "drawn")}
    count = found["solid_tumour"]
    assert (count["verdict"], count["estimate"]) == ("cannot be assessed here", 28)
    assert count["reason"].startswith("a count depends on the size of the hospital")
    assert found["plr_12w"]["verdict"] == "differs"


@pytest.mark.parametrize(
    ("extract", "changed", "own"),
    [
        ("synthetic", {}, True),
        ("synthetic", {"drawn_for": "reding1998", "hospital_of": "granger2009"}, False),
        ("tiny", {}, False),
        ("mimic_iv_demo", {}, False),
        ("mimic_iv_demo", {"hospital_of": "granger2009"}, True),
    ],
)
def test_counts_are_judged_in_the_papers_hospital_and_in_what_was_drawn_to_equal_it(
    extract: str, changed: dict[str, str], own: bool
) -> None:
    manifest = load_manifest(ROOT / f"config/extracts/{extract}.yaml").model_copy(update=changed)
    assert is_own(manifest, "granger2009") is own


def test_the_hospital_of_an_unknown_paper_is_refused(tmp_path: Path) -> None:
    for folder in ("extracts", "claims"):
        (tmp_path / folder).mkdir()
    (tmp_path / "claims/granger2009.yaml").touch()
    text = (ROOT / "config/extracts/tiny.yaml").read_text(encoding="utf-8")
    path = tmp_path / "extracts/tiny.yaml"
    path.write_text(f"hospital_of: granger2008\n{text}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"unknown paper 'granger2008'.*'granger2009'"):
        load_manifest(path)


def test_verdicts_are_counted_in_words_that_agree_with_their_number() -> None:
    def told(*verdicts: str) -> str:
        rows = [{"claim_id": str(i), "text": "-", "verdict": v} for i, v in enumerate(verdicts)]
        found = describe_certainty(fixtures.inputs(scorecard=rows))["What was checked"]
        return next(remark.text for remark in found if remark.section == "scorecard")

    cannot = "cannot be assessed here"
    assert told("differs", "differs", cannot) == (
        "Of 3 published statements: 0 reproduced, 2 differ, 1 cannot be assessed here."
    )
    assert told("differs") == (
        "Of 1 published statement: 0 reproduced, 1 differs, 0 cannot be assessed here."
    )


def test_a_median_has_the_decimals_of_what_was_printed() -> None:
    row = {"text": "median", "published": 119.0, "unit": "days", "estimate": 130.0, "ci_low": 99.5,
           "ci_high": 150.0, "verdict": "reproduced", "reason": "-"}  # fmt: skip
    assert [cell.replace("\u00a0", " ") for cell in describe_score(row)[1:3]] == [
        "119 days", "130 days (100 to 150)",
    ]  # fmt: skip


def test_what_no_number_can_answer_is_listed_with_its_reason() -> None:
    found = verdicts([], [])
    assert found["effective_treatment"][0] == "cannot be assessed here"
    assert "longer" in found["effective_treatment"][1]
    assert len(found) == len(CLAIMS.claims) + len(CLAIMS.not_assessable)


def test_sensitivity_and_predictive_value_by_hand() -> None:
    truth = {"a": "plr", "b": "plr", "c": "infection", "d": "infection"}
    by_rules = {"a": "plr", "b": "infection", "c": "plr", "d": "plr"}
    rows = compare_with_truth(protocol_of("granger2009"), by_rules, truth)
    found = {(row["cause"], row["measure"]): (row["n_right"], row["n"]) for row in rows}
    assert found["plr", "sensitivity"] == (1, 2)
    assert found["plr", "ppv"] == (1, 3)
    assert found["corticosteroid", "ppv"] == (0, 0)
