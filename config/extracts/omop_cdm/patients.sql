-- PERSON, each row once; sex by gender_concept_id, which `values` of the manifest names.
-- OBSERVATION_PERIOD may hold several periods of a person. Who comes back after a gap cannot have died in it,
-- while who does not come back may have: counting gaps as observed would make everybody live longer. So
-- observation ends where the first gap begins; periods that touch or overlap are one. Whose index lies after
-- a gap is then lost on day 0, and is seen in the numbers of the lost.
WITH periods AS (
    SELECT
        CAST(person_id AS BIGINT) AS person_id,
        CAST(observation_period_start_date AS DATE) AS starts_on,
        CAST(observation_period_end_date AS DATE) AS ends_on
    FROM observation_period
),
seen AS (
    SELECT
        *,
        max(ends_on) OVER (
            PARTITION BY person_id ORDER BY starts_on, ends_on ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS seen_until
    FROM periods
),
counted AS (
    SELECT
        *,
        count(*) FILTER (starts_on > seen_until + INTERVAL 1 DAY) OVER (
            PARTITION BY person_id ORDER BY starts_on, ends_on
        ) AS n_gaps
    FROM seen
),
unbroken AS (
    SELECT person_id, min(starts_on) AS from_on, max(ends_on) AS until_on
    FROM counted WHERE n_gaps = 0 GROUP BY person_id
)
SELECT
    CAST(p.person_id AS BIGINT) AS patient_id,
    CAST(CAST(p.gender_concept_id AS BIGINT) AS VARCHAR) AS sex,
    p.year_of_birth AS birth_year,
    u.from_on AS observed_from_on,
    u.until_on AS observed_until_on
FROM person AS p
LEFT JOIN unbroken AS u ON CAST(p.person_id AS BIGINT) = u.person_id
