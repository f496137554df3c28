"""The section of the report on bias: what could have gone wrong, and how much it would matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from leukocytosis.bias.tipping import AS_ANALYSED, DELTAS, conclude, find_tip, name_delta
from leukocytosis.figures.forest import label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import capital, name_cause, name_group
from leukocytosis.report.bias_summary import Interval, as_interval, describe_short, find_adjusted
from leukocytosis.report.grids import CANNOT, Grid, Notes, show_percent, show_ratio
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import format_number, format_ratio, is_known

CORRECTED = {"bias": "If misclassified alike whatever the outcome",
             "bias_by_outcome": "With the accuracy of each outcome"}  # fmt: skip
SHOWN_DELTAS = (0.0, 0.25, 1.0, 4.0, float("inf"))
HOW = (
    "From it the true causes were drawn anew, many times, and everything computed again. The "
    "middle column holds if patients are misclassified alike whether they live or die; the last "
    "one if the charts themselves show how right the rules are within each outcome. Nobody's "
    "cause is known better by this: only how far the answers could move."
)
Show = Callable[[Row | None, Notes], str]
Correction = tuple[str, Show, Row | None, list[Row | None]]


@dataclass(frozen=True)
class BiasSection:
    """What the section says and shows."""

    short: tuple[str, ...]
    misclassified: str
    matrix: Grid
    corrected: Grid
    tipping: Grid
    e_values: Grid
    by_period: Grid
    with_year: Grid


def describe_bias(inputs: ReportInputs) -> BiasSection | None:
    """Return the section, or None for a study without a bias analysis."""
    if not inputs.estimates("confusion"):
        return None
    return BiasSection(
        describe_short(inputs),
        _describe_matrix(inputs),
        list_confusion(inputs),
        list_corrected(inputs),
        list_tipping(inputs),
        list_e_values(inputs),
        list_periods(inputs),
        list_with_year(inputs),
    )


def _describe_matrix(inputs: ReportInputs) -> str:
    """Return where the accuracy of the rules is known from, or why it is not."""
    row = inputs.estimates("confusion")[0]
    if is_hidden(row) or is_known(row["estimate"]):
        where = row["method"].partition(": ")[2]
        return f"How right the rules are is taken from {where}. {HOW}"
    return f"The numbers cannot be corrected, because {(row['note'] or '').removeprefix(CANNOT)}."


def list_confusion(inputs: ReportInputs) -> Grid:
    """Return which causes the charts of each cause by the rules had in truth."""
    notes = Notes()
    rows = [
        (_cause(inputs, row["group"]), _cause(inputs, row["term"]), format_number(row["n_events"]),
         format_number(row["n"]), show_percent(row, notes))
        for row in sorted(inputs.estimates("confusion"), key=lambda row: _order(inputs, row))
        if row["group"] != "all"
    ]  # fmt: skip
    head = ("By the rules", "In truth", "Charts", "of", "Share (95 % interval)")
    return Grid("How right the rules are", head, "llrrr", tuple(rows), notes.numbered)


def _cause(inputs: ReportInputs, cause: str) -> str:
    return name_cause(inputs.protocol, cause)


def _order(inputs: ReportInputs, row: Row) -> tuple[int, float]:
    causes = [*inputs.protocol.cause_ids, "all"]
    return causes.index(row["group"]), -(row["n_events"] or 0)


def list_corrected(inputs: ReportInputs) -> Grid:
    """Return shares, risks and hazard ratios as analysed, and had the true causes been known."""
    notes = Notes()
    rows = [
        (words, show(analysed, notes), *(show(row, notes) for row in found))
        for words, show, analysed, found in _corrections(inputs)
        if any(found)
    ]
    head = ("", "As analysed (95 %)", *(f"{words} (95 %)" for words in CORRECTED.values()))
    caption = "Had the true causes been known: 95 % simulation intervals, sampling error included"
    return Grid(caption, head, "lrrr", tuple(rows), notes.numbered)


def _corrections(inputs: ReportInputs) -> Iterator[Correction]:
    protocol, outcome_id = inputs.protocol, inputs.protocol.analyses.primary_outcome
    day = float(horizon_of(protocol, outcome_id))
    for group in protocol.analyses.groups:
        yield (f"Share of {name_group(group)}", show_percent,
               inputs.estimate("group_shares", term=group),
               _found(inputs, "group_shares", term=group))  # fmt: skip
    for group in protocol.analyses.groups:
        at = {"outcome_id": outcome_id, "group": group, "time_days": day}
        yield (f"Risk by day {day:g}, {name_group(group)}", show_percent,
               inputs.estimate("risk", **at), _found(inputs, "risk", **at))  # fmt: skip
    for row in sorted(inputs.estimates("bias_ratio"), key=_by_group(inputs, "term")):
        term = row["term"]
        analysed = find_adjusted(inputs, term)
        yield (f"Adjusted hazard ratio, {label_term(term)}", show_ratio, analysed,
               _found(inputs, "ratio", term=term))  # fmt: skip


def _by_group(inputs: ReportInputs, column: str) -> Callable[[Row], int]:
    """Return the order of contrasts: that of the compared groups in the protocol."""
    groups = inputs.protocol.analyses.groups
    starts = [f"{group} against" for group in groups]
    return lambda row: next(
        (i for i, start in enumerate(starts) if start in row[column]), len(starts)
    )


def _found(inputs: ReportInputs, what: str, **wanted: object) -> list[Row | None]:
    return [inputs.estimate(f"{analysis}_{what}", **wanted) for analysis in CORRECTED]


def list_tipping(inputs: ReportInputs) -> Grid:
    """Return hazard ratios had those lost another hazard, and from where the conclusion changes."""
    notes = Notes()
    rows = []
    by_group = _by_group(inputs, "term")
    for outcome in inputs.protocol.outcomes:
        found = inputs.estimates("tipping", outcome_id=outcome.id)
        for row in sorted(found, key=lambda row: (_place_lost(inputs, row), by_group(row))):
            contrast, _, scenario = row["term"].partition(": ")
            if scenario == AS_ANALYSED or not scenario:
                rows.append(_tipping_row(outcome.title, contrast, row, found, notes))
    head = ("Outcome, contrast, whose fate is varied", "Lost",
            *(f"{name_delta(delta)}" for delta in SHOWN_DELTAS), "Conclusion changes")  # fmt: skip
    caption = "Hazard ratios (95 %) had those lost another hazard after last contact"
    return Grid(caption, head, "lrrrrrrl", tuple(rows), notes.numbered)


def _tipping_row(
    title: str, contrast: str, first: Row, rows: Sequence[Row], notes: Notes
) -> tuple[str, ...]:
    name = f"{title}; {label_term(contrast)}; {_name_lost(first['group'])}"
    if not is_known(first["estimate"]):
        dashes = ["–"] * len(SHOWN_DELTAS)
        return (name, format_number(first["n"]), *dashes, show_ratio(first, notes))
    of_set = {
        row["term"].partition(": ")[2]: row
        for row in rows
        if row["group"] == first["group"] and row["term"].startswith(f"{contrast}: ")
    }
    cells = [show_ratio(of_set.get(name_delta(delta)), notes) for delta in SHOWN_DELTAS]
    return (name, format_number(first["n"]), *cells, describe_tip(of_set, as_interval(first)))


def _place_lost(inputs: ReportInputs, row: Row) -> int:
    """Return where a set of lost patients stands: all, after hospice, then by group."""
    sets = ["all lost", "lost after hospice"]
    sets += [f"lost of {group}" for group in inputs.protocol.analyses.groups]
    return sets.index(row["group"])


def _name_lost(group: str) -> str:
    start, _, of = group.partition("lost of ")
    return f"lost of {name_group(of)}" if of and not start else group


def describe_tip(of_set: dict[str, Row], analysed: Interval | None) -> str:
    """Return from which δ on the interval lies differently about 1 than as analysed."""
    if analysed is None:
        return "–"
    intervals = {delta: as_interval(of_set.get(name_delta(delta))) for delta in DELTAS}
    tips = [find_tip(intervals, analysed, above=above) for above in (False, True)]
    words = [name_delta(tip) for tip in tips if tip is not None]
    here = {0: "cannot tell", 1: "above 1", -1: "below 1"}[conclude(analysed)]
    return f"{here}; changes: {' or '.join(words)}" if words else f"{here} under every δ"


def list_e_values(inputs: ReportInputs) -> Grid:
    """Return the E-value of each adjusted hazard ratio and of the end of its interval."""
    notes = Notes()
    rows = []
    for row in sorted(inputs.estimates("e_value", term="estimate"), key=_by_group(inputs, "group")):
        end = inputs.estimate("e_value", term="interval", group=row["group"])
        contrast = label_term(row["group"])
        ratio = show_ratio(find_adjusted(inputs, row["group"]), notes)
        rows.append((contrast, ratio, *(_e_value(found, notes) for found in (row, end))))
    head = ("Contrast", "Adjusted hazard ratio (95 %)", "E-value of the ratio",
            "E-value of the interval's end")  # fmt: skip
    return Grid("E-values", head, "lrrr", tuple(rows), notes.numbered)


def _e_value(row: Row | None, notes: Notes) -> str:
    if row is None or not is_known(row["estimate"]):
        return show_ratio(row, notes)
    return f"{format_ratio(row['estimate'])}{notes.mark(row['note'])}"


def list_periods(inputs: ReportInputs) -> Grid:
    """Return shares of the groups and the risk by calendar period of the index."""
    notes = Notes()
    groups = inputs.protocol.analyses.groups
    outcome_id = inputs.protocol.analyses.primary_outcome
    rows = []
    for risk in inputs.estimates("calendar_risk"):
        shares = [inputs.estimate("calendar_shares", group=risk["group"], term=g) for g in groups]
        cells = [show_percent(row, notes) for row in (*shares, risk)]
        refused = risk["group"] == "all"
        period = "all years" if refused else risk["group"]
        rows.append((period, format_number(risk["n"]), *(cells[-1:] * 4 if refused else cells)))
    head = ("Period", "Patients", *(f"{capital(name_group(g))} (95 %)" for g in groups),
            f"Risk by day {horizon_of(inputs.protocol, outcome_id)} (95 %)")  # fmt: skip
    caption = "Causes and risk by calendar period of the index"
    return Grid(caption, head, "lr" + "r" * (len(groups) + 1), tuple(rows), notes.numbered)


def list_with_year(inputs: ReportInputs) -> Grid:
    """Return the hazard ratios without and with the calendar year in the adjusted model."""
    notes = Notes()
    rows = []
    for row in sorted(inputs.estimates("calendar_ratio"), key=_by_group(inputs, "term")):
        without = inputs.estimate("cox_adjusted", outcome_id=row["outcome_id"], term=row["term"])
        cell = show_ratio(without, notes) if without else "–"
        rows.append((label_term(row["term"]), cell, show_ratio(row, notes)))
    head = ("Term", "Adjusted hazard ratio (95 %)", "Adjusted for the year, too (95 %)")
    caption = "Does the contrast owe to the years?"
    return Grid(caption, head, "lrr", tuple(rows), notes.numbered)
