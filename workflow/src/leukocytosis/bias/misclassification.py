"""What shares, risks and hazard ratios would be, had the true causes been known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator

from leukocytosis.config import Protocol
from leukocytosis.rounding import format_number
from leukocytosis.survival.cox import CoxRefused
from leukocytosis.survival.row import Estimate, Number, missing, place
from leukocytosis.survival.times import FloatArray, IntArray, Labels, at_half_a_day

from .contrast import Model
from .many_curves import fit_many_risks
from .many_models import fit_many
from .matrix import Confusion, NoMatrix, unread_causes
from .redraw import Assumption, outcome_strata, redraw_causes

if TYPE_CHECKING:
    import pandas as pd

ANALYSES: dict[Assumption, str] = {"non-differential": "bias", "by outcome": "bias_by_outcome"}
FEW_CHARTS = "fewer than 10 charts were read of some causes: the intervals rest on few"
FORTNIGHT = 14
MOST_LOST = 0.05  # of the draws may have no number


@dataclass(frozen=True, eq=False)
class Redrawn:
    """True groups redrawn: `causes` (b, n) as places, `groups` (b, n) names, and how."""

    causes: IntArray
    groups: Labels
    names: tuple[str, ...]
    assumption: Assumption
    note: str | None


@dataclass(frozen=True, eq=False)
class Cohort:
    """What is redrawn: the analysis set with the causes by the rules, and a protocol's groups."""

    protocol: Protocol
    patients: pd.DataFrame
    by_rules: Labels
    model: Model

    @cached_property
    def groups_by_rules(self) -> Labels:
        """Return the group of each patient's cause by the rules, (n,)."""
        group_of = self.protocol.group_of
        return np.array([group_of[cause] for cause in self.by_rules], str)

    def days_shown(self) -> list[int]:
        """Return the days of the redrawn curves: the protocol's, every 14th, and the horizon."""
        horizon = next(
            o.horizon_days for o in self.protocol.outcomes if o.id == self.model.outcome_id
        )
        days = {*self.protocol.analyses.at_days, *range(FORTNIGHT, horizon, FORTNIGHT), horizon}
        return sorted(day for day in days if day <= horizon)

    def follow_up(self) -> tuple[FloatArray, IntArray]:
        """Return days and status of the model's outcome, events on day 0 at half a day."""
        status = self.patients[f"{self.model.outcome_id}_status"].to_numpy(np.int64)
        days = self.patients[f"{self.model.outcome_id}_days"].to_numpy(np.float64)
        return at_half_a_day(days, status)[0], status


def misclassification_rows(
    cohort: Cohort, confusion: Confusion | NoMatrix, n_draws: int, rng: Generator
) -> Iterator[Estimate]:
    """Yield corrected shares, risks and hazard ratios, each with a 95 % simulation interval.

    The middle of the draws and their 2.5th and 97.5th percentiles, sampling error included. Both
    assumptions on accuracy are drawn where the charts are of this cohort. Without a matrix the
    same rows say why.
    """
    reason = _why_not(cohort, confusion)
    if reason or isinstance(confusion, NoMatrix):
        yield from _refused(cohort, reason or "there is no matrix")
        return
    for assumption in ANALYSES:
        if assumption == "non-differential" or confusion.of_patients is not None:
            drawn = redraw(cohort, confusion, assumption, n_draws, rng)
            yield from _share_rows(cohort, drawn, rng)
            yield from _risk_rows(cohort, drawn, rng)
            yield from _ratio_rows(cohort, drawn, rng)


def _why_not(cohort: Cohort, confusion: Confusion | NoMatrix) -> str | None:
    if isinstance(confusion, NoMatrix):
        return confusion.reason
    if not len(cohort.patients):
        return "there are no patients"
    unread = unread_causes(confusion, cohort.by_rules)
    if unread:
        return f"no chart was read of those with the cause {', '.join(unread)} by the rules"
    return None


def redraw(
    cohort: Cohort, confusion: Confusion, assumption: Assumption, n_draws: int, rng: Generator
) -> Redrawn:
    """Return the true causes and groups of every patient, drawn `n_draws` times."""
    place_of = {cause: i for i, cause in enumerate(confusion.causes)}
    found = np.array([place_of[cause] for cause in cohort.by_rules], np.int64)
    strata = outcome_strata(*cohort.follow_up())
    group_of = cohort.protocol.group_of
    groups = np.array([group_of[cause] for cause in confusion.causes])
    numbered = np.unique(groups, return_inverse=True)[1]
    causes = redraw_causes(confusion, numbered, found, strata, assumption, n_draws, rng)
    read = confusion.counts.sum(axis=1)[np.unique(found)]
    few = (read[~confusion.right[np.unique(found)]] < 10).any()
    note = FEW_CHARTS if few else None
    return Redrawn(causes, groups[causes], confusion.causes, assumption, note)


