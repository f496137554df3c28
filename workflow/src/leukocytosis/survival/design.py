"""The design of a Cox model: covariates coded as numeric columns, complete cases only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .times import BoolArray, FloatArray, IntArray, Labels, check_times

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Level:
    """A level of a categorical term, with the patients and the events in it."""

    term: str
    name: str
    n: int
    n_events: int
    is_reference: bool


@dataclass(frozen=True, eq=False)
class Design:
    """What a Cox model is fitted to: the complete cases, coded.

    `values` is (patients × columns); `terms` names the covariate each column codes, and
    `covariates` the covariates asked for, one of which has no column when all patients share
    its one level. `n_left_out` patients lacked a covariate.
    """

    covariates: tuple[str, ...]
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    values: FloatArray
    days: FloatArray
    status: IntArray
    levels: tuple[Level, ...]
    n_left_out: int

    @property
    def n(self) -> int:
        """Return the number of complete cases."""
        return self.days.size

    @property
    def n_events(self) -> int:
        """Return the number of events among them."""
        return int(self.status.sum())


def code_design(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    references: Mapping[str, str],
    *,
    days: str = "days",
    status: str = "status",
) -> Design:
    """Return the design of `covariates` from a frame with one row per patient.

    A covariate named in `references` is categorical: one 0/1 column for each other level found,
    in alphabetical order, against the reference. The others are numbers, or true and false.
    Patients without a time or status are an error, those lacking a covariate are left out and
    counted. ValueError also for an absent column, text where a number belongs, infinite numbers.
    """
    wanted = (*covariates, *references, days, status)
    absent = sorted({name for name in wanted if name not in frame.columns})
    if absent:
        raise ValueError(f"the frame lacks the columns {', '.join(absent)}")
    strangers = sorted(set(references) - set(covariates))
    if strangers:
        raise ValueError(f"reference levels given for no covariate: {', '.join(strangers)}")
    check_times(frame[days], frame[status])
    complete = frame.dropna(subset=list(covariates))
    followed, ends = check_times(complete[days], complete[status])
    coded = [_code(complete, term, references.get(term)) for term in covariates]
    names = [
        (term, name) for term, columns in zip(covariates, coded, strict=True) for name in columns
    ]
    return Design(
        covariates=tuple(covariates),
        columns=tuple(name for _, name in names),
        terms=tuple(term for term, _ in names),
        values=_stack([column for columns in coded for column in columns.values()], len(complete)),
        days=followed,
        status=ends,
        levels=_levels(complete, references, ends),
        n_left_out=len(frame) - len(complete),
    )


def _code(frame: pd.DataFrame, term: str, reference: str | None) -> dict[str, FloatArray]:
    """Return the columns that code one covariate, by name."""
    if reference is None:
        return {term: _numbers(frame, term)}
    labels: Labels = frame[term].to_numpy(dtype=str)
    others = sorted(set(labels.tolist()) - {reference})
    return {
        f"{term}: {level} against {reference}": (labels == level).astype(np.float64)
        for level in others
    }


def _numbers(frame: pd.DataFrame, term: str) -> FloatArray:
    try:
        values = frame[term].to_numpy(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{term} holds text where numbers belong; a categorical covariate needs a reference"
        ) from None
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise ValueError(f"{infinite} of {values.size} values of {term} are infinite")
    return values


def _stack(columns: list[FloatArray], n: int) -> FloatArray:
    return np.column_stack(columns) if columns else np.empty((n, 0))


def _levels(
    frame: pd.DataFrame, references: Mapping[str, str], status: IntArray
) -> tuple[Level, ...]:
    """Return every level of every categorical term; a reference that nobody has counts 0."""
    counted = []
    for term in sorted(references):
        labels: Labels = frame[term].to_numpy(dtype=str)
        for name in sorted({references[term], *labels.tolist()}):
            here: BoolArray = labels == name
            n_events = int(status[here].sum())
            counted.append(Level(term, name, int(here.sum()), n_events, name == references[term]))
    return tuple(counted)
