"""Who is in the study, why the count was high, and what became of them."""


rule find_cohort:
    """Index events with attrition, and the cohort's own records around the index."""
    input:
        expand(f"{EXTRACTS}/{{table}}.parquet", table=CANONICAL, allow_missing=True),
    output:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=["episodes", "attrition", *(f"cohort_{t}" for t in COHORT)],
            allow_missing=True,
        ),
    log:
        "results/logs/find_cohort/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("cohort"),
        protocol=protocol_sections("index", "population"),
        codelists=digest_files(CODELIST_FILES),
    message:
        "Finding the cohort of {wildcards.study} in {wildcards.extract}"
    script:
        "../scripts/find_cohort.py"


rule classify_causes:
    """Evidence per rule (met, not met, not assessed), then causes by precedence."""
    input:
        f"{RESULTS}/episodes.parquet",
        expand(f"{RESULTS}/cohort_{{table}}.parquet", table=COHORT, allow_missing=True),
        reviews=review_files,
    output:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "evidence",
                "evidence_events",
                "causes",
                "causes_present",
                "reviews",
                "adjudications",
            ],
            allow_missing=True,
        ),
        f"{RESULTS}/review_disagreements.csv",
    log:
        "results/logs/classify_causes/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("causes", "adjudication"),
        protocol=protocol_sections(
            "index",
            "evidence",
            "causes",
            "precedence",
            "least_certainty",
            "undetermined_group",
        ),
        codelists=digest_files(CODELIST_FILES),
        absent=absent_of,
        reviews=review_settings,
    message:
        "Looking for the cause of each count"
    script:
        "../scripts/classify_causes.py"


rule follow_up:
    """Outcomes with the record that ended follow-up, and the analysis set."""
    input:
        expand(
            f"{EXTRACTS}/{{table}}.parquet",
            table=["patients", "deaths"],
            allow_missing=True,
        ),
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "episodes",
                "causes",
                "evidence_events",
                *(f"cohort_{t}" for t in COHORT),
            ],
            allow_missing=True,
        ),
    output:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=["outcomes", "outcomes_otherwise", "analysis_set"],
            allow_missing=True,
        ),
    log:
        "results/logs/follow_up/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("followup"),
        protocol=protocol_sections(
            "index",
            "outcomes",
            "covariates",
            "treatment",
            "evidence",
            "causes",
            "analyses.primary_contrast",
        ),
        codelists=digest_files(CODELIST_FILES),
    message:
        "Following each patient to the outcome"
    script:
        "../scripts/follow_up.py"
