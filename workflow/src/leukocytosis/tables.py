"""The declared tables: what one row is, its key, and a sentence, unit and domain per column.

The contracts are data. `store` compiles them to SQL checks and into the Parquet files' metadata;
the manual of tables in the documentation is printed from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
Tier = Literal["person", "aggregate"]

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

PRECISIONS = ("second", "day", "month", "year")
DRUG_KINDS = ("ordered", "dispensed", "given")
DISPOSITIONS = (
    "home",
    "hospice",
    "died",
    "facility",
    "other_hospital",
    "against_advice",
    "other",
)
SETTINGS = ("inpatient", "outpatient", "emergency", "observation", "other")
STATUSES = ("met", "not_met", "not_assessed")
CAUSE_GROUPS = ("infection", "plr", "other")
CERTAINTIES = ("definite", "probable", "possible")  # what a reviewer may say
SAMPLINGS = ("random", "stratified", "active")
ADJUDICATED_BY = ("one reviewer", "agreement", "consensus", "open", "unanswered")
GRADES = ("definite", "probable", "possible", "refractory")


@dataclass(frozen=True)
class Column:
    """A column: its type, what it says, its unit, whether it may be missing, its domain."""

    name: str
    kind: Kind
    says: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def sql_type(self) -> str:
        """Return DuckDB's name for the column's type."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """A table: what one row is, its key (unique, in sort order) and its columns in order."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    tier: Tier = "person"
    unique: bool = True  # whether the key names one row; it always gives the order

    @property
    def names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def text(name: str, says: str, allowed: tuple[str, ...] | None = None) -> Column:
    """Return a text column that is never missing."""
    return Column(name, "text", says, allowed=allowed)


def number(name: str, says: str, unit: str | None = None) -> Column:
    """Return a number column that is never missing."""
    return Column(name, "number", says, unit)


def integer(name: str, says: str, unit: str | None = None) -> Column:
    """Return a whole-number column that is never missing."""
    return Column(name, "integer", says, unit)


def maybe(column: Column) -> Column:
    """Return the column, allowed to be missing."""
    return replace(column, nullable=True)


def count(name: str, says: str) -> Column:
    """Return a column of counts: whole numbers from 0."""
    return Column(name, "integer", says, unit="count", at_least=0)


PATIENT_ID = text("patient_id", "The patient, as the extract names them.")
ENCOUNTER_ID = maybe(text("encounter_id", "The encounter the record belongs to, if it says."))
EPISODE_ID = text("episode_id", "The index episode: one a patient, the patient's id.")
DAY = integer("days_from_index", "Calendar date minus the index date; the index day is 0.", "days")
LAST_DAY = integer(
    "last_day_from_index",
    "Last day the record can lie on: end of an interval, or of the month of a month-only date.",
    "days",
)

PATIENTS = Table(
    "patients",
    "patient",
    ("patient_id",),
    (
        PATIENT_ID,
        maybe(text("sex", "Sex as recorded.", ("female", "male"))),
        maybe(Column("birth_year", "integer", "Year of birth.", "year", at_least=1850)),
        maybe(Column("observed_from_on", "date", "First day on which events could be seen.")),
        maybe(
            Column("observed_until_on", "date", "Last day on which a death would have been seen.")
        ),
    ),
)

DEATHS = Table(
    "deaths",
    "death",
    ("patient_id",),
    (
        PATIENT_ID,
        Column("died_on", "date", "Day of death."),
        text("death_source", "Which record says so: hospital, registry, …"),
    ),
)

ENCOUNTERS = Table(
    "encounters",
    "encounter",
    ("encounter_id",),
    (
        text("encounter_id", "The encounter."),
        PATIENT_ID,
        Column("started_at", "timestamp", "Start of the encounter, local clock."),
        maybe(Column("ended_at", "timestamp", "End of the encounter, local clock.")),
        maybe(text("setting", "Where.", SETTINGS)),
        maybe(text("disposition", "Where the patient went on discharge.", DISPOSITIONS)),
    ),
)

