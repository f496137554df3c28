"""The contrasts of the adjusted model, the patients it rests on, and their redrawn groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.survival.analyses import covariate_frame
from leukocytosis.survival.covariates import COVARIATES
from leukocytosis.survival.cox import CoxFit, CoxRefused, fit_cox
from leukocytosis.survival.design import Design, code_design
from leukocytosis.survival.times import BoolArray, FloatArray, Labels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Model:
    """The adjusted Cox model of an outcome, as the report has it, and its complete cases.

    `complete` (n,) marks the patients of the analysis set the model rests on. `groups` are those
    compared with `reference`, in the order of their columns, which come first in the design.
    """

    outcome_id: str
    design: Design
    fit: CoxFit | CoxRefused
    complete: BoolArray
    reference: str
    groups: tuple[str, ...]

    def contrast(self, group: str) -> str:
        """Return `group against reference`."""
        return f"{group} against {self.reference}"

    def values_for(self, labels: Labels) -> FloatArray:
        """Return the design of redrawn groups; `labels` (b, n) of complete cases, (b, n, p)."""
        wide = np.broadcast_to(self.design.values, (len(labels), *self.design.values.shape)).copy()
        for column, group in enumerate(self.groups):
            wide[:, :, column] = labels == group
        return wide


def primary_contrast(protocol: Protocol) -> tuple[str, str]:
    """Return the groups of the primary contrast: the one compared, then the reference."""
    return protocol.analyses.primary_contrast.groups


def fit_model(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Model:
    """Return the adjusted model of an outcome."""
    frame = covariate_frame(protocol, outcome_id, patients)
    terms = _group_first(protocol.covariates.adjusted_for)
    references = {"cause_group": protocol.analyses.groups[0], "sex": "female"}
    covariates = [COVARIATES[term] for term in terms]
    design = code_design(
        frame, covariates,
        {COVARIATES[term]: level for term, level in references.items() if term in terms},
    )  # fmt: skip
    groups = [c for c, t in zip(design.columns, design.terms, strict=True) if t == covariates[0]]
    return Model(
        outcome_id,
        design,
        fit_cox(design, min_events_per_parameter=protocol.analyses.min_events_per_parameter),
        frame[covariates].notna().all(axis=1).to_numpy(),
        protocol.analyses.groups[0],
        tuple(name.removeprefix(f"{covariates[0]}: ").split(" against ")[0] for name in groups),
    )


def _group_first(terms: Sequence[str]) -> tuple[str, ...]:
    return ("cause_group", *(term for term in terms if term != "cause_group"))
