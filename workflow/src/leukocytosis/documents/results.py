"""The results section: a text whose every number is bound to a row of the study's tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leukocytosis.documents.binding import Binder
from leukocytosis.documents.filling import Text, fill
from leukocytosis.errors import Problem, TextError
from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import (
    NBSP,
    format_interval,
    format_number,
    format_percent,
    is_known,
    join,
    name_cause,
    name_group,
)
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import digits_of_percent

TEMPLATE = "results.md"


def fill_text(inputs: ReportInputs, template: str, place: str = TEMPLATE) -> Text:
    """Return the results of a study from a template; its functions are those of `Asked`.

    TextError when a number is bound to nothing, or a function or a row does not exist.
    """
    asked = Asked(inputs, Binder())
    return fill(template, asked.functions(), asked.binder, place)


@dataclass(frozen=True)
class Asked:
    """What a text may ask for; each answer holding a number is bound to where it stands."""

    inputs: ReportInputs
    binder: Binder

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the text by name."""
        names = ("n_cohort", "n_first", "size", "causes", "groups", "outcomes", "contrasts",
                 "name_cause", "name_group", "name_outcome", "name_contrast", "horizon", "share",
                 "risk", "median", "hazard_ratio")  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def n_cohort(self) -> str:
        """Return how many patients met every criterion."""
        steps = self.inputs.rows("attrition")
        return self._step(steps[-1], "n_patients_left", self.inputs.n_cohort)

    def n_first(self) -> str:
        """Return how many patients the selection began with."""
        first = self.inputs.rows("attrition")[0]
        return self._step(first, "n_patients_before", first["n_patients_before"])

    def _step(self, row: Row, column: str, n: int | None) -> str:
        # disclosure may have rounded the step, so the reason stands for the row
        return self.binder.row(
            format_number(n), "attrition", {"term": row["reason_id"], **row}, column
        )

    def size(self, group: str) -> str:
        """Return how many patients are in a cause group."""
        row = self._one("group_shares", term=group)
        return self.binder.row(format_number(row["n_events"]), "estimates", row, "n_events")

    def causes(self) -> list[str]:
        """Return the causes that have a share, in the protocol's order, then the undetermined."""
        order = [*(cause.id for cause in self.inputs.protocol.causes), "undetermined"]
        return [cause for cause in order if self.inputs.estimates("cause_shares", term=cause)]

    def groups(self) -> list[str]:
        """Return the cause groups."""
        return list(self.inputs.protocol.analyses.groups)

    def outcomes(self) -> list[str]:
        """Return the outcomes."""
        return [outcome.id for outcome in self.inputs.protocol.outcomes]

    def contrasts(self, outcome: str) -> list[str]:
        """Return the contrasts of cause groups in the adjusted model."""
        rows = find_ratios(self.inputs.estimates("cox_adjusted"), "cox_adjusted", outcome)
        # a contrast of groups is renamed by its label, one of another covariate keeps its own
        return [row["term"] for row in rows if label_term(row["term"]) != row["term"]]

    def name_cause(self, cause: str) -> str:
        """Return a cause as readers call it."""
        return self.binder.protocol(name_cause(self.inputs.protocol, cause), f"causes.{cause}")

    def name_group(self, group: str) -> str:
        """Return a cause group as readers call it."""
        return name_group(group)

    def name_contrast(self, term: str) -> str:
        """Return a contrast as readers call it."""
        return label_term(term)

    def name_outcome(self, outcome: str) -> str:
        """Return the title of an outcome."""
        title = next(o.title for o in self.inputs.protocol.outcomes if o.id == outcome)
        return self.binder.protocol(title[:1].upper() + title[1:], f"outcomes.{outcome}.title")

    def horizon(self, outcome: str) -> str:
        """Return the last day of an outcome."""
        day = horizon_of(self.inputs.protocol, outcome)
        return self.binder.protocol(str(day), f"outcomes.{outcome}.horizon_days")

    def share(self, analysis: str, **wanted: object) -> str:
        """Return a share: the interval, then the estimate and its counts in brackets."""
        row = self._one(analysis, **wanted)
        counts = f"{format_number(row['n_events'])} of {format_number(row['n'])}"
        return self._percent(row, f"; {counts}", "n_events n")

    def risk(self, outcome: str, group: str) -> str:
        """Return the Kaplan–Meier risk of a group at an outcome's last day."""
        day = float(horizon_of(self.inputs.protocol, outcome))
        return self._percent(
            self._one("risk", outcome_id=outcome, group=group, time_days=day), "", ""
        )

    def median(self, outcome: str, group: str) -> str:
        """Return the median time to an outcome in a group."""
        row = self._one("median", outcome_id=outcome, group=group)
        return self._number(row, 0, f"{NBSP}days")

    def hazard_ratio(self, outcome: str, contrast: str) -> str:
        """Return an adjusted hazard ratio."""
        return self._number(self._one("cox_adjusted", outcome_id=outcome, term=contrast), 2, "")

    def _one(self, analysis: str, **wanted: object) -> Row:
        row = self.inputs.estimate(analysis, **wanted)
        if row is None:
            asked = join([f"{key} = {value}" for key, value in wanted.items()])
            raise TextError(
                Problem(analysis, f"no estimate has {asked}", "ask for one that the study makes")
            )
        return row

    def _percent(self, row: Row, counts: str, columns: str) -> str:
        if not is_known(row["estimate"]):
            return self._without(row)
        digits = digits_of_percent(row["n"])
        interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=True)
        words = f"{interval}{NBSP}% ({format_percent(row['estimate'], digits)}{counts})"
        shown = f"ci_low ci_high estimate {columns}".strip()
        return self.binder.row(words, "estimates", row, shown)

    def _number(self, row: Row, digits: int, unit: str) -> str:
        if not is_known(row["estimate"]):
            return self._without(row)
        low, high = row["ci_low"], row["ci_high"]
        interval = f"{format_interval(low, high, digits)}{unit}"
        if is_known(low) and not is_known(high):
            interval = f"{format_number(low, digits)}{unit} or more, upper end not reached"
        words = f"{interval} ({format_number(row['estimate'], digits)})"
        return self.binder.row(words, "estimates", row, "ci_low ci_high estimate")

    def _without(self, row: Row) -> str:
        """Return why there is no number; the reason may hold counts, so it is bound as well."""
        return self.binder.row(row["note"] or "is not shown", "estimates", row, "note")
