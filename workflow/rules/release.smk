"""What may leave; notebooks on the outputs; the studies beside each other."""


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
        cases=CASES,
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
        codelists=digest_files(CODELIST_FILES),
        journal=config["journal"],
        sources=lambda wildcards: [
            "Snakefile",
            *sorted(str(path) for path in Path("workflow/rules").glob("*.smk")),
            *protocol_files(wildcards),
            *claims_of(wildcards),
            *CODELIST_FILES,
            *CASES,
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
