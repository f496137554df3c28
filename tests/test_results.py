"""The results section as a journal reads it: what it says, in which order, and why not."""

from __future__ import annotations

import re
from typing import Any

import pytest
import report_fixtures as fixtures
from conftest import ROOT
from report_fixtures import CANNOT, PRIMARY, estimate, estimates, inputs
from test_multiverse_report import invent

from leukocytosis.documents.methods import fill_methods
from leukocytosis.documents.results import fill_text
from leukocytosis.documents.results.contrasts import ELSEWHERE, NOT_PROPORTIONAL, PROPORTIONAL
from leukocytosis.report import ReportInputs

TEXTS = ROOT / "config/texts"
TEMPLATE = (TEXTS / "results.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "workflow/src/leukocytosis"
CONTRAST = "plr against infection"
NO_CAUSE = re.compile(
    r"\b(caused by|due to|owing to|thanks to|lead(?:s|ing)? to|led to|result(?:s|ed)? in|"
    r"effects? of|impact|benefits?|harms?|protect(?:s|ed|ive)|prevent(?:s|ed)|improv\w*|worsen\w*|"
    r"reduc(?:es|ed|ing)|increas(?:es|ed|ing)|attributable)\b",
    re.IGNORECASE,
)


def told(given: ReportInputs | None = None) -> str:
    return fill_text(given or inputs(), TEMPLATE).markdown


def with_rows(*more: dict[str, Any], **tables: Any) -> ReportInputs:
    return inputs(estimates=[*estimates(), *more], **tables)


def ratio(analysis: str, term: str, low: float, middle: float, high: float) -> dict[str, Any]:
    return estimate(analysis, term, middle, ci_low=low, ci_high=high, outcome_id=PRIMARY)


def test_the_selection_is_told_step_by_step() -> None:
    text = told()
    assert "758 of 20,000 patients met every criterion." in text
    steps = re.findall(r"- .*: ([\d,]+)\.", text.partition("By what explains")[0])
    assert [int(n.replace(",", "")) for n in steps] == [
        row["n_patients_left"] for row in fixtures.attrition()
    ]


def test_risks_come_before_differences_and_these_before_ratios() -> None:
    text = told()
    places = [text.index(head) for head in (
        "## Patients", "## Follow-up and missing data", "## Causes", "## Absolute risks",
        "## Contrasts", "Hazard ratios, adjusted", "## The primary contrast",
        "## What cannot be estimated")]  # fmt: skip
    assert places == sorted(places)


def test_losses_and_gaps_are_told() -> None:
    given = with_rows(
        estimate("completeness", "completeness", 0.9746, outcome_id=PRIMARY, n=758, n_events=24),
        estimate("completeness", "completeness", 1.0, outcome_id=PRIMARY, group="plr", n=77,
                 n_events=0),
        fixtures.share("missing_covariates", "any", 128, 758),
        fixtures.share("unseen", "microbiology not looked at", 12, 758),
    )  # fmt: skip
    text = told(given)
    assert "24 of 758 patients were lost before it; 97.5\u00a0% of the possible days" in text
    assert "lost: PLR 0" in text
    assert "is not known of 14.4 to 19.7\u00a0% (16.9\u00a0%; 128 of 758)" in text
    assert "microbiology not looked at: 0.9 to 2.7\u00a0%" in text


def test_a_difference_of_risks_is_in_percentage_points_interval_first() -> None:
    place = {"outcome_id": PRIMARY, "group": CONTRAST, "time_days": 84.0}
    given = with_rows(
        estimate("risk_contrast", "risk difference", 0.173, ci_low=-0.037, ci_high=0.308, **place),
        estimate("risk_contrast", "risk ratio", 1.3, ci_low=1.06, ci_high=1.6, **place),
    )
    assert (
        "PLR against infection: risk difference −3.7 to 30.8\u00a0percentage points (17.3); ratio "
        "1.06 to 1.60 (1.30)." in told(given)
    )


def test_one_reason_of_all_pairs_is_told_once() -> None:
    pairs = (CONTRAST, "other against infection")
    note = CANNOT + "there are no events"
    rows = [estimate("risk_contrast", "risk difference", group=pair, note=note,
                     outcome_id=PRIMARY, time_days=84.0) for pair in pairs]  # fmt: skip
    assert told(with_rows(*rows)).count(f"all pairs: risk difference {note}") == 1


@pytest.mark.parametrize(
    ("groups", "model", "words"),
    [(0.001, 0.001, NOT_PROPORTIONAL), (0.21, 0.03, ELSEWHERE), (0.21, 0.4, PROPORTIONAL)],
)
def test_the_primary_contrast_says_whether_one_ratio_holds(
    groups: float, model: float, words: str
) -> None:
    rows = estimates()
    for row in rows:
        if (row["analysis_id"], row["outcome_id"]) == ("proportional_hazards_adjusted", PRIMARY):
            ends = {"cause group": groups, "GLOBAL": model}
            row["p_value"] = ends.get(row["term"].removeprefix("proportional hazards: "), 0.5)
    text = told(inputs(estimates=rows))
    assert [w for w in (NOT_PROPORTIONAL, ELSEWHERE, PROPORTIONAL) if w in text] == [words]


def test_only_the_p_value_of_the_primary_contrast_is_shown() -> None:
    assert set(re.findall(r"p [=<] \d\.\d+", told())) == {"p = 0.020"}


def test_what_changes_the_conclusion_says_where_the_interval_goes() -> None:
    given = with_rows(
        ratio("cox_imputed", f"cause group: {CONTRAST}", 2.1, 3.0, 4.3),
        ratio("calendar_ratio", f"cause group: {CONTRAST}", 0.9, 1.4, 2.2),
        ratio("rules", "as declared", 2.2, 3.1, 4.4),
        ratio("rules", "ties: after Breslow", 2.2, 3.1, 4.4),
        ratio("rules", "horizon: day 83", 0.8, 1.1, 1.5),
    )
    text = told(given)
    assert "As analysed its interval lies above 1." in text
    assert "imputed: 2.10 to 4.30 (3.00); the conclusion is the same." in text
    assert (
        "in the model: 0.90 to 2.20 (1.40); the conclusion changes: its interval holds 1." in text
    )
    assert "Under 2 other rules" in text and "changes with: horizon: day 83 0.80 to 1.50" in text


def test_other_decisions_are_counted_and_those_that_matter_named() -> None:
    tables = invent(2.0)
    text = told(inputs(**tables))
    family = {row["variant"]: row["family"] for row in tables["variants"]}
    drawn = [row for row in tables["multiverse"]
             if row["analysis_id"] == "hazard_ratio"
             and family[row["variant"]] == "drawn"]  # fmt: skip
    known = [row for row in drawn if row["estimate"]]
    above, below = (
        sum(test(row) for row in known)
        for test in (lambda row: row["ci_low"] > 1, lambda row: row["ci_high"] < 1)
    )
    assert (
        f"Of {len(drawn)} drawn combinations of decisions, {len(known)} have a ratio: the interval "
        f"lies above 1 in {above}, holds 1 in {len(known) - above - below} and lies below 1 in "
        f"{below}." in text
    )
    assert "alone changes where the interval lies: windows of evidence: narrower 0.62" in text


def test_nobody_in_the_cohort_is_said_first() -> None:
    text = told(fixtures.nobody())
    assert text.index("No patient of this extract met every criterion") < text.index("0 of 0")
    assert "there are no patients" in text


def test_how_many_numbers_are_missing_is_counted_with_the_reasons() -> None:
    given = inputs()
    rows = [r for r in given.rows("estimates") if r["analysis_id"] != "logrank"]
    gaps = [r for r in rows if r["estimate"] is None and r["p_value"] is None]
    text = told(given)
    assert f"{len(gaps)} of {len(rows)} numbers of the study have no estimate" in text
    assert sum(int(n) for n in re.findall(r"\((\d+)\u00a0numbers?\)", text)) == len(gaps)


@pytest.mark.parametrize("path", [
    *sorted(TEXTS.glob("*.md")), *sorted((PACKAGE / "prose").glob("*.py")),
    *sorted((PACKAGE / "documents").rglob("*.py")),
    *sorted((PACKAGE / "report/templates").glob("*.j2")),
], ids=lambda path: path.name)  # fmt: skip
def test_no_text_uses_a_causal_verb(path: Any) -> None:
    found = NO_CAUSE.findall(path.read_text(encoding="utf-8"))
    assert not found, f"{path.name}: {', '.join(found)}"


@pytest.mark.parametrize("verb", ["leads to", "due to", "the effect of", "increased", "protective"])
def test_the_word_list_finds_causal_verbs(verb: str) -> None:
    assert NO_CAUSE.search(f"PLR {verb} death")


def test_neither_results_nor_methods_of_a_study_use_a_causal_verb() -> None:
    methods = fill_methods(inputs(), (TEXTS / "methods.md").read_text(encoding="utf-8")).markdown
    for text in (told(inputs(**invent())), methods.partition("## References")[0]):
        assert not NO_CAUSE.search(text)
