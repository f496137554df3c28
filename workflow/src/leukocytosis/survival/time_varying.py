"""How a hazard ratio changes with time: smoothed scaled Schoenfeld residuals.

Grambsch and Therneau (1994): a residual, scaled and added to the coefficient, estimates the log
hazard ratio at its event. The curve through them is the natural spline of R's `plot.cox.zph`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from .cox import CoxFit, CoxRefused, weigh_fit
from .firth import FirthFit
from .proportion import Z_95
from .proportional_hazards import PENALISED, Transform, transform_days
from .row import Analysis, Estimate, Number, cannot, place
from .spline import code_spline
from .times import FloatArray

DEGREES_OF_FREEDOM = 4  # as plot.cox.zph: an intercept and a natural spline with two inner knots
METHOD = "natural spline through scaled Schoenfeld residuals (as R's plot.cox.zph), 95 % interval"
TRANSFORM: Transform = "km"  # as plot.cox.zph does of its own accord
N_DRAWN = 40  # as plot.cox.zph, whose knots depend on the points it draws at


@dataclass(frozen=True, eq=False)
class TimeVarying:
    """The smoothed log hazard ratio of each column of a model along transformed time.

    `knots` (4,) on the transformed axis, from the first event to the last; `curves` (4, p) the
    coefficients of the spline; `spread` (4, 4) and `variances` (p,) make its variance.
    """

    fit: CoxFit
    knots: FloatArray
    curves: FloatArray
    spread: FloatArray
    variances: FloatArray

    def log_ratios(self, g: FloatArray) -> FloatArray:
        """Return log hazard ratios and standard errors (2, t, p) at transformed times (t,)."""
        basis = _basis(g, self.knots)
        lengths = np.einsum("ti,ij,tj->t", basis, self.spread, basis)
        return np.stack([basis @ self.curves, np.sqrt(np.outer(lengths, self.variances))])

    def ratios_on(self, days: FloatArray) -> FloatArray:
        """Return hazard ratios and their 95 % intervals (3, t, p) on `days` (t,).

        NaN before the first event and after the last: the spline is not drawn beyond them.
        """
        g = transform_days(self.fit, days, TRANSFORM)
        middle, error = self.log_ratios(g)
        ratios = np.exp([middle, middle - Z_95 * error, middle + Z_95 * error])
        ended = self.fit.design.days[self.fit.design.status == 1]
        ratios[:, (days < ended.min()) | (days > ended.max()), :] = np.nan
        return np.asarray(ratios)


def fit_time_varying(fit: CoxFit) -> TimeVarying | str:
    """Return the smoothed log hazard ratios over time, or the reason why there are none."""
    design = fit.design
    sets = weigh_fit(fit)
    if any(np.ptp(part.columns, axis=1).min() == 0 for part in sets.strata):
        return "a covariate does not vary within one of the strata"
    g = transform_days(fit, sets.days, TRANSFORM)
    inverse: FloatArray = np.linalg.inv(sets.information / sets.days.size).astype(np.float64)
    residuals = (sets.own - sets.mean) @ inverse / design.scale + fit.coefficients
    knots = _place(g)
    basis = _basis(g, knots)
    if np.unique(knots).size < knots.size or np.linalg.matrix_rank(basis) < DEGREES_OF_FREEDOM:
        return "events happened at too few times to follow a hazard ratio over them"
    spread: FloatArray = np.linalg.inv(basis.T @ basis).astype(np.float64)
    curves: FloatArray = spread @ basis.T @ residuals
    variances: FloatArray = np.diag(inverse) / design.scale**2
    return TimeVarying(fit, knots, curves, spread, variances)


def over_time_rows(
    fit: CoxFit | CoxRefused, term: str, days: list[float], **analysis: Unpack[Analysis]
) -> Iterator[Estimate]:
    """Yield the hazard ratio of each column of `term` on each of the days, or one row why not.

    Days before the first event or after the last have no row.
    """
    found = _follow(fit)
    if isinstance(found, str):
        yield cannot(found, **analysis, group="all", term=term, method=METHOD,
                     n=fit.design.n, n_events=fit.design.n_events)  # fmt: skip
        return
    ratios = found.ratios_on(np.array(days))
    for j, (column, of_term) in enumerate(zip(fit.design.columns, fit.design.terms, strict=True)):
        for day, ratio in zip(days, ratios[:, :, j].T.tolist(), strict=True):
            if of_term == term and not math.isnan(ratio[0]):
                yield place(Number(*ratio), **analysis, group="all", term=column, time_days=day,
                            n=fit.design.n, n_events=fit.design.n_events,
                            method=METHOD)  # fmt: skip


def _follow(fit: CoxFit | CoxRefused) -> TimeVarying | str:
    if isinstance(fit, CoxRefused):
        return fit.reason
    return PENALISED if isinstance(fit, FirthFit) else fit_time_varying(fit)


def _place(g: FloatArray) -> FloatArray:
    """Return the outer and the inner knots, quantiles of the events and the points drawn at."""
    drawn = np.append(np.linspace(g.min(), g.max(), N_DRAWN), g)
    return np.asarray(np.quantile(drawn, [0, 1 / 3, 2 / 3, 1]))


def _basis(g: FloatArray, knots: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(g.size), code_spline(g, knots)])
