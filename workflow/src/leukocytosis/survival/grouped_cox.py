"""The Cox model of groups alone, for many samples at once.

With groups as the only covariate, Efron's partial likelihood needs no patients: the numbers at
risk and the events per group and time are enough. Newton's steps are then taken for all samples
together. The numbers are those of `fit_cox`, and of R's `coxph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leukocytosis.prose import count_patients, name_patients

from .partial_likelihood import MAX_HALVINGS, MAX_STEPS, STEP_TOLERANCE
from .proportion import Z_95
from .refusal import ABSURD_STANDARD_ERROR, MIN_EVENTS_PER_PARAMETER, say_too_few
from .row import Number, missing
from .times import BoolArray, FloatArray, IntArray, check_times

SEPARATED = "the likelihood has no maximum (separation, monotone likelihood)"


@dataclass(frozen=True, eq=False)
class Grouped:
    """Follow-up of one sample: days, status (0 or 1) and group (0 is the reference), all (n,)."""

    days: FloatArray
    status: IntArray
    group: IntArray


@dataclass(frozen=True, eq=False)
class _Events:
    """Every event of every sample: whom it saw, by group.

    `at_risk` and `dying` (m, G): patients at risk, and with an event, at its time; `gone` (m, 1)
    the share of the dying that Efron has left already; `sample` (m,); `starts` (v,) where each
    sample's events begin; `deaths` (v, G).
    """

    at_risk: FloatArray
    dying: FloatArray
    gone: FloatArray
    sample: IntArray
    starts: IntArray
    deaths: FloatArray


def fit_grouped_cox(
    samples: Sequence[Grouped],
    names: Sequence[str],
    *,
    min_events_per_parameter: float = MIN_EVENTS_PER_PARAMETER,
) -> list[Number]:
    """Return, per sample, the hazard ratio of group 1 against group 0 with its Wald interval.

    `names` are those of all groups, which all enter the model. Where it should not be fitted the
    number is missing and says why, by the rules of `fit_cox`. ValueError as `check_times`.
    """
    for sample in samples:
        check_times(sample.days, sample.status)
    reasons = [_why_not(sample, names, min_events_per_parameter) for sample in samples]
    fitted = [sample for sample, reason in zip(samples, reasons, strict=True) if reason is None]
    numbers = iter(_fit(fitted, len(names)) if fitted else [])
    return [next(numbers) if reason is None else missing(reason) for reason in reasons]


def _why_not(sample: Grouped, names: Sequence[str], least: float) -> str | None:
    n = np.bincount(sample.group, minlength=len(names))
    events = np.bincount(sample.group, sample.status, minlength=len(names)).astype(np.int64)
    if not events.sum():
        return "there are no events" if n.sum() else "there are no patients"
    for name, here in zip(names[:2], n, strict=False):
        if not here:
            return f"there are no patients {name_patients(name)}"
    for name, here, seen in zip(names, n, events, strict=True):
        if here and not seen:
            patients = count_patients(int(here))
            among = "in the" if here == 1 else "among the"
            return f"there are no events {among} {patients} {name_patients(name)}"
    p = int((n > 0).sum()) - 1
    if events.sum() < least * p:
        return say_too_few(int(events.sum()), p, least)
    return None


def _fit(samples: Sequence[Grouped], n_groups: int) -> list[Number]:
    events = _gather([_count(sample, n_groups) for sample in samples])
    present = np.array([np.bincount(s.group, minlength=n_groups) > 0 for s in samples])
    coefficients, information, converged = _maximise(events, present[:, 1:])
    errors = np.full(len(samples), np.nan)
    sound = converged & np.isfinite(information).all(axis=(1, 2))
    errors[sound] = np.sqrt(np.linalg.inv(information[sound])[:, 0, 0])
    spread = np.array([np.std(sample.group == 1) for sample in samples])
    return [
        _number(float(beta), float(error), bool(known), float(error * scale))
        for beta, error, known, scale in zip(coefficients[:, 0], errors, sound, spread, strict=True)
    ]


def _number(beta: float, error: float, sound: bool, standardised_error: float) -> Number:
    if not sound:
        return missing(SEPARATED)
    if not standardised_error < ABSURD_STANDARD_ERROR:
        return missing("the data say next to nothing about the contrast (standard error too large)")
    ends = (beta, beta - Z_95 * error, beta + Z_95 * error)
    return Number(*np.exp(ends).tolist())


def _count(sample: Grouped, n_groups: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return per event of one sample, by time: at risk (m, G), dying (m, G), gone (m,)."""
    event = sample.status == 1
    times, at = np.unique(sample.days[event], return_inverse=True)
    dying = np.zeros((times.size, n_groups))
    np.add.at(dying, (at, sample.group[event]), 1)
    at_risk = np.empty((times.size, n_groups))
    for group in range(n_groups):
        days = np.sort(sample.days[sample.group == group])
        at_risk[:, group] = days.size - np.searchsorted(days, times, side="left")
    deaths = dying.sum(axis=1).astype(np.int64)
    k = np.arange(deaths.sum()) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    return np.repeat(at_risk, deaths, 0), np.repeat(dying, deaths, 0), k / np.repeat(deaths, deaths)


