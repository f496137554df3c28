-- DEATH, one row per person by the model. Where a person has several, the earliest stands.
SELECT
    CAST(d.person_id AS BIGINT) AS patient_id,
    CAST(d.death_date AS DATE) AS died_on,
    coalesce(t.concept_name, 'extract') AS death_source,
    CASE
        WHEN row_number() OVER (
            PARTITION BY CAST(d.person_id AS BIGINT) ORDER BY CAST(d.death_date AS DATE), t.concept_name
        ) > 1 THEN 'another_record_of_the_death'
    END AS left_out
FROM death AS d
LEFT JOIN concept AS t
    ON CAST(d.death_type_concept_id AS BIGINT) = CAST(t.concept_id AS BIGINT) AND CAST(t.concept_id AS BIGINT) <> 0
