"""The cohort: its episodes, how they were selected, and their events around the index."""

from __future__ import annotations

from leukocytosis.tables.canonical import CANONICAL, ENCOUNTER_ID, EVENT_TIMES, PATIENT_ID
from leukocytosis.tables.contract import Column, Table, count, integer, maybe, number, text

EPISODE_ID = text("episode_id", "The index episode: one a patient, the patient's id.")
DAY = integer("days_from_index", "Calendar date minus the index date; the index day is 0.", "days")
LAST_DAY = integer(
    "last_day_from_index",
    "Last day the record can lie on: end of an interval, or of the month of a month-only date.",
    "days",
)

EPISODES = Table(
    "episodes",
    "index episode: the patient's first count above the threshold",
    ("episode_id",),
    (
        EPISODE_ID,
        PATIENT_ID,
        Column("index_at", "timestamp", "When the index count was taken."),
        Column("index_on", "date", "The index date: day 0."),
        number("wbc_1e9_per_l", "The index count.", "10*9/L"),
        number("peak_wbc_1e9_per_l", "Highest count from day 0 to day 84.", "10*9/L"),
        integer("peak_day", "Day of that peak (the first, on a tie).", "days"),
        maybe(integer("age_at_index_years", "Index year minus year of birth.", "years")),
        maybe(text("sex", "Sex as recorded.", ("female", "male"))),
        maybe(text("tumour_group", "Group of the tumour, by its latest code the study counts.")),
        ENCOUNTER_ID,
    ),
)

ATTRITION = Table(
    "attrition",
    "step of the selection",
    ("step",),
    (
        Column("step", "integer", "Order of the step, from 0.", at_least=0),
        text("reason_id", "The criterion."),
        text("reason", "The criterion in words."),
        count("n_patients_before", "Patients before the step."),
        count("n_patients_left", "Patients after it."),
    ),
    tier="aggregate",
)


def cohort_table(table: Table) -> Table:
    """Return the contract of `cohort_<table>`: the events of the cohort, placed around the index.

    One row per event and episode; `days_from_index` and `last_day_from_index` bound the days the
    record can lie on (both included).
    """
    return Table(
        f"cohort_{table.name}",
        f"{table.row} × episode",
        ("episode_id", *table.key),
        (EPISODE_ID, *table.columns, DAY, LAST_DAY),
    )


COHORT = tuple(cohort_table(table) for table in CANONICAL if table.name in EVENT_TIMES)
