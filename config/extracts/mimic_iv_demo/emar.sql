-- Administrations; dose and route come from the order they carry out, when it is on file.
SELECT
    'given-' || e.emar_id AS drug_id,
    e.subject_id AS patient_id,
    e.hadm_id AS encounter_id,
    e.charttime AS started_at,
    CAST(NULL AS VARCHAR) AS ended_at,
    coalesce(e.medication, o.drug) AS name,
    o.dose_val_rx AS dose,
    o.dose_unit_rx AS dose_unit,
    CAST(NULL AS VARCHAR) AS doses_per_day,
    o.route,
    'given' AS kind,
    CASE
        WHEN e.event_txt IN (
            'Administered', 'Administered Bolus from IV Drip', 'Administered in Other Location',
            'Applied', 'Applied in Other Location', 'Confirmed', 'Confirmed in Other Location',
            'Delayed Administered', 'Delayed Applied', 'Delayed Confirmed', 'Delayed Started',
            'Partial Administered', 'Rate Change', 'Removed Existing / Applied New', 'Restarted',
            'Started', 'Started in Other Location'
        ) THEN NULL
        ELSE 'not_an_administration'
    END AS left_out
FROM emar AS e
LEFT JOIN (
    SELECT
        pharmacy_id,
        any_value(drug ORDER BY drug) AS drug,
        any_value(dose_val_rx ORDER BY drug) AS dose_val_rx,
        any_value(dose_unit_rx ORDER BY drug) AS dose_unit_rx,
        any_value(route ORDER BY drug) AS route
    FROM prescriptions
    WHERE drug_type = 'MAIN' AND pharmacy_id IS NOT NULL
    GROUP BY pharmacy_id
) AS o ON e.pharmacy_id = o.pharmacy_id
