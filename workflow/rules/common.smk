"""Configuration validated before anything runs, input functions, and digests."""

import sys
from functools import cache

CANONICAL = [
    "patients",
    "deaths",
    "encounters",
    "labs",
    "diagnoses",
    "drugs",
    "microbiology",
]
NOTEBOOKS = ["cohort_and_causes", "survival_and_sensitivity", "your_question"]
TEXTS = sorted(str(path) for path in Path("config/texts").iterdir())
CODELIST_FILES = sorted(str(path) for path in Path("config/codelists").glob("*.csv"))
CASES = sorted(str(path) for path in Path("config/cases").glob("*.yaml"))
COHORT = ["encounters", "labs", "diagnoses", "drugs", "microbiology"]


try:
    CODELISTS = load_codelists(Path("config/codelists"))
    PROTOCOL = load_protocol(Path(f"config/studies/{STUDY}.yaml"), CODELISTS)
    MANIFEST = load_manifest(Path(f"config/extracts/{EXTRACT}.yaml"))
    check_outcomes_seen(PROTOCOL, MANIFEST)
except LeukocytosisError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)


def family():
    """The studies with published numbers: the index study first, the others by name."""
    names, problems = [], []
    for path in sorted(Path("config/studies").glob("*.yaml")):
        try:
            if load_protocol(path, CODELISTS).claims:
                names.append(path.stem)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return sorted(names, key=lambda name: (name != "granger2009", name))


def family_reports(wildcards):
    """Read only when the page is asked for: a broken study stops no other."""
    try:
        names = family()
        for name in names:
            check_outcomes_seen(protocol_of(name), MANIFEST)
        return expand(f"{RELEASE}/report.html", study=names, extract=EXTRACT)
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


@cache  # read once a run, however many rules ask
def protocol_of(study):
    return load_protocol(Path(f"config/studies/{study}.yaml"))


def protocol_files(wildcards):
    """The protocol and those it extends; codelists and units."""
    names = [wildcards.study]
    protocol = protocol_of(wildcards.study)
    while protocol.extends:
        names.append(protocol.extends)
        protocol = protocol_of(protocol.extends)
    return [f"config/studies/{name}.yaml" for name in names]


def protocol_sections(*sections):
    """A digest of the protocol's sections, so that only the steps that read them run again.

    A section is a key of the protocol, or `key.part` for a part of it.
    """
    wanted = {}
    for section in sections:
        key, _, part = section.partition(".")
        wanted[key] = {**wanted.get(key, {}), part: True} if part else True
    return lambda wildcards: digest_value(
        protocol_of(wildcards.study).model_dump(mode="json", include=wanted)
    )


def claims_of(wildcards):
    """The claims file of a study, if it has one."""
    claims = protocol_of(wildcards.study).claims
    return [f"config/claims/{claims}.yaml"] if claims else []


def manifest_of(wildcards):
    return load_manifest(Path(f"config/extracts/{wildcards.extract}.yaml"))


def absent_of(wildcards):
    """What the manifest says the extract cannot show."""
    return sorted(manifest_of(wildcards).absent)


def truth_of(wildcards):
    """The planted truth of a synthetic extract, if it has one."""
    manifest = manifest_of(wildcards)
    return [f"{manifest.root}/{manifest.truth}"] if manifest.truth else []


def review_files(wildcards):
    """The files of the study's chart review, as far as they are there."""
    manifest = manifest_of(wildcards)
    reviews = manifest.reviews.get(wildcards.study)
    paths = find_files(reviews, manifest, Path()).paths if reviews else []
    return [str(path) for path in paths if path.exists()]


def review_settings(wildcards):
    """What the manifest says of the study's chart review."""
    reviews = manifest_of(wildcards).reviews.get(wildcards.study)
    return reviews.model_dump(mode="json") if reviews else {}


def truth_of_study(wildcards):
    """The planted truth, for the study whose index and causes it was planted at."""
    drawn_for = manifest_of(wildcards).drawn_for
    return truth_of(wildcards) if drawn_for == wildcards.study else []


def accuracy_of(wildcards):
    """The published accuracy of the rules, if the manifest names some."""
    name = manifest_of(wildcards).accuracy
    return [f"config/accuracy/{name}.yaml"] if name else []


def bias_settings(wildcards):
    """What the bias analysis draws, and what the manifest says of accuracy and dates."""
    manifest = manifest_of(wildcards)
    return {
        "seed": config["seed"],
        "bias": config["bias"],
        "accuracy": manifest.accuracy,
        "dates_shifted": manifest.dates_shifted,
    }


def setting_of(wildcards):
    """What agreement of a study with its paper means on this extract."""
    return describe_setting(manifest_of(wildcards), protocol_of(wildcards.study).claims)


def is_of_paper(wildcards):
    """Whether the extract is of the hospital of the study's paper, or drawn to equal it."""
    return is_own(manifest_of(wildcards), protocol_of(wildcards.study).claims)


def raw_files(wildcards):
    """The raw files of an extract, as far as they are there."""
    manifest = manifest_of(wildcards)
    if manifest.synthetic and wildcards.extract == "synthetic":
        root = Path(manifest.root)
        return [str(root / file.path) for file in manifest.files.values()]
    return [str(path) for path in find_all_paths(manifest, Path())]


def manifest_files(wildcards):
    folder = Path("config/extracts")
    beside = sorted(
        str(p) for p in (folder / wildcards.extract).glob("*") if p.is_file()
    )
    return [str(folder / f"{wildcards.extract}.yaml"), *beside]


def figure_labels(wildcards):
    """What Snakemake's own report shows beside a figure: its name and the caption it came with."""
    folder = RELEASE.format(study=STUDY, extract=EXTRACT)
    words = Path(f"{folder}/figures/{wildcards.name}.txt").read_text(encoding="utf-8")
    caption = words.partition("\n\n")[0].partition(": ")[2]
    return {"figure": wildcards.name, "caption": caption}
