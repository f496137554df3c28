"""What the study rests on: its methods, the paper, the planted truth, the raw files, the gaps."""

from __future__ import annotations

from leukocytosis.prose import GROUPS, describe_protocol, name_cause, name_covariate, name_group
from leukocytosis.report.grids.cells import show_percent
from leukocytosis.report.grids.grid import Grid, Notes, unbroken
from leukocytosis.report.grids.order import title_outcome
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import (
    NOT_SHOWN,
    format_interval,
    format_number,
    format_percent,
    is_known,
)

CANNOT = "cannot be estimated, because "


def list_methods(inputs: ReportInputs) -> Grid:
    """Return the protocol in sentences, each stated by the paper or operationalised by us."""
    rows = tuple((s.topic, s.text, s.basis, s.source) for s in describe_protocol(inputs.protocol))
    head = ("About", "What was done", "Basis", "Source")
    return Grid("The protocol in sentences", head, "llll", rows)


def list_scorecard(inputs: ReportInputs) -> Grid:
    """Return each published number beside ours."""
    rows = [describe_score(row) for row in inputs.rows("scorecard")]
    head = ("The paper says", "Published", "Here (95 % interval)", "Verdict", "Why")
    return Grid("Published numbers beside ours", head, "lrrll", tuple(rows))


def describe_score(row: Row) -> tuple[str, ...]:
    """Return what the paper says, its number, ours, the verdict and why."""
    return (
        row["text"],
        _scored(row["published"], row["unit"]),
        _ours(row),
        row["verdict"],
        row["reason"] or NOT_SHOWN,
    )


def _scored(value: float | None, unit: str | None) -> str:
    if not is_known(value):
        return "no number"
    if unit == "percent":
        return f"{format_number(value, 1)} %"
    return format_number(value) + (" days" if unit == "days" else "")


def _ours(row: Row) -> str:
    if not is_known(row["estimate"]):
        return NOT_SHOWN if row["verdict"].startswith("cannot") else "hidden"
    words = _scored(row["estimate"], row["unit"])
    if row["unit"] == "count":
        return words
    digits = 1 if row["unit"] == "percent" else 0
    return f"{words} ({unbroken(format_interval(row['ci_low'], row['ci_high'], digits))})"


def list_accuracy(inputs: ReportInputs) -> Grid:
    """Return how well the rules find the planted truth."""
    names = {"sensitivity": "sensitivity", "ppv": "positive predictive value"}
    notes = Notes()
    rows = [
        (name_cause(inputs.protocol, row["cause"]), names[row["measure"]],
         f"{format_number(row['n_right'])} of {format_number(row['n'])}",
         show_percent({**row, "note": None if row["n"] else "there are no such patients"}, notes))
        for row in inputs.rows("accuracy")
    ]  # fmt: skip
    head = ("Cause", "Measure", "Right", "Share (95 % interval)")
    caption = "The rules against the planted truth"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)


def list_quality(inputs: ReportInputs) -> Grid:
    """Return the data-quality checks, those to look at first."""
    rows = [
        (row["status"], row["table"], row["column"], row["check"],
         f"{_rows(row['n_broken'])} of {_rows(row['n_rows'])}",
         format_percent(row["threshold"]))
        for row in sorted(inputs.rows("quality"), key=lambda row: row["status"] != "look")
    ]  # fmt: skip
    head = ("Status", "Table", "Column", "Check", "Rows", "Accepted share")
    return Grid("Data-quality checks", head, "llllrr", tuple(rows))


def list_ledger(inputs: ReportInputs) -> Grid:
    """Return what became of every raw row."""
    rows = [
        (row["source"], row["table"], row["fate"], row["rule_id"].replace("_", " "),
         _rows(row["n_rows"]))
        for row in inputs.rows("ledger")
    ]  # fmt: skip
    head = ("Raw file", "Table", "Fate", "Rule", "Rows")
    return Grid("What became of every raw row", head, "llllr", tuple(rows))


def _rows(n: float | None) -> str:
    return format_number(n) if is_known(n) else "few (hidden)"


def list_unestimated(inputs: ReportInputs) -> Grid:
    """Return every reason why something cannot be estimated, with the numbers it stops."""
    stopped: dict[str, list[str]] = {}
    for row in inputs.rows("estimates"):
        if not is_known(row["estimate"]) and not _is_test(row) and not is_hidden(row):
            note = row["note"] or "no reason was recorded"
            stopped.setdefault(note.removeprefix(CANNOT), []).append(_name(inputs, row))
    rows = tuple((reason, "; ".join(names)) for reason, names in stopped.items())
    head = ("Because", "Cannot be estimated")
    return Grid("What cannot be estimated, and why", head, "ll", rows)


def _is_test(row: Row) -> bool:
    return bool(is_known(row["p_value"]))


def _name(inputs: ReportInputs, row: Row) -> str:
    analysis = row["analysis_id"].replace("_", " ")
    outcome = "" if row["outcome_id"] == "-" else f", {title_outcome(inputs, row['outcome_id'])}"
    group = "" if row["group"] == "all" else f", {_name_pair(inputs, row['group'])}"
    term = (
        ""
        if row["term"] in (row["analysis_id"], "proportion")
        else f": {_name_pair(inputs, row['term'])}"
    )
    day = f", day {row['time_days']:g}" if is_known(row["time_days"]) else ""
    return f"{analysis}{term}{outcome}{group}{day}"


def _name_pair(inputs: ReportInputs, words: str) -> str:
    """Return a group or cause, or one against another, as readers call them."""
    start, of_group, group = words.partition("lost of ")
    if of_group:
        return f"{start}lost of {name_group(group)}"
    parts = words.removeprefix("cause group: ").split(" against ")
    return " against ".join(
        name_group(part) if part in GROUPS else name_covariate(name_cause(inputs.protocol, part))
        for part in parts
    )
