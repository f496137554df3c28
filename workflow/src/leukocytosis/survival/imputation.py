"""Multiple imputation of covariates by chained equations, and Rubin's rules.

Missing covariates are drawn from models of the others, the cause, the event indicator and the
Nelson–Aalen cumulative hazard: leaving the outcome out would pull hazard ratios towards 1 (White
and Royston 2009). Numbers by predictive mean matching (five donors), two-level covariates by
logistic regression, each from newly drawn coefficients (van Buuren and Groothuis-Oudshoorn 2011;
R's mice). The cause is never imputed: it is what the study asks about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leukocytosis.prose import name_covariate

from .permutation import find_scores
from .times import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[Any]  # of one covariate, (n,): numbers or names of levels
LEAST_IMPUTATIONS, N_CYCLES, N_DONORS = 20, 10, 5
MOST_MISSING = 0.5  # of a covariate: beyond, the imputation model would decide, not the data
LEAST_PER_PREDICTOR = 5  # patients with the covariate known, per predictor of its model
RIDGE = 1e-5  # on the diagonal, relative, as R's mice: keeps nearly collinear predictors solvable
LOGISTIC_STEPS, LOGISTIC_TOLERANCE = 50, 1e-8


@dataclass(frozen=True)
class Pooled:
    """One coefficient after Rubin's rules.

    `degrees` of the t distribution after Barnard and Rubin (1999); `missing_information` is the
    fraction of what would be known without gaps that the gaps took away.
    """

    estimate: float
    error: float
    degrees: float
    missing_information: float

    def interval(self) -> tuple[float, float]:
        """Return the 95 % t interval."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.degrees, 0.975)) * self.error
        return self.estimate - half, self.estimate + half

    def p_value(self) -> float:
        """Return the two-sided p value that the coefficient is 0."""
        from scipy.special import stdtr

        return 2 * float(stdtr(self.degrees, -abs(self.estimate / self.error)))


def pool(estimates: FloatArray, variances: FloatArray, complete_degrees: float) -> Pooled:
    """Return one coefficient pooled over m imputations; both arrays are (m,).

    `complete_degrees` are those without gaps (events minus coefficients, as R's mice). ValueError
    for fewer than two imputations.
    """
    m = estimates.size
    if m < 2:
        raise ValueError(f"Rubin's rules need at least 2 imputations; got {m}")
    within, between = float(variances.mean()), float(estimates.var(ddof=1))
    total = within + (1 + 1 / m) * between
    by_gaps = max((1 + 1 / m) * between / total, 1e-4)  # as R's mice: never quite 0
    old = (m - 1) / by_gaps**2
    seen = (complete_degrees + 1) / (complete_degrees + 3) * complete_degrees * (1 - by_gaps)
    degrees = old * seen / (old + seen)
    rise = (1 + 1 / m) * between / within
    lost = (rise + 2 / (degrees + 3)) / (rise + 1)
    return Pooled(float(estimates.mean()), float(np.sqrt(total)), degrees, lost)


def count_imputations(frame: pd.DataFrame, covariates: Sequence[str]) -> int:
    """Return how many: 20, or as many as the percentage of incomplete patients (White 2011)."""
    incomplete = frame[list(covariates)].isna().any(axis=1)
    percent = 100 * float(incomplete.mean()) if len(frame) else 0.0
    return max(LEAST_IMPUTATIONS, int(np.ceil(percent)))


def why_not_impute(
    frame: pd.DataFrame, covariates: Sequence[str], references: Mapping[str, str], never: str
) -> str | None:
    """Return why the gaps of `covariates` cannot be imputed, or None; the plainest reason first.

    `never` is the covariate that is not imputed whatever happens: the cause.
    """
    if frame.empty:
        return "there are no patients"
    if not (frame["status"] == 1).any():
        return "there are no events"
    if never in covariates and frame[never].isna().any():
        return f"some patients have no {never}, and that is never imputed"
    predictors = len(_code(frame, [*covariates], references).columns) + 1
    for name in _with_gaps(frame, covariates):
        known = frame[name].dropna()
        reason = _hopeless(name, known, len(frame), predictors, name in references)
        if reason:
            return reason
    return None


def _hopeless(
    name: str, known: pd.Series[Any], n: int, predictors: int, categorical: bool
) -> str | None:
    if known.nunique() == 0:
        return f"{name} is known of nobody"
    if n - len(known) > MOST_MISSING * n:
        return f"{name} is missing in more than half of the patients"
    if known.nunique() == 1:
        return f"{name_covariate(name)} is the same wherever it is known"
    if categorical and known.nunique() > 2:
        return f"{name} has more than two levels, for which no imputation model is written"
    if len(known) < LEAST_PER_PREDICTOR * predictors:
        return f"{name} is known of too few patients to learn it from {predictors} others"
    return None


def impute(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    references: Mapping[str, str],
    m: int,
    seed: int,
) -> list[pd.DataFrame]:
    """Return `m` copies of the frame with every gap in `covariates` filled; seeded.

    The frame has `days` and `status` (1 event, else 0) and a row per patient; `references` names
    the categorical covariates. Ask `why_not_impute` first. With one incomplete covariate a single
    cycle is exact; with several, ten cycles lead to each copy (van Buuren 2018).
    """
    rng = np.random.default_rng(seed)
    gaps = _with_gaps(frame, covariates)
    holes = {name: frame[name].isna().to_numpy() for name in gaps}
    followed = frame["status"].to_numpy(dtype=float)
    hazard = followed - find_scores(frame["days"], frame["status"])  # Nelson–Aalen
    outcome = np.column_stack([followed, hazard])
    n_cycles = N_CYCLES if len(gaps) > 1 else 1
    return [_fill(frame, covariates, references, holes, outcome, n_cycles, rng) for _ in range(m)]


