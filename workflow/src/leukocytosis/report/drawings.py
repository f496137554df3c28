"""Every figure of the report, with its words and the rows it draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from leukocytosis.figures import (
    draw_causes,
    draw_flow,
    draw_forest,
    draw_overlap,
    draw_redrawn,
    draw_restricted_means,
    draw_standardised,
    draw_study_design,
    draw_survival,
    draw_tipping,
    draw_white_counts,
    split_study_design,
)
from leukocytosis.figures.forest import MODELS
from leukocytosis.figures.restricted_mean import RMST, find_areas
from leukocytosis.figures.survival import find_drawn, is_survival
from leukocytosis.figures.white_counts import find_boxes
from leukocytosis.figures.windows import list_window_rows
from leukocytosis.prose import join, name_group
from leukocytosis.report import cox
from leukocytosis.report.cases import draw_cases
from leukocytosis.report.competing import draw_competing
from leukocytosis.report.design import draw_design
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.multiverse import draw_multiverse
from leukocytosis.survival.quoted import quote


def draw_all(inputs: ReportInputs) -> tuple[Drawing, ...]:
    """Return every figure of the report, in its order."""
    return (
        _draw_windows(inputs),
        *_draw_cohort(inputs),
        *_draw_white_counts(inputs),
        *(_draw_outcome(inputs, o.id, o.title) for o in inputs.protocol.outcomes),
        *_draw_restricted_means(inputs),
        *draw_design(inputs),
        *_draw_models(inputs),
        *draw_competing(inputs),
        *draw_multiverse(inputs),
        *cox.draw_models(inputs),
        *_draw_bias(inputs),
        *draw_cases(inputs),
    )


def _draw_windows(inputs: ReportInputs) -> Drawing:
    windows = list_window_rows(inputs.protocol)
    horizon = max(outcome.horizon_days for outcome in inputs.protocol.outcomes)
    return Drawing(
        "study_design", "study_design", "The design: each window of the protocol in days from the "
        "index, both ends included; “or stay” adds the index stay. Bars with a point are open at "
        "that end. Hollow and dashed: days on which there must be no such record, and the time in "
        "which a patient may be lost. Strokes in the bar of treatment are landmarks. A rule that "
        "several causes use stands with one of them; rules with one window share a bar.",
        f"Design diagram: {len(windows)} windows as bars around an upright line at the index, "
        "from what decides who is in, over evidence by cause and covariates, to follow-up until "
        f"day {horizon}; the file of its data has every window.",
        draw_study_design(inputs.protocol), {"protocol": windows},
        split=partial(split_study_design, inputs.protocol),
    )  # fmt: skip


def _draw_cohort(inputs: ReportInputs) -> Iterator[Drawing]:
    estimates, attrition = inputs.rows("estimates"), inputs.rows("attrition")
    yield Drawing(
        "flow", "flow", "How the cohort was selected: patients left after each criterion, and "
        "those left out at it.", "Flow diagram of the selection; the table below has the same "
        "numbers.", draw_flow(attrition), {"attrition": attrition},
    )  # fmt: skip
    drawn = ("cause_shares", "plr_interval")
    shares = [quote(row) for row in estimates if row["analysis_id"] in drawn]
    yield Drawing(
        "causes", "causes", "Primary causes: share of the cohort with 95 % interval "
        "(Wilson's; *: exact, fewer than 5 patients in the share or outside it). The open mark "
        "counts every undetermined patient as PLR; colour and mark tell its group.",
        "Shares of the primary causes with intervals; the table below has the same numbers.",
        draw_causes(inputs.protocol, estimates), {"estimates": shares},
    )  # fmt: skip
    yield Drawing(
        "overlap", "overlap", "Causes that are present before the order decides: filled dots "
        "joined by a line make a combination, the bar above counts its patients. A refractory "
        "infection is present, too.",
        "UpSet plot of the combinations of causes; the table below has the same numbers.",
        draw_overlap(inputs.protocol, estimates), {"estimates": inputs.estimates("overlap")},
    )  # fmt: skip


def _draw_white_counts(inputs: ReportInputs) -> Iterator[Drawing]:
    protocol, rows = inputs.protocol, inputs.rows("white_counts")
    if not rows:
        return
    groups = list(find_boxes(protocol, rows))
    shown = join([name_group(group) for group in groups])
    missing = [g for g in protocol.analyses.groups if g not in groups]
    left_out = f" Not drawn: {join([name_group(g) for g in missing])}." if missing else ""
    yield Drawing(
        "white_counts", "white_counts", "White counts around the index, by bins of days with both "
        "ends included: boxes from quartile to quartile, medians as strokes, on a log axis. Each "
        "patient is in a bin once, with the count nearest to the index; who has none is not in it, "
        "and nothing is filled in. So after the index only those are seen who were alive and still "
        "measured, and lines join medians of different patients. On day 0 every count is beyond "
        "the threshold (dashed) because the study asks for it. A box is drawn for at least "
        f"{protocol.analyses.min_at_risk_shown} patients of a group; beneath, how many have a "
        f"count (a dash: hidden).{left_out}",
        f"White counts from before to after the index, drawn for {shown or 'no group'}; the file "
        "of its data has the medians, quartiles and numbers of patients.",
        draw_white_counts(protocol, rows), {"white_counts": rows},
    )  # fmt: skip


def _draw_models(inputs: ReportInputs) -> Iterator[Drawing]:
    protocol, estimates = inputs.protocol, inputs.rows("estimates")
    primary = protocol.analyses.primary_outcome
    ratios = [r for name in MODELS for r in inputs.estimates(name, outcome_id=primary)]
    yield Drawing(
        "forest", "cox", "Hazard ratios of the Cox models on a log axis, with 95 % intervals; "
        "arrows mark intervals that reach beyond the axis.",
        "Forest plot of hazard ratios, unadjusted and adjusted; the table below has the same "
        "numbers.", draw_forest(estimates, primary), {"estimates": ratios},
    )  # fmt: skip
    yield Drawing(
        "standardised", "estimators", "Risk as observed, and as the adjusted Cox model expects "
        "it had every patient been in each group (computed weekly, joined by lines), with 95 % "
        "bands.",
        "Risk curves by cause group, observed and standardised; the table below has the "
        "numbers at the horizon.",
        draw_standardised(protocol, primary, estimates, inputs.rows("curves")),
        _beside(inputs, "standardised"),
    )  # fmt: skip


def _draw_restricted_means(inputs: ReportInputs) -> Iterator[Drawing]:
    protocol, estimates, curves = inputs.protocol, inputs.rows("estimates"), inputs.rows("curves")
    if not inputs.estimates(RMST):
        return
    areas = [a for o in protocol.outcomes for a in find_areas(protocol, o.id, estimates, curves)]
    means = [row for area in areas for row in (area.mean, area.difference) if row]
    last = {row["outcome_id"]: row["time_days"] for row in means}
    steps = [
        row for row in curves
        if row["group"] in protocol.analyses.groups
        and row["time_days"] <= last.get(row["outcome_id"], -1)
    ]  # fmt: skip
    yield Drawing(
        "restricted_means", "restricted_means", "Restricted mean time free of the event: the area "
        "under each Kaplan–Meier curve to the day named, in days with 95 % interval, and how it "
        f"differs from that of {name_group(protocol.analyses.groups[0])}. The curve is dotted "
        f"where fewer than {protocol.analyses.min_at_risk_shown} patients are at risk. Means rest "
        "on every day; where small counts are hidden, the curve is drawn with fewer steps.",
        "Shaded areas under the curves of each cause group and the differences between them; the "
        "table below has the numbers.",
        draw_restricted_means(protocol, estimates, curves), {"estimates": means, "curves": steps},
    )  # fmt: skip


def _draw_bias(inputs: ReportInputs) -> Iterator[Drawing]:
    if not inputs.estimates("tipping"):
        return
    protocol, estimates = inputs.protocol, inputs.rows("estimates")
    yield Drawing(
        "redrawn", "redrawn", "Risk as analysed, and had the true causes been known (accuracy "
        "alike whatever the outcome; every 14 days, joined by lines), with 95 % bands; on "
        "the right they hold the doubt about the causes as well as chance.",
        "Risk curves by cause group, as analysed and redrawn; the table below has the numbers "
        "at the horizon.",
        draw_redrawn(protocol, protocol.analyses.primary_outcome, estimates,
                     inputs.rows("curves")),
        _beside(inputs, "bias_risk"),
    )  # fmt: skip
    yield Drawing(
        "tipping", "tipping", "Adjusted hazard ratios with 95 % intervals, had those lost to "
        "follow-up a hazard so many times that of their group; from never having the event to "
        "having it on the day after last contact. Intervals are cut at 1/32 and 32.",
        "Hazard ratios over the hazard of those lost; the table below has the numbers.",
        draw_tipping(protocol, estimates), {"estimates": inputs.estimates("tipping")},
    )  # fmt: skip


def _beside(inputs: ReportInputs, analysis_id: str) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of the observed curves, and of the analysis drawn beside them."""
    primary = inputs.protocol.analyses.primary_outcome
    return {
        "curves": _list_curves(inputs, primary),
        "estimates": inputs.estimates(analysis_id, outcome_id=primary),
    }


