"""The spline of the index count as rows: hazard ratios against the median count, and two tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

import numpy as np

from leukocytosis.rounding import format_number

from .cox import CoxRefused
from .row import Analysis, Estimate, Number, cannot, place
from .spline import SplineFit
from .times import FloatArray

MODEL = "Cox model (Efron), restricted cubic spline of the log2 count"
BEND, ASSOCIATION = "non-linearity", "any association"
N_COUNTS = 25


def spline_rows(fit: SplineFit | CoxRefused, **analysis: Unpack[Analysis]) -> Iterator[Estimate]:
    """Yield the hazard ratio of counts against the median one, then the tests; or why not.

    The spline is of log2 counts. Counts are whole numbers of ×10⁹/L between the outer knots, in
    term as `index count 60 against 52`: beyond those there are few patients, and the highest
    counts are single ones.
    """
    if isinstance(fit, CoxRefused):
        yield cannot(fit.reason, **analysis, group="all", term=BEND, method=MODEL,
                     n=fit.design.n, n_events=fit.design.n_events)  # fmt: skip
        return
    size = {"n": fit.fit.design.n, "n_events": fit.fit.design.n_events}
    reference, counts = choose_counts(fit)
    ratios = np.exp(fit.log_ratios(np.log2(counts), float(np.log2(reference))))
    for count, (middle, low, high) in zip(counts.tolist(), ratios.tolist(), strict=True):
        yield place(Number(middle, low, high, fit.fit.note), **analysis, group="all", **size,
                    term=f"index count {count:g} against {reference:g}",
                    method=f"{MODEL}, hazard ratio with 95 % Wald interval")  # fmt: skip
    knots = ", ".join(format_number(count) for count in 2**fit.knots)
    for term, test in ((BEND, fit.bend_test), (ASSOCIATION, fit.association_test)):
        chi_squared, freedom, p_value = test
        note = f"chi-squared on {freedom} degrees of freedom; knots at {knots} ×10⁹/L"
        yield place(Number(chi_squared, note=note), p_value, **analysis, group="all", **size,
                    term=term, method=f"{MODEL}, likelihood ratio test")  # fmt: skip


def choose_counts(fit: SplineFit) -> tuple[float, FloatArray]:
    """Return the median count and the counts to show, whole numbers of ×10⁹/L between the knots."""
    reference = float(np.round(2 ** np.median(fit.values)))
    shown = np.round(np.geomspace(2 ** fit.knots[0], 2 ** fit.knots[-1], N_COUNTS))
    return reference, np.unique(np.append(shown, reference))
