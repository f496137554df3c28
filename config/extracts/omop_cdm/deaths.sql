-- DEATH, one row per person by the model. Where a person has several, the reader settles the day.
SELECT
    CAST(d.person_id AS BIGINT) AS patient_id,
    CAST(d.death_date AS DATE) AS died_on,
    coalesce(t.concept_name, 'extract') AS death_source
FROM death AS d
LEFT JOIN concept AS t
    ON CAST(d.death_type_concept_id AS BIGINT) = CAST(t.concept_id AS BIGINT) AND CAST(t.concept_id AS BIGINT) <> 0
