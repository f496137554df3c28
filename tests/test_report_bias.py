"""The section on bias in the report: in words a clinician can read, and silent where it must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import report_fixtures as fixtures

from leukocytosis.bias.tipping import DELTAS, name_delta
from leukocytosis.figures import draw_redrawn, draw_tipping
from leukocytosis.report import ReportInputs, write_report
from leukocytosis.report.bias import describe_bias, describe_tip
from leukocytosis.survival.row import CANNOT

PRIMARY = fixtures.PRIMARY
RATIO = "plr against infection"


def row(analysis: str, group: str, term: str, *numbers: float, **more: Any) -> dict[str, Any]:
    estimate, low, high = numbers or (None, None, None)
    return {
        "analysis_id": analysis, "outcome_id": PRIMARY, "group": group, "term": term,
        "time_days": None, "estimate": estimate, "ci_low": low, "ci_high": high, "p_value": None,
        "n": 100, "n_events": 40, "method": "share of charts with 95 % Wilson interval: a review",
        "note": None,
    } | more  # fmt: skip


def tipping(*, upper_at_once: float) -> list[dict[str, Any]]:
    scenarios = [name_delta(delta) for delta in DELTAS]
    uppers = dict.fromkeys(["as analysed", *scenarios], 2.6) | {"at once": 2.6}
    lowers = dict.fromkeys(uppers, 1.2) | {"at once": upper_at_once}
    return [
        row("tipping", "all lost", f"{RATIO}: {name}", 1.8, lowers[name], uppers[name], n=12)
        for name in uppers
    ] + [row("tipping", "lost of plr", "all contrasts", n=0, note=CANNOT + "nobody was lost")]


def bias_rows(upper_at_once: float = 0.9) -> list[dict[str, Any]]:
    return [
        row("cox_adjusted", "all", f"cause group: {RATIO}", 1.8, 1.2, 2.6),
        row("confusion", "plr", "plr", 0.9, 0.8, 0.95),
        row("confusion", "plr", "infection", 0.1, 0.05, 0.2),
        row("bias_ratio", "all", RATIO, 1.9, 0.95, 3.1),
        *tipping(upper_at_once=upper_at_once),
        row("e_value", RATIO, "estimate", 2.5, 2.5, 2.5),
        row("e_value", RATIO, "interval", 1.7, 1.7, 1.7),
        row("calendar_risk", "2005", "risk", 0.3, 0.2, 0.4),
        row("calendar_ratio", "all", f"cause group: {RATIO}", 1.7, 1.1, 2.5),
    ]


def inputs(rows: list[dict[str, Any]]) -> ReportInputs:
    others = [r for r in fixtures.estimates() if r["analysis_id"] != "cox_adjusted"]
    return fixtures.inputs(estimates=[*others, *rows])


def test_a_study_without_bias_analysis_has_no_such_section(tmp_path: Path) -> None:
    assert describe_bias(fixtures.inputs()) is None
    write_report(fixtures.inputs(), tmp_path / "report.html")
    assert "Does it matter?" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_section_says_what_becomes_of_the_primary_contrast(tmp_path: Path) -> None:
    write_report(inputs(bias_rows()), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in (
        "PLR against infection, as analysed: 1.80 (1.20 to 2.60); its interval lies above 1.",
        "Had the true causes been known: 1.90 (0.95 to 3.10); the conclusion changes: the interval "
        "holds 1.",
        "Had the 12 patients of the model who were lost another hazard after the last contact, "
        "the conclusion would change: at once.",
        "risk ratios of at least 2.50",
        "1.70 for its interval",
        "With the calendar year in the model: 1.70 (1.10 to 2.50); the conclusion is the same.",
        "How right the rules are is taken from a review.",
        "above 1; changes: at once",
    ):
        assert words in page, words


def test_without_a_tipping_point_the_conclusion_is_the_same() -> None:
    section = describe_bias(inputs(bias_rows(upper_at_once=1.1)))
    assert (
        "Whatever became of the 12 patients of the model who were lost, from never to at once, the "
        "conclusion is the same."
    ) in section.short


def test_without_accuracy_or_model_the_section_says_why() -> None:
    reason = CANNOT + "nobody read a chart"
    refused = [
        row("confusion", "all", "true cause", note=reason),
        row("bias_ratio", "all", RATIO, note=reason),
        row("cox_adjusted", "all", f"cause group: {RATIO}", note=CANNOT + "there are no events"),
    ]
    section = describe_bias(inputs(refused))
    assert section is not None
    assert section.misclassified == "The numbers cannot be corrected, because nobody read a chart."
    assert "there are no events" in section.short[0] and len(section.short) == 1
    assert section.corrected.notes[-1].endswith(reason)


def test_a_model_of_one_group_is_not_said_to_be_unasked() -> None:
    reason = CANNOT + "all patients have the same cause group (infection)"
    rows = [row("confusion", "plr", "plr", 0.9, 0.8, 0.95),
            row("cox_adjusted", "all", "cause group", note=reason),
            row("e_value", RATIO, "estimate", note=reason)]  # fmt: skip
    section = describe_bias(inputs(rows))
    assert section is not None and reason in section.short[0]
    assert section.e_values.rows[0][1].startswith("cannot be estimated")


def test_hidden_counts_tell_no_tipping_point() -> None:
    hidden = "hidden: rests on fewer than 5 patients or would reveal such"
    rows = [
        r | {"estimate": None, "ci_low": None, "ci_high": None, "n": None, "note": hidden}
        if r["analysis_id"] == "tipping"
        else r
        for r in bias_rows()
    ]
    section = describe_bias(inputs(rows))
    assert section is not None
    assert any(
        sentence == f"Whatever became of those lost: {hidden}." for sentence in section.short
    )
    figure = draw_tipping(fixtures.protocol(), inputs(rows).rows("estimates"))
    assert "No tipping point is drawn" in figure.texts[0].get_text().replace("\n", " ")


def test_the_figure_draws_every_scenario_beside_the_ratio_as_analysed() -> None:
    figure = draw_tipping(fixtures.protocol(), bias_rows())
    (axes,) = figure.axes
    marks = [line for line in axes.lines if line.get_marker() != "None"]
    assert len(marks) == 1 + len(DELTAS)
    assert [line.get_ydata()[0] for line in marks] == [1.8] * len(marks)
    assert axes.get_xticklabels()[0].get_text() == "as\nanalysed"
    assert "12 lost" in axes.get_title(loc="left")


def test_redrawn_curves_stand_beside_those_observed() -> None:
    rows = [
        row("bias_risk", "plr", "risk", 0.01 * day, 0.008 * day, 0.011 * day, time_days=float(day))
        for day in (28, 14, 84)
    ]
    figure = draw_redrawn(fixtures.protocol(), PRIMARY, rows, fixtures.curves())
    observed, redrawn = figure.axes
    assert redrawn.get_title(loc="left") == "had the true causes been known"
    (line,) = redrawn.lines
    assert list(line.get_xdata()) == [0, 14, 28, 84]
    assert list(line.get_ydata()) == pytest.approx([0, 14, 28, 84])
    assert len(observed.lines) == 3
    none = draw_redrawn(fixtures.protocol(), PRIMARY, [row("bias_risk", "all", "risk",
                        note=CANNOT + "no chart was read")], fixtures.curves())  # fmt: skip
    words = none.texts[0].get_text().replace("\n", " ")
    assert words == f"No redrawn risk is drawn: {CANNOT}no chart was read."


def test_a_conclusion_that_cannot_be_drawn_cannot_tip() -> None:
    assert describe_tip({}, None) == "–"
