"""The reasons not to fit a Cox model, each in one plain sentence."""

from __future__ import annotations

import numpy as np

from leukocytosis.prose import name_covariate, name_group, name_patients

from .design import Design, Level
from .times import FloatArray

MIN_EVENTS_PER_PARAMETER = 5  # refuse below (Vittinghoff and McCulloch 2007)
# below these the penalty outweighs the patients, who are described, not modelled: our choice
MIN_EVENTS_PER_PENALISED_PARAMETER = 2
MIN_PATIENTS_PER_LEVEL = 5
WORST_INFLATION = 100  # of a variance, by the other covariates: 99 % of the column is theirs
ABSURD_STANDARD_ERROR = 5.0  # per standard deviation: the interval would span a factor of e^20
FLAT = 1e-10  # information per event, of covariates of variance 1, that is rounding
MIN_CLUSTERS = 10  # below, the sandwich variance is too small by far (Mancl and DeRouen 2001)


def why_not(design: Design, min_events_per_parameter: float) -> str | None:
    """Return why a model should not be fitted by maximum likelihood; the plainest reason first."""
    return (
        _nothing_to_fit(design)
        or _level_alone(design)
        or _level_without_events(design)
        or _constant(design)
        or _value_without_events(design)
        or _too_few_events(design, min_events_per_parameter)
        or _too_few_clusters(design)
        or _collinear(design)
    )


def why_not_penalised(design: Design) -> str | None:
    """Return why not even Firth's penalised likelihood should be tried, or None.

    It copes with levels without events, and with fewer events than maximum likelihood needs; not
    with next to no events, next to no patients, or covariates that cannot be told apart.
    """
    return (
        _nothing_to_fit(design)
        or _level_alone(design)
        or _constant(design)
        or _tiny_level(design)
        or _too_few_events(design, MIN_EVENTS_PER_PENALISED_PARAMETER)
        or ("no robust variance is known for it" if design.cluster is not None else None)
        or _collinear(design)
        or _nearly_collinear(design)
    )


def _nothing_to_fit(design: Design) -> str | None:
    known = " with all covariates known" if design.n_left_out else ""
    if design.n == 0:
        return f"there are no patients{known}"
    if design.n_events == 0:
        return f"there are no events{' among the patients' if known else ''}{known}"
    if not design.columns and not design.levels:
        return "there are no covariates"
    return None


def _level_alone(design: Design) -> str | None:
    """Find a covariate of which there is only one level, or nobody in the reference."""
    for term in design.covariates:
        levels = [level for level in design.levels if level.term == term]
        if len(levels) == 1:
            return f"all patients have the same {term} ({name_group(levels[0].name)})"
        for level in levels:
            if level.n == 0:
                return f"there are no patients {_of(level)} to compare with"
    return None


def _of(level: Level) -> str:
    if level.term == "cause group":
        return name_patients(level.name)
    return f"of {level.name} sex" if level.term == "sex" else f"with {level.term} {level.name}"


def _level_without_events(design: Design) -> str | None:
    for level in design.levels:
        if level.n_events == 0:
            return f"there are no events among the patients {_of(level)}"
    return None


def _tiny_level(design: Design) -> str | None:
    for level in design.levels:
        if level.n < MIN_PATIENTS_PER_LEVEL:
            return f"there are fewer than {MIN_PATIENTS_PER_LEVEL} patients {_of(level)}"
    return None


def _constant(design: Design) -> str | None:
    constant = [
        name
        for name, column in zip(design.columns, design.values.T, strict=True)
        if column.min() == column.max()
    ]
    return f"all patients are alike in {name_covariate(constant[0])}" if constant else None


def _value_without_events(design: Design) -> str | None:
    """Find a covariate of two values (sex, metastasis) one of which saw no events."""
    for name, column in zip(design.columns, design.values.T, strict=True):
        lowest, highest = column == column.min(), column == column.max()
        for here in (lowest, highest) if (lowest | highest).all() else ():
            if not design.status[here].any():
                having = _having(name, column[here][0], lowest=here is lowest)
                return f"there are no events among the patients {having}"
    return None


def _having(name: str, value: float, *, lowest: bool) -> str:
    noun = name_covariate(name)
    if value not in (0, 1):  # told by its place: it may be one patient's own
        return f"with the {'lower' if lowest else 'higher'} of two values of {noun}"
    return f"{'with' if value else 'without'} {noun}"


def _too_few_events(design: Design, least: float) -> str | None:
    p = len(design.columns)
    if design.n_events >= least * p:
        return None
    return say_too_few(design.n_events, p, least)


def say_too_few(n_events: int, n_coefficients: int, least: float) -> str:
    """Return that so many events do not bear so many coefficients, of which each needs `least`."""
    events = "1 event is" if n_events == 1 else f"{n_events} events are"
    if n_coefficients == 1:
        return f"{events} too few for 1 coefficient (fewer than {least:g})"
    return f"{events} too few for {n_coefficients} coefficients (fewer than {least:g} each)"


def _too_few_clusters(design: Design) -> str | None:
    if design.cluster is None:
        return None
    n = np.unique(design.cluster).size
    if n >= MIN_CLUSTERS:
        return None
    return f"{n} clusters are too few for a robust variance (fewer than {MIN_CLUSTERS})"


def _collinear(design: Design) -> str | None:
    """Find the first column that those before it determine."""
    values = design.standardised
    if np.linalg.matrix_rank(values) == values.shape[1]:
        return None
    ranks = [np.linalg.matrix_rank(values[:, :p]) for p in range(1, values.shape[1] + 1)]
    name = next(n for p, n in enumerate(design.columns) if ranks[p] <= p)
    return f"{name} follows exactly from the other covariates (collinear)"


def _nearly_collinear(design: Design) -> str | None:
    """Find a column that the others nearly determine: a penalty does not tell them apart."""
    if len(design.columns) < 2:
        return None
    inflation = np.diag(np.linalg.inv(np.corrcoef(design.values.T)))
    if inflation.max() <= WORST_INFLATION:
        return None
    return f"{design.columns[int(inflation.argmax())]} nearly follows from the other covariates"


def find_flat(information: FloatArray, design: Design) -> str | None:
    """Return why covariates cannot be told apart among those at risk, or None.

    `information` (p, p) is that of the standardised columns when nothing matters.
    """
    rank = np.linalg.matrix_rank(information, tol=FLAT * design.n_events, hermitian=True)
    if rank == information.shape[0]:
        return None
    return "among those at risk when events happened the covariates do not vary separately"


def find_vague(design: Design, covariance: FloatArray) -> str | None:
    """Name the covariate whose standard error, per standard deviation, says nothing was learnt."""
    variances = np.diag(covariance)
    known = np.isfinite(variances) & (variances > 0) & (variances < ABSURD_STANDARD_ERROR**2)
    if known.all():
        return None
    name = design.columns[int(np.flatnonzero(~known)[0])]
    return f"the data say next to nothing about {name} (standard error out of all proportion)"
