"""The protocol's order of causes, groups and outcomes, and what readers call an outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leukocytosis.report.inputs import ReportInputs, Row

EVENTS = {"hospice": "discharge to hospice", "death": "death without hospice"}


def place_of_cause(inputs: ReportInputs, term: str) -> int:
    """Return where a cause or group stands in the protocol; what it does not name comes last."""
    causes = [cause.id for cause in inputs.protocol.causes]
    order = [*causes, *inputs.protocol.analyses.groups, "plr_narrow", "plr_wide"]
    return order.index(term) if term in order else len(order)


def place_of(inputs: ReportInputs, name: str, grouped_by: str) -> int:
    """Return where a cause, or a cause group, stands in the protocol; unnamed ones come last."""
    causes = tuple(cause.id for cause in inputs.protocol.causes)
    order = causes if grouped_by == "cause" else inputs.protocol.analyses.groups
    return order.index(name) if name in order else len(order)


def in_order(inputs: ReportInputs, rows: Sequence[Row], column: str) -> list[Row]:
    """Return rows in the order of the groups that a column names, everybody first."""
    order = inputs.groups
    return sorted(rows, key=lambda row: [*order, row[column]].index(row[column]))


def most_first(row: Row) -> tuple[float, str]:
    """Return what sorts rows by their count, the largest first, then by their term."""
    return (-(row["n_events"] or 0), row["term"])


def of_outcomes(inputs: ReportInputs) -> Callable[[Row], int]:
    """Return what sorts rows by outcome."""
    order = [outcome.id for outcome in inputs.protocol.outcomes]
    return lambda row: order.index(row["outcome_id"])


def title_outcome(inputs: ReportInputs, outcome_id: str) -> str:
    """Return the title of an outcome, or of one of its competing events."""
    outcome, _, event = outcome_id.partition(":")  # of several events, one
    title = {o.id: o.title for o in inputs.protocol.outcomes}.get(outcome, outcome)
    return f"{title} ({EVENTS[event]})" if event else title
