"""Aalen–Johansen (1978): how likely a patient is to be in each state on each day.

The variance is the infinitesimal jackknife: the summed squares of what each patient contributes
(the estimator of R's `survfit` for several states). Valid without the Markov assumption while
censoring does not depend on the path (Datta and Satten 2001). Written with numpy: lifelines moves
tied times apart at random, and has no more than two states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leukocytosis.prose import count_patients

from ..proportion import Z_95, exact_bound
from ..row import Number, missing
from ..times import FloatArray
from .paths import ALIVE, IN_HOSPICE, MOVES, STATES, Paths

METHOD = "Aalen–Johansen, 95 % log-log interval (infinitesimal jackknife)"
ROUNDING = 1e-12  # a probability this near to 0 or 1 is 0 or 1
Measure = tuple[int, ...]  # the states whose probabilities are added


@dataclass(frozen=True, eq=False)
class Occupation:
    """Probabilities of states: arrays with one row per distinct time, the first of which is 0.

    Shapes, with T times and M measures (sums of states, in the order of `measures`): `times` (T,);
    `probability` and its standard `error` (T, M), just after the time. `unknown_after` has, per
    state that can be left, the day from which nobody in it was observed while somebody must have
    been: what follows cannot be known.
    """

    paths: Paths
    measures: tuple[Measure, ...]
    times: FloatArray
    probability: FloatArray
    error: FloatArray
    unknown_after: dict[int, float]

    def at(self, measure: Measure, day: float) -> Number:
        """Return the probability just after `day` with its interval, or why there is none.

        ValueError when `day` is negative.
        """
        if day < 0:
            raise ValueError("a state is asked for before the index day")
        if self.paths.n == 0:
            return missing("there are no patients")
        for state in _bordering(measure):
            if day > self.unknown_after[state]:
                since = f"{self.unknown_after[state]:g}"
                return missing(f"nobody {STATES[state]} was followed beyond day {since}")
        here = np.searchsorted(self.times, day, side="right") - 1
        column = self.measures.index(measure)
        p, error = float(self.probability[here, column]), float(self.error[here, column])
        if not ROUNDING < p < 1 - ROUNDING:
            return self._at_the_edge(round(p), day)
        return Number(p, *log_log(p, error))

    def _at_the_edge(self, p: int, day: float) -> Number:
        """Give a probability of 0 or 1 an exact interval, from those whose state is known.

        Where nobody was lost before the day these are all patients, else those still observed.
        """
        lost = self.paths.n_lost_before(day)
        known = int(self.paths.at_risk(day).sum()) if lost else self.paths.n
        if known == 0:
            return Number(float(p), note="no interval, because nobody was left at risk")
        who = "all" if p else "none"
        note = f"{who} of {count_patients(known)} followed: exact (Clopper–Pearson) interval"
        bound = exact_bound(known)
        return Number(1.0, 1 - bound, 1.0, note) if p else Number(0.0, 0.0, bound, note)


def log_log(p: float, error: float) -> tuple[float, float]:
    """Return the 95 % interval of a probability on the log(−log) scale (Choudhury 2002)."""
    width = Z_95 * error / (p * np.log(p))  # negative
    return float(p ** np.exp(-width)), float(p ** np.exp(width))


def _bordering(measure: Measure) -> list[int]:
    """Return the states that patients leave for one on the other side of the measure."""
    return sorted({a for a, b in MOVES if (a in measure) != (b in measure)})


def fit_occupation(paths: Paths, measures: tuple[Measure, ...]) -> Occupation:
    """Return the probabilities of `measures` over time; without patients all arrays are empty."""
    if paths.n == 0:
        nothing = np.empty((0, len(measures)))
        return Occupation(paths, measures, np.empty(0), nothing, nothing, {})
    times = np.append(0.0, np.unique(paths.left[paths.moved]))
    sums = np.array([[state in m for m in measures] for state in range(len(STATES))], float)
    states, probability, error = _walk(paths, times, sums)
    unknown = {state: _unknown_after(paths, state, times, states[:, state])
               for state in (ALIVE, IN_HOSPICE)}  # fmt: skip
    return Occupation(paths, measures, times, probability, error, unknown)


def _walk(
    paths: Paths, times: FloatArray, sums: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return states (T, S), sums of states (T, M) and their standard errors (T, M).

    `influence` (patients × states) is the derivative of the probabilities by each patient's weight.
    """
    k = len(STATES)
    p, influence = np.eye(k)[ALIVE], np.zeros((paths.n, k))
    states, errors = [p], [np.zeros(sums.shape[1])]
    for time in times[1:]:
        here = paths.at_risk(time)
        who, origin = paths.patient[here], paths.origin[here]
        leaves = paths.moved[here] & np.equal(paths.left[here], time)
        target = np.where(leaves, paths.target[here], origin)
        seen = np.zeros((k, k))
        np.add.at(seen, (origin, target), 1)
        empty = np.eye(k) * (seen.sum(axis=1, keepdims=True) == 0)  # who is there stays there
        at_risk = (seen + empty).sum(axis=1)
        step = (seen + empty) / at_risk[:, None]
        influence = influence @ step
        influence[who] += (p / at_risk)[origin, None] * (np.eye(k)[target] - step[origin])
        p = p @ step
        states.append(p)
        errors.append(np.sqrt(((influence @ sums) ** 2).sum(axis=0)))
    return np.array(states), np.array(states) @ sums, np.array(errors)


def _unknown_after(paths: Paths, state: int, times: FloatArray, probability: FloatArray) -> float:
    """Return the first day after which nobody was observed in a state that cannot be empty."""
    rows = np.flatnonzero(paths.origin == state)
    order = np.argsort(paths.entered[rows], kind="stable")
    entered, left = paths.entered[rows][order], paths.left[rows][order]
    until = np.maximum.accumulate(left)
    ends = np.append(until[:-1] < entered[1:], True) if until.size else np.empty(0, bool)
    for day in until[ends]:
        if probability[np.searchsorted(times, day, side="right") - 1] > ROUNDING:
            return float(day)
    return float("inf")
