-- One row per patient. Deaths are searched for up to one year after the last discharge.
-- The age is known at an anchor year; the year of birth follows from both.
SELECT
    p.subject_id AS patient_id,
    p.gender AS sex,
    CAST(CAST(p.anchor_year AS INTEGER) - CAST(p.anchor_age AS INTEGER) AS VARCHAR) AS birth_year,
    a.first_on AS observed_from_on,
    coalesce(CAST(a.last_on + INTERVAL 365 DAY AS DATE), CAST(p.dod AS DATE)) AS observed_until_on
FROM patients AS p
LEFT JOIN (
    SELECT
        subject_id,
        CAST(min(admittime) AS DATE) AS first_on,
        CAST(CAST(max(dischtime) AS DATE) AS TIMESTAMP) AS last_on
    FROM admissions
    GROUP BY subject_id
) AS a USING (subject_id)
