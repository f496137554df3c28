-- Orders. An order whose stop lies before its start was withdrawn before it began.
SELECT
    'order-' || row_number() OVER () AS drug_id,
    subject_id AS patient_id,
    hadm_id AS encounter_id,
    starttime AS started_at,
    stoptime AS ended_at,
    drug AS name,
    dose_val_rx AS dose,
    dose_unit_rx AS dose_unit,
    nullif(doses_per_24_hrs, '0') AS doses_per_day,
    route,
    'ordered' AS kind,
    CASE WHEN CAST(stoptime AS TIMESTAMP) < CAST(starttime AS TIMESTAMP) THEN 'order_withdrawn' END AS left_out
FROM prescriptions
