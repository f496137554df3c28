-- The file has a row per antibiotic tried; one row per specimen, test and organism is kept.
-- 'CANCELLED' in the organism column, or at the head of the comment, means that the test was not
-- done. Swabs that screen for carriage tell nothing of an infection.
SELECT
    microevent_id AS micro_id,
    subject_id AS patient_id,
    hadm_id AS encounter_id,
    micro_specimen_id AS specimen_id,
    coalesce(charttime, chartdate) AS collected_at,
    spec_type_desc AS specimen,
    test_name AS test,
    CASE WHEN org_name IS NULL THEN 'negative' ELSE 'positive' END AS result,
    org_name AS organism,
    CASE
        WHEN org_name = 'CANCELLED' OR (org_name IS NULL AND upper(comments) LIKE 'TEST CANCELLED%')
            THEN 'test_cancelled'
        WHEN test_name IN ('MRSA SCREEN', 'Staph aureus Screen', 'R/O VANCOMYCIN RESISTANT ENTEROCOCCUS')
            THEN 'screen_for_carriage'
        WHEN row_number() OVER (
            PARTITION BY micro_specimen_id, test_name, org_name ORDER BY CAST(microevent_id AS BIGINT)
        ) > 1 THEN 'same_organism_again'
    END AS left_out
FROM microbiologyevents
