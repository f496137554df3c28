-- VISIT_OCCURRENCE. The date is the required column; the time is taken where it lies on that date.
-- v5.3 calls the two columns of the discharge discharge_to_…, v5.4 discharged_to_…: either is found.
-- By v5.4 a discharge to home is 0, and 0 is also what nobody mapped. So the source's own word is given for 0;
-- what `values` does not list stops the run, and a discharge to hospice cannot vanish among the zeros.
SELECT
    CAST(visit_occurrence_id AS BIGINT) AS encounter_id,
    CAST(person_id AS BIGINT) AS patient_id,
    CASE
        WHEN starts_with(CAST(visit_start_datetime AS VARCHAR), CAST(visit_start_date AS VARCHAR))
            THEN CAST(visit_start_datetime AS VARCHAR)
        ELSE CAST(visit_start_date AS VARCHAR)
    END AS started_at,
    CASE
        WHEN starts_with(CAST(visit_end_datetime AS VARCHAR), CAST(visit_end_date AS VARCHAR))
            THEN CAST(visit_end_datetime AS VARCHAR)
        ELSE CAST(visit_end_date AS VARCHAR)
    END AS ended_at,
    coalesce(CAST(CAST(visit_concept_id AS BIGINT) AS VARCHAR), '0') AS setting,
    coalesce(
        CAST(nullif(CAST(to_concept AS BIGINT), 0) AS VARCHAR),
        nullif(trim(CAST(to_source AS VARCHAR)), ''),
        CAST(CAST(to_concept AS BIGINT) AS VARCHAR)
    ) AS disposition
FROM (
    SELECT
        *,
        COLUMNS('(?i)^discharged?_to_concept_id$') AS to_concept,
        COLUMNS('(?i)^discharged?_to_source_value$') AS to_source
    FROM visit_occurrence
)
