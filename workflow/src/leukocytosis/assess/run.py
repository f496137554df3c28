"""The whole assessment: drawn, analysed as a study is, measured, written."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator

from leukocytosis.bias.contrast import fit_model
from leukocytosis.bias.matrix import count_charts
from leukocytosis.bias.misclassification import Cohort, misclassification_rows
from leukocytosis.config import Manifest, Protocol
from leukocytosis.config.assess import Assessment
from leukocytosis.survival.analyses import fit_all
from leukocytosis.survival.row import Estimate

from .cohorts import World
from .extracts import Accuracy, chances_of, classify_extracts, list_accuracy
from .figure import draw_assessment
from .measures import Measure, list_targets, measure, measure_test
from .page import write_page

if TYPE_CHECKING:
    import pandas as pd

KNOWN, BY_RULES = "true causes", "causes by the rules"
CORRECTED = {"bias": "by the rules, corrected", "bias_by_outcome": "corrected by outcome"}
DIFFERENT, SAME = "hazards as declared", "no difference"
MARK = "synthetic"


def assess(
    protocol: Protocol,
    manifest: Manifest,
    settings: Assessment,
    seed: int,
    project: Path,
    folder: Path,
) -> tuple[list[Measure], list[Accuracy]]:
    """Write assessment.csv, classification.csv, assessment.md and the figure into a folder.

    Everything is drawn from `seed`. Extracts are drawn only where their causes are planted for
    this study; without any, the causes by the rules are not assessed.
    """  # fmt: skip
    from leukocytosis.figures import save_figure

    folder.mkdir(parents=True, exist_ok=True)
    planted = manifest.synthetic and manifest.drawn_for == protocol.study
    seeds = [seed + 1 + i for i in range(settings.extracts if planted else 0)]
    pairs = classify_extracts(protocol, manifest, project, folder / ".scratch", seeds)
    chances = chances_of(pairs)
    streams = np.random.default_rng(seed).spawn(2)
    measures = [
        *assess_cohorts(World(protocol, settings, chances, difference=True), streams[0]),
        *assess_cohorts(World(protocol, settings, chances, difference=False), streams[1]),
    ]
    accuracy = list_accuracy(protocol, pairs) if seeds else []
    _write_csv(measures, folder / "assessment.csv")
    _write_accuracy(accuracy, folder / "classification.csv")
    write_page(protocol, settings, measures, accuracy, len(seeds), folder / "assessment.md")
    save_figure(draw_assessment(protocol, measures, accuracy), folder, "assessment", MARK)
    return measures, accuracy


def assess_cohorts(world: World, rng: Generator) -> list[Measure]:
    """Return how every target fared over the cohorts drawn from one world."""
    analysed: dict[str, list[Sequence[Estimate]]] = {KNOWN: []}
    if world.classified:
        analysed |= {name: [] for name in (BY_RULES, *CORRECTED.values())}
    for _ in range(world.settings.cohorts):
        patients = world.draw(rng)
        analysed[KNOWN].append(fit_all(world.protocol, world.label(patients, "true_cause")))
        if world.classified:
            by_rules = world.label(patients, "rule_cause")
            analysed[BY_RULES].append(fit_all(world.protocol, by_rules))
            corrected = list(_correct(world, by_rules, rng))
            for name in CORRECTED.values():
                analysed[name].append(corrected)
    return list(_measure_all(world, analysed))


def _correct(world: World, patients: pd.DataFrame, rng: Generator) -> Iterator[Estimate]:
    """Yield the bias analysis of a cohort all of whose charts were read."""
    protocol = world.protocol
    causes = protocol.cause_ids
    episodes = patients["episode_id"].tolist()
    by_rules = dict(zip(episodes, patients["rule_cause"].tolist(), strict=True))
    truth = dict(zip(episodes, patients["true_cause"].tolist(), strict=True))
    confusion = count_charts(causes, by_rules, truth, "every chart", fixed=False)
    model = fit_model(protocol, protocol.analyses.primary_outcome, patients)
    cohort = Cohort(protocol, patients, patients["rule_cause"].to_numpy(dtype=str), model)
    return misclassification_rows(cohort, confusion, world.settings.draws, rng)


def _measure_all(world: World, analysed: dict[str, list[Sequence[Estimate]]]) -> Iterator[Measure]:
    scenario = DIFFERENT if world.difference else SAME
    of_labels = {name: prefix for prefix, name in CORRECTED.items()}
    for labels, cohorts in analysed.items():
        for target in list_targets(world, corrected=of_labels.get(labels)):
            found = [target.find(rows) for rows in cohorts]
            null = 0.0 if target.is_ratio else None
            yield measure(scenario, labels, target, found, null=null)
        if labels in (KNOWN, BY_RULES):
            p_values = [_overall_p(world, rows) for rows in cohorts]
            yield measure_test(scenario, labels, "log-rank test of all groups", p_values)


def _overall_p(world: World, rows: Sequence[Estimate]) -> float | None:
    outcome_id = world.protocol.analyses.primary_outcome
    place = ("logrank", outcome_id, "all", "log-rank")
    for row in rows:
        if (row.analysis_id, row.outcome_id, row.group, row.term) == place:
            return row.p_value
    return None


def _write_csv(measures: Sequence[Measure], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        names = [field.name for field in fields(Measure)]
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in measures)


def _write_accuracy(accuracy: Sequence[Accuracy], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["cause", "measure", "estimate", "ci_low", "ci_high", "n_right", "n"])
        for row in accuracy:
            number = row.number
            writer.writerow([row.cause, row.measure, number.estimate, number.ci_low,
                             number.ci_high, row.n_right, row.n])  # fmt: skip
