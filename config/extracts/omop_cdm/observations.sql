-- OBSERVATION: ICD codes whose standard concept is no condition are stored here, such as a personal history of
-- leukaemia (Z85.6), which leaves a patient out. What is no ICD code (smoking, insurance, …) is left out by name.
SELECT
    CAST(o.observation_id AS BIGINT) AS diagnosis_id,
    CAST(o.person_id AS BIGINT) AS patient_id,
    CAST(o.visit_occurrence_id AS BIGINT) AS encounter_id,
    CAST(o.observation_date AS DATE) AS recorded_at,
    s.vocabulary_id AS code_system,
    s.concept_code AS code,
    if(coalesce(s.vocabulary_id, '') SIMILAR TO 'ICD9CM|ICD10|ICD10CM|ICD10GM|ICD10CN|KCD7|CIM10', NULL, 'no_icd_code')
        AS left_out
FROM observation AS o
LEFT JOIN concept AS s
    ON CAST(o.observation_source_concept_id AS BIGINT) = CAST(s.concept_id AS BIGINT)
    AND CAST(s.concept_id AS BIGINT) <> 0
