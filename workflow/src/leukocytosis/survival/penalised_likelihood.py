"""The partial likelihood of Cox with Firth's (1993) penalty: finite where separation leaves no top.

ℓ*(β) = ℓ(β) + ½ log |I(β)| (Heinze and Schemper 2001). With ties the derivative of the
information takes Efron's weights, as the information itself does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .partial_likelihood import ROUNDING, Likelihood, RiskSets
from .risk_sets import StratumSets
from .times import BoolArray, FloatArray

MAX_STEPS = 500
MAX_HALVINGS = 30
LONGEST_STEP = 0.5  # in standard deviations of the covariate, as in R's coxphf
STEP_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Point:
    """The penalised likelihood at some coefficients (p,) of the standardised columns."""

    coefficients: FloatArray
    sets: RiskSets

    @cached_property
    def information(self) -> FloatArray:
        """Return the information (p, p) of the likelihood without penalty."""
        return self.sets.information

    @cached_property
    def covariance(self) -> FloatArray:
        """Return its inverse (p, p)."""
        return np.linalg.inv(self.information).astype(np.float64)

    @cached_property
    def log_likelihood(self) -> float:
        """Return ℓ + ½ log |I|; minus infinity where there is no information left."""
        if not np.isfinite(self.sets.log_likelihood):
            return -np.inf
        sign, log_determinant = np.linalg.slogdet(self.information)
        return self.sets.log_likelihood + 0.5 * float(log_determinant) if sign > 0 else -np.inf

    @cached_property
    def score(self) -> FloatArray:
        """Return the first derivative of ℓ + ½ log |I|, (p,)."""
        thirds = (_trace_of_derivative(part, self.covariance) for part in self.sets.strata)
        return np.asarray(self.sets.score + 0.5 * sum(thirds))


def _trace_of_derivative(part: StratumSets, covariance: FloatArray) -> FloatArray:
    """Return tr(V ∂I/∂β_r) for each r, (p,): third central moments, weighted by V.

    With q = x'Vx: E[(x − m)'V(x − m) (x_r − m_r)] summed over events, each row adding what it
    gathers of hazard while at risk, so that no third moment is held per event.
    """
    x, m = part.columns, part.mean
    lasting, means = part.gather_hazard()
    turned = covariance @ x
    rows = (turned * x).sum(axis=0) * (lasting * x - means) - 2 * (turned * means).sum(axis=0) * x
    squares = ((covariance @ m) * m).sum(axis=0)
    return np.asarray(rows @ part.hazard + 2 * m @ squares)


@dataclass(frozen=True, eq=False)
class PenalisedLikelihood:
    """The penalised likelihood of a model with standardised covariates."""

    likelihood: Likelihood

    def at(self, coefficients: FloatArray) -> Point:
        """Return the penalised likelihood at `coefficients` (p,)."""
        return Point(coefficients, self.likelihood.at(coefficients))

    def climb(self, start: Point, free: BoolArray) -> Point | None:
        """Return the highest point in the `free` (p,) coefficients; None if none was reached.

        Newton's steps with the information in place of the second derivative, as in `coxphf`.
        """
        point = start
        for _ in range(MAX_STEPS if free.any() else 0):
            step = np.zeros(free.size)
            step[free] = np.linalg.solve(point.information[np.ix_(free, free)], point.score[free])
            longest = float(np.abs(step).max())
            if longest < STEP_TOLERANCE:
                return point
            point = self._step(point, step * min(1.0, LONGEST_STEP / longest))
        return None if free.any() else point

    def _step(self, start: Point, step: FloatArray) -> Point:
        floor = start.log_likelihood - ROUNDING * abs(start.log_likelihood)
        for halving in range(MAX_HALVINGS):
            there = self.at(start.coefficients + step / 2**halving)
            if there.log_likelihood >= floor:
                break
        return there
