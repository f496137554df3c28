"""Bias, coverage and rejection over many cohorts, each with its Monte Carlo error.

Definitions and standard errors of Morris, White and Crowther 2019.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from typing import Any

import numpy as np

from leukocytosis.figures.forest import label_term
from leukocytosis.prose import name_group
from leukocytosis.survival.row import Estimate

from .cohorts import World

Found = tuple[float, float, float] | None  # estimate and interval; None where there is none


@dataclass(frozen=True)
class Target:
    """A number whose truth is known: where it stands among the estimates, and on which scale.

    `truth` is on that scale: of a ratio, its logarithm.
    """

    name: str
    where: Mapping[str, Any]
    truth: float
    is_ratio: bool = False

    def find(self, rows: Iterable[Estimate]) -> Found:
        """Return estimate and interval among a cohort's rows, on the target's scale."""
        for row in rows:
            if all(getattr(row, key) == value for key, value in self.where.items()):
                ends = (row.estimate, row.ci_low, row.ci_high)
                if any(end is None for end in ends):
                    return None
                numbers = [float(end) for end in ends if end is not None]
                low, middle, high = (numbers[i] for i in (1, 0, 2))
                return (log(middle), log(low), log(high)) if self.is_ratio else (middle, low, high)
        return None


@dataclass(frozen=True)
class Measure:
    """How one number fared: `labels` says which causes were used, `scenario` which truth.

    `bias` is the mean estimate minus the truth, `rejected` the share of cohorts whose interval
    (or test) spoke against no difference; each `_error` is a Monte Carlo standard error.
    `n_estimated` of `n_cohorts` had a number.
    """

    scenario: str
    labels: str
    name: str
    n_cohorts: int
    n_estimated: int
    truth: float | None = None
    mean: float | None = None
    bias: float | None = None
    bias_error: float | None = None
    spread: float | None = None
    coverage: float | None = None
    coverage_error: float | None = None
    rejected: float | None = None
    rejected_error: float | None = None


def list_targets(world: World, *, corrected: str | None = None) -> Iterator[Target]:
    """Yield the numbers a right analysis would find; with `corrected` those of a bias analysis.

    `corrected` is the analysis that stands before `_risk` and `_ratio`.
    """
    protocol = world.protocol
    outcome_id, groups = protocol.analyses.primary_outcome, protocol.analyses.groups
    sizes = world.settings.patients
    prefix = f"{corrected}_" if corrected else ""
    for group in groups:
        share = sum(n for cause, n in sizes.items() if world.protocol.group_of[cause] == group)
        where = {"analysis_id": f"{prefix}group_shares", "term": group}
        yield Target(f"share of {name_group(group)}", where, share / sum(sizes.values()))
    day = float(world.horizon)
    for group in groups:
        yield Target(f"risk by day {day:g}, {name_group(group)}",
                     {"analysis_id": f"{prefix}risk", "outcome_id": outcome_id, "group": group,
                      "time_days": day}, world.risk(group, day))  # fmt: skip
    hazards, reference = world.hazards, groups[0]
    for group in groups[1:]:
        contrast = f"{group} against {reference}"
        where = {"analysis_id": "bias_ratio", "term": contrast}
        if corrected:
            where["analysis_id"] = f"{corrected}_ratio"
        else:
            where = {"analysis_id": "cox_adjusted", "term": f"cause group: {contrast}"}
        yield Target(f"log hazard ratio, {label_term(contrast)}",
                     where | {"outcome_id": outcome_id},
                     log(hazards[group] / hazards[reference]), is_ratio=True)  # fmt: skip


def measure(
    scenario: str, labels: str, target: Target, found: Sequence[Found], *, null: float | None = None
) -> Measure:
    """Return how a target fared over cohorts; `null` is what an interval rejects by leaving out."""
    known = np.array([numbers for numbers in found if numbers is not None]).reshape(-1, 3)
    n, truth = len(known), target.truth
    place = Measure(scenario, labels, target.name, len(found), n, truth)
    if n < 2:
        return place
    middle, low, high = known.T
    spread = float(middle.std(ddof=1))
    covered = float(((low <= truth) & (truth <= high)).mean())
    measured = replace(
        place,
        mean=float(middle.mean()), bias=float(middle.mean()) - truth, bias_error=spread / sqrt(n),
        spread=spread, coverage=covered, coverage_error=share_error(covered, n),
    )  # fmt: skip
    if null is None:
        return measured
    rejected = float(((low > null) | (high < null)).mean())
    return replace(measured, rejected=rejected, rejected_error=share_error(rejected, n))


def measure_test(
    scenario: str, labels: str, name: str, p_values: Sequence[float | None]
) -> Measure:
    """Return how often a test rejected at 5 %."""
    known = [p for p in p_values if p is not None]
    place = Measure(scenario, labels, name, len(p_values), len(known))
    if not known:
        return place
    rejected = sum(p < 0.05 for p in known) / len(known)
    return replace(place, rejected=rejected, rejected_error=share_error(rejected, len(known)))


def share_error(share: float, n: int) -> float:
    """Return the Monte Carlo standard error of a share of n cohorts.

    Where all or none were, that of one cohort more or less: not zero.
    """
    inside = min(max(share, 0.5 / n), 1 - 0.5 / n)
    return sqrt(inside * (1 - inside) / n)