def _with_gaps(frame: pd.DataFrame, covariates: Sequence[str]) -> list[str]:
    """Return the incomplete covariates, the least incomplete first."""
    counts = {name: int(frame[name].isna().sum()) for name in covariates}
    return sorted((name for name in counts if counts[name]), key=lambda name: counts[name])


def _fill(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    references: Mapping[str, str],
    holes: Mapping[str, BoolArray],
    outcome: FloatArray,
    n_cycles: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    filled = frame.copy()
    for name, hole in holes.items():
        filled.loc[hole, name] = rng.choice(frame.loc[~hole, name].to_numpy(), int(hole.sum()))
    for _ in range(n_cycles):
        for name, hole in holes.items():
            others = _code(filled, [c for c in covariates if c != name], references)
            predictors = _standardised(np.column_stack([others.to_numpy(dtype=float), outcome]))
            draw = _draw_level if frame[name].nunique() == 2 else _draw_number
            filled.loc[hole, name] = draw(filled[name].to_numpy(), predictors, hole, rng)
    return filled


def _code(
    frame: pd.DataFrame, covariates: Sequence[str], references: Mapping[str, str]
) -> pd.DataFrame:
    import pandas as pd

    categorical = [name for name in covariates if name in references]
    return pd.get_dummies(frame[list(covariates)], columns=categorical, drop_first=True)


def _standardised(values: FloatArray) -> FloatArray:
    """Return an intercept and the columns that vary, at mean 0 and standard deviation 1."""
    varied = values[:, values.std(axis=0) > 0]
    scaled = (varied - varied.mean(axis=0)) / varied.std(axis=0)
    return np.column_stack([np.ones(len(values)), scaled])


def _draw_number(
    values: Values, predictors: FloatArray, hole: BoolArray, rng: np.random.Generator
) -> FloatArray:
    """Return for each gap the value of one of the five known patients predicted most alike.

    Known patients are predicted with the fitted coefficients, gaps with drawn ones (type 1
    matching), so that the uncertainty of the fit is passed on.
    """
    known = values[~hole].astype(np.float64)
    x, gaps = predictors[~hole], predictors[hole]
    cross = x.T @ x
    cross += RIDGE * np.diag(np.diag(cross))
    fitted = np.linalg.solve(cross, x.T @ known)
    residuals = known - x @ fitted
    freedom = max(known.size - x.shape[1], 1)
    spread = float(np.sqrt(residuals @ residuals / rng.chisquare(freedom)))
    noise = np.linalg.solve(np.linalg.cholesky(cross).T, rng.standard_normal(fitted.size))
    drawn = fitted + spread * noise
    return np.asarray(_match(x @ fitted, gaps @ drawn, known, rng))


def _match(
    predicted: FloatArray, wanted: FloatArray, known: FloatArray, rng: np.random.Generator
) -> FloatArray:
    shuffled = rng.permutation(known.size)  # among equally near donors none is preferred
    distance = np.abs(predicted[shuffled][None, :] - wanted[:, None])
    n_donors = min(N_DONORS, known.size)
    nearest = np.argpartition(distance, n_donors - 1, axis=1)[:, :n_donors]
    picked = nearest[np.arange(wanted.size), rng.integers(n_donors, size=wanted.size)]
    return known[shuffled][picked]


def _draw_level(
    values: Values, predictors: FloatArray, hole: BoolArray, rng: np.random.Generator
) -> Values:
    """Return for each gap one of the two levels, drawn with its predicted probability."""
    levels = sorted(set(values[~hole].tolist()))
    is_second = (values[~hole] == levels[1]).astype(np.float64)
    x, y, weights = _augment(predictors[~hole], is_second)
    fitted, covariance = _fit_logistic(x, y, weights)
    drawn = rng.multivariate_normal(fitted, covariance, method="cholesky")
    chance = 1 / (1 + np.exp(-(predictors[hole] @ drawn)))
    second = rng.random(chance.size) < chance
    return np.asarray(np.array(levels)[second.astype(int)])


def _augment(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add light patients of both levels around the mean, so that nothing predicts perfectly.

    White, Daniel and Royston (2010), as R's mice: for every predictor, half a standard deviation
    up and down, with both levels; their weights add up to the number of coefficients.
    """
    p = x.shape[1] - 1
    moved = np.repeat(np.vstack([np.eye(p), -np.eye(p)]) / 2, 2, axis=0)
    added = np.column_stack([np.ones(len(moved)), moved])
    levels = np.tile([0.0, 1.0], 2 * p)
    weights = np.concatenate([np.ones(len(x)), np.full(len(added), (p + 1) / len(added))])
    return np.vstack([x, added]), np.concatenate([y, levels]), weights


def _fit_logistic(
    x: FloatArray, y: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and covariance of a logistic regression, by Newton."""
    coefficients = np.zeros(x.shape[1])
    for _ in range(LOGISTIC_STEPS):
        chance = 1 / (1 + np.exp(-(x @ coefficients)))
        information = (x * (weights * chance * (1 - chance))[:, None]).T @ x
        information += RIDGE * np.diag(np.diag(information))
        step = np.linalg.solve(information, x.T @ (weights * (y - chance)))
        coefficients = coefficients + step
        if np.abs(step).max() < LOGISTIC_TOLERANCE:
            break
    return coefficients, np.linalg.inv(information).astype(np.float64)
