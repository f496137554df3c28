-- MEASUREMENT by LOINC code: that of the standard concept, else that of the source's. Other results are given
-- with the code and vocabulary they have ("source value" where they have no concept), for `code_maps` to name.
-- No specimen stands in the table: counts in urine and fluids are told from blood by their LOINC code alone.
-- No status either: a wrong result and its correction both count, where both are in the table.
-- The date is required; the time is taken where it lies on that date. Midnight sharp stands for a day without
-- a time, as many ETLs fill it in.
-- value_as_number goes with unit_concept_id (UCUM), the printed value with the printed unit.
-- A bound has an operator (4171756 <, 4171754 <=, 4172703 =, 4171755 >=, 4172704 >), or only the printed sign.
-- Temperatures in Fahrenheit are given in Celsius: no factor can do that.
WITH read AS (
    SELECT
        m.*,
        CAST(m.operator_concept_id AS BIGINT) AS operator,
        CAST(m.measurement_datetime AS VARCHAR) AS timed,
        CAST(m.measurement_date AS VARCHAR) AS dated,
        if(
            m.value_as_number IS NULL,
            coalesce(nullif(trim(CAST(m.unit_source_value AS VARCHAR)), ''), u.concept_code),
            coalesce(u.concept_code, CAST(m.unit_source_value AS VARCHAR))
        ) AS own_unit,
        CASE
            WHEN standard.vocabulary_id = 'LOINC' OR source.vocabulary_id IS DISTINCT FROM 'LOINC'
                THEN coalesce(standard.vocabulary_id, source.vocabulary_id, 'source value')
            ELSE 'LOINC'
        END AS code_system,
        CASE
            WHEN standard.vocabulary_id = 'LOINC' OR source.vocabulary_id IS DISTINCT FROM 'LOINC'
                THEN coalesce(standard.concept_code, source.concept_code, CAST(m.measurement_source_value AS VARCHAR))
            ELSE source.concept_code
        END AS code
    FROM measurement AS m
    LEFT JOIN concept AS standard
        ON CAST(m.measurement_concept_id AS BIGINT) = CAST(standard.concept_id AS BIGINT)
        AND CAST(standard.concept_id AS BIGINT) <> 0
    LEFT JOIN concept AS source
        ON CAST(m.measurement_source_concept_id AS BIGINT) = CAST(source.concept_id AS BIGINT)
        AND CAST(source.concept_id AS BIGINT) <> 0
    LEFT JOIN concept AS u
        ON CAST(m.unit_concept_id AS BIGINT) = CAST(u.concept_id AS BIGINT) AND u.vocabulary_id = 'UCUM'
),
told AS (
    SELECT
        *,
        value_as_number IS NOT NULL AND lower(own_unit) IN ('[degf]', 'degf', 'deg f', '°f') AS in_fahrenheit
    FROM read
)
SELECT
    CAST(measurement_id AS BIGINT) AS lab_id,
    CAST(person_id AS BIGINT) AS patient_id,
    CAST(visit_occurrence_id AS BIGINT) AS encounter_id,
    if(
        starts_with(timed, dated) AND NOT regexp_matches(timed, '[ T]00:00(:00([.]0+)?)?( ?(Z|[+]00(:?00)?))?$'), timed, dated
    ) AS taken_at,
    code_system,
    code,
    CASE
        WHEN in_fahrenheit THEN CAST(round((CAST(value_as_number AS DOUBLE) - 32) * 5 / 9, 2) AS VARCHAR)
        ELSE coalesce(CAST(value_as_number AS VARCHAR), CAST(value_source_value AS VARCHAR))
    END AS value_text,
    if(in_fahrenheit, 'Cel', own_unit) AS unit,
    CASE
        WHEN operator IN (4172704, 4171755) THEN '>'
        WHEN operator IN (4171756, 4171754) THEN '<'
        ELSE nullif(regexp_extract(trim(CAST(value_source_value AS VARCHAR)), '^[<>]'), '')
    END AS comparator,
    if(operator NOT IN (0, 4171756, 4171754, 4172703, 4171755, 4172704), 'operator_not_known', NULL) AS left_out
FROM told
