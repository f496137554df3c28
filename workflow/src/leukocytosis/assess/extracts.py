"""How right the rules are on freshly drawn extracts, through the real stages."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.accuracy import read_truth
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.cohort import find_index, narrow
from leukocytosis.config import Manifest, Protocol, load_codelists, load_units
from leukocytosis.standardise import standardise
from leukocytosis.store import read_frame
from leukocytosis.survival.quoted import fit_quoted
from leukocytosis.survival.row import Number
from leukocytosis.synthetic import draw_extract

Pairs = Counter[tuple[str | None, str | None]]  # true cause (None: not in truth's cohort), by rules


@dataclass(frozen=True)
class Accuracy:
    """Sensitivity or predictive value of a cause, pooled over extracts."""

    cause: str
    measure: str
    number: Number
    method: str
    n_right: int
    n: int


def classify_extracts(
    protocol: Protocol, manifest: Manifest, project: Path, scratch: Path, seeds: list[int]
) -> Pairs:
    """Return how many patients of freshly drawn extracts had which true cause and which by rules.

    Raw files to causes, as a run does it; `scratch` is emptied afterwards.
    """
    config = project / "config"
    codelists, units = load_codelists(config / "codelists"), load_units(config / "units.csv")
    pairs: Pairs = Counter()
    for seed in seeds:
        root, extract, study = (scratch / name for name in ("raw", "extract", "study"))
        draw_extract(root, seed)
        here = manifest.model_copy(update={"root": str(root.resolve())})
        standardise(here, codelists, units, project, extract)
        find_index(protocol, codelists, extract, study)
        narrow(extract, study)
        collect_evidence(protocol, codelists, units, frozenset(manifest.absent), study)
        classify(protocol, study)
        pairs += count_pairs(read_truth(root / "truth.csv"), study)
        shutil.rmtree(scratch)
    return pairs


def count_pairs(truth: dict[str, str], study: Path) -> Pairs:
    """Return how many patients have which true cause and which by the rules."""
    causes = {
        str(row["episode_id"]): str(row["rule_cause"])
        for row in read_frame(study / "causes.parquet").to_dict("records")
    }
    patients = sorted({*truth, *map(str, causes)})
    return Counter((truth.get(p), causes.get(p)) for p in patients)


def list_accuracy(protocol: Protocol, pairs: Pairs) -> list[Accuracy]:
    """Return sensitivity and predictive value of each cause with the intervals to print."""
    found = []
    for cause in (cause.id for cause in protocol.causes):
        right = pairs[cause, cause]
        true = sum(n for (planted, _), n in pairs.items() if planted == cause)
        called = sum(n for (_, by_rules), n in pairs.items() if by_rules == cause)
        found.append(Accuracy(cause, "sensitivity", *fit_quoted(right, true), right, true))
        found.append(Accuracy(cause, "ppv", *fit_quoted(right, called), right, called))
    return found


def chances_of(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return, for each true cause, the chances of the causes by the rules, of those in a cohort."""
    chances: dict[str, dict[str, float]] = {}
    for (true, by_rules), n in sorted(pairs.items(), key=str):
        if true is not None and by_rules is not None:
            chances.setdefault(true, {})[by_rules] = float(n)
    return {
        true: {cause: n / sum(counts.values()) for cause, n in counts.items()}
        for true, counts in chances.items()
    }
