-- One row per patient; patients without a recorded death are left out by name.
SELECT
    subject_id AS patient_id,
    dod AS died_on,
    'hospital or state records' AS death_source,
    CASE WHEN dod IS NULL THEN 'no_death_recorded' END AS left_out
FROM patients
