"""Write a release: the report, its figures and its tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.figures import (
    draw_causes,
    draw_flow,
    draw_forest,
    draw_overlap,
    draw_redrawn,
    draw_standardised,
    draw_survival,
    draw_tipping,
    render_svg,
    save_figure,
)
from leukocytosis.figures.survival import is_survival
from leukocytosis.prose import describe_statistics
from leukocytosis.report import attribution, cox, grids
from leukocytosis.report.bias import describe_bias
from leukocytosis.report.competing import describe_competing, draw_competing
from leukocytosis.report.design import describe_design, draw_design
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.engines import describe_agreement, list_engines
from leukocytosis.report.estimators import describe_estimators
from leukocytosis.report.headlines import (
    describe_certainty,
    describe_drawn,
    describe_headlines,
    describe_plr_interval,
)
from leukocytosis.report.inputs import ReportInputs, check_aggregate
from leukocytosis.report.multiverse import describe_multiverse, draw_multiverse
from leukocytosis.report.review import describe_review
from leukocytosis.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def write_release(inputs: ReportInputs, folder: Path) -> None:
    """Write report.html, figures/*.{pdf,svg,png,txt} and tables/*.csv into a folder."""
    drawings = draw_all(inputs)
    for drawing in drawings:
        save_figure(drawing.figure, folder / "figures", drawing.name, inputs.mark)
        write_words(drawing, folder / "figures", inputs.mark)
    write_tables(inputs.frames, folder / "tables")
    write_report(inputs, folder / "report.html", drawings)


def write_words(drawing: Drawing, folder: Path, mark: str | None) -> None:
    """Write what goes with a figure into a submission system: caption and alternative text."""
    marked = f" ({mark} data)" if mark else ""
    words = f"Caption{marked}: {drawing.caption}\n\nAlternative text: {drawing.alt}\n"
    (folder / f"{drawing.name}.txt").write_text(words, encoding="utf-8")


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each aggregate table as CSV in the order of its key; DisclosureError for any other."""
    check_aggregate(frames)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in sorted(frames.items()):
        ordered = frame.sort_values(list(BY_NAME[name].key), kind="stable", na_position="first")
        ordered.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def draw_all(inputs: ReportInputs) -> tuple[Drawing, ...]:
    """Return every figure of the report."""
    protocol = inputs.protocol
    estimates, curves = inputs.rows("estimates"), inputs.rows("curves")
    primary = protocol.analyses.primary_outcome
    return (
        Drawing(
            "flow", "flow", "How the cohort was selected: patients left after each criterion, and "
            "those left out at it.", "Flow diagram of the selection; the table below has the same "
            "numbers.", draw_flow(inputs.rows("attrition")),
        ),
        Drawing(
            "causes", "causes", "Primary causes: share of the cohort with 95 % Wilson interval. "
            "The open circle counts every undetermined patient as PLR; colours are the cause "
            "groups.",
            "Shares of the primary causes with intervals; the table below has the same numbers.",
            draw_causes(protocol, estimates),
        ),
        Drawing(
            "overlap", "overlap", "Causes that are present before the order decides: filled dots "
            "joined by a line make a combination, the bar above counts its patients. A refractory "
            "infection is present, too.",
            "UpSet plot of the combinations of causes; the table below has the same numbers.",
            draw_overlap(protocol, estimates),
        ),
        *(_draw_outcome(inputs, o.id, o.title, curves) for o in protocol.outcomes),
        *draw_design(inputs),
        Drawing(
            "forest", "cox", "Hazard ratios of the Cox models on a log axis, with 95 % intervals; "
            "arrows mark intervals that reach beyond the axis.",
            "Forest plot of hazard ratios, unadjusted and adjusted; the table below has the same "
            "numbers.", draw_forest(estimates, primary),
        ),
        Drawing(
            "standardised", "estimators", "Risk as observed, and as the adjusted Cox model expects "
            "it had every patient been in each group (computed weekly, joined by lines), with 95 % "
            "bands.",
            "Risk curves by cause group, observed and standardised; the table below has the "
            "numbers at the horizon.",
            draw_standardised(protocol, primary, estimates, curves),
        ),
        *(Drawing(name, "competing", *words, f) for name, words, f in draw_competing(inputs)),
        *(Drawing(name, "multiverse", caption, alt, figure)
          for name, caption, alt, figure in draw_multiverse(inputs)),
        *cox.draw_models(inputs),
        *_draw_bias(inputs, estimates),
    )  # fmt: skip


def _draw_bias(inputs: ReportInputs, estimates: Sequence[Mapping[str, Any]]) -> tuple[Drawing, ...]:
    if not inputs.estimates("tipping"):
        return ()
    primary = inputs.protocol.analyses.primary_outcome
    return (
        Drawing(
            "redrawn", "redrawn", "Risk as analysed, and had the true causes been known (accuracy "
            "alike whatever the outcome; every 14 days, joined by lines), with 95 % bands; on "
            "the right they hold the doubt about the causes as well as chance.",
            "Risk curves by cause group, as analysed and redrawn; the table below has the numbers "
            "at the horizon.",
            draw_redrawn(inputs.protocol, primary, estimates, inputs.rows("curves")),
        ),
        Drawing(
            "tipping", "tipping", "Adjusted hazard ratios with 95 % intervals, had those lost to "
            "follow-up a hazard so many times that of their group; from never having the event to "
            "having it on the day after last contact.",
            "Hazard ratios over the hazard of those lost; the table below has the numbers.",
            draw_tipping(inputs.protocol, estimates),
        ),
    )  # fmt: skip


def _draw_outcome(
    inputs: ReportInputs, outcome_id: str, title: str, curves: Sequence[Mapping[str, Any]]
) -> Drawing:
    least = inputs.protocol.analyses.min_at_risk_shown
    what = "Survival" if is_survival(inputs.protocol, outcome_id) else "Risk (1 − Kaplan–Meier)"
    caption = (
        f"{what}: {title}, with 95 % log-log bands; ticks mark censored patients. A curve is drawn "
        f"only while at least {least} patients are at risk. Under the axis: patients at risk just "
        "before that day, and events up to it; a dash stands for a count that is hidden."
    )
    alt = f"Kaplan–Meier curves by cause group: {title}; the table below has the estimates."
    figure = draw_survival(inputs.protocol, outcome_id, curves)
    return Drawing(f"survival_{outcome_id}", "survival", caption, alt, figure)


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
    return {
        "protocol": inputs.protocol,
        "manifest": inputs.manifest,
        "claims": inputs.claims,
        "drawn_words": describe_drawn(inputs),
        "figures": sections,
        "headlines": describe_headlines(inputs),
        "certainty": describe_certainty(inputs),
        "plr_interval": describe_plr_interval(inputs),
        "review": describe_review(inputs),
        "competing": describe_competing(inputs),
        "multiverse": describe_multiverse(inputs),
        "design": describe_design(inputs),
        "bias": describe_bias(inputs),
        "statistics": describe_statistics(inputs.protocol),
        "risks": [grids.list_risks(inputs, outcome) for outcome in outcomes],
        "cox": [grids.list_cox(inputs, outcome) for outcome in outcomes],
        "estimators": describe_estimators(inputs),
        "engines": list_engines(inputs),
        "agreement": describe_agreement(inputs),
        **_grids(inputs),
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
        "quality": grids.list_quality(inputs),
        "ledger": grids.list_ledger(inputs),
        "unestimated": grids.list_unestimated(inputs),
    }


def inline_drawing(drawing: Drawing, mark: str | None) -> dict[str, str]:
    """Return what a page needs to show a figure: name, caption, words and SVG."""
    from markupsafe import Markup

    svg = strip_svg(render_svg(drawing.figure, drawing.name, mark), drawing.name)
    alt = f"{drawing.alt} Data: {mark}." if mark else drawing.alt
    return {"name": drawing.name, "caption": drawing.caption, "alt": alt, "svg": Markup(svg)}


def strip_svg(svg: str, name: str) -> str:
    """Return the SVG element alone, its ids made unique in a page that holds several figures."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    # sized by the page: the natural size would overflow a phone
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|(<svg )', _sized, svg, count=1)


def _sized(match: re.Match[str]) -> str:
    return f'<svg aria-hidden="true" focusable="false" {match.group(1) or ""}'