def _share_rows(cohort: Cohort, drawn: Redrawn, rng: Generator) -> Iterator[Estimate]:
    """Yield shares of causes and of groups, each with the spread of a sample of this size."""
    n = len(cohort.patients)
    whole: dict[str, tuple[Sequence[str], Labels, Labels]] = {
        "shares": (drawn.names, np.array(drawn.names)[drawn.causes], cohort.by_rules),
        "group_shares": (
            cohort.protocol.analyses.groups,
            drawn.groups,
            cohort.groups_by_rules,
        ),
    }
    for what, (names, labels, by_rules) in whole.items():
        for name in names:
            counts = (labels == name).sum(axis=1)
            # the share in all such patients, given that so many of this cohort have the cause
            shares = rng.beta(counts + 0.5, n - counts + 0.5)
            yield place(
                _summarise(shares, drawn.note), **_where(drawn, what, "-"), group="all", term=name,
                n=n, n_events=int((by_rules == name).sum()),
            )  # fmt: skip


def _risk_rows(cohort: Cohort, drawn: Redrawn, rng: Generator) -> Iterator[Estimate]:
    """Yield the curve of each group: its risk on the days shown."""
    days, status = cohort.follow_up()
    at_days = np.array(cohort.days_shown(), np.float64)
    for group in cohort.protocol.analyses.groups:
        centre, error = fit_many_risks(drawn.groups == group, days, status, at_days)
        luck = rng.standard_normal((len(centre), 1))
        risks = 1 - np.exp(-np.exp(centre + luck * error))
        here = cohort.groups_by_rules == group
        for day, risk in zip(at_days.tolist(), risks.T, strict=True):
            yield place(
                _summarise(risk, drawn.note), **_where(drawn, "risk", cohort.model.outcome_id),
                group=group, term="risk", time_days=day, n=int(here.sum()),
                n_events=int(status[here & (days <= day)].sum()),
            )  # fmt: skip


def _ratio_rows(cohort: Cohort, drawn: Redrawn, rng: Generator) -> Iterator[Estimate]:
    """Yield the adjusted hazard ratios of the groups."""
    model = cohort.model
    numbers: Callable[[int], Number]
    if isinstance(model.fit, CoxRefused):
        refusal = missing(model.fit.reason)
        numbers = lambda _: refusal  # noqa: E731
    else:
        fits = fit_many(
            model.values_for(drawn.groups[:, model.complete]),
            model.design.days[None], model.design.status[None],
        )  # fmt: skip
        errors = np.sqrt(np.diagonal(fits.covariance, axis1=1, axis2=2))
        luck = rng.standard_normal(fits.coefficients.shape)
        with np.errstate(over="ignore"):
            ratios = np.exp(fits.coefficients + luck * errors)
        numbers = lambda column: _summarise(ratios[:, column], drawn.note)  # noqa: E731
    for column, group in enumerate(model.groups):
        yield place(
            numbers(column), **_where(drawn, "ratio", model.outcome_id), group="all",
            term=model.contrast(group), n=model.design.n, n_events=model.design.n_events,
        )  # fmt: skip


def _where(drawn: Redrawn, what: str, outcome_id: str) -> dict[str, Any]:
    method = (
        f"true causes redrawn {len(drawn.causes)} times ({drawn.assumption} accuracy): median and "
        "95 % simulation interval, sampling error included"
    )
    return {"analysis_id": f"{ANALYSES[drawn.assumption]}_{what}", "outcome_id": outcome_id,
            "method": method}  # fmt: skip


def _summarise(draws: FloatArray, note: str | None) -> Number:
    """Return the median of the draws and the interval that holds 95 % of them."""
    known = draws[np.isfinite(draws)]
    lost = draws.size - known.size
    if lost > MOST_LOST * draws.size:
        share = format_number(100 * lost / draws.size)
        return missing(f"{share} % of the redrawn cohorts have no number "
                       "(nobody in the group, no events, or all)")  # fmt: skip
    low, middle, high = np.quantile(known, [0.025, 0.5, 0.975]).tolist()
    said = [note] if note else []
    if lost:
        said.append(f"{lost} of {draws.size} redrawn cohorts have no number and are left out")
    return Number(middle, low, high, "; ".join(said) or None)


def _refused(cohort: Cohort, reason: str) -> Iterator[Estimate]:
    number, outcome_id = missing(reason), cohort.model.outcome_id
    compared = cohort.protocol.analyses.groups[1:]
    reference = cohort.protocol.analyses.groups[0]
    places = [
        ("bias_group_shares", "-", "group shares"),
        ("bias_risk", outcome_id, "risk"),
        *(("bias_ratio", outcome_id, f"{group} against {reference}") for group in compared),
    ]
    for analysis_id, outcome, term in places:
        yield place(number, analysis_id=analysis_id, outcome_id=outcome, group="all", term=term,
                    n=len(cohort.patients), method="true causes redrawn")  # fmt: skip
