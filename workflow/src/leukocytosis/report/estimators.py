"""Tables of the report on contrasts, quantiles, adjustment, gaps, and the second engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import capital, name_cause, name_covariate, name_group
from leukocytosis.report.grids import (
    Grid,
    Notes,
    show_number,
    show_percent,
    show_ratio,
    show_stored_percent,
)
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import digits_of_percent, format_number, format_percent, is_known
from leukocytosis.survival.analyses import SHARES

MEASURES = {"risk": "risk", "risk difference": "difference, percentage points",
            "risk ratio": "ratio"}  # fmt: skip
READINGS = {"plr_narrow": "PLR, narrow reading", "plr_wide": "PLR, wide reading"}


def describe_estimators(inputs: ReportInputs) -> dict[str, Any]:
    """Return what the section needs: its grids and sentences by name."""
    return {
        "contrasts": list_contrasts(inputs),
        "tests": list_tests(inputs),
        "quantiles": list_quantiles(inputs),
        "standardised": [list_standardised(inputs, o.id) for o in inputs.protocol.outcomes],
        "imputed": [
            grid for o in inputs.protocol.outcomes if (grid := list_imputed(inputs, o.id)).rows
        ],
        "gaps": describe_gaps(inputs),
        "shares": list_shares(inputs),
        "completeness": list_completeness(inputs),
    }


def title_of(inputs: ReportInputs, outcome_id: str) -> str:
    """Return what the protocol calls an outcome."""
    return {o.id: o.title for o in inputs.protocol.outcomes}[outcome_id]


def _of_outcomes(inputs: ReportInputs, analysis_id: str) -> list[Row]:
    """Return the rows of an analysis in the protocol's order of outcomes, groups and days."""
    groups, outcomes = inputs.groups, [o.id for o in inputs.protocol.outcomes]

    def place(row: Row) -> tuple[int, float, list[int]]:
        named = [groups.index(g) for g in row["group"].split(" against ") if g in groups]
        return outcomes.index(row["outcome_id"]), row["time_days"] or 0.0, named[::-1]

    return sorted(inputs.estimates(analysis_id), key=place)


def _beside(row: Row, rows: list[Row], **changed: object) -> Row | None:
    """Return the row that differs from `row` only by what is `changed`."""
    wanted = {key: row[key] for key in ("outcome_id", "group", "term", "time_days")} | changed
    return next((r for r in rows if all(r[k] == v for k, v in wanted.items())), None)


def show_points(row: Row | None, notes: Notes) -> str:
    """Return a difference of fractions and its interval in percentage points."""
    if row is None or not is_known(row["estimate"]):
        return show_number(row, notes, 1)
    ends = {end: 100 * row[end] if is_known(row[end]) else None
            for end in ("estimate", "ci_low", "ci_high")}  # fmt: skip
    return show_number({**row, **ends}, notes, 1)


def list_contrasts(inputs: ReportInputs) -> Grid:
    """Return risk differences in percentage points and risk ratios of each pair of groups."""
    notes, found = Notes(), _of_outcomes(inputs, "risk_contrast")
    rows = [
        (title_of(inputs, row["outcome_id"]), f"{row['time_days']:g}", label_term(row["group"]),
         show_points(row, notes),
         show_ratio(_beside(row, found, term="risk ratio"), notes))
        for row in found if row["term"] == "risk difference"
    ]  # fmt: skip
    head = ("Outcome", "By day", "Groups", "Risk difference, percentage points", "Risk ratio")
    caption = "Risks compared, from the Kaplan–Meier curves (95 % intervals)"
    return Grid(caption, head, "lrlrr", tuple(rows), notes.numbered)


def list_tests(inputs: ReportInputs) -> Grid:
    """Return the stratified log-rank test and the test for trend."""
    notes = Notes()
    found = [*_of_outcomes(inputs, "logrank_stratified"), *_of_outcomes(inputs, "logrank_trend")]
    rows = [
        (title_of(inputs, row["outcome_id"]), row["term"], _show_chi_squared(row, notes),
         format_number(row["n"]), format_number(row["n_events"]))
        for row in found
    ]  # fmt: skip
    head = ("Outcome", "Test", "χ²", "Patients", "Events")
    caption = "Log-rank tests within strata, and for trend"
    return Grid(caption, head, "llrrr", tuple(rows), notes.numbered)


def _show_chi_squared(row: Row, notes: Notes) -> str:
    if not is_known(row["estimate"]):
        return show_number(row, notes, 1)
    return f"{format_number(row['estimate'], 1)}{notes.mark(row['note'])}"


def list_quantiles(inputs: ReportInputs) -> Grid:
    """Return the days by which a quarter, a half and three quarters of a group had the outcome."""
    notes, found = Notes(), _of_outcomes(inputs, "quantiles")
    terms = sorted({row["term"] for row in found})
    rows = [
        (title_of(inputs, row["outcome_id"]), name_group(row["group"]),
         *(show_number(_beside(row, found, term=term), notes, 0) for term in terms))
        for row in found if row["term"] == terms[0]
    ]  # fmt: skip
    head = ("Outcome", "Group", *(f"{term}, by day" for term in terms))
    caption = "Days by which a share of the group had the outcome (Kaplan–Meier, 95 % intervals)"
    return Grid(caption, head, "ll" + "r" * len(terms), tuple(rows), notes.numbered)


