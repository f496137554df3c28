"""How the Cox models were fitted, the hazard along the count, and hazard ratios over time."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.figures.cox import draw_count_spline, draw_over_time, find_counts
from leukocytosis.figures.forest import MODELS, label_term
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.grids import Grid, Notes, show_number, show_ratio, without_hidden
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.report.p_values import show_p
from leukocytosis.rounding import NOT_SHOWN, format_number, is_known

NAMES = {name: words.lower() for name, words in MODELS.items()} | {
    "count_spline": "adjusted, the count along a spline"
}
CUT = "An arrow head marks where a band leaves the axis, and how far it reaches."
N_SHOWN = 7  # of the counts along the spline
SHOWN_DAYS = (7.0, 28.0, 56.0, 84.0)


def draw_models(inputs: ReportInputs) -> tuple[Drawing, Drawing]:
    """Return the figures of the count's spline and of hazard ratios over time."""
    protocol, estimates = inputs.protocol, inputs.rows("estimates")
    primary = protocol.analyses.primary_outcome
    return (
        Drawing(
            "count_spline", "count_spline", "Hazard ratio of the index count against the median "
            "count (dot), adjusted, along a restricted cubic spline with four knots. Drawn between "
            "the outer knots, the 5th and 95th percentiles. " + CUT,
            "Hazard ratio against the index count with its band; numbers are in the table below.",
            draw_count_spline(estimates, primary),
            {"estimates": inputs.estimates("count_spline", outcome_id=primary)},
        ),
        Drawing(
            "hazard_ratio_over_time", "over_time", "Adjusted hazard ratios over time: a natural "
            "spline through the scaled Schoenfeld residuals. The dotted line is the one hazard "
            "ratio of the Cox model; where it leaves the band, one ratio does not describe all "
            "days. " + CUT,
            "Hazard ratios of the cause groups over time with bands; the table below has some.",
            draw_over_time(protocol, estimates, primary),
            {"estimates": inputs.estimates("hazard_ratio_over_time", outcome_id=primary)},
        ),
    )  # fmt: skip


def list_sizes(inputs: ReportInputs) -> Grid:
    """Return per model its planned degrees of freedom, events, events for each, and how fitted."""
    rows = [
        (outcome.title, words, *_size(inputs, outcome.id, name))
        for outcome in inputs.protocol.outcomes
        for name, words in NAMES.items()
        if inputs.estimates("model_size", outcome_id=outcome.id, term=_per_freedom(name))
    ]
    head = ("Outcome", "Model", "Planned degrees of freedom", "Patients", "Events",
            "Events for each", "Fitted by")  # fmt: skip
    caption = "How much the data bear: events per planned degree of freedom"
    return Grid(caption, head, "llrrrrl", tuple(rows))


def _per_freedom(model: str) -> str:
    return f"{model}: events per planned degree of freedom"


def _size(inputs: ReportInputs, outcome_id: str, model: str) -> Iterator[str]:
    at = {"outcome_id": outcome_id}
    freedom = inputs.estimate("model_size", term=f"{model}: planned degrees of freedom", **at)
    per = inputs.estimate("model_size", term=_per_freedom(model), **at)
    yield _count(freedom, "estimate", 0)
    yield _count(per, "n", 0)
    yield _count(per, "n_events", 0)
    yield _count(per, "estimate", 1)
    yield str(per["note"]) if per else ""


def _count(row: Row | None, column: str, digits: int) -> str:
    if row is None or is_hidden(row):
        return "hidden"
    return format_number(row[column], digits)


def list_over_time(inputs: ReportInputs) -> Grid:
    """Return the cause groups' adjusted hazard ratios at the end of weeks 1 and 4 and so on."""
    notes = Notes()
    outcome_id = inputs.protocol.analyses.primary_outcome
    found = inputs.estimates("hazard_ratio_over_time", outcome_id=outcome_id)
    days = sorted({row["time_days"] for row in found if row["time_days"] in SHOWN_DAYS})
    rows = [
        (label_term(term), *(show_ratio(by_day.get(day), notes) for day in days))
        for term in sorted({row["term"] for row in found})
        for by_day in ({row["time_days"]: row for row in found if row["term"] == term},)
    ]
    head = ("Hazard ratio (95 % interval)", *(f"Day {day:g}" for day in days))
    caption = "Adjusted hazard ratios over time"
    return Grid(caption, head, "l" + "r" * len(days), tuple(rows) if days else (), notes.numbered)


def list_count_spline(inputs: ReportInputs) -> Grid:
    """Return a few hazard ratios along the spline of the count, then its tests."""
    notes = Notes()
    outcome_id = inputs.protocol.analyses.primary_outcome
    found = find_counts(inputs.estimates("count_spline"), outcome_id)
    step = max(1, -(-len(found) // N_SHOWN))
    ratios = [
        (f"{row['term']} ×10⁹/L", show_ratio(row, notes), NOT_SHOWN) for _, row in found[::step]
    ]
    tests = [
        (row["term"], _chi_squared(row, notes), show_p(inputs, row))
        for row in inputs.estimates("count_spline", outcome_id=outcome_id)
        if not str(row["term"]).startswith("index count")
    ]
    head = ("", "Hazard ratio (95 % interval)", "p")
    caption = "The index count along a restricted cubic spline"
    grid = Grid(caption, head, "lrr", (*ratios, *tests), notes.numbered)
    return without_hidden(grid, "p")


def _chi_squared(row: Row, notes: Notes) -> str:
    if not is_known(row["estimate"]):
        return show_number(row, notes, 1)
    return f"χ² = {format_number(row['estimate'], 1)}{notes.mark(row['note'])}"
