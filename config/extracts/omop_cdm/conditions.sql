-- CONDITION_OCCURRENCE by the code that was recorded (condition_source_concept_id), not by its SNOMED concept:
-- several ICD codes share one, and there is no way back. `values` names the vocabularies that are read; any
-- other (SNOMED, ICD10, …) stops the run. Where the source has no concept its own value is given, under the
-- system "source value", which nobody has listed either: which edition of ICD it is cannot be told from a code.
-- A status "History of" (4188893) is put before the system: such a code names no disease of today.
-- A code of a bill or with the status of a discharge diagnosis is assigned when the visit ends, whatever its
-- start date says, and is dated to that day: dated to the admission it would be known before it was.
-- 32821 EHR billing record, 32855 Inpatient claim header; 32896, 32903 and 32909 (primary, secondary) Discharge
-- diagnosis; in older tables 38000200 and its neighbours, Inpatient header. Recalled: the ends of that range, and
-- the claims 32810, 32853 and 32854.
SELECT
    CAST(c.condition_occurrence_id AS BIGINT) AS diagnosis_id,
    CAST(c.person_id AS BIGINT) AS patient_id,
    CAST(c.visit_occurrence_id AS BIGINT) AS encounter_id,
    CASE
        WHEN CAST(c.condition_type_concept_id AS BIGINT) IN (32821, 32810, 32853, 32854, 32855)
            OR CAST(c.condition_type_concept_id AS BIGINT) BETWEEN 38000183 AND 38000214
            OR CAST(c.condition_status_concept_id AS BIGINT) IN (32896, 32903, 32909)
            THEN greatest(CAST(c.condition_start_date AS DATE), CAST(v.visit_end_date AS DATE))
        ELSE CAST(c.condition_start_date AS DATE)
    END AS recorded_at,
    if(CAST(c.condition_status_concept_id AS BIGINT) = 4188893, 'history of ', '')
    || coalesce(s.vocabulary_id, 'source value') AS code_system,
    coalesce(s.concept_code, CAST(c.condition_source_value AS VARCHAR)) AS code
FROM condition_occurrence AS c
LEFT JOIN concept AS s
    ON CAST(c.condition_source_concept_id AS BIGINT) = CAST(s.concept_id AS BIGINT)
    AND CAST(s.concept_id AS BIGINT) <> 0
LEFT JOIN visit_occurrence AS v ON CAST(c.visit_occurrence_id AS BIGINT) = CAST(v.visit_occurrence_id AS BIGINT)
