"""The Cox models of a protocol as rows: ratios, sizes, the count's spline, change over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack

from leukocytosis.config import Protocol

from .covariates import COVARIATES, count_planned_freedom, find_references
from .cox import CoxFit, CoxRefused, cox_rows
from .design import code_design
from .firth import FirthFit, fit_cox_or_firth
from .proportional_hazards import proportional_hazards_rows
from .row import Analysis, Estimate, Number, place
from .spline import fit_spline
from .spline_rows import spline_rows
from .time_varying import over_time_rows

if TYPE_CHECKING:
    import pandas as pd

FREEDOM, PER_FREEDOM = "planned degrees of freedom", "events per planned degree of freedom"
EARLY_DAYS = (1, 3)  # most deaths are early; then the end of each week


def fit_models(protocol: Protocol, outcome_id: str, frame: pd.DataFrame) -> Iterator[Estimate]:
    """Yield the rows of the unadjusted and the adjusted model of an outcome.

    `frame` is the `covariate_frame`. For the primary outcome besides: the hazard ratios of the
    cause groups over time, and the spline of the index count, both of the adjusted model.
    """
    adjusted_for = protocol.covariates.adjusted_for
    planned = {"cox_unadjusted": ("cause_group",), "cox_adjusted": adjusted_for}
    fits = {model: fit_terms(protocol, frame, terms) for model, terms in planned.items()}
    for model, fit in fits.items():
        yield from cox_rows(fit, analysis_id=model, outcome_id=outcome_id)
        test = model.replace("cox", "proportional_hazards")
        yield from proportional_hazards_rows(fit, analysis_id=test, outcome_id=outcome_id)
        freedom = count_planned_freedom(protocol, planned[model])
        yield from size_rows(fit, model, freedom, analysis_id="model_size", outcome_id=outcome_id)
    if outcome_id == protocol.analyses.primary_outcome:
        yield from over_time_rows(
            fits["cox_adjusted"], COVARIATES["cause_group"], _days(protocol, outcome_id),
            analysis_id="hazard_ratio_over_time", outcome_id=outcome_id,
        )  # fmt: skip
        if "log2_wbc" in adjusted_for:
            yield from _bend_count(protocol, outcome_id, frame)


def fit_terms(
    protocol: Protocol, frame: pd.DataFrame, terms: tuple[str, ...]
) -> CoxFit | CoxRefused:
    """Return the model of some of the protocol's covariates, or why there is none."""
    names = [COVARIATES[term] for term in terms]
    design = code_design(frame, names, find_references(protocol, terms))
    least = protocol.analyses.min_events_per_parameter
    return fit_cox_or_firth(design, min_events_per_parameter=least)


def _days(protocol: Protocol, outcome_id: str) -> list[float]:
    horizon = next(o.horizon_days for o in protocol.outcomes if o.id == outcome_id)
    return [float(day) for day in (*EARLY_DAYS, *range(7, horizon + 1, 7)) if day <= horizon]


def size_rows(
    fit: CoxFit | CoxRefused, model: str, freedom: int, **analysis: Unpack[Analysis]
) -> Iterator[Estimate]:
    """Yield the planned degrees of freedom of a model, and its events for each.

    The note of the second says how the model was fitted, and why, or why it was not.
    """
    events = fit.design.n_events
    for term, number in (
        (FREEDOM, Number(float(freedom))),
        (PER_FREEDOM, Number(events / freedom, note=describe_fit(fit))),
    ):
        yield place(number, **analysis, group="all", term=f"{model}: {term}", method="count",
                    n=fit.design.n, n_events=events)  # fmt: skip


def describe_fit(fit: CoxFit | CoxRefused) -> str:
    """Return by which likelihood a model was fitted, and why not by the usual one."""
    if isinstance(fit, CoxRefused):
        return f"not fitted, because {fit.reason}"
    if isinstance(fit, FirthFit):
        return f"penalised likelihood (Firth), because {fit.because}"
    return "maximum likelihood"


def _bend_count(protocol: Protocol, outcome_id: str, frame: pd.DataFrame) -> Iterator[Estimate]:
    terms = protocol.covariates.adjusted_for
    names = [COVARIATES[term] for term in terms]
    fit = fit_spline(
        frame, COVARIATES["log2_wbc"], names, find_references(protocol, terms),
        min_events_per_parameter=protocol.analyses.min_events_per_parameter,
    )  # fmt: skip
    freedom = count_planned_freedom(protocol, terms) + 2
    model = fit if isinstance(fit, CoxRefused) else fit.fit
    yield from size_rows(
        model, "count_spline", freedom, analysis_id="model_size", outcome_id=outcome_id
    )
    yield from spline_rows(fit, analysis_id="count_spline", outcome_id=outcome_id)
