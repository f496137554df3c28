-- Codes are assigned when the stay ends, so they are dated to its discharge; that they belong to
-- the stay is kept in encounter_id.
SELECT
    d.hadm_id || '-' || d.seq_num AS diagnosis_id,
    d.subject_id AS patient_id,
    d.hadm_id AS encounter_id,
    a.dischtime AS recorded_at,
    CASE d.icd_version WHEN '9' THEN 'ICD-9-CM' WHEN '10' THEN 'ICD-10-CM' ELSE d.icd_version END AS code_system,
    d.icd_code AS code,
    d.seq_num AS position
FROM diagnoses_icd AS d
LEFT JOIN admissions AS a ON d.hadm_id = a.hadm_id
