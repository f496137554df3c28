"""What the protocol's covariates are called in a model, and the level others are held against."""

from __future__ import annotations

from leukocytosis.config import Protocol

COVARIATES = {  # the protocol's name → the covariate's name in the model
    "cause_group": "cause group",
    "age": "age (per 10 years)",
    "sex": "sex",
    "metastatic": "metastatic",
    "log2_wbc": "index count (per doubling)",
    "neutrophil_percent": "neutrophil share (per 10 %)",
}


def find_references(protocol: Protocol, terms: tuple[str, ...]) -> dict[str, str]:
    """Return the reference level of each categorical covariate among `terms`, by model name."""
    levels = {"cause_group": protocol.analyses.groups[0], "sex": "female"}
    return {COVARIATES[term]: level for term, level in levels.items() if term in terms}


def count_planned_freedom(protocol: Protocol, terms: tuple[str, ...]) -> int:
    """Return the degrees of freedom a model of `terms` was planned with, whatever data came."""
    columns = {"cause_group": len(protocol.analyses.groups) - 1}
    return sum(columns.get(term, 1) for term in terms)