def _list_curves(inputs: ReportInputs, outcome_id: str) -> list[Mapping[str, Any]]:
    """Return the points of an outcome's curves, as far as they are drawn."""
    curves = inputs.rows("curves", outcome_id=outcome_id)
    drawn = {c.group: c.days[-1] for c in find_drawn(inputs.protocol, outcome_id, curves)}
    return [row for row in curves if row["time_days"] <= drawn.get(row["group"], -1)]


def _draw_outcome(inputs: ReportInputs, outcome_id: str, title: str) -> Drawing:
    protocol, least = inputs.protocol, inputs.protocol.analyses.min_at_risk_shown
    what = "Survival" if is_survival(protocol, outcome_id) else "Risk (1 − Kaplan–Meier)"
    caption = (
        f"{what}: {title}, with 95 % log-log bands; ticks mark censored patients. A curve is drawn "
        f"only while at least {least} patients are at risk. Under the axis, by group and at the "
        "end of each day: patients at risk (free of the event and still followed), censored, and "
        "with the event; a dash stands for a count that is hidden."
    )
    alt = f"Kaplan–Meier curves by cause group: {title}; the table below has the estimates."
    figure = draw_survival(protocol, outcome_id, inputs.rows("curves"))
    data = {"curves": _list_curves(inputs, outcome_id)}
    section = "answer" if outcome_id == protocol.analyses.primary_outcome else "survival"
    return Drawing(f"survival_{outcome_id}", section, caption, alt, figure, data)
