"""Hospice and death as competing risks, as readers see them: tables, sentences, figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leukocytosis.config.protocol import Outcome
from leukocytosis.figures import draw_incidence, draw_states
from leukocytosis.figures.forest import find_ratios, label_term, merge_failed
from leukocytosis.prose import name_covariate, name_group
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.grids import EVENTS, Grid, Notes, show_number, show_percent, show_ratio
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import show_p
from leukocytosis.rounding import format_number, is_known
from leukocytosis.survival.competing.paths import STATES

MODELS = {"unadjusted": "Unadjusted", "adjusted": "Adjusted"}
WHOLE = ("likelihood ratio test", "Wald test")  # rows on a model as a whole
WORDS = {
    "incidence": "Each number is the share of the group who had had that event, as the first of "
    "the two, by that day (Aalen–Johansen). The two shares add up to the risk of either.",
    "states": "Each number is the share of the group that was in that state on that day; the "
    "four add up to 100 %. A count is of those seen in the state; who was lost before is "
    "in the share, not in the count.",
    "after_hospice": "The median is the number of days from discharge to hospice by which half had "
    "died (Kaplan–Meier from the discharge, so no day before it counts). Who was not seen after "
    "the discharge tells nothing of these days.",
    "gray": "Gray's test asks whether the share who have had the event by each day is the same in "
    "all groups; it says nothing of how large a difference is, or why.",
    "models": (
        "The cause-specific hazard ratio compares how fast the event comes, day by day, among "
        "those alive and not yet in hospice. It does not say how many will have had the event: "
        "that depends on the other event, too.",
        "The subdistribution hazard ratio (Fine and Gray) compares how many will have had the "
        "event by each day, all patients counted; above 1 means more. It does not say how fast "
        "the event comes among those who can still have it: a group that dies sooner has fewer "
        "hospice discharges without any being refused.",
        "Where the two disagree, the other event is at work. Both are descriptive contrasts.",
    ),
}


def describe_competing(inputs: ReportInputs) -> list[dict[str, Any]]:
    """Return what the report says of each outcome that hospice and death compete for."""
    return [
        {
            "words": WORDS,
            "incidence": list_incidence(inputs, outcome),
            "states": list_states(inputs, outcome),
            "after_hospice": list_after_hospice(inputs, outcome),
            "gray": list_gray(inputs, outcome),
            "models": [list_models(inputs, outcome, event) for event in EVENTS],
        }
        for outcome in _compete(inputs)
    ]


def draw_competing(inputs: ReportInputs) -> Iterator[Drawing]:
    """Yield the figures of each outcome that hospice and death compete for."""
    least = inputs.protocol.analyses.min_at_risk_shown
    for outcome in _compete(inputs):
        states = inputs.rows("states", outcome_id=outcome.id)
        yield Drawing(
            f"incidence_{outcome.id}", "competing",
            "Cumulative incidence (Aalen–Johansen) of discharge to hospice and of death without "
            "it, with 95 % log-log bands. A curve is drawn only while at least "
            f"{least} patients of its group have had neither. Under the axis, by group and at the "
            "end of each day: patients who have had neither and are still followed (at risk), and "
            "who have had that event.",
            "Curves of the two cumulative incidences by cause group; the table has the numbers.",
            draw_incidence(inputs.protocol, outcome.id, states), {"states": states},
        )  # fmt: skip
        yield Drawing(
            f"states_{outcome.id}", "competing",
            "Where patients are on each day (Aalen–Johansen): the height of an area is the share "
            "of patients in that state.",
            "Stacked areas of the four states by day and cause group; the table has the numbers.",
            draw_states(inputs.protocol, outcome.id, states), {"states": states},
        )  # fmt: skip


def _compete(inputs: ReportInputs) -> list[Outcome]:
    asked = {row["outcome_id"].split(":")[0] for row in inputs.estimates("incidence")}
    return [outcome for outcome in inputs.protocol.outcomes if outcome.id in asked]


def _days(rows: Sequence[Row]) -> list[float]:
    return sorted({row["time_days"] for row in rows})


def list_incidence(inputs: ReportInputs, outcome: Outcome) -> Grid:
    """Return the cumulative incidence of each event at the protocol's days, by group."""
    notes, body = Notes(), []
    rows = [r for event in EVENTS for r in _of_event(inputs, "incidence", outcome, event)]
    days = _days(rows)
    for event, words in EVENTS.items():
        found = _of_event(inputs, "incidence", outcome, event)
        for group in inputs.groups:
            at = {row["time_days"]: row for row in found if row["group"] == group}
            last = at.get(days[-1]) or {"n": None, "n_events": None}
            body.append((
                words, name_group(group), format_number(last["n"]),
                format_number(last["n_events"]),
                *(show_percent(at.get(day), notes) for day in days),
            ))  # fmt: skip
    head = ("Event", "Group", "Patients", "Events", *(f"By day {day:g}" for day in days))
    caption = "Which came first: cumulative incidence (95 % intervals)"
    return Grid(caption, head, "ll" + "r" * (len(head) - 2), tuple(body), notes.numbered)


