"""What was found for each episode, and the cause it makes."""

from __future__ import annotations

from leukocytosis.tables.cohort import DAY, EPISODE_ID
from leukocytosis.tables.contract import Column, Table, count, integer, maybe, text

STATUSES = ("met", "not_met", "not_assessed")
CAUSE_GROUPS = ("infection", "plr", "other")
CERTAINTIES = ("definite", "probable", "possible")  # of a cause that may decide
GRADES = (*CERTAINTIES, "refractory")

EVIDENCE = Table(
    "evidence",
    "episode × rule",
    ("episode_id", "rule_id"),
    (
        EPISODE_ID,
        text("rule_id", "The evidence rule of the protocol."),
        text("status", "Whether it was met, looked for and not met, or not seen.", STATUSES),
        count("n_events", "Records that meet it."),
        maybe(integer("first_day", "Day of the first of them.", "days")),
        maybe(integer("last_day", "Day of the last of them.", "days")),
        maybe(text("note", "Why the status is not_assessed.")),
    ),
)

EVIDENCE_EVENTS = Table(
    "evidence_events",
    "record behind a met rule",
    ("episode_id", "rule_id", "source_table", "event_id"),
    (
        EPISODE_ID,
        text("rule_id", "The evidence rule."),
        text("source_table", "The canonical table of the record."),
        text("event_id", "The record's id there."),
        DAY,
    ),
)

CAUSES = Table(
    "causes",
    "episode",
    ("episode_id",),
    (
        EPISODE_ID,
        text("primary_cause", "The cause the protocol's order chooses."),
        text("cause_group", "Its group.", CAUSE_GROUPS),
        text("grade", "How certain.", GRADES),
        text("all_causes", "Every cause that holds, in the protocol's order, joined by `+`."),
        text("decided_by", "The precedence step or rule that decided."),
        text("source", "rules or adjudicated.", ("rules", "adjudicated")),
        text("rule_cause", "The cause by the rules, whether or not a review replaced it."),
        text("rule_grade", "How certain by the rules.", GRADES),
    ),
)

CAUSES_PRESENT = Table(
    "causes_present",
    "episode × cause that is present in it",
    ("episode_id", "cause"),
    (
        EPISODE_ID,
        text("cause", "A cause that holds before precedence."),
        text("grade", "How certain; refractory: treated, and no longer explaining.", GRADES),
        Column("decides", "boolean", "Whether it is the primary cause."),
    ),
)