LABS = Table(
    "labs",
    "result",
    ("lab_id",),
    (
        text("lab_id", "The result: the extract's own id, or the row's place in its file."),
        PATIENT_ID,
        ENCOUNTER_ID,
        Column("taken_at", "timestamp", "When the specimen was taken, local clock."),
        text("taken_precision", "How finely that time is known.", PRECISIONS),
        text("code_system", "The system of `code`."),
        text("code", "The code as the extract has it."),
        text("concept", "The codelist the code belongs to."),
        Column("value", "number", "The result in the concept's standard unit.", "see `unit`"),
        text("unit", "The concept's standard unit."),
        maybe(text("value_text", "The result as printed.")),
        maybe(text("comparator", "`<` or `>` when the laboratory printed a bound.", ("<", ">"))),
        maybe(text("specimen", "The specimen as printed.")),
    ),
)

DIAGNOSES = Table(
    "diagnoses",
    "coded entry",
    ("diagnosis_id",),
    (
        text("diagnosis_id", "The entry: the extract's own id, or the row's place in its file."),
        PATIENT_ID,
        ENCOUNTER_ID,
        Column("recorded_at", "timestamp", "When the code was recorded, local clock."),
        text("recorded_precision", "How finely that time is known.", PRECISIONS),
        text("code_system", "ICD-10-CM or ICD-9-CM."),
        text("code", "The code, upper case, without dots."),
        maybe(integer("position", "Place of the code in the encounter's list.")),
    ),
)

DRUGS = Table(
    "drugs",
    "order, supply or dose",
    ("drug_id",),
    (
        text("drug_id", "The row: the extract's own id, or the row's place in its file."),
        PATIENT_ID,
        ENCOUNTER_ID,
        Column("started_at", "timestamp", "First (or only) time of the drug, local clock."),
        maybe(Column("ended_at", "timestamp", "Last time of the drug; missing means the start.")),
        maybe(text("code_system", "The system of `code`.")),
        maybe(text("code", "The drug's code, if the extract codes drugs.")),
        maybe(text("name", "The drug as printed.")),
        maybe(number("dose", "One dose.", "see `dose_unit`")),
        maybe(text("dose_unit", "Unit of `dose` as printed.")),
        maybe(number("doses_per_day", "How many such doses a day.", "1/day")),
        maybe(text("route", "The route as printed.")),
        text("kind", "What the row records.", DRUG_KINDS),
        Column(
            "doses_recorded",
            "boolean",
            "Whether the row's encounter has any dose on record as given, of whatever drug.",
        ),
    ),
)

MICROBIOLOGY = Table(
    "microbiology",
    "specimen × test × organism",
    ("micro_id",),
    (
        text("micro_id", "The row: the extract's own id, or the row's place in its file."),
        PATIENT_ID,
        ENCOUNTER_ID,
        text("specimen_id", "The specimen."),
        Column("collected_at", "timestamp", "When the specimen was taken, local clock."),
        text("collected_precision", "How finely that time is known.", PRECISIONS),
        text("specimen", "The specimen as printed."),
        maybe(text("test", "The test as printed.")),
        text("result", "positive, negative or pending.", ("positive", "negative", "pending")),
        maybe(text("organism", "The organism as printed, when one was named.")),
    ),
)

REJECTS = Table(
    "rejects",
    "raw row left out or changed, and why",
    ("source", "source_row", "rule_id"),
    (
        text("source", "The raw file, by its name in the manifest."),
        text("source_row", "The row: its id in the file, or its place (1 = first data row)."),
        text("table", "The canonical table it was meant for."),
        text("rule_id", "The rule that decided."),
        text("action", "What happened to the row.", ("rejected", "changed")),
        maybe(text("column", "The column the rule looked at.")),
    ),
    unique=False,  # a row exported three times is refused twice under one id
)

LEDGER = Table(
    "ledger",
    "raw file × canonical table × what became of its rows",
    ("source", "table", "fate", "rule_id"),
    (
        text("source", "The raw file, by its name in the manifest."),
        text("table", "The canonical table."),
        text("fate", "kept, rejected or outside every codelist.", ("kept", "rejected", "outside")),
        text("rule_id", "The rule that decided; `kept` and `outside` name themselves."),
        count("n_rows", "How many raw rows."),
    ),
    tier="aggregate",
)

