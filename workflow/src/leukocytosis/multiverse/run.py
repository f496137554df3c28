"""The multiverse stage: variants, their numbers, and what each decision does to the conclusion."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.multiverse.decisions import describe_decisions, describe_options
from leukocytosis.multiverse.labels import Decider
from leukocytosis.multiverse.materials import Vocabulary, materialise
from leukocytosis.multiverse.rows import fit_rows, prepare
from leukocytosis.multiverse.variants import find_options, list_variants, tabulate
from leukocytosis.store import connect, table, write_rows

Rows = Sequence[dict[str, Any]]
SHARED = ".multiverse"
TABLES = ("multiverse", "variants", "decisions", "options")


def fit_multiverse(
    protocol: Protocol, vocabulary: Vocabulary, extract: Path, study: Path, seed: int
) -> None:
    """Write `multiverse`, `variants`, `decisions` and `options` of a study.

    All are empty when the protocol declares no `sensitivity`. What the variants share is looked
    up once, in a folder of `study` that is gone afterwards; causes are those of the rules.
    """
    folder = study / SHARED
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    rows: dict[str, Rows] = dict.fromkeys(TABLES, ())
    if protocol.sensitivity:
        rows = _fit(protocol, vocabulary, extract, folder, seed)
    # not the study's own scratch folder: another job may be using it
    with connect(folder / ".scratch") as con:
        for name, written in rows.items():
            write_rows(con, written, table(name), study / f"{name}.parquet")
    shutil.rmtree(folder)


def _fit(
    protocol: Protocol, vocabulary: Vocabulary, extract: Path, folder: Path, seed: int
) -> dict[str, Rows]:
    options = find_options(protocol, vocabulary.absent)
    variants = list_variants(protocol, options, seed)
    decider = Decider()
    samples = materialise(variants, vocabulary, extract, folder)
    everybody = [prepare(sample, decider.label(sample)) for sample in samples]
    rows = list(fit_rows(protocol, everybody))
    chosen = tabulate(variants, [*options])
    return {
        "multiverse": rows,
        "variants": chosen,
        "decisions": describe_decisions(protocol, rows, variants),
        "options": describe_options(protocol, rows, everybody, vocabulary.absent),
    }