def list_standardised(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return each group's risk at the horizon as it is and standardised, and the contrasts."""
    notes, day = Notes(), float(horizon_of(inputs.protocol, outcome_id))
    show: dict[str, Callable[[Row | None, Notes], str]] = {
        "risk": show_percent,
        "risk difference": show_points,
        "risk ratio": partial(show_number, digits=2),
    }
    observed = [
        row
        for analysis in ("risk", "risk_contrast")
        for row in inputs.estimates(analysis, outcome_id=outcome_id, time_days=day)
    ]
    rows = []
    for term, shown in show.items():
        for row in _of_outcomes(inputs, "standardised"):
            place = (row["outcome_id"], row["time_days"], row["term"])
            if place == (outcome_id, day, f"standardised {term}"):
                as_it_is = shown(_beside(row, observed, term=term), notes)
                rows.append((_name(row["group"]), MEASURES[term], as_it_is, shown(row, notes)))
    head = ("Group", "What", "As observed (Kaplan–Meier)", "Standardised")
    title = title_of(inputs, outcome_id)
    caption = f"{capital(title)}, by day {day:g}: observed and standardised"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)


def _name(group: str) -> str:
    return label_term(group) if " against " in group else name_group(group)


def list_imputed(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return the adjusted hazard ratios of the complete cases beside those with gaps imputed."""
    notes = Notes()
    complete = find_ratios(inputs.estimates("cox_adjusted"), "cox_adjusted", outcome_id)
    imputed = inputs.estimates("cox_imputed", outcome_id=outcome_id)
    rows = [
        (name_covariate(label_term(row["term"])), show_ratio(row, notes),
         show_ratio(_beside(row, imputed), notes))
        for row in complete if imputed
    ]  # fmt: skip
    n = (format_number(of[0]["n"]) if of else "0" for of in (complete, imputed))
    heads = (f"{what} (n = {size})" for what, size in
             zip(("Complete cases", "Gaps imputed"), n, strict=True))  # fmt: skip
    caption = (
        f"Adjusted hazard ratios with and without the incomplete: {title_of(inputs, outcome_id)}"
    )
    return Grid(caption, ("Term", *heads), "lrr", tuple(rows), notes.numbered)


def describe_gaps(inputs: ReportInputs) -> str:
    """Return how many patients lack a covariate of the adjusted model, in a sentence."""
    row = inputs.estimate("missing_covariates")
    if row is None or not is_known(row["estimate"]):
        return "How many patients lack a covariate of the adjusted model is not shown."
    if not row["n_events"]:
        return "No patient lacks a covariate of the adjusted model, so nothing was imputed."
    return (
        f"{format_number(row['n_events'])} of {format_number(row['n'])} patients "
        f"({format_percent(row['estimate'], digits_of_percent(row['n']))}) lack a covariate of the "
        "adjusted model."
    )


def list_shares(inputs: ReportInputs) -> Grid:
    """Return the headline shares with both intervals, and which to quote."""
    notes, rows = Notes(), []
    for analysis in SHARES:
        for exact in inputs.estimates(f"exact_{analysis}"):
            wilson = inputs.estimate(analysis, term=exact["term"])
            quoted = exact["note"] if is_known(exact["estimate"]) else ""
            rows.append((name_share(inputs, exact), format_number(exact["n_events"]),
                         show_stored_percent(wilson, notes), show_exact(exact, notes),
                         str(quoted or "").removeprefix("quote ")))  # fmt: skip
    head = ("Share", "Patients", "Wilson", "Exact (Clopper–Pearson)", "Quote")
    caption = "Shares of the cohort with both 95 % intervals"
    return Grid(caption, head, "lrrrl", tuple(rows), notes.numbered)


def show_exact(row: Row, notes: Notes) -> str:
    """Return a share with its exact interval; its note says what to quote, so it is left out."""
    known = is_known(row["estimate"])
    return show_stored_percent({**row, "note": None, "method": ""} if known else row, notes)


def name_share(inputs: ReportInputs, row: Row) -> str:
    """Return what readers call a headline share."""
    if row["analysis_id"].endswith("group_shares"):
        return f"group: {name_group(row['term'])}"
    return READINGS.get(row["term"]) or name_cause(inputs.protocol, row["term"])


def list_completeness(inputs: ReportInputs) -> Grid:
    """Return Clark's index of the completeness of follow-up, and how many were lost early."""
    notes = Notes()
    rows = []
    for row in _of_outcomes(inputs, "completeness"):
        shown = {**row, "note": None} if is_known(row["estimate"]) else row
        words = format_percent(row["estimate"]) if is_known(row["estimate"]) else ""
        rows.append((title_of(inputs, row["outcome_id"]), name_group(row["group"]),
                     words or show_percent(shown, notes), format_number(row["n_events"]),
                     format_number(row["n"])))  # fmt: skip
    head = (
        "Outcome",
        "Group",
        "Days seen of those possible",
        "Lost before the horizon",
        "Patients",
    )
    caption = "Completeness of follow-up (Clark's C)"
    return Grid(caption, head, "llrrr", tuple(rows), notes.numbered)
