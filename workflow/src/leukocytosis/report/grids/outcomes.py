"""Causes and outcomes: what became of the patients of each cause, and survival on fixed days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leukocytosis.config.protocol import Outcome
from leukocytosis.figures.survival import is_survival
from leukocytosis.prose import capital, name_cause, name_group
from leukocytosis.report.grids.cells import show_percent
from leukocytosis.report.grids.grid import Grid, Notes
from leukocytosis.report.grids.order import place_of_cause, title_outcome
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import format_number, is_known

EVENTS = {"death": "Deaths", "hospice": "Discharged to hospice"}
FIRST = {"death": "Deaths, first", "hospice": "Hospice, first"}
HIDDEN = "hidden"


@dataclass(frozen=True)
class Line:
    """A row of these tables: everybody, a cause group or (`cause`) a cause of it."""

    label: str
    group: str
    cause: str | None = None

    def find(self, inputs: ReportInputs, analysis_id: str, **at: object) -> Row | None:
        """Return the row of an analysis that is about these patients."""
        if self.cause:
            wanted = {"group": self.group, "term": self.cause, **at}
            return inputs.estimate(f"{analysis_id}_by_cause", **wanted)
        return inputs.estimate(analysis_id, group=self.group, **at)


def _list_lines(inputs: ReportInputs) -> Iterator[Line]:
    """Yield everybody, then each cause group, then its causes where it has more than one."""
    yield Line(name_group("all"), "all")
    found = {(row["group"], row["term"]) for row in inputs.estimates("risk_by_cause")}
    for group in inputs.protocol.analyses.groups:
        yield Line(name_group(group), group)
        causes = [cause for of, cause in found if of == group]
        if len(causes) > 1:
            for cause in sorted(causes, key=lambda cause: (place_of_cause(inputs, cause), cause)):
                yield Line(f"{name_group(group)}: {name_cause(inputs.protocol, cause)}", group,
                           cause)  # fmt: skip


def list_outcomes(inputs: ReportInputs) -> Grid:
    """Return per cause its share, and per outcome its events by kind, their sum and the risk."""
    notes = Notes()
    outcomes = [o for o in inputs.protocol.outcomes if inputs.estimates("risk", outcome_id=o.id)]
    head = ["", "Patients", "Share (95 % interval)"]
    for outcome in outcomes:
        head += _head(outcome)
    rows = [
        (line.label, *_share(inputs, line, notes),
         *(cell for outcome in outcomes for cell in _tell(inputs, line, outcome, notes)))
        for line in _list_lines(inputs)
    ] if outcomes else []  # fmt: skip
    several = any(len(outcome.events) > 1 for outcome in outcomes)
    under = ("First: of death and discharge to hospice, the one that came first.",) * several
    return Grid(
        "Causes and outcomes", tuple(head), "l" + "r" * (len(head) - 1), tuple(rows),
        (*under, "Risk: 1 − Kaplan–Meier.", *notes.numbered),
    )  # fmt: skip


def _head(outcome: Outcome) -> Iterator[str]:
    day = f"by day {outcome.horizon_days}"
    if len(outcome.events) > 1:
        yield from (f"{FIRST[event]}, {day}" for event in outcome.events)
        yield f"Either, {day}"
    else:
        yield f"{EVENTS[outcome.events[0]]}, {day}"
    yield f"Risk {day} (95 % interval)"


def _share(inputs: ReportInputs, line: Line, notes: Notes) -> tuple[str, str]:
    if line.group == "all":
        return format_number(inputs.n_cohort), "100 %"
    analysis = "cause_shares" if line.cause else "group_shares"
    row = inputs.estimate(analysis, term=line.cause or line.group)
    if row is None or is_hidden(row):
        return HIDDEN, HIDDEN
    return format_number(row["n_events"]), show_percent(row, notes)


def _tell(inputs: ReportInputs, line: Line, outcome: Outcome, notes: Notes) -> Iterator[str]:
    day = float(outcome.horizon_days)
    risk = line.find(inputs, "risk", outcome_id=outcome.id, time_days=day)
    if len(outcome.events) > 1:
        for event in outcome.events:
            yield _count(_find_events(inputs, line, outcome, event, day), notes)
    yield _count(risk, notes)
    yield show_percent(risk, notes)


def _find_events(
    inputs: ReportInputs, line: Line, outcome: Outcome, event: str, day: float
) -> Row | None:
    analysis = "events" if line.cause else "incidence"
    return line.find(inputs, analysis, outcome_id=f"{outcome.id}:{event}", time_days=day)


def _count(row: Row | None, notes: Notes) -> str:
    if row is None:
        return "not asked for"
    if is_hidden(row):
        return HIDDEN
    if not is_known(row["estimate"]) and row["note"]:
        return f"cannot be estimated{notes.mark(row['note'])}"
    return format_number(row["n_events"])


def list_survival(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return survival (or risk) and those at risk on the protocol's days, by group and cause."""
    analysis = "survival" if is_survival(inputs.protocol, outcome_id) else "risk"
    found = inputs.estimates(analysis, outcome_id=outcome_id)
    days = sorted({row["time_days"] for row in found if is_known(row["time_days"])})
    notes = Notes()
    rows = [
        (line.label, _size(line, inputs, outcome_id, analysis, days[-1]),
         *(_on_day(inputs, line, outcome_id, analysis, day, notes) for day in days))
        for line in _list_lines(inputs)
    ] if days else []  # fmt: skip
    what = "Alive on day" if analysis == "survival" else "Risk by day"
    head = ("", "Patients", *(f"{what} {day:g} (95 % interval); at risk" for day in days))
    title = title_outcome(inputs, outcome_id)
    caption = f"{capital(title)}: on fixed days (Kaplan–Meier)"
    under = "After the semicolon: followed to that day without the outcome before it."
    return Grid(caption, head, "l" + "r" * (len(head) - 1), tuple(rows), (under, *notes.numbered))


def _size(line: Line, inputs: ReportInputs, outcome_id: str, analysis: str, day: float) -> str:
    row = line.find(inputs, analysis, outcome_id=outcome_id, time_days=day)
    return format_number(row["n"]) if row and is_known(row["n"]) else HIDDEN


def _on_day(
    inputs: ReportInputs, line: Line, outcome_id: str, analysis: str, day: float, notes: Notes
) -> str:
    row = line.find(inputs, analysis, outcome_id=outcome_id, time_days=day)
    share = HIDDEN if row is not None and is_hidden(row) else show_percent(row, notes)
    at_risk = line.find(inputs, "at_risk", outcome_id=outcome_id, time_days=day)
    if share == HIDDEN or at_risk is None or not is_known(at_risk["estimate"]):
        return share
    return f"{share}; {format_number(at_risk['estimate'])}"
