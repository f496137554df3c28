"""Numbers of the groups without a model: tests in strata and for trend, contrasts, quantiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.prose import name_covariate

from .analyses import SHARES, Followed, covariate_frame, follow
from .covariates import COVARIATES
from .curve import fit_curve, quantile_rows
from .difference import difference_rows
from .follow_up import completeness_row
from .proportion import fit_exact_proportion, should_quote_exact
from .row import Estimate, Number, place
from .stratified import stratified_row, trend_row

if TYPE_CHECKING:
    import pandas as pd

EXACT = "proportion, 95 % exact (Clopper–Pearson) interval"
QUOTE_EXACT, QUOTE_WILSON = "quote the exact interval", "quote Wilson's interval"
QUARTERS = (0.25, 0.5, 0.75)
LEFT_OUT = "those with a missing stratum take no part"


def fit_unadjusted(
    protocol: Protocol, patients: pd.DataFrame, shares: list[Estimate]
) -> Iterator[Estimate]:
    """Yield exact intervals of the shares among `shares`, then each outcome's further numbers."""
    yield from exact_rows(shares)
    for outcome in protocol.outcomes:
        parts = list(follow(protocol, outcome.id, patients))
        yield from _describe(parts, outcome.id, outcome.horizon_days)
        yield from _contrast(protocol, parts, outcome.id, outcome.horizon_days)
        yield from _test(protocol, outcome.id, patients)


def exact_rows(shares: list[Estimate]) -> Iterator[Estimate]:
    """Yield each headline share again with its exact interval; the note says which to quote."""
    for row in shares:
        if row.analysis_id in SHARES and row.n is not None and row.n_events is not None:
            number = fit_exact_proportion(row.n_events, row.n)
            if number.estimate is not None:
                exact = should_quote_exact(row.n_events, row.n)
                note = QUOTE_EXACT if exact else QUOTE_WILSON
                number = Number(number.estimate, number.ci_low, number.ci_high, note)
            yield place(number, analysis_id=f"exact_{row.analysis_id}", outcome_id=row.outcome_id,
                        group=row.group, term=row.term, n=row.n, n_events=row.n_events,
                        method=EXACT)  # fmt: skip


def _describe(parts: list[Followed], outcome_id: str, horizon: int) -> Iterator[Estimate]:
    for part in parts:
        curve = fit_curve(part.days, part.status)
        yield from quantile_rows(
            curve, QUARTERS, part.group, analysis_id="quantiles", outcome_id=outcome_id
        )
        yield completeness_row(part.days, part.status, horizon, part.group,
                               analysis_id="completeness", outcome_id=outcome_id)  # fmt: skip


def _contrast(
    protocol: Protocol, parts: list[Followed], outcome_id: str, horizon: int
) -> Iterator[Estimate]:
    """Yield risk differences and ratios on the protocol's last day, and at the horizon."""
    curves = {p.group: fit_curve(p.days, p.status) for p in parts if p.group != "all"}
    last = max((day for day in protocol.analyses.at_days if day <= horizon), default=horizon)
    for day in sorted({last, horizon}):
        yield from difference_rows(
            curves, float(day), analysis_id="risk_contrast", outcome_id=outcome_id
        )


def _test(protocol: Protocol, outcome_id: str, patients: pd.DataFrame) -> Iterator[Estimate]:
    frame = covariate_frame(protocol, outcome_id, patients)
    strata = protocol.analyses.logrank_strata
    if strata:
        named = [COVARIATES[name] for name in strata]
        known = frame.dropna(subset=named)
        within = [" / ".join(map(str, values)) for values in known[named].to_numpy().tolist()]
        yield stratified_row(
            known["days"].to_numpy(), known["status"].to_numpy(),
            known["cause group"].to_numpy(), within, " and ".join(map(name_covariate, strata)),
            analysis_id="logrank_stratified", outcome_id=outcome_id,
        )  # fmt: skip
    bands = protocol.analyses.count_bands_1e9_per_l
    if bands:
        scores = np.searchsorted(bands, patients["wbc_1e9_per_l"].to_numpy(dtype=float)) + 1
        cuts = ", ".join(f"{band:g}" for band in bands)
        yield trend_row(
            frame["days"].to_numpy(), frame["status"].to_numpy(), scores.astype(float),
            f"trend over bands of the index count, cut at {cuts} ×10⁹/L",
            analysis_id="logrank_trend", outcome_id=outcome_id,
        )  # fmt: skip
