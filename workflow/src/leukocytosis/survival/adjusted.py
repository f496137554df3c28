"""Cox models of the protocol: the groups alone, and adjusted for what was known at the index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.estimation.cox import CoxModel, fit_cox, fit_proportional_hazards, why_not
from leukocytosis.estimation.curve import Floats, Ints
from leukocytosis.estimation.row import Estimate

if TYPE_CHECKING:
    import pandas as pd

METHOD = "Cox, Efron ties, Wald interval"
FEW_EVENTS_PER_PARAMETER = 10


@dataclass(frozen=True)
class Design:
    """Coded covariates: a column per name, and the columns that belong to each term."""

    columns: dict[str, Floats]
    terms: dict[str, list[int]]

    @property
    def matrix(self) -> Floats:
        """Return the columns side by side, NaN where a covariate is missing."""
        return np.column_stack(list(self.columns.values()))


def code_design(protocol: Protocol, patients: pd.DataFrame, terms: tuple[str, ...]) -> Design:
    """Return the coded covariates of the terms; a group without patients gets no column."""
    reference, *others = protocol.analyses.groups
    single = {
        "age": ("age (per 10 years)", patients["age_at_index_years"].astype(float) / 10),
        "sex": ("sex: male vs female", patients["sex"].map({"male": 1.0, "female": 0.0})),
        "metastatic": (
            "metastatic: yes vs no",
            patients["metastatic"].map({True: 1.0, False: 0.0}),
        ),
        "log2_wbc": ("index count (per doubling)", patients["log2_wbc"].astype(float)),
        "neutrophil_percent": (
            "neutrophil share (per 10 %)",
            patients["neutrophil_percent"].astype(float) / 10,
        ),
    }
    columns: dict[str, Floats] = {}
    places: dict[str, list[int]] = {}
    for term in terms:
        coded = [single[term]] if term in single else [
            (f"cause_group: {group} vs {reference}", (patients["cause_group"] == group) * 1.0)
            for group in others
            if (patients["cause_group"] == group).any()
        ]  # fmt: skip
        places[term] = list(range(len(columns), len(columns) + len(coded)))
        columns |= {name: values.to_numpy(dtype=float) for name, values in coded}
    return Design(columns, {term: place for term, place in places.items() if place})


def fit_models(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[Estimate]:
    """Yield hazard ratios, unadjusted and adjusted, and the test of proportional hazards."""
    yield from _fit_model(protocol, "cox_unadjusted", outcome_id, patients, ("cause_group",))
    adjusted_for = protocol.covariates.adjusted_for
    yield from _fit_model(protocol, "cox_adjusted", outcome_id, patients, adjusted_for)


def _fit_model(
    protocol: Protocol,
    analysis_id: str,
    outcome_id: str,
    patients: pd.DataFrame,
    terms: tuple[str, ...],
) -> Iterator[Estimate]:
    design = code_design(protocol, patients, terms)
    days = patients[f"{outcome_id}_days"].to_numpy(dtype=float)
    status = patients[f"{outcome_id}_status"].to_numpy(dtype=np.int64)
    row = Estimate(analysis_id, "model", outcome_id, method=METHOD, n=0, n_events=0)
    if not design.columns:
        yield row.because("fewer than two groups have patients")
        return
    matrix = design.matrix
    whole = np.isfinite(matrix).all(axis=1)
    days, status, matrix = days[whole], status[whole], matrix[whole]
    row = replace(row, n=int(whole.sum()), n_events=int(status.sum()))
    left_out = int((~whole).sum())
    reason = _why_not(protocol, design, patients, whole, matrix, status)
    try:
        if reason is None:
            model = fit_cox(days, status, matrix, tuple(design.columns))
    except ValueError as error:
        reason = str(error)
    if reason is not None:
        missing = f" ({left_out} left out for a missing covariate)" if left_out else ""
        yield from (replace(row, term=name).because(reason + missing) for name in design.columns)
        return
    yield from _ratios(row, model, left_out)
    yield from _proportional(row, model, days, status, design)


def _why_not(
    protocol: Protocol,
    design: Design,
    patients: pd.DataFrame,
    whole: np.ndarray[tuple[int], np.dtype[np.bool_]],
    matrix: Floats,
    status: Ints,
) -> str | None:
    if not whole.any():
        return "no patient has every covariate"
    reference = protocol.analyses.groups[0]
    in_reference = (patients["cause_group"] == reference).to_numpy()[whole]
    if not in_reference.any():
        return f"the reference group '{reference}' has no patients"
    if not status[in_reference].any():
        return f"the reference group '{reference}' has no events"
    least = protocol.analyses.min_events_per_parameter
    return why_not(status, matrix, tuple(design.columns), least)


def _ratios(row: Estimate, model: CoxModel, left_out: int) -> Iterator[Estimate]:
    low, high = model.interval()
    per_parameter = model.n_events / len(model.names)
    notes = [f"{left_out} left out for a missing covariate"] if left_out else []
    if per_parameter < FEW_EVENTS_PER_PARAMETER:
        notes.append(f"only {per_parameter:.1f} events per parameter")
    for i, name in enumerate(model.names):
        yield replace(
            row, term=name, estimate=float(model.hazard_ratio[i]), ci_low=float(low[i]),
            ci_high=float(high[i]), p_value=float(model.p_values()[i]),
            note="; ".join(notes) or None,
        )  # fmt: skip


def _proportional(
    row: Estimate, model: CoxModel, days: Floats, status: Ints, design: Design
) -> Iterator[Estimate]:
    tests = fit_proportional_hazards(model, days, status, design.terms)
    for term, (chi, degrees, p_value) in tests.items():
        yield replace(
            row, analysis_id="proportional_hazards", term=f"{row.analysis_id}: {term}",
            estimate=chi, p_value=p_value, method="score test, Kaplan–Meier time (cox.zph)",
            note=f"chi-squared on {degrees} df",
        )  # fmt: skip
