"""The answer in plain sentences and how sure it is, whatever can or cannot be told."""

from __future__ import annotations

import re
from typing import Any

import pytest
import report_fixtures as fixtures
from report_fixtures import CANNOT

from leukocytosis.report.answer import describe_answer
from leukocytosis.report.certainty import describe_certainty
from leukocytosis.report.headlines import describe_besides, describe_headlines

HIDDEN = "hidden: rests on fewer than 5 patients or would reveal such"


def answer(rows: list[dict[str, Any]]) -> list[str]:
    told = describe_answer(fixtures.inputs(estimates=rows))
    return [sentence.replace("\u00a0", " ") for sentence in told]


def without(note: str, *groups: str) -> list[dict[str, Any]]:
    """Return the estimates, the risks of some groups (or all) gone for a reason."""
    return [
        row | {"estimate": None, "note": note}
        if row["analysis_id"] == "risk" and (not groups or row["group"] in groups)
        else row
        for row in fixtures.estimates()
    ]


def test_nobody_is_one_sentence_and_no_number() -> None:
    (only,) = describe_answer(fixtures.nobody())
    assert only.startswith("No patient of this extract meets every criterion")
    assert describe_besides(fixtures.nobody()) == ()


def test_groups_without_a_risk_are_named_with_the_reason() -> None:
    note = CANNOT + "there are no patients in the group"
    risk = answer(without(note, "infection", "plr"))[1]
    assert risk.endswith(f"with another cause; with infection and with PLR, it {note}.")


@pytest.mark.parametrize("note", [HIDDEN, CANNOT + "there are no patients"])
def test_no_risk_at_all_is_a_sentence_that_says_why(note: str) -> None:
    risk = answer(without(note))[1]
    verb = "is " if note == HIDDEN else ""
    assert risk == (
        "The risk of death or discharge to hospice within 12 weeks in all patients, with "
        f"infection, with PLR and with another cause {verb}{note}."
    )


def shares(**n_events: int | None) -> list[dict[str, Any]]:
    others = [row for row in fixtures.estimates() if row["analysis_id"] != "cause_shares"]
    return others + [
        fixtures.estimate("cause_shares", cause, note=HIDDEN, n=28)
        if n is None
        else fixtures.share("cause_shares", cause, n, 28)
        for cause, n in n_events.items()
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"plr": 16, "undetermined": 12, "infection": 0},
         "In 28 patients, the most frequent cause is paraneoplastic leukemoid reaction at 57 % "
         "(39 to 73); 43 % (27 to 61) stay undetermined."),
        ({"plr": 16, "infection": None},
         "In 28 patients, the most frequent cause that can be shown is paraneoplastic leukemoid "
         "reaction at 57 % (39 to 73)."),
        # one of two causes as frequent as the other must not be named alone
        ({"infection": 16, "undetermined": 6, "corticosteroid": 3, "plr": 3},
         "In 28 patients, the most frequent causes are infection at 57 % (39 to 73), high-dose "
         "corticosteroid at 11 % (exact interval 2 to 28) and paraneoplastic leukemoid "
         "reaction at 11 % (exact interval 2 to 28); 21 % (10 to 40) stay undetermined."),
        ({"undetermined": 28},
         "In 28 patients, 100 % (exact interval 88 to 100) stay undetermined."),
        ({"plr": None}, f"The share of each cause is {HIDDEN}."),
    ],
)  # fmt: skip
def test_causes_are_told_as_far_as_they_are_known(found: dict[str, int | None], said: str) -> None:
    assert answer(shares(**found))[0] == said


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.1, 3.0, "Patients with PLR have the outcome sooner than patients with infection: "),
        (0.9, 3.0, "The data do not tell whether patients with PLR have the outcome sooner than "
                   "patients with infection: "),
        (0.3, 0.9, "Patients with PLR have the outcome later than patients with infection: "),
    ],
)  # fmt: skip
def test_the_contrast_is_told_by_its_interval(low: float, high: float, verdict: str) -> None:
    term = "cause group: plr against infection"
    rows = [
        row | {"ci_low": low, "ci_high": high} if row["term"] == term else row
        for row in fixtures.estimates()
    ]
    assert answer(rows)[2].startswith(verdict)


def test_a_contrast_that_cannot_be_estimated_says_why() -> None:
    note = CANNOT + "there are no events"
    rows = [row for row in fixtures.estimates() if row["analysis_id"] != "cox_adjusted"]
    place = {"outcome_id": fixtures.PRIMARY, "n": 8, "n_events": 0}
    told = answer([*rows, fixtures.estimate("cox_adjusted", "cause group", note=note, **place)])
    assert told[2] == f"The adjusted hazard ratio, PLR against infection, {note}."


def test_the_answer_and_what_stands_besides_it_leave_no_headline_out() -> None:
    inputs = fixtures.inputs()
    told = " ".join((*describe_answer(inputs), *describe_besides(inputs)))
    intervals = re.findall(r"[\d.]+.to.[\d.]+", " ".join(describe_headlines(inputs)))
    assert len(intervals) > 12 and all(interval in told for interval in intervals)


def test_how_sure_has_no_heading_without_a_remark() -> None:
    told = describe_certainty(fixtures.nobody())
    assert all(remarks for remarks in told.values())
    texts = [remark.text for remarks in told.values() for remark in remarks]
    assert len(texts) == len(set(texts))
    assert any("cannot be estimated" in text for text in texts)