def _of_event(inputs: ReportInputs, analysis_id: str, outcome: Outcome, event: str) -> list[Row]:
    return inputs.estimates(analysis_id, outcome_id=f"{outcome.id}:{event}")


def list_states(inputs: ReportInputs, outcome: Outcome) -> Grid:
    """Return how many patients are in each state at the protocol's days, by group."""
    notes, body = Notes(), []
    rows = inputs.estimates("states", outcome_id=outcome.id)
    days = _days(rows)
    for group in inputs.groups:
        for state in STATES:
            at = {r["time_days"]: r for r in rows if (r["group"], r["term"]) == (group, state)}
            cells = [_counted(at.get(day), notes) for day in days]
            body.append((name_group(group), state, *cells))
    head = ("Group", "State", *(f"On day {day:g}" for day in days))
    caption = "Where patients are: count, and share with its 95 % interval"
    return Grid(caption, head, "ll" + "r" * len(days), tuple(body), notes.numbered)


def _counted(row: Row | None, notes: Notes) -> str:
    share = show_percent(row, notes)
    if row is None or not is_known(row["estimate"]):
        return share
    return f"{format_number(row['n_events'])}; {share}"


def list_after_hospice(inputs: ReportInputs, outcome: Outcome) -> Grid:
    """Return the days lived after discharge to hospice, by group."""
    notes, body = Notes(), []
    for group in inputs.groups:
        rows = inputs.estimates("after_hospice", outcome_id=outcome.id, group=group)
        by_term = {row["term"]: row for row in rows}
        median, unseen = (
            by_term[t] for t in ("median days after discharge", "not seen after discharge")
        )
        body.append((
            name_group(group), format_number(median["n"]), format_number(median["n_events"]),
            show_number(median, notes, 0), format_number(unseen["estimate"]),
        ))  # fmt: skip
    head = ("Group", "Discharged to hospice", "Deaths seen after it",
            "Median days lived (95 % interval)", "Not seen after the discharge")  # fmt: skip
    caption = "Days lived after discharge to hospice"
    return Grid(caption, head, "lrrrr", tuple(body), notes.numbered)


def list_gray(inputs: ReportInputs, outcome: Outcome) -> Grid:
    """Return Gray's test of each event."""
    notes, body = Notes(), []
    for event, words in EVENTS.items():
        for row in _of_event(inputs, "gray", outcome, event):
            how = row["method"].partition(", ")[2] or "χ²"
            body.append((words, _chi_squared(row, notes), show_p(inputs, row), how,
                         format_number(row["n"]), format_number(row["n_events"])))  # fmt: skip
    head = ("Event", "χ²", "p", "Its p from", "Patients", "Events")
    caption = "Gray's test of equal cumulative incidence in all cause groups"
    return Grid(caption, head, "lrrlrr", tuple(body), notes.numbered)


def _chi_squared(row: Row, notes: Notes) -> str:
    if not is_known(row["estimate"]):
        return show_number(row, notes, 1)
    return f"{format_number(row['estimate'], 1)}{notes.mark(row['note'])}"


def list_models(inputs: ReportInputs, outcome: Outcome, event: str) -> Grid:
    """Return cause-specific and subdistribution hazard ratios of one event side by side."""
    notes, body = Notes(), []
    for model, words in MODELS.items():
        cox, fine_gray = (
            _ratios(inputs, f"{kind}_{model}", f"{outcome.id}:{event}")
            for kind in ("cause_specific", "fine_gray")
        )
        for term, row in cox.items():
            beside = fine_gray.get(term) or fine_gray.get("all terms")
            body.append((
                words, name_covariate(label_term(term)), show_ratio(row, notes),
                show_ratio(beside, notes), format_number(row["n"]),
                format_number(row["n_events"]),
            ))  # fmt: skip
    head = ("Model", "Term", "Cause-specific hazard ratio", "Subdistribution hazard ratio",
            "Patients", "Events")  # fmt: skip
    caption = f"Two ratios for {EVENTS[event]} (95 % intervals)"
    return Grid(caption, head, "llrrrr", tuple(body), notes.numbered)


def _ratios(inputs: ReportInputs, analysis_id: str, outcome_id: str) -> dict[str, Row]:
    """Return a model's ratios by term; one for `all terms` where it failed as a whole."""
    rows = find_ratios(inputs.estimates(analysis_id), analysis_id, outcome_id)
    ratios = [row for row in rows if row["term"] not in WHOLE]
    return {row["term"]: row for row in merge_failed(ratios)}
