"""What became of the patients: risk, survival, restricted means, tests, follow-up."""

from __future__ import annotations

from leukocytosis.figures.forest import label_term
from leukocytosis.figures.survival import horizon_of, is_survival
from leukocytosis.prose import capital, name_group
from leukocytosis.report.grids.cells import show_chi_squared, show_number, show_percent, show_ratio
from leukocytosis.report.grids.grid import Grid, Notes, without_hidden
from leukocytosis.report.grids.order import in_order, of_outcomes, title_outcome
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import is_shown, show_p
from leukocytosis.rounding import NOT_SHOWN, format_number, is_known


def list_risks(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return risk (or survival) at the protocol's days, median and crude proportion by group."""
    protocol, notes = inputs.protocol, Notes()
    analysis = "survival" if is_survival(protocol, outcome_id) else "risk"
    found = inputs.estimates(analysis, outcome_id=outcome_id)
    days = sorted({row["time_days"] for row in found if is_known(row["time_days"])})
    body = []
    for group in ("all", *protocol.analyses.groups):
        rows = {r["time_days"]: r for r in found if r["group"] == group}
        wanted = {"outcome_id": outcome_id, "group": group}
        # events up to the last day shown, those behind the last risk of the row
        last_row = rows.get(days[-1]) if days else None
        counted = last_row or {"n": None, "n_events": None}
        body.append((
            name_group(group), format_number(counted["n"]), format_number(counted["n_events"]),
            *(show_percent(rows.get(day), notes) for day in days),
            show_number(inputs.estimate("median", **wanted), notes, 0),
            show_percent(inputs.estimate("crude", **wanted), notes),
        ))  # fmt: skip
    what = "Alive" if analysis == "survival" else "Risk"
    title = next(o.title for o in protocol.outcomes if o.id == outcome_id)
    last = f"Crude share by day {horizon_of(protocol, outcome_id)}"
    at = (f"{what} at day {day:g}" for day in days)
    head = ("Group", "Patients", "Events", *at, "Median, days", last)
    caption = f"{capital(title)}: Kaplan–Meier estimates (95 % intervals)"
    return Grid(caption, head, "l" + "r" * (len(head) - 1), tuple(body), notes.numbered)


def list_restricted_means(inputs: ReportInputs) -> Grid:
    """Return restricted means by group, with difference and ratio to the first group."""
    notes = Notes()
    rows = []
    found = [row for row in inputs.estimates("rmst") if row["term"] == "restricted mean"]
    by_day = sorted(in_order(inputs, found, "group"), key=lambda row: row["time_days"])
    for row in sorted(by_day, key=of_outcomes(inputs)):
        place = {key: row[key] for key in ("outcome_id", "group", "time_days")}
        others = {r["term"].split()[0]: r for r in inputs.estimates("rmst", **place)}
        alone = "not compared" if row["group"] == "all" else "reference"
        rows.append((
            title_outcome(inputs, row["outcome_id"]), f"{row['time_days']:g}",
            name_group(row["group"]),
            show_number(row, notes, 1),
            show_number(others["difference"], notes, 1) if "difference" in others else alone,
            show_ratio(others["ratio"], notes) if "ratio" in others else alone,
        ))  # fmt: skip
    reference = name_group(inputs.protocol.analyses.groups[0])
    head = ("Outcome", "To day", "Group", "Days free of it", f"Difference to {reference}",
            f"Ratio to {reference}")  # fmt: skip
    caption = "Restricted mean time free of the outcome (95 % intervals)"
    return Grid(caption, head, "lrlrrr", tuple(rows), notes.numbered)


def list_tests(inputs: ReportInputs) -> Grid:
    """Return the log-rank tests: chi-squared, and those p values that the protocol shows."""
    notes, rows = Notes(), []
    for row in sorted(inputs.estimates("logrank"), key=of_outcomes(inputs)):
        shown = is_shown(inputs, row)
        # an adjusted p that is not shown leaves nothing to say
        if shown or "Holm" not in row["term"] or not is_known(row["p_value"]):
            rows.append((title_outcome(inputs, row["outcome_id"]), _contrast(row), row["term"],
                         show_chi_squared(row, notes), show_p(inputs, row),
                         _how(row) if shown else NOT_SHOWN,
                         format_number(row["n"]), format_number(row["n_events"])))  # fmt: skip
    head = ("Outcome", "Groups", "Test", "χ²", "p", "Its p from", "Patients", "Events")
    return without_hidden(
        Grid("Log-rank tests", head, "lllrrlrr", tuple(rows), notes.numbered), "p", "Its p from"
    )


def _how(row: Row) -> str:
    """Return how a p value was found: chi-squared, or permutation where a group is small."""
    parts = [part for part in row["method"].split(", ") if "permutation" in part]
    return row["method"][row["method"].index(parts[0]) :].split(", p value")[0] if parts else "χ²"


def _contrast(row: Row) -> str:
    named = [label_term(row[key]) for key in ("group", "term")]
    return next((words for words in named if " against " in words), "all groups")


def list_follow_up(inputs: ReportInputs) -> Grid:
    """Return how long patients were followed, and how many events fell on day 0."""
    notes = Notes()
    rows = []
    by_group = in_order(inputs, inputs.estimates("follow_up"), "group")
    for row in sorted(by_group, key=of_outcomes(inputs)):
        place = {"outcome_id": row["outcome_id"], "group": row["group"]}
        early = inputs.estimate("day_0", **place)
        n_early = format_number(early["estimate"]) if early else NOT_SHOWN
        rows.append((title_outcome(inputs, row["outcome_id"]), name_group(row["group"]),
                     show_number(row, notes, 0), n_early))  # fmt: skip
    head = ("Outcome", "Group", "Median follow-up, days", "Events on day 0")
    caption = "Follow-up (reverse Kaplan–Meier)"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)
