"""Every number of a study, and the conclusion under other decisions."""


rule estimate:
    """Shares, curves, tests, models, Table 1, and the scorecard beside the paper."""
    input:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "analysis_set",
                "outcomes_otherwise",
                "attrition",
                "evidence",
                "causes",
                "causes_present",
                "reviews",
                "adjudications",
                "episodes",
                "cohort_encounters",
                "cohort_labs",
            ],
            allow_missing=True,
        ),
        encounters=f"{EXTRACTS}/encounters.parquet",
        truth=truth_of_study,
        claims=claims_of,
        accuracy=accuracy_of,
    output:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "estimates",
                "curves",
                "states",
                "white_counts",
                "table_one",
                "scorecard",
                "accuracy",
            ],
            allow_missing=True,
        ),
    log:
        "results/logs/estimate/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("estimate"),
        setting=setting_of,
        own=is_of_paper,
        seed=config["seed"],
        bias=bias_settings,
        protocol=protocol_sections(
            "index.concept",
            "outcomes",
            "covariates",
            "treatment",
            "analyses",
            "evidence",
            "causes",
            "claims",
        ),
    message:
        "Estimating"
    script:
        "../scripts/estimate.py"


rule multiverse:
    """The conclusion under other decisions, from evidence looked up once."""
    input:
        expand(f"{EXTRACTS}/{{table}}.parquet", table=CANONICAL, allow_missing=True),
    output:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=["multiverse", "variants", "decisions", "options"],
            allow_missing=True,
        ),
    log:
        "results/logs/multiverse/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("multiverse"),
        protocol=protocol_sections(
            "index",
            "population",
            "evidence",
            "causes",
            "precedence",
            "least_certainty",
            "undetermined_group",
            "outcomes",
            "sensitivity",
            "analyses.groups",
            "analyses.primary_outcome",
            "analyses.primary_contrast",
            "analyses.min_events_per_parameter",
        ),
        codelists=digest_files(CODELIST_FILES),
        absent=absent_of,
        seed=config["seed"],
    message:
        "Trying other decisions"
    script:
        "../scripts/multiverse.py"
