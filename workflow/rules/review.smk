"""Charts for reviewers and strips of the evidence: person-level pages that never leave."""


rule review:
    """Charts for reviewers, blind to the outcome, and the key that says which is whose."""
    input:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "episodes",
                "causes",
                "causes_present",
                "evidence",
                "evidence_events",
            ],
            allow_missing=True,
        ),
        expand(f"{RESULTS}/cohort_{{table}}.parquet", table=COHORT, allow_missing=True),
    output:
        folder=directory(f"{RESULTS}/review"),
        key=f"{RESULTS}/review_key.csv",
    log:
        "results/logs/review/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("review"),
        plan=config["review"],
        seed=config["seed"],
    message:
        "Drawing charts for review"
    script:
        "../scripts/review.py"


rule strips:
    """A page per episode with its records around the index. Person-level."""
    input:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=["episodes", "causes", "evidence", "evidence_events"],
            allow_missing=True,
        ),
        expand(f"{RESULTS}/cohort_{{table}}.parquet", table=COHORT, allow_missing=True),
        truth=truth_of,
    output:
        directory(f"{RESULTS}/strips"),
    log:
        "results/logs/strips/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("strips"),
    message:
        "Drawing the evidence of each episode"
    script:
        "../scripts/strips.py"
