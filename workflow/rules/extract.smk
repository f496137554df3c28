"""An extract: raw files to canonical tables."""


rule draw_synthetic:
    """The embedded extract with its known truth, drawn from a seed."""
    output:
        [
            f"data/synthetic/{f.path}"
            for f in load_manifest(
                Path("config/extracts/synthetic.yaml")
            ).files.values()
        ],
        "data/synthetic/truth.csv",
        "data/synthetic/planted.csv",
    log:
        "results/logs/draw_synthetic.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        seed=config["seed"],
        code=digest_code("synthetic"),
    message:
        "Drawing the synthetic extract"
    script:
        "../scripts/draw_synthetic.py"


rule standardise:
    """Raw files to canonical tables: units, dates, codes; every row accounted for."""
    input:
        raw=raw_files,
        manifest=manifest_files,
        units="config/units.csv",
        codelists=CODELIST_FILES,
    output:
        expand(
            f"{EXTRACTS}/{{table}}.parquet",
            table=[*CANONICAL, "raw_files", "rejects", "ledger", "quality"],
            allow_missing=True,
        ),
    log:
        "results/logs/standardise/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("standardise"),
        raw=lambda wildcards, input: digest_files(input.raw, by="size"),
    message:
        "Reading the extract {wildcards.extract}"
    script:
        "../scripts/standardise.py"


rule count_codes:
    """How much of each codelist occurs in the extract: codes, rows and patients."""
    input:
        tables=expand(f"{EXTRACTS}/{{table}}.parquet", table=CODED, allow_missing=True),
        manifest=manifest_files,
        codelists=sorted(str(path) for path in Path("config/codelists").glob("*.csv")),
    output:
        f"{EXTRACTS}/codelists.parquet",
    log:
        "results/logs/count_codes/{extract}.log",
    conda:
        "../../envs/leukocytosis.yaml"
    params:
        code=digest_code("occurrence"),
    message:
        "Looking for the codes of each codelist in {wildcards.extract}"
    script:
        "../scripts/count_codes.py"
