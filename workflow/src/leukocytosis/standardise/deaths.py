"""What can be judged only beside a patient's other records: whether a day of death can be believed.

A death whose day cannot be believed stays a death without a day: left out it would be taken for
survival, and with any of its days for an event at a known time.
"""

from __future__ import annotations

from leukocytosis.standardise.reading import Rule

BEFORE_BIRTH = "died_before_birth"
DIFFER = "dates_of_death_differ"
UNBELIEVED = (BEFORE_BIRTH, DIFFER)
RULES = (
    *(Rule(rule_id, "died_on", "", changes=True) for rule_id in UNBELIEVED),
    Rule("id_repeated", "patient_id", ""),
)
DAYS_APART = 7  # a registry often has a ward's death some days late: the earlier stands
NOBODY = "(SELECT NULL AS patient_id, NULL AS birth_year WHERE false)"


def compile_deaths(patients: str) -> str:
    """Return the judged deaths, each patient's first one kept, with its day if it is believed.

    A day before the year of birth is not believed, nor are days of one patient that lie more than
    a week apart: nothing here tells which of them is right.
    """
    among = "PARTITION BY patient_id, rejected_by IS NULL"
    return f"""
        WITH dated AS (
            SELECT judged.* REPLACE (CAST(rejected_by AS VARCHAR) AS rejected_by,
                       CAST(changed_by AS VARCHAR) AS changed_by),
                   coalesce(year(died_on) < birth_year, false) AS before_birth,
                   if(before_birth, NULL, died_on) AS possible
            FROM judged LEFT JOIN {patients} USING (patient_id)
        ), beside AS (
            SELECT *,
                   coalesce(date_diff('day', min(possible) OVER ({among}),
                       max(possible) OVER ({among})) > {DAYS_APART}, false) AS differ,
                   row_number() OVER ({among} ORDER BY possible NULLS LAST, ordinal) AS nth,
                   coalesce(changed_by, CASE WHEN before_birth THEN '{BEFORE_BIRTH}'
                       WHEN differ AND possible IS NOT NULL THEN '{DIFFER}' END) AS unbelieved_by
            FROM dated
        )
        SELECT * REPLACE (
            CASE WHEN rejected_by IS NULL AND nth > 1 THEN coalesce(unbelieved_by, 'id_repeated')
                ELSE rejected_by END AS rejected_by,
            unbelieved_by AS changed_by,
            if(differ, NULL, possible) AS died_on)
        FROM beside
    """
