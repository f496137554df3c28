"""The sections of the report in their order; a template in templates/sections for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SECTIONS = {
    "answer": "Question and answer",
    "certainty": "How sure",
    "cohort": "The cohort",
    "causes": "Causes",
    "patients": "Table 1",
    "survival": "Risk and survival",
    "models": "Cox models",
    "estimators": "Contrasts, adjustment, gaps",
    "competing": "Hospice and death",
    "multiverse": "Other decisions",
    "design": "A fair design",
    "bias": "Does it matter?",
    "methods": "Methods",
    "scorecard": "Published numbers",
    "review": "Chart review",
    "accuracy": "Planted truth",
    "data": "Data quality",
    "gaps": "What cannot be estimated",
}
OPTIONAL = ("competing", "multiverse", "bias", "review")


def list_sections(told: Mapping[str, Any], *, synthetic: bool) -> dict[str, str]:
    """Return the titles of the sections a run has, by id: `told` holds what is told in each.

    Only a synthetic extract has a planted truth.
    """
    without = {id for id in OPTIONAL if not told[id]} | (set() if synthetic else {"accuracy"})
    return {id: title for id, title in SECTIONS.items() if id not in without}
