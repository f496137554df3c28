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
    """Raw files to canonical tables: every row accounted for, every codelist's codes counted."""
    input:
        raw=raw_files,
        manifest=manifest_files,
        units="config/units.csv",
        codelists=CODELIST_FILES,
    output:
        expand(
            f"{EXTRACTS}/{{table}}.parquet",
            table=[
                *CANONICAL,
                "raw_files",
                "rejects",
                "ledger",
                "quality",
                "codelists",
            ],
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
