-- DRUG_EXPOSURE. The name is that of the standard concept (RxNorm names the ingredient and the form: "… Ophthalmic
-- Suspension") and the source's own, so that an ingredient alone does not hide eye drops. An ATC code is given
-- only where the drug has one: dexamethasone is H02AB02 and also the code of its eye drops.
-- No dose: `quantity` is tablets, vials, millilitres or an amount of ingredient, as the site's ETL has it, and
-- `sig` is free text. A rule that asks for a dose is not assessed then, which is better than a guess.
-- The route is told in the protocols' words where it is local; else it is the source's own.
-- The end is the recorded one where there is one; drug_exposure_end_date may be inferred. One on the day of the
-- start says no more than the start.
WITH atc AS (
    SELECT CAST(a.descendant_concept_id AS BIGINT) AS concept_id, any_value(c.concept_code) AS code
    FROM concept_ancestor AS a
    INNER JOIN concept AS c ON CAST(a.ancestor_concept_id AS BIGINT) = CAST(c.concept_id AS BIGINT)
    WHERE c.vocabulary_id = 'ATC' AND length(c.concept_code) = 7
    GROUP BY ALL HAVING count(DISTINCT c.concept_code) = 1
)
SELECT
    CAST(d.drug_exposure_id AS BIGINT) AS drug_id,
    CAST(d.person_id AS BIGINT) AS patient_id,
    CAST(d.visit_occurrence_id AS BIGINT) AS encounter_id,
    CASE
        WHEN starts_with(CAST(d.drug_exposure_start_datetime AS VARCHAR), CAST(d.drug_exposure_start_date AS VARCHAR))
            THEN CAST(d.drug_exposure_start_datetime AS VARCHAR)
        ELSE CAST(d.drug_exposure_start_date AS VARCHAR)
    END AS started_at,
    nullif(
        coalesce(CAST(d.verbatim_end_date AS VARCHAR), CAST(d.drug_exposure_end_date AS VARCHAR)),
        CAST(d.drug_exposure_start_date AS VARCHAR)
    ) AS ended_at,
    if(atc.code IS NULL, NULL, 'ATC') AS code_system,
    atc.code,
    nullif(concat_ws(' | ', rx.concept_name, nullif(trim(CAST(d.drug_source_value AS VARCHAR)), '')), '') AS name,
    CASE
        WHEN regexp_matches(lower(r.concept_name), '\b(ophthalmic|ocular|intraocular|conjunctival|intravitreal)\b')
            THEN 'EYE'
        WHEN regexp_matches(lower(r.concept_name), '\b(otic|auricular)\b') THEN 'EAR'
        WHEN regexp_matches(lower(r.concept_name), '\b(nasal|intranasal)\b') THEN 'NASAL'
        WHEN regexp_matches(lower(r.concept_name), '\b(inhalation|inhaling|respiratory)\b') THEN 'INHALED'
        WHEN regexp_matches(lower(r.concept_name), '\b(topical|cutaneous)\b') THEN 'TOPICAL'
        WHEN regexp_matches(lower(r.concept_name), '\b(rectal|per rectum)\b') THEN 'RECTAL'
        WHEN regexp_matches(lower(r.concept_name), '\b(vaginal|per vagina)\b') THEN 'VAGINAL'
        ELSE coalesce(nullif(trim(CAST(d.route_source_value AS VARCHAR)), ''), r.concept_name)
    END AS route,
    coalesce(CAST(CAST(d.drug_type_concept_id AS BIGINT) AS VARCHAR), '0') AS kind
FROM drug_exposure AS d
LEFT JOIN concept AS rx
    ON CAST(d.drug_concept_id AS BIGINT) = CAST(rx.concept_id AS BIGINT) AND CAST(rx.concept_id AS BIGINT) <> 0
LEFT JOIN concept AS r
    ON CAST(d.route_concept_id AS BIGINT) = CAST(r.concept_id AS BIGINT) AND CAST(r.concept_id AS BIGINT) <> 0
LEFT JOIN atc ON CAST(d.drug_concept_id AS BIGINT) = atc.concept_id
