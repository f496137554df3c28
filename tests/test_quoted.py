"""One share has one interval wherever it is printed: the one the report says to quote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import report_fixtures as fixtures
from conftest import ROOT

from leukocytosis.accuracy import compare_with_truth
from leukocytosis.assess.extracts import list_accuracy as assess_accuracy
from leukocytosis.assess.page import write_page
from leukocytosis.config.assess import load_assessment
from leukocytosis.documents.results import fill_text
from leukocytosis.figures.causes import draw_causes
from leukocytosis.report import write_report
from leukocytosis.report.answer import describe_answer
from leukocytosis.report.certainty import describe_certainty
from leukocytosis.report.compare import draw_family
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.drawings import draw_all
from leukocytosis.report.engines import list_engines
from leukocytosis.report.estimators import list_shares
from leukocytosis.report.grids import Notes, list_accuracy, list_causes, list_overlap, show_percent
from leukocytosis.report.headlines import describe_headlines
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.survival.quoted import EXACT_NOTE, quote
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.unadjusted import exact_rows

N, PLR = 28, "paraneoplastic leukemoid reaction"
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


FEW_RIGHT = {f"p{i}": "plr" if i < 28 else "infection" for i in range(56)}
BY_RULES = {p: c if i % 28 < 3 else "undetermined" for i, (p, c) in enumerate(FEW_RIGHT.items())}


def truth_of_few() -> ReportInputs:
    """Return inputs whose rules find 3 of 28 patients with planted PLR, and no others."""
    rows = list(compare_with_truth(fixtures.protocol(), BY_RULES, FEW_RIGHT))
    return fixtures.inputs(accuracy=rows)


def test_the_planted_truth_and_its_remark_quote_it() -> None:
    grid = list_accuracy(truth_of_few())
    (row,) = [row for row in grid.rows if row[:3] == (PLR, "sensitivity", "3 of 28")]
    assert EXACT in flat(row[3]) and any(EXACT_NOTE in note for note in grid.notes)
    told = [flat(r.text) for found in describe_certainty(truth_of_few()).values() for r in found]
    assert f"The rules find 11 % (exact interval {EXACT}) of the planted PLR." in told


@pytest.mark.parametrize(
    "draw",
    [
        lambda inputs: next(d for d in draw_all(inputs) if d.name == "causes"),
        lambda inputs: draw_family([inputs]),
    ],
    ids=["causes", "studies"],
)
def test_the_data_beside_a_figure_hold_the_interval_drawn(
    draw: Callable[[ReportInputs], Drawing],
) -> None:
    rows = [row for row in draw(few()).data["estimates"] if row["term"] == "plr"]
    (row,) = [row for row in rows if row["analysis_id"] == "cause_shares"]
    assert (row["method"], round(row["ci_low"], 3), round(row["ci_high"], 3)) == (
        "proportion, 95 % exact (Clopper–Pearson) interval", 0.023, 0.282,
    )  # fmt: skip


def test_an_assessment_quotes_it(tmp_path: Path) -> None:
    pairs: Counter[tuple[str | None, str | None]] = Counter(
        {("plr", "plr"): 3, ("plr", "infection"): 25, ("infection", "infection"): 300}
    )
    protocol = fixtures.protocol()
    found = assess_accuracy(protocol, pairs)
    settings = load_assessment(ROOT / "config/config.yaml", protocol)
    write_page(protocol, settings, [], found, 1, tmp_path / "page.md")
    page = flat((tmp_path / "page.md").read_text(encoding="utf-8"))
    assert f"| {PLR} | 11 % (exact {EXACT}) | 28 | 100 % (exact 29 to 100) | 3 |" in page
    assert "| infection | 100.0 % (exact 98.8 to 100.0) | 300 |" in page


def test_only_the_tables_that_compare_name_wilsons_in_a_head(tmp_path: Path) -> None:
    write_report(few(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    heads = re.findall(r"<(?:th|caption|figcaption)\b[^>]*>(.*?)</", page, re.DOTALL)
    assert len(heads) > 100
    assert [words for words in heads if "Wilson" in words and "exact" not in words] == ["Wilson"]
    assert "Wilson" in list_engines(few()).caption
