"""Checks of the canonical tables, one small query each; every result says how many of how many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leukocytosis.standardise import deaths
from leukocytosis.store import Connection, fetch, quoted
from leukocytosis.tables import CANONICAL


@dataclass(frozen=True)
class Check:
    """A check: the rows of `table` that break it, and the share of them still acceptable."""

    table: str
    column: str
    check: str
    broken: str
    threshold: float = 0.0


STRANGERS = "not in patients"
UNKNOWN = "unknown"  # counted for all tables in one pass, as is the next
LATE = "late"
AFTER_DEATH = "more than a day after the patient's death"
ORDINARY_1E9_PER_L = 11  # a hospital has far more counts below it than above
COUNTS = "concept = 'wbc_blood'"
CUT = (  # every count, where none is ordinary
    f"if(count(*) FILTER ({COUNTS} AND value < {ORDINARY_1E9_PER_L}) = 0, "
    f"count(*) FILTER ({COUNTS}), 0)"
)
BEFORE_BIRTH = f"(SELECT count(*) FROM rejects WHERE rule_id = {quoted(deaths.BEFORE_BIRTH)})"
DIFFER = (  # once for each patient: the other rows are refused
    f"(SELECT count(*) FROM rejects WHERE action = 'changed' AND rule_id = {quoted(deaths.DIFFER)})"
)
UNSEEN = "disposition = 'died' AND patient_id NOT IN (SELECT patient_id FROM deaths)"
NO_HOSPICE = "if(count(*) FILTER (disposition = 'hospice') = 0, count(*), 0)"
COUNTED = (CUT, NO_HOSPICE, BEFORE_BIRTH, DIFFER)  # a number already, not a condition on a row
CHECKS = (
    Check("patients", "sex", "missing", "sex IS NULL", 0.01),
    Check("patients", "birth_year", "missing", "birth_year IS NULL", 0.01),
    Check("patients", "observed_until_on", "missing", "observed_until_on IS NULL"),
    Check("deaths", "patient_id", STRANGERS, UNKNOWN),
    Check("deaths", "died_on", "no day that can be believed: followed to the last contact",
          "died_on IS NULL"),
    Check("deaths", "died_on", "before the year of birth: day not believed", BEFORE_BIRTH),
    Check("deaths", "died_on", "several days of one patient, more than a week apart: none believed",
          DIFFER),
    Check("deaths", "died_on", "more than a day before a record of the patient: kept", LATE),
    Check("encounters", "started_at", AFTER_DEATH, LATE),
    Check("encounters", "ended_at", "before its start", "ended_at < started_at"),
    Check("encounters", "disposition", "missing", "disposition IS NULL", 0.5),
    Check("encounters", "disposition", "died, of a patient without a death: seems alive", UNSEEN),
    Check("encounters", "disposition", "no discharge to hospice: is it not recorded? Then death or "
          "hospice is death alone", NO_HOSPICE),
    Check("encounters", "patient_id", STRANGERS, UNKNOWN),
    Check("labs", "patient_id", STRANGERS, UNKNOWN),
    Check("labs", "value", "above 1000 ×10⁹/L or 100 %: kept", "value > if(unit = '%', 100, 1000)"),
    Check("labs", "value", f"no white count below {ORDINARY_1E9_PER_L} ×10⁹/L: was the extract cut "
          "at a threshold? Then earlier counts and lower thresholds are not in it", CUT),
    Check("labs", "comparator", "bound printed instead of a value", "comparator IS NOT NULL", 0.01),
    Check("labs", "taken_at", "known to the month or year only", "taken_precision > 'day' "
          "AND taken_precision <> 'second'", 0.01),
    Check("labs", "taken_at", AFTER_DEATH, LATE),
    Check("labs", "specimen", "not named", "specimen IS NULL", 1.0),
    Check("diagnoses", "recorded_at", "known to the month or year only",
          "recorded_precision IN ('month', 'year')", 0.05),
    Check("diagnoses", "patient_id", STRANGERS, UNKNOWN),
    Check("drugs", "patient_id", STRANGERS, UNKNOWN),
    Check("drugs", "route", "missing", "route IS NULL", 0.1),
    Check("drugs", "dose", "missing", "dose IS NULL", 0.5),
    Check("drugs", "started_at", AFTER_DEATH, LATE),
    Check("drugs", "ended_at", "before its start", "ended_at < started_at"),
    Check("microbiology", "patient_id", STRANGERS, UNKNOWN),
    Check("microbiology", "collected_at", AFTER_DEATH, LATE),
    Check("microbiology", "organism", "positive without an organism",
          "result = 'positive' AND organism IS NULL", 0.1),
)  # fmt: skip

# what programs print where they have nothing; as an id it makes one patient of many
TOKENS = ("NULL", "NA", "N/A", "#N/A", "None", "NaN", "NaT", "<NA>", "(null)", ".", "\\N")
NAMING = ("patient_id", "encounter_id", "specimen_id", "organism")
FEW = 5  # rows that may all name strangers by chance


def is_of_strangers(row: Mapping[str, object]) -> bool:
    """Whether a row of `quality` says that a table is of no patient: nothing would be found."""
    return (
        row["check"] == STRANGERS
        and row["n_broken"] == row["n_rows"]
        and int(str(row["n_rows"])) >= FEW
    )


def find_tokens(con: Connection) -> Iterator[tuple[str, str, str, int]]:
    """Yield table, column, text and rows where an id or an organism is a text for nothing."""
    tokens = ", ".join(quoted(token.lower()) for token in TOKENS)
    for table in CANONICAL:
        for column in NAMING:
            if column in table.names:
                # no token is longer: most ids need not be folded
                query = (
                    f"SELECT {column}, count(*) FROM {table.name} WHERE strlen({column}) <= 6 "
                    f"AND lower({column}) IN ({tokens}) GROUP BY 1 ORDER BY 1"
                )
                for text, n in fetch(con, query):
                    yield table.name, column, str(text), int(n)


def find_quality(con: Connection) -> Iterator[dict[str, object]]:
    """Yield a row of `quality` per check; the tables and `rejects` must be readable by name."""
    tables, beside = dict.fromkeys(check.table for check in CHECKS), _count_beside_patients(con)
    for table in tables:
        checks = [check for check in CHECKS if check.table == table]
        counts = ", ".join(_compile_count(check, beside) for check in checks)
        n_rows, *broken = fetch(con, f"SELECT count(*), {counts} FROM {table}")[0]
        for check, n in zip(checks, broken, strict=True):
            yield {
                "table": table,
                "column": check.column,
                "check": check.check,
                "n_broken": n,
                "n_rows": n_rows,
                "threshold": check.threshold,
                "status": "look" if n > check.threshold * n_rows else "pass",
            }


Beside = Mapping[tuple[str, str], int]  # what is broken, table → rows


def _compile_count(check: Check, beside: Beside) -> str:
    if check.broken in (UNKNOWN, LATE):
        return str(beside.get((check.broken, check.table), 0))
    return check.broken if check.broken in COUNTED else f"count(*) FILTER ({check.broken})"


def _count_beside_patients(con: Connection) -> Beside:
    """Return by table how many rows are of strangers, and how many too late for a death.

    Of the deaths: how many such records there are after. The day of a code is that of the coding,
    which is often after a death, so diagnoses are not asked. One pass over ids and times.
    """
    late = {check.table: check.column for check in CHECKS if check.broken == LATE}
    rows = " UNION ALL ".join(
        f"SELECT {quoted(check.table)} AS named, patient_id, "
        f"{'NULL' if check.table == 'deaths' else late.get(check.table, 'NULL')} AS began_at "
        f"FROM {check.table}"
        for check in CHECKS
        if check.broken == UNKNOWN
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE beside AS "
        f"SELECT if(known, '{LATE}', '{UNKNOWN}') AS broken, named, patient_id, count(*) AS n "
        f"FROM ({rows}) LEFT JOIN (SELECT patient_id, true AS known, "
        "CAST(died_on AS TIMESTAMP) + INTERVAL 2 DAY AS late_from "
        "FROM patients LEFT JOIN deaths USING (patient_id)) USING (patient_id) "
        "WHERE known IS NULL OR began_at >= late_from GROUP BY ALL"
    )
    counted = fetch(con, "SELECT broken, named, sum(n) FROM beside GROUP BY ALL")
    n_contradicted = fetch(
        con, f"SELECT count(DISTINCT patient_id) FROM beside WHERE broken = '{LATE}'"
    )
    return {
        **{(broken, named): int(n) for broken, named, n in counted},
        (LATE, "deaths"): int(n_contradicted[0][0]),
    }
