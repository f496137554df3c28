"""Extreme leukocytosis: from a hospital extract to a report. The contents page."""

import shlex
import sys
from pathlib import Path

from leukocytosis.adjudication import find_files
from leukocytosis.config import (
    check_outcomes_seen,
    load_codelists,
    load_manifest,
    load_protocol,
    load_settings,
)
from leukocytosis.errors import ConfigError, LeukocytosisError
from leukocytosis.provenance import digest_code, digest_files, digest_value
from leukocytosis.scorecard import describe_setting, is_own
from leukocytosis.standardise import find_all_paths

# Snakemake gives a shell the path of its Python as it is, which a folder's blank would cut in two
sys.executable = shlex.quote(sys.executable)

try:  # before Snakemake reads the file, `config` holds what --config gives
    load_settings(Path("config/config.yaml"), config)
except LeukocytosisError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


STUDY, EXTRACT = config["study"], config["extract"]
EXTRACTS = "results/extracts/{extract}"
RESULTS = "results/studies/{study}/{extract}"
RELEASE = f"{RESULTS}/release"


wildcard_constraints:
    study=r"[a-z0-9_]+",
    extract=r"[a-z0-9_]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/estimates.smk"
include: "workflow/rules/release.smk"
include: "workflow/rules/review.smk"


rule all:
    default_target: True
    input:
        expand(f"{RELEASE}/report.html", study=STUDY, extract=EXTRACT),
        expand(
            f"{RESULTS}/notebooks/{{name}}.ipynb",
            study=STUDY,
            extract=EXTRACT,
            name=NOTEBOOKS,
        ),
