"""The multiverse in words, pictures and under a closed policy; and what a protocol may not say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import report_fixtures as fixtures
import yaml
from conftest import CODELISTS, ROOT, SEED

from leukocytosis.config import Policy, load_protocol
from leukocytosis.config.sensitivity import Sensitivity
from leukocytosis.disclosure import disclose
from leukocytosis.errors import ConfigError
from leukocytosis.figures import draw_specification, draw_thresholds
from leukocytosis.multiverse.decisions import describe_decisions
from leukocytosis.multiverse.variants import find_options, list_variants, tabulate
from leukocytosis.report import ReportInputs, write_report
from leukocytosis.report.multiverse import describe_multiverse, draw_multiverse

PROTOCOL = fixtures.protocol()
OPTIONS = find_options(PROTOCOL, frozenset())
VARIANTS = list_variants(PROTOCOL, OPTIONS, SEED)
HIDDEN = "hidden: rests on fewer than 5 patients, or differs from another variant by so few"


def invent(ratio: float | None = 1.4, *, none_every: int = 9) -> dict[str, list[dict[str, Any]]]:
    """Tables of a multiverse in which only the windows matter, and every ninth draw has none."""
    rows: list[dict[str, Any]] = []
    for variant in VARIANTS:
        narrow = variant.choices.get("windows") == "narrow"
        value = None if ratio is None else ratio * (0.4 if narrow else 1)
        if variant.family == "drawn" and variant.number % none_every == 0:
            value = None
        spread = {
            "estimate": value,
            "ci_low": value and value / 1.3,
            "ci_high": value and value * 1.3,
        }
        note = None if value else "cannot be estimated, because there are no events"
        place = {"variant": variant.number, "time_days": 84.0, "note": None, "n": 758}
        rows.append(place | spread | {
            "analysis_id": "hazard_ratio", "group": "all", "note": note,
            "term": "plr against infection", "n_events": 251,
        })  # fmt: skip
        for group, n in (("infection", 112), ("plr", 3 if variant.number == 7 else 77)):
            rows.append(place | {"analysis_id": "risk", "group": group, "term": "risk", "n": n,
                                 "estimate": 2 / 3, "ci_low": 0.5, "ci_high": 0.8,
                                 "n_events": 2 * n // 3})  # fmt: skip
            rows.append(place | {"analysis_id": "cause_shares", "group": "all", "term": group,
                                 "time_days": None, "estimate": n / 758, "ci_low": 0.0,
                                 "ci_high": 0.9, "n_events": n})  # fmt: skip
    options = [
        {"decision": d.id, "option": o.id, "title": o.title, "basis": o.basis, "source": o.source,
         "n_variants": 60, "n_estimated": 50, "n_other_side": 5, "n_other_verdict": 9, "note": None}
        for d in PROTOCOL.sensitivity.decisions for o in d.options
        if o.id in OPTIONS[d.id]
    ]  # fmt: skip
    return {
        "multiverse": rows, "variants": tabulate(VARIANTS, [*OPTIONS]), "options": options,
        "decisions": describe_decisions(PROTOCOL, rows, VARIANTS),
    }  # fmt: skip


def inputs(tables: dict[str, list[dict[str, Any]]]) -> ReportInputs:
    return fixtures.inputs(**tables)


def told(tables: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = describe_multiverse(inputs(tables))
    assert found is not None
    return found


def test_the_report_says_what_changes_the_conclusion() -> None:
    own, drawn, turned, moved = (s.replace("\u00a0", " ") for s in told(invent())["sentences"])
    assert own == "The study's own hazard ratio is 1.40 (1.08 to 1.82); its interval lies above 1."
    assert drawn.startswith("Of 240 drawn combinations of decisions, 214 have a hazard ratio")
    assert "(of the 26 others, 26: cannot be estimated, because there are no events)" in drawn
    assert turned == ("One decision alone turns the direction: windows of evidence: narrower "
                      "(0.56).")  # fmt: skip
    assert moved == "One decision alone moves the interval past 1 or onto it: none."


def test_only_the_decision_that_matters_explains_the_spread() -> None:
    grid = told(invent())["explained"]
    assert grid.rows[0][0] == "windows of evidence"
    rows = {row["decision"]: row for row in invent()["decisions"]}
    # the draw is not orthogonal: by chance alone the others get a little
    assert rows["windows"]["explained"] > 0.9
    assert all(rows[d]["explained"] < 0.05 for d in OPTIONS if d != "windows")
    assert rows["together"]["explained"] == pytest.approx(0, abs=1e-9)


def test_options_are_told_with_conclusion_and_reason() -> None:
    rows = {row[1]: row for row in told(invent())["alone"].rows}
    assert rows["narrower"][4] == "points the other way; interval lies below 1"
    assert rows["wider"][4] == "the same" and rows["wider"][5] == "9 of 50"
    assert rows["50 ×10⁹/L"][6].startswith("missouri2008")


def test_without_any_ratio_the_report_says_so_and_draws_words(tmp_path: Path) -> None:
    tables = invent(None)
    found = told(tables)
    reason = "cannot be estimated, because there are no events"
    assert found["sentences"][0] == f"The study's own hazard ratio {reason}."
    assert all("cannot be estimated" in row[1] for row in found["explained"].rows)
    write_report(inputs(tables), tmp_path / "report.html")
    assert "What is not varied, and why" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_section_stands_in_the_report_with_its_pictures(tmp_path: Path) -> None:
    write_report(inputs(invent()), tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="multiverse">Other decisions</h2>' in html
    assert 'id="figure-specification"' in html and 'id="figure-thresholds"' in html
    assert (
        describe_multiverse(fixtures.inputs()) is None
        and list(draw_multiverse(fixtures.inputs())) == []
    )


def test_the_curve_is_sorted_and_marks_stand_under_their_variant() -> None:
    tables = invent()
    contrasts = [r for r in tables["multiverse"] if r["analysis_id"] == "hazard_ratio"]
    drawn = {v.number: v.choices for v in VARIANTS if v.family == "drawn"}
    shown = [row for row in contrasts if row["variant"] in drawn]
    upper, lower = draw_specification(PROTOCOL, shown, drawn, contrasts[0]).axes
    dots = [line for line in upper.lines if line.get_marker() in "^vo"]
    points = sorted((x, y) for line in dots for x, y in zip(*line.get_data(), strict=True))
    heights = [y for _, y in points]
    assert heights == sorted(heights) and len(heights) == 214
    words = [text.get_text() for text in lower.texts]
    marks = lower.lines[[w for w in words if w not in titles()].index("narrower")]
    n_narrow = sum(drawn[r["variant"]]["windows"] == "narrow" for r in shown if r["estimate"])
    found = np.unique(np.asarray(marks.get_xdata(), dtype=float))
    assert set(found[~np.isnan(found)]) == set(range(n_narrow))  # the lowest ratios, so leftmost


def titles() -> set[str]:
    return {decision.title for decision in PROTOCOL.sensitivity.decisions}


def test_thresholds_are_drawn_in_order_with_their_patients() -> None:
    row = {"estimate": 1.2, "ci_low": 0.9, "ci_high": 1.6, "n": 1234}
    figure = draw_thresholds(PROTOCOL, [(25.0, row), (27.5, row), (30.0, row | {"estimate": None})])
    (axes,) = figure.axes
    assert list(axes.lines[0].get_xdata()) == [25.0, 27.5]
    assert [t.get_text() for t in axes.texts if t.get_text()[0].isdigit()] == ["1,234"]


def closed(tables: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    frames = {name: fixtures.frame(name, rows) for name, rows in tables.items()}
    return disclose(frames, Policy(policy="closed", title="", min_count=5))["multiverse"]


def test_under_a_closed_policy_no_count_of_a_variant_leaves() -> None:
    shown = closed(invent(1.23456))
    assert shown["n"].isna().all() and shown["n_events"].isna().all()
    ratio = shown["analysis_id"] == "hazard_ratio"
    assert shown.loc[~ratio, ["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert set(shown.loc[~ratio, "note"]) == {HIDDEN}
    kept = shown[ratio].set_index("variant")
    assert kept.loc[0, "estimate"] == 1.23 and pd.isna(kept.loc[7, "estimate"])  # three with PLR
    assert "because" not in "".join(kept.loc[kept["note"] != HIDDEN, "note"].dropna())


def test_a_report_without_counts_can_still_be_read(tmp_path: Path) -> None:
    tables = invent()
    frames = {name: fixtures.frame(name, rows) for name, rows in tables.items()}
    hidden = disclose(frames, Policy(policy="closed", title="", min_count=5))
    built = {name: frame.to_dict("records") for name, frame in hidden.items()}
    write_report(inputs(built), tmp_path / "report.html")
    assert "hidden" in (tmp_path / "report.html").read_text(encoding="utf-8")


FAULTS = {
    "index: {take: highest}": "cannot vary 'take' (who lives longer peaks later",
    "index: {differential: null}": "cannot vary 'differential'",
    "": "changes nothing: change one of index, population, evidence",
    "population: {}": "changes nothing",
    "population: {include: [{id: solid_tumor, window: {to_day: 0}}]}": "field required",
    "treatment: {}": "unknown key",
    "evidence: [{id: infection_cod, window: {to_day: 3}}]":
        "evidence: 'infection_cod' is not there (did you mean 'infection_code'?)",
    "evidence: [{id: infection_code, window: {from_day: 9}}]": "ends (day 7) before it starts",
    "causes: [{id: infection, least_certainty: sure}]": "Input should be 'definite'",
    "causes: [{id: infection, ways: []}]": "at least 1 item",
    "precedence: [{cause: infektion}]": "precedence names unknown cause 'infektion'",
    "outcomes: [{id: death_or_hospice_12w, events: [censored]}]": "Input should be 'death'",
}  # fmt: skip


def with_option(tmp_path: Path, change: str) -> Path:
    text = (ROOT / "config/studies/granger2009.yaml").read_text(encoding="utf-8")
    option = (f"        - {{id: mine, title: mine, change: {{{change}}}, "
              "basis: operationalised, source: me}\n")  # fmt: skip
    marked = re.sub(r"(    - id: operator\n.*\n      options:\n)", rf"\g<1>{option}", text)
    path = tmp_path / "granger2009.yaml"
    path.write_text(marked, encoding="utf-8")
    return path


@pytest.mark.parametrize("change", FAULTS)
def test_an_option_that_makes_no_protocol_is_refused_with_its_place(
    change: str, tmp_path: Path
) -> None:
    path = with_option(tmp_path, change)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "id: mine" in text)
    with pytest.raises(ConfigError) as refused:
        load_protocol(path, CODELISTS)
    assert FAULTS[change].lower() in str(refused.value).lower()
    assert f"granger2009.yaml:{line}" in str(refused.value)


def test_all_faults_of_a_multiverse_are_told_at_once(tmp_path: Path) -> None:
    path = with_option(tmp_path, "evidence: [{id: none_such}]")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("- id: horizon", "- id: hospice"), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_protocol(path, CODELISTS)
    assert "decision 'hospice' is given twice" in str(refused.value)


def test_the_snippets_of_the_documentation_run() -> None:
    page = (ROOT / "docs/estimators/multiverse.md").read_text(encoding="utf-8")
    (python,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(python, {})
    (declared,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    Sensitivity.model_validate(yaml.safe_load(declared)["sensitivity"])
