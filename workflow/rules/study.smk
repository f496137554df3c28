"""A study on an extract: cohort, causes, outcomes, estimates, report."""


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
        codelists=digest_files(sorted(Path("config/codelists").glob("*.csv"))),
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
        codelists=digest_files(sorted(Path("config/codelists").glob("*.csv"))),
        absent=lambda wildcards: sorted(manifest_of(wildcards).absent),
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
        codelists=digest_files(sorted(Path("config/codelists").glob("*.csv"))),
    message:
        "Following each patient to the outcome"
    script:
        "../scripts/follow_up.py"


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
        codelists=digest_files(sorted(Path("config/codelists").glob("*.csv"))),
        absent=lambda wildcards: sorted(manifest_of(wildcards).absent),
        seed=config["seed"],
    message:
        "Trying other decisions"
    script:
        "../scripts/multiverse.py"


rule release:
    """Figures, tables and report: the only folder that may leave."""
    input:
        tables=[
            *expand(
                f"{RESULTS}/{{table}}.parquet",
                table=[
                    "attrition",
                    "estimates",
                    "curves",
                    "states",
                    "white_counts",
                    "table_one",
                    "scorecard",
                    "accuracy",
                    "multiverse",
                    "variants",
                    "decisions",
                    "options",
                ],
                allow_missing=True,
            ),
            *expand(
                f"{EXTRACTS}/{{table}}.parquet",
                table=["quality", "ledger", "codelists", *CANONICAL],
                allow_missing=True,
            ),
        ],
        raw_files=f"{EXTRACTS}/raw_files.parquet",
        protocol=protocol_files,
        manifest=lambda wildcards: f"config/extracts/{wildcards.extract}.yaml",
        policy=lambda wildcards: f"config/policies/{manifest_of(wildcards).policy}.yaml",
        claims=claims_of,
        texts=TEXTS,
        cases=sorted(str(path) for path in Path("config/cases").glob("*.yaml")),
        journals=expand(
            "config/journals/{name}.yaml", name={"house", config["journal"]}
        ),
    output:
        report=report(
            f"{RELEASE}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"study": "{study}", "extract": "{extract}"},
        ),
        readme=f"{RELEASE}/README.txt",
        headlines=report(
            f"{RELEASE}/headlines.txt",
            caption="../report/headlines.rst",
            category="Report",
            labels={"study": "{study}", "extract": "{extract}"},
        ),
        figures=report(
            directory(f"{RELEASE}/figures"),
            patterns=["{name}.svg"],
            caption="../report/figure.rst",
            category="Figures",
            labels=figure_labels,
        ),
        tables=report(
            directory(f"{RELEASE}/tables"),
            patterns=["{name}.csv"],
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{name}"},
        ),
        manuscript=report(
            directory(f"{RELEASE}/manuscript"),
            patterns=["{name}.docx"],
            caption="../report/manuscript.rst",
            category="Manuscript",
            labels={"document": "{name}"},
        ),
        record=f"{RELEASE}/ro-crate-metadata.json",
        sources=directory(f"{RELEASE}/workflow"),
    log:
        "results/logs/release/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("release"),
        codelists=digest_files(sorted(Path("config/codelists").glob("*.csv"))),
        journal=config["journal"],
        sources=lambda wildcards: [
            "Snakefile",
            *sorted(str(path) for path in Path("workflow/rules").glob("*.smk")),
            *protocol_files(wildcards),
            *claims_of(wildcards),
            *sorted(str(path) for path in Path("config/codelists").glob("*.csv")),
            *sorted(str(path) for path in Path("config/cases").glob("*.yaml")),
            "config/units.csv",
            "requirements.lock",
            "CITATION.cff",
        ],
    message:
        "Drawing figures and writing the report"
    script:
        "../scripts/release.py"


rule notebooks:
    """Notebooks on the outputs, run from top to bottom."""
    input:
        expand(
            f"{RESULTS}/{{table}}.parquet",
            table=[
                "estimates",
                "curves",
                "attrition",
                "analysis_set",
                "causes",
                "evidence",
            ],
            allow_missing=True,
        ),
        notebooks=expand("notebooks/{name}.py", name=NOTEBOOKS),
    output:
        expand(
            f"{RESULTS}/notebooks/{{name}}.ipynb", name=NOTEBOOKS, allow_missing=True
        ),
    log:
        "results/logs/notebooks/{study}/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("dataset"),
    message:
        "Running the notebooks"
    script:
        "../scripts/notebooks.py"


rule compare:
    """The studies with published numbers, beside each other on one extract."""
    input:
        family_reports,
    output:
        page="results/compare/{extract}/release/studies.html",
        figures=directory("results/compare/{extract}/release/figures"),
    log:
        "results/logs/compare/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("release"),
        studies=lambda wildcards: family(),
    message:
        "Setting the studies beside each other"
    script:
        "../scripts/compare.py"


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
