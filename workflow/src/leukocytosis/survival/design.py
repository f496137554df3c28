"""The design of a Cox model: covariates coded as numeric columns, complete cases only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from .risk_sets import Ties
from .times import BoolArray, FloatArray, IntArray, check_entry, check_times

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


class RowColumns(TypedDict, total=False):
    """The columns of a frame that say more of a row than its covariates, see `Design`."""

    entry: str
    strata: str
    cluster: str
    patient: str


@dataclass(frozen=True, eq=False)
class Design:
    """What a Cox model is fitted to: the complete cases, coded.

    `values` is (rows × columns); `terms` names the covariate each column codes, and `covariates`
    the covariates asked for, one of which has no column when all patients share its one level.
    `n_left_out` patients lacked a covariate. Optional, one element per row: the row is at risk on
    (`entry`, `days`] instead of from the beginning; it is compared within its `strata` only; rows
    of one `cluster` (a hospital, say) are not independent, so variances are robust; rows of one
    `patient` (a covariate that changes) count as one in `n`. `ties` says how events of one time are
    taken.
    """

    covariates: tuple[str, ...]
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    values: FloatArray
    days: FloatArray
    status: IntArray
    levels: tuple[Level, ...]
    n_left_out: int
    entry: FloatArray | None = None
    strata: IntArray | None = None
    cluster: IntArray | None = None
    patient: IntArray | None = None
    ties: Ties = "efron"

    @property
    def n(self) -> int:
        """Return the number of complete cases: patients, not rows."""
        return self.days.size if self.patient is None else np.unique(self.patient).size

    @property
    def n_events(self) -> int:
        """Return the number of events among them."""
        return int(self.status.sum())

    @cached_property
    def scale(self) -> FloatArray:
        """Return the standard deviation of each column, (p,)."""
        return np.asarray(self.values.std(axis=0))

    @cached_property
    def standardised(self) -> FloatArray:
        """Return columns of mean 0 and standard deviation 1, on which steps and errors compare."""
        return np.asarray((self.values - self.values.mean(axis=0)) / self.scale)


def code_design(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    references: Mapping[str, str],
    *,
    days: str = "days",
    status: str = "status",
    **more: Unpack[RowColumns],
) -> Design:
    """Return the design of `covariates` from a frame with one row per patient, or several.

    A covariate named in `references` is categorical: one 0/1 column for each other level found,
    in alphabetical order, against the reference. The others are numbers, or true and false.
    `more` names the columns of `entry`, `strata`, `cluster` and `patient`, see `Design`. Patients
    without a time or status are an error, those lacking a covariate (a stratum, a cluster) are
    left out and counted. ValueError also for an absent column, text where a number belongs,
    infinite numbers, a row that ends on or before its entry, rows of one patient that overlap.
    """
    entry, patient = more.get("entry"), more.get("patient")
    groupings = [name for name in (more.get("strata"), more.get("cluster"), patient) if name]
    times = [name for name in (days, status, entry) if name]
    _check_columns(frame, covariates, references, [*times, *groupings])
    followed, ends = check_times(frame[days], frame[status])
    _check_rows(frame, days, entry, patient)
    known = _find_complete(frame, [*covariates, *groupings])
    complete = frame if known.all() else frame[known]
    followed, ends = followed[known], ends[known]
    factors = {term: _factor(complete, term, references[term]) for term in references}
    coded = [*_code(complete, covariates, factors)]
    return Design(
        covariates=tuple(covariates),
        columns=tuple(name for _, name, _ in coded),
        terms=tuple(term for term, _, _ in coded),
        values=_stack([values for _, _, values in coded], len(complete)),
        days=followed,
        status=ends,
        levels=tuple(level for term in sorted(factors) for level in factors[term].levels(ends)),
        n_left_out=_count(frame, patient, ~known),
        entry=None if entry is None else complete[entry].to_numpy(np.float64),
        strata=_number(complete, more.get("strata")),
        cluster=_number(complete, more.get("cluster")),
        patient=_number(complete, patient),
    )


def _check_columns(
    frame: pd.DataFrame, covariates: Sequence[str], references: Mapping[str, str], other: list[str]
) -> None:
    """Raise ValueError for a column the frame lacks, and for a reference of no covariate."""
    absent = sorted({*covariates, *references, *other} - set(frame.columns))
    if absent:
        raise ValueError(f"the frame lacks the columns {', '.join(absent)}")
    strangers = sorted(set(references) - set(covariates))
    if strangers:
        raise ValueError(f"reference levels given for no covariate: {', '.join(strangers)}")


def _check_rows(frame: pd.DataFrame, days: str, entry: str | None, patient: str | None) -> None:
    """Raise ValueError for entries that cannot be used, and for rows of a patient that overlap."""
    if entry is None:
        repeated = 0 if patient is None else int(frame[patient].duplicated().sum())
        if repeated:
            raise ValueError(f"{repeated} rows repeat a patient; several rows need their entry")
        return
    check_entry(frame[entry], frame[days])
    if patient is not None:
        rows = frame.sort_values([patient, entry], kind="stable")
        overlaps = rows[entry] < rows.groupby(patient)[days].shift()
        if overlaps.any():
            raise ValueError(f"{overlaps.sum()} rows begin before the patient's last one ended")


def _find_complete(frame: pd.DataFrame, names: list[str]) -> BoolArray:
    known: BoolArray = np.ones(len(frame), dtype=bool)
    for name in names:
        known &= frame[name].notna().to_numpy()
    return known


def _count(frame: pd.DataFrame, patient: str | None, rows: BoolArray) -> int:
    return int(rows.sum()) if patient is None else int(frame.loc[rows, patient].nunique())


def _number(frame: pd.DataFrame, column: str | None) -> IntArray | None:
    """Return the labels of a column as numbers from 0, in the order of the labels."""
    if column is None:
        return None
    return frame[column].factorize(sort=True)[0].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Factor:
    """A categorical covariate: the level of each row as a number, and each level's by name."""

    term: str
    reference: str
    codes: IntArray
    numbers: Mapping[str, int]

    def columns(self) -> Iterator[tuple[str, str, FloatArray]]:
        """Yield the columns that code it: the covariate, the column's name, its values."""
        for level, number in self.numbers.items():
            if level != self.reference:
                name = f"{self.term}: {level} against {self.reference}"
                yield self.term, name, (self.codes == number).astype(np.float64)

    def levels(self, status: IntArray) -> Iterator[Level]:
        """Yield every level with its patients and events; a reference nobody has counts 0."""
        nobody = -1  # no row has this number: those without a level were left out
        found = {self.reference: nobody} | dict(self.numbers)
        for name, number in sorted(found.items()):
            rows = self.codes == number
            n, n_events = int(rows.sum()), int(status[rows].sum())
            yield Level(self.term, name, n, n_events, name == self.reference)


def _factor(frame: pd.DataFrame, term: str, reference: str) -> _Factor:
    codes, found = frame[term].factorize()
    numbers = dict(sorted((str(name), code) for code, name in enumerate(found)))
    return _Factor(term, reference, codes, numbers)


def _code(
    frame: pd.DataFrame, covariates: Sequence[str], factors: Mapping[str, _Factor]
) -> Iterator[tuple[str, str, FloatArray]]:
    """Yield the columns of a design: the covariate, the column's name, its values."""
    for term in covariates:
        if term in factors:
            yield from factors[term].columns()
        else:
            yield term, term, _numbers(frame, term)


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
