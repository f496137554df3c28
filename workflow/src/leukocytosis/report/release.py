"""Write a release: the report, its figures and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Page
from leukocytosis.prose import OPTIONS, Citations, list_methods
from leukocytosis.provenance import current_record
from leukocytosis.report import attribution, codelists, cox, grids
from leukocytosis.report.answer import describe_answer
from leukocytosis.report.bias import describe_bias
from leukocytosis.report.certainty import describe_certainty
from leukocytosis.report.competing import describe_competing
from leukocytosis.report.design import describe_design
from leukocytosis.report.drawing import (
    Drawing,
    describe_fonts,
    inline_drawing,
    write_drawing,
)
from leukocytosis.report.drawings import draw_all
from leukocytosis.report.engines import describe_agreement, list_engines
from leukocytosis.report.estimators import describe_estimators
from leukocytosis.report.headlines import (
    describe_besides,
    describe_cohort,
    describe_drawn,
    describe_plr_interval,
)
from leukocytosis.report.inputs import ReportInputs, check_aggregate
from leukocytosis.report.multiverse import describe_multiverse
from leukocytosis.report.review import describe_review
from leukocytosis.report.sections import list_sections
from leukocytosis.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def write_release(inputs: ReportInputs, folder: Path, page: Page | None = None) -> None:
    """Write report.html, figures/*.{pdf,svg,png,tiff,csv,txt} and tables/*.csv into a folder.

    The report's figures keep the house's size, those in the folder take the journal's. Each
    figure's own metadata hold the record of what it was made from, once a step has begun one.
    """
    drawings, made = draw_all(inputs), current_record()
    write_report(inputs, folder / "report.html", drawings)
    for drawing in drawings:
        record = made.of_tables(drawing.data).to_json() if made else None
        write_drawing(drawing, folder / "figures", inputs.mark, page, record)
    write_tables(inputs.frames, folder / "tables")


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each aggregate table as CSV in the order of its key; DisclosureError for any other."""
    check_aggregate(frames)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in sorted(frames.items()):
        ordered = frame.sort_values(list(BY_NAME[name].key), kind="stable", na_position="first")
        ordered.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write_report(
    inputs: ReportInputs, path: Path, drawings: Sequence[Drawing] | None = None
) -> None:
    """Write the report as one HTML file that needs no other file and no network."""
    drawn = draw_all(inputs) if drawings is None else drawings
    html = page_environment().get_template("report.html.j2").render(_context(inputs, drawn))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def page_environment() -> Any:
    """Return the jinja2 environment of every page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("leukocytosis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(inputs: ReportInputs, drawings: Sequence[Drawing]) -> dict[str, Any]:
    outcomes = [outcome.id for outcome in inputs.protocol.outcomes]
    sections: dict[str, list[dict[str, str]]] = {}
    for drawing in drawings:
        sections.setdefault(drawing.section, []).append(inline_drawing(drawing, inputs.mark))
    told = {
        "competing": describe_competing(inputs),
        "multiverse": describe_multiverse(inputs),
        "bias": describe_bias(inputs),
        "review": describe_review(inputs),
    }
    return {
        "sections": list_sections(told, synthetic=inputs.manifest.synthetic),
        "fonts": describe_fonts([picture for found in sections.values() for picture in found]),
        "protocol": inputs.protocol,
        "manifest": inputs.manifest,
        "claims": inputs.claims,
        "drawn_words": describe_drawn(inputs),
        "figures": sections,
        "answer": describe_answer(inputs),
        "besides": describe_besides(inputs),
        "n_patients": describe_cohort(inputs),
        "certainty": describe_certainty(inputs),
        "plr_interval": describe_plr_interval(inputs),
        "design": describe_design(inputs),
        **_describe_methods(inputs),
        "fixed_days": [grids.list_survival(inputs, outcome) for outcome in outcomes],
        "risks": [grids.list_risks(inputs, outcome) for outcome in outcomes],
        "cox": [grids.list_cox(inputs, outcome) for outcome in outcomes],
        "estimators": describe_estimators(inputs),
        "engines": list_engines(inputs),
        "unfound": codelists.describe_unfound(inputs),
        "agreement": describe_agreement(inputs),
        **told,
        **_grids(inputs),
    }


def _describe_methods(inputs: ReportInputs) -> dict[str, object]:
    """Return the statistical methods in sentences, and the works they cite."""
    citations = Citations(inputs.background.references)
    methods = [m for m in list_methods(inputs.protocol) if m.topic != OPTIONS]
    return {
        "statistics": [citations.number(method.text) for method in methods],
        "references": citations.references,
    }


def _grids(inputs: ReportInputs) -> dict[str, grids.Grid]:
    return {
        "attrition": grids.list_attrition(inputs),
        "causes": grids.list_causes(inputs),
        "overlap": grids.list_overlap(inputs),
        "precedence": attribution.list_precedence(inputs),
        "orders": attribution.list_orders(inputs),
        "unseen": attribution.list_unseen(inputs),
        "table_one": grids.list_table_one(inputs),
        "table_one_by_cause": grids.list_table_one(inputs, "cause"),
        "outcomes": grids.list_outcomes(inputs),
        "features": grids.list_features(inputs),
        "follow_up": grids.list_follow_up(inputs),
        "means": grids.list_restricted_means(inputs),
        "tests": grids.list_tests(inputs),
        "proportional": grids.list_proportional(inputs),
        "cox_sizes": cox.list_sizes(inputs),
        "over_time": cox.list_over_time(inputs),
        "count_spline": cox.list_count_spline(inputs),
        "methods": grids.list_methods(inputs),
        "scorecard": grids.list_scorecard(inputs),
        "accuracy": grids.list_accuracy(inputs),
        "occurrence": codelists.list_occurrence(inputs),
        "quality": grids.list_quality(inputs),
        "ledger": grids.list_ledger(inputs),
        "unestimated": grids.list_unestimated(inputs),
    }
