"""One share has one interval wherever it is printed: the one the report says to quote."""

from __future__ import annotations

import re
from typing import Any

import pytest
import report_fixtures as fixtures
from conftest import ROOT

from leukocytosis.documents.results import fill_text
from leukocytosis.figures.causes import draw_causes
from leukocytosis.report.answer import describe_answer
from leukocytosis.report.estimators import list_shares
from leukocytosis.report.grids import Notes, list_causes, list_overlap, show_percent
from leukocytosis.report.headlines import describe_headlines
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.survival.quoted import EXACT_NOTE, quote
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.unadjusted import exact_rows

N = 28
DROPPED = ("cause_shares", "exact_cause_shares", "overlap")
COUNTS = {"plr": 3, "infection": 16, "undetermined": 9}
EXACT, WILSON = "2 to 28", "4 to 27"  # 3 of 28; R: binom.test(3, 28), prop.test(correct = FALSE)
TEXT = (ROOT / "config/texts/results.md").read_text(encoding="utf-8")


def few() -> ReportInputs:
    kept = [r for r in fixtures.estimates() if r["analysis_id"] not in DROPPED]
    shares = [fixtures.share("cause_shares", cause, n, N) for cause, n in COUNTS.items()]
    exact = [vars(row) for row in exact_rows([Estimate(**row) for row in shares])]
    alone = fixtures.share("overlap", "plr", 3, N) | {"method": "proportion, 95 % Wilson interval"}
    return fixtures.inputs(estimates=[*kept, *shares, *exact, alone])


def flat(words: str) -> str:
    return words.replace("\u00a0", " ")


def test_answer_and_headlines_quote_the_exact_interval_and_say_so() -> None:
    said = f"reaction at 11 % (exact interval {EXACT})"
    assert said in flat(describe_answer(few())[0])
    told = flat(" ".join(describe_headlines(few())))
    assert f"11 % (exact interval {EXACT})" in told and WILSON not in told
    assert "57 % (39 to 73)" in told  # 16 of 28: Wilson's


def test_the_results_quote_it_and_are_bound_to_its_row() -> None:
    text = fill_text(few(), TEXT)
    assert f"{EXACT} % (11 %; 3 of {N}; exact interval)" in flat(text.markdown)
    (bound,) = [b for b in text.bound if "exact interval" in b.words]
    assert "analysis_id = exact_cause_shares" in bound.key and "ci_low ci_high" in bound.columns


def test_tables_quote_it_with_a_note() -> None:
    for grid in (list_causes(few()), list_overlap(few())):
        (row,) = [row for row in grid.rows if row[1] == "3"]
        assert EXACT in flat(row[2]) and any(EXACT_NOTE in note for note in grid.notes)


def test_only_the_table_of_both_prints_both() -> None:
    (row,) = [row for row in list_shares(few()).rows if row[1] == "3"]
    assert WILSON in flat(row[2]) and EXACT in flat(row[3]) and row[4] == "the exact interval"


def test_the_figure_draws_the_interval_that_is_quoted() -> None:
    figure = draw_causes(few().protocol, few().estimates("cause_shares"))
    words = [flat(text.get_text()) for text in figure.axes[0].texts]
    assert f"11 % ({EXACT})*" in words
    assert "* exact" in figure.axes[0].get_xlabel()


@pytest.mark.parametrize(
    "changed",
    [{"n_events": 5, "estimate": 5 / N}, {"analysis_id": "risk"}, {"n_events": None},
     {"estimate": None}, {"estimate": 0.2}],
)  # fmt: skip
def test_other_rows_stay_as_they_are(changed: dict[str, Any]) -> None:
    row = fixtures.share("cause_shares", "plr", 3, N) | changed
    assert quote(row) == row


def test_no_share_of_few_is_printed_with_wilsons_interval() -> None:
    row = fixtures.share("unseen", "labs", 1, 9) | {"method": "proportion, 95 % Wilson interval"}
    notes = Notes()
    assert re.match(r"11 % \(0 to 48\) \[1\]$", flat(show_percent(row, notes)))
    assert notes.texts == [EXACT_NOTE]