def _gather(counted: Sequence[tuple[FloatArray, FloatArray, FloatArray]]) -> _Events:
    sizes = np.array([gone.size for *_, gone in counted])
    at_risk, dying, gone = (np.concatenate(parts) for parts in zip(*counted, strict=True))
    starts = np.cumsum(sizes) - sizes
    # of d events at one time each stands for 1/d of those who die then
    own = dying / dying.sum(axis=1, keepdims=True)
    return _Events(
        at_risk, dying, gone[:, None], np.repeat(np.arange(sizes.size), sizes), starts,
        np.add.reduceat(own, starts, axis=0),
    )  # fmt: skip


def _weigh(events: _Events, coefficients: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log-likelihood (v,), score (v, G-1) and information (v, G-1, G-1)."""
    beta = np.hstack([np.zeros((len(coefficients), 1)), coefficients])
    top = beta.max(axis=1, keepdims=True)  # cancels, and keeps exp() finite
    weight = (events.at_risk - events.gone * events.dying) * np.exp(beta - top)[events.sample]
    total = weight.sum(axis=1)
    share = weight[:, 1:] / total[:, None]
    likelihood = (events.deaths * (beta - top)).sum(axis=1)
    likelihood -= np.add.reduceat(np.log(total), events.starts)
    mean = np.add.reduceat(share, events.starts, axis=0)
    square = np.add.reduceat(share[:, :, None] * share[:, None, :], events.starts, axis=0)
    information = mean[:, :, None] * np.eye(share.shape[1]) - square
    return likelihood, events.deaths[:, 1:] - mean, information


def _maximise(events: _Events, present: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return coefficients (v, G-1), information there, and which samples have a maximum.

    Newton's steps, halved where they overshoot, as in `partial_likelihood.maximise`.
    """
    idle = np.eye(present.shape[1]) * ~present[:, :, None]  # a group that nobody has stays at 0
    coefficients = np.zeros(present.shape)
    likelihood, score, information = _weigh(events, coefficients)
    sound, settled = (np.full(len(present), value) for value in (True, False))
    for _ in range(MAX_STEPS):
        sound &= np.linalg.cond(information + idle) < 1 / np.finfo(np.float64).eps
        moving = sound & ~settled  # the others stay, so that no sample depends on its neighbours
        if not moving.any():
            break
        solvable = np.where(moving[:, None, None], information + idle, np.eye(present.shape[1]))
        step = np.linalg.solve(solvable, (score * moving[:, None])[:, :, None])[:, :, 0]
        settled |= moving & (np.abs(step).max(axis=1) < STEP_TOLERANCE)
        for _ in range(MAX_HALVINGS):
            there = _weigh(events, coefficients + step)
            fell = there[0] < likelihood - 1e-9 * np.abs(likelihood)
            if not fell.any():
                break
            step[fell] /= 2
        coefficients = coefficients + step
        likelihood, score, information = there
    return coefficients, information + idle, settled & sound
