"""The seven tables every extract is read into, and what became of its rows."""

from __future__ import annotations

from leukocytosis.tables.contract import Column, Table, count, integer, maybe, number, text

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
PATIENT_ID = text("patient_id", "The patient, as the extract names them.")
ENCOUNTER_ID = maybe(text("encounter_id", "The encounter the record belongs to, if it says."))

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
        maybe(Column("died_on", "date", "Day of death; missing where none on record is believed.")),
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

RAW_FILES = Table(
    "raw_files",
    "raw file",
    ("source", "number"),
    (
        text("source", "The entry of the manifest it belongs to; its own name stays unsaid."),
        Column("number", "integer", "Its place among the files of the entry.", at_least=1),
        count("n_bytes", "Its size in bytes."),
        text("sha256", "SHA-256 of its bytes, in hexadecimal."),
    ),
    tier="aggregate",
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
        maybe(count("n_rows", "How many raw rows; missing where a policy hides so few.")),
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
        maybe(count("n_broken", "Rows that break it; missing where a policy hides so few.")),
        count("n_rows", "Rows it looked at."),
        number("threshold", "Share of broken rows that is still acceptable.", "fraction"),
        text("status", "pass or look.", ("pass", "look")),
    ),
    tier="aggregate",
)

CODELISTS = Table(
    "codelists",
    "codelist × canonical table",
    ("codelist", "table"),
    (
        text("codelist", "The codelist."),
        text("table", "The canonical table its codes or names are looked up in."),
        count("n_codes", "Codes or names of the list that could occur there."),
        maybe(count("n_codes_found", "How many do; missing where it cannot be told.")),
        maybe(count("n_rows", "Rows that carry one.")),
        maybe(count("n_patients", "Patients who have such a row.")),
        maybe(text("note", "Why there is no count: no such table, or the policy hides it.")),
    ),
    tier="aggregate",
)
CANONICAL = (PATIENTS, DEATHS, ENCOUNTERS, LABS, DIAGNOSES, DRUGS, MICROBIOLOGY)
EVENT_TIMES = {  # table → (start, end or precision) columns that place a record in time
    "encounters": ("started_at", "ended_at"),
    "labs": ("taken_at", "taken_precision"),
    "diagnoses": ("recorded_at", "recorded_precision"),
    "drugs": ("started_at", "ended_at"),
    "microbiology": ("collected_at", "collected_precision"),
}