QUALITY = Table(
    "quality",
    "table × column × check",
    ("table", "column", "check"),
    (
        text("table", "The canonical table."),
        text("column", "The column looked at."),
        text("check", "The check."),
        count("n_broken", "Rows that break it."),
        count("n_rows", "Rows it looked at."),
        number("threshold", "Share of broken rows that is still acceptable.", "fraction"),
        text("status", "pass or look.", ("pass", "look")),
    ),
    tier="aggregate",
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
        maybe(text("tumour_group", "Group of the solid tumour, by its latest code up to index.")),
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

REVIEW_KEY = Table(
    "review_key",
    "chart drawn for review (a CSV, to be kept with the answers)",
    ("review_id",),
    (
        text("review_id", "The number the reviewers see: drawn at random, no patient's id."),
        EPISODE_ID,
        text("study", "The study the chart was drawn for."),
        text("extract", "The extract it was drawn from."),
        text("sampling", "How charts were drawn.", SAMPLINGS),
        text("stratum", "The cause by the rules at the draw; `all` where it was not stratified."),
        count("n_stratum", "Episodes of the stratum."),
        count("n_drawn", "Charts drawn from it."),
    ),
)

REVIEWS = Table(
    "reviews",
    "chart × reviewer",
    ("episode_id", "reviewer"),
    (
        EPISODE_ID,
        text("reviewer", "Who answered, by the name given in the form."),
        text("review_id", "The number the reviewer saw."),
        text("cause", "The cause the reviewer sees, or undetermined."),
        text("certainty", "How certain the reviewer is.", CERTAINTIES),
        maybe(text("comment", "What the reviewer wrote.")),
    ),
)

ADJUDICATIONS = Table(
    "adjudications",
    "chart drawn for review",
    ("episode_id",),
    (
        EPISODE_ID,
        text("review_id", "The number the reviewers saw."),
        maybe(text("cause", "The adjudicated cause; missing while it is not settled.")),
        maybe(text("certainty", "How certain: the least certain of those who agree.", CERTAINTIES)),
        text("how", "What the cause rests on.", ADJUDICATED_BY),
        count("n_reviewers", "Reviewers who answered."),
        text("sampling", "How charts were drawn.", SAMPLINGS),
        text("stratum", "The stratum it was drawn from."),
        count("n_stratum", "Episodes of the stratum at the draw."),
        Column("in_use", "boolean", "Whether its cause stands in `causes` for that of the rules."),
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

ESTIMATES = Table(
    "estimates",
    "number",
    ("analysis_id", "outcome_id", "group", "term", "time_days"),
    (
        text("analysis_id", "The analysis."),
        text("outcome_id", "The outcome, or `-`."),
        text("group", "The group, or `all`."),
        text("term", "What was estimated."),
        maybe(number("time_days", "At what time.", "days")),
        maybe(number("estimate", "The number.")),
        maybe(number("ci_low", "Lower end of the 95 % interval.")),
        maybe(number("ci_high", "Upper end of the 95 % interval.")),
        maybe(number("p_value", "Two-sided p value.")),
        maybe(count("n", "Patients it rests on.")),
        maybe(count("n_events", "Events it rests on.")),
        text("method", "How it was computed."),
        maybe(text("note", "What a reader must know; why it cannot be estimated.")),
    ),
    tier="aggregate",
)

TABLE_ONE = Table(
    "table_one",
    "variable × level × group",
    ("variable", "level", "group"),
    (
        text("variable", "The variable."),
        text("level", "Its level, or `-`."),
        text("group", "Cause group, cause or `all`."),
        count("n", "Patients with a value."),
        count("n_missing", "Patients without."),
        text("statistic", "median or percent.", ("median", "percent")),
        maybe(number("value", "The median, or the percentage.")),
        maybe(number("spread_low", "First quartile, or the count behind a percentage.")),
        maybe(number("spread_high", "Third quartile.")),
    ),
    tier="aggregate",
)

CURVES = Table(
    "curves",
    "group × time of a Kaplan–Meier curve",
    ("outcome_id", "group", "time_days"),
    (
        text("outcome_id", "The outcome."),
        text("group", "The cause group, or `all`."),
        number("time_days", "Time since the index.", "days"),
        count("n_at_risk", "At risk just before that time."),
        count("n_events", "Events at that time."),
        count("n_censored", "Censored at that time."),
        number("survival", "Kaplan–Meier estimate just after that time.", "fraction"),
        maybe(number("ci_low", "Lower end of the 95 % log-log interval.")),
        maybe(number("ci_high", "Upper end of the 95 % log-log interval.")),
    ),
    tier="aggregate",
)

STATES = Table(
    "states",
    "group × state × time of an outcome whose events compete",
    ("outcome_id", "group", "state", "time_days"),
    (
        text("outcome_id", "The outcome."),
        text("group", "The cause group, or `all`."),
        text("state", "One of four states that add up to 1, or `ever in hospice`."),
        number("time_days", "Time since the index.", "days"),
        count("n", "Patients seen in the state."),
        number("probability", "Aalen–Johansen estimate just after that time.", "fraction"),
        maybe(number("ci_low", "Lower end of the 95 % log-log interval.")),
        maybe(number("ci_high", "Upper end of the 95 % log-log interval.")),
    ),
    tier="aggregate",
)

SCORECARD = Table(
    "scorecard",
    "published number",
    ("claim_id",),
    (
        text("claim_id", "The claim."),
        text("text", "What the paper says, in our words."),
        maybe(number("published", "The published number.")),
        maybe(text("unit", "count, percent or days.")),
        maybe(number("estimate", "Ours.")),
        maybe(number("ci_low", "Lower end of our 95 % interval.")),
        maybe(number("ci_high", "Upper end of our 95 % interval.")),
        text(
            "verdict", "What it amounts to.", ("reproduced", "differs", "cannot be assessed here")
        ),
        maybe(text("reason", "Why.")),
    ),
    tier="aggregate",
)

ACCURACY = Table(
    "accuracy",
    "cause × measure of the rules against the planted truth",
    ("cause", "measure"),
    (
        text("cause", "The cause."),
        text("measure", "sensitivity or positive predictive value.", ("sensitivity", "ppv")),
        maybe(number("estimate", "The proportion.", "fraction")),
        maybe(number("ci_low", "Lower end of the 95 % Wilson interval.")),
        maybe(number("ci_high", "Upper end of the 95 % Wilson interval.")),
        count("n_right", "Episodes the rules label rightly."),
        count("n", "Episodes with the cause in truth (sensitivity) or by the rules (ppv)."),
    ),
    tier="aggregate",
)


VARIANT = count("variant", "The variant; 0 is the study's own.")
MULTIVERSE = Table(
    "multiverse",
    "number of a variant",
    ("variant", "analysis_id", "group", "term", "time_days"),
    (
        VARIANT,
        text("analysis_id", "What it is.", ("cause_shares", "risk", "hazard_ratio")),
        text("group", "The cause group, or `all`."),
        text("term", "What was estimated: a cause, `risk`, or the contrast."),
        maybe(number("time_days", "Up to which day; none for shares.", "days")),
        maybe(number("estimate", "The number.")),
        maybe(number("ci_low", "Lower end of the 95 % interval.")),
        maybe(number("ci_high", "Upper end of the 95 % interval.")),
        maybe(count("n", "Patients it rests on.")),
        maybe(count("n_events", "Events (or patients with the cause) it rests on.")),
        maybe(text("note", "What a reader must know; why it cannot be estimated.")),
    ),
    tier="aggregate",
)

VARIANTS = Table(
    "variants",
    "decision of a variant",
    ("variant", "decision"),
    (
        VARIANT,
        text(
            "family",
            "The study's own, one option alone, a drawn combination, or the threshold curve.",
            ("own", "alone", "drawn", "threshold"),
        ),
        text("decision", "The decision, or `threshold_curve`."),
        text("option", "The option taken, `own` for that of the study; or the threshold."),
    ),
    tier="aggregate",
)

DECISIONS = Table(
    "decisions",
    "decision",
    ("decision",),
    (
        text("decision", "The decision; `together` for decisions acting together."),
        text("title", "In words."),
        count("n_variants", "Drawn variants with a hazard ratio."),
        maybe(number("explained", "Share of the variance of the log hazard ratio.", "fraction")),
        maybe(text("note", "Why there is no share, or why it is not varied.")),
    ),
    tier="aggregate",
)

OPTIONS = Table(
    "options",
    "option of a decision",
    ("decision", "option"),
    (
        text("decision", "The decision."),
        text("option", "The option; `own` is the study's choice."),
        text("title", "In words."),
        maybe(text("basis", "stated or operationalised.", ("stated", "operationalised"))),
        maybe(text("source", "Why somebody might choose it.")),
        count("n_variants", "Drawn variants with it."),
        count("n_estimated", "Of these, with a hazard ratio."),
        maybe(count("n_other_side", "Of these, pointing the other way than the study's own.")),
        maybe(count("n_other_verdict", "Of these, whose interval lies otherwise beside 1.")),
        maybe(text("note", "What a reader must know; why it cannot be varied.")),
    ),
    tier="aggregate",
)


def describe_table(table: Table) -> str:
    """Return a table's contract as Markdown: what one row is, its key, and every column."""
    lines = [
        f"## {table.name}",
        "",
        f"One row per {table.row}. Key: {', '.join(f'`{key}`' for key in table.key)}. "
        f"{'Person-level: never leaves.' if table.tier == 'person' else 'Aggregate.'}",
        "",
        "| column | type | unit | may be missing | says |",
        "|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_describe_column(column) for column in table.columns]) + "\n"


def _describe_column(column: Column) -> str:
    says = column.says + (f" One of: {', '.join(column.allowed)}." if column.allowed else "")
    missing = "yes" if column.nullable else "no"
    return f"| `{column.name}` | {column.kind} | {column.unit or ''} | {missing} | {says} |"


def describe_tables() -> str:
    """Return the manual of tables, printed from the contracts."""
    head = "# Tables\n\nPrinted from the contracts: `leukocytosis tables > docs/tables.md`.\n"
    return "\n".join([head, *(describe_table(table) for table in ALL)])


CANONICAL = (PATIENTS, DEATHS, ENCOUNTERS, LABS, DIAGNOSES, DRUGS, MICROBIOLOGY)
EVENT_TIMES = {  # table → (start, end or precision) columns that place a record in time
    "encounters": ("started_at", "ended_at"),
    "labs": ("taken_at", "taken_precision"),
    "diagnoses": ("recorded_at", "recorded_precision"),
    "drugs": ("started_at", "ended_at"),
    "microbiology": ("collected_at", "collected_precision"),
}


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
        (
            EPISODE_ID,
            text("primary_cause", "The cause the protocol's order chooses."),
            text("cause_group", "Its group.", CAUSE_GROUPS),
            text("grade", "How certain.", GRADES),
            text("all_causes", "Every cause that holds, joined by `+`."),
            number("wbc_1e9_per_l", "The index count.", "10*9/L"),
            number("log2_wbc", "log₂ of the index count in 10*9/L."),
            maybe(integer("age_at_index_years", "Age at the index.", "years")),
            maybe(text("sex", "Sex as recorded.", ("female", "male"))),
            maybe(text("tumour_group", "Group of the solid tumour.")),
            maybe(Column("metastatic", "boolean", "Metastasis coded up to the index.")),
            maybe(number("neutrophil_percent", "Neutrophils of the index differential.", "%")),
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
            *follow_up,
        ),
    )


COHORT = tuple(cohort_table(table) for table in CANONICAL if table.name in EVENT_TIMES)
ALL = (
    *CANONICAL,
    REJECTS,
    LEDGER,
    QUALITY,
    EPISODES,
    ATTRITION,
    *COHORT,
    EVIDENCE,
    EVIDENCE_EVENTS,
    CAUSES,
    CAUSES_PRESENT,
    REVIEW_KEY,
    REVIEWS,
    ADJUDICATIONS,
    OUTCOMES,
    OUTCOMES_OTHERWISE,
    ESTIMATES,
    TABLE_ONE,
    CURVES,
    STATES,
    SCORECARD,
    ACCURACY,
    MULTIVERSE,
    VARIANTS,
    DECISIONS,
    OPTIONS,
)
BY_NAME = {table.name: table for table in ALL}
