"""What became of each episode, and the set the estimates are made from."""

from __future__ import annotations

from collections.abc import Iterable

from leukocytosis.tables.causes import CAUSE_GROUPS, GRADES
from leukocytosis.tables.cohort import EPISODE_ID
from leukocytosis.tables.contract import Column, Table, integer, maybe, number, text

OUTCOMES = Table(
    "outcomes",
    "episode × outcome",
    ("episode_id", "outcome_id"),
    (
        EPISODE_ID,
        text("outcome_id", "The outcome of the protocol."),
        Column("days", "number", "Index to event or censoring.", "days", at_least=0),
        Column("status", "integer", "0 censored, 1 event, 2 competing.", at_least=0, at_most=2),
        text("ended_by", "What ended follow-up: death, hospice, horizon, end of observation."),
        maybe(text("source_table", "Table of the record that ended it.")),
        maybe(text("source_id", "That record.")),
    ),
)

OUTCOMES_OTHERWISE = Table(
    "outcomes_otherwise",
    "episode × other rule",
    ("episode_id", "rule"),
    (
        EPISODE_ID,
        text("rule", "The other horizon or end of observation, for the primary contrast."),
        Column("days", "number", "Index to event or censoring.", "days", at_least=0),
        Column("status", "integer", "0 censored, 1 event.", at_least=0, at_most=1),
    ),
)


_CAUSE = (
    text("primary_cause", "The cause the protocol's order chooses."),
    text("cause_group", "Its group.", CAUSE_GROUPS),
    text("grade", "How certain.", GRADES),
    text("all_causes", "Every cause that holds, joined by `+`."),
)
_COVARIATES = (
    number("wbc_1e9_per_l", "The index count.", "10*9/L"),
    number("log2_wbc", "log₂ of the index count in 10*9/L."),
    maybe(integer("age_at_index_years", "Age at the index.", "years")),
    maybe(text("sex", "Sex as recorded.", ("female", "male"))),
    maybe(text("tumour_group", "Group of the tumour; `none_coded` without any.")),
    maybe(Column("metastatic", "boolean", "Metastasis coded up to the index.")),
    maybe(number("neutrophil_percent", "Neutrophils of the index differential.", "%")),
)
_KNOWN_DAYS = (
    maybe(integer("metastatic_known_day", "Day of the record behind it.", "days")),
    maybe(integer("neutrophil_percent_known_day", "Day of the differential.", "days")),
    maybe(
        integer(
            "cause_group_known_day",
            "Day of the last record the cause rests on; of PLR, which rests on "
            "nothing found, the last day of the windows looked at.",
            "days",
        )
    ),
)
_TREATMENT = (
    maybe(
        integer(
            "treated_day",
            "First day of the protocol's treatment after the index; missing: none "
            "on record, or no treatment asked for.",
            "days",
        )
    ),
    Column(
        "treatment_assessed",
        "boolean",
        "Whether the extract has any drug on record after the index of anybody.",
    ),
)


def analysis_set_table(outcome_ids: Iterable[str]) -> Table:
    """Return the contract of `analysis_set`: its follow-up columns are named by the outcomes."""
    follow_up = [
        column
        for outcome in outcome_ids
        for column in (
            Column(f"{outcome}_days", "number", f"Index to the end of {outcome}.", "days"),
            Column(f"{outcome}_status", "integer", "0 censored, 1 event, 2 competing."),
            text(f"{outcome}_ended_by", f"What ended the follow-up of {outcome}."),
        )
    ]
    return Table(
        "analysis_set",
        "episode",
        ("episode_id",),
        (EPISODE_ID, *_CAUSE, *_COVARIATES, *_KNOWN_DAYS, *_TREATMENT, *follow_up),
    )
