"""Beside the adjusted model: each covariate alone, and the patients and events of each level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol

from .analyses import covariate_frame
from .covariates import COVARIATES, find_references
from .cox import cox_rows
from .cox_models import fit_terms
from .row import Estimate, Number, place

if TYPE_CHECKING:
    import pandas as pd

WORDS = {0.0: "no", 1.0: "yes"}


def fit_crude(protocol: Protocol, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the hazard ratio of each covariate alone, and what its levels hold.

    `cox_crude` has a model per covariate of the adjusted model, of those who have a value (that of
    the cause groups is `cox_unadjusted`); `level_events` the patients and events of each level.
    """
    for outcome in protocol.outcomes:
        frame = covariate_frame(protocol, outcome.id, patients)
        for term in protocol.covariates.adjusted_for:
            if term != "cause_group":
                *ratios, _ = cox_rows(
                    fit_terms(protocol, frame, (term,)),
                    analysis_id="cox_crude", outcome_id=outcome.id,
                )  # fmt: skip
                yield from ratios
            yield from _count_levels(protocol, outcome.id, frame, term)


def _count_levels(
    protocol: Protocol, outcome_id: str, frame: pd.DataFrame, term: str
) -> Iterator[Estimate]:
    """Yield the levels of a covariate with their patients and events; none of a number."""
    name = COVARIATES[term]
    if term != "metastatic" and not find_references(protocol, (term,)):
        return
    found = frame.loc[frame[name].notna(), [name, "status"]]
    levels = found[name].map(WORDS) if term == "metastatic" else found[name]
    for level in sorted(set(levels)):
        status = found.loc[levels == level, "status"]
        n, n_events = len(status), int(status.sum())
        yield place(
            Number(float(n_events), note="a count: no interval"), analysis_id="level_events",
            outcome_id=outcome_id, group="all", term=f"{name}: {level}", n=n, n_events=n_events,
            method="count",
        )  # fmt: skip
