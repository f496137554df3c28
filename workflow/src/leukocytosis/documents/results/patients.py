"""Who the patients are, how long they were followed, and what is not known of them."""

from __future__ import annotations

from leukocytosis.documents.results.rows import NOT_RECORDED, Rows
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import name_cause, name_group
from leukocytosis.report.inputs import Row
from leukocytosis.rounding import NBSP, digits_of_percent, format_number, format_percent, is_known

TOLD_ELSEWHERE = ("cause", "certainty", "tumour")  # variables of Table 1 with many levels
ONE_OF_TWO = ("female", "yes")  # the level that stands for a variable of two


class Patients(Rows):
    """Attrition, groups, Table 1, follow-up, what was not looked for, causes."""

    def anybody(self) -> bool:
        """Return whether anybody met every criterion; a hidden number counts as somebody."""
        return self.inputs.n_cohort != 0

    def n_cohort(self) -> str:
        """Return how many patients met every criterion."""
        steps = self.inputs.rows("attrition")
        return self._step(steps[-1], "n_patients_left", self.inputs.n_cohort)

    def n_first(self) -> str:
        """Return how many patients the selection began with."""
        first = self.inputs.rows("attrition")[0]
        return self._step(first, "n_patients_before", first["n_patients_before"])

    def steps(self) -> list[str]:
        """Return each step of the selection with how many were left after it."""
        return [
            self.binder.key(row["reason"], "attrition", f"term = {row['reason_id']}", "reason")
            + f": {self._step(row, 'n_patients_left', row['n_patients_left'])}"
            for row in self.inputs.rows("attrition")
        ]

    def _step(self, row: Row, column: str, n: int | None) -> str:
        # disclosure may have rounded the step, so the reason stands for the row
        return self.binder.row(
            format_number(n), "attrition", {"term": row["reason_id"], **row}, column
        )

    def size(self, group: str) -> str:
        """Return how many patients are in a cause group."""
        return self._count(self._one("group_shares", term=group), "n_events")

    def described(self) -> list[str]:
        """Return what Table 1 says of all patients: the spread first, and of how many it is."""
        rows = self.inputs.rows("table_one", group="all")
        told = [r for r in rows if not str(r["variable"]).startswith(TOLD_ELSEWHERE)]
        return [self._describe(r) for r in told if r["statistic"] == "median"] + [
            self._describe(r)
            for r in told
            if r["statistic"] == "percent" and r["level"] in ONE_OF_TWO
        ]

    def _describe(self, row: Row) -> str:
        unknown = f"not known of {format_number(row['n_missing'])}"
        if row["statistic"] == "median":
            ends = (format_number(row[end]) for end in ("spread_low", "spread_high"))
            words = f"middle half {' to '.join(ends)}, median {format_number(row['value'])}"
            columns = "spread_low spread_high value n_missing"
        else:
            share = (
                f"{format_number(row['value'], digits_of_percent(row['n']))}{NBSP}%"
                if is_known(row["value"])
                else ""
            )
            words = f"{row['level']} {share or 'not shown'} of {format_number(row['n'])}"
            columns = "value n n_missing"
        told = self.binder.row(f"{words}; {unknown}", "table_one", row, columns)
        return f"{row['variable']}: {told}"

    def lost(self, outcome: str) -> str:
        """Return how many were lost before an outcome's last day, and the days that were seen."""
        row = self.inputs.estimate("completeness", outcome_id=outcome, group="all")
        if row is None:
            return NOT_RECORDED
        if not is_known(row["estimate"]):
            return self._without(row)
        lost = f"{format_number(row['n_events'])} of {format_number(row['n'])} patients"
        seen = format_percent(row["estimate"], digits_of_percent(row["n"]))
        return self._bind(
            f"{lost} were lost before it; {seen} of the possible days were seen",
            row,
            "n_events n estimate",
        )

    def followed(self, outcome: str) -> str:
        """Return the median follow-up to an outcome's last day."""
        row = self.inputs.estimate("follow_up", outcome_id=outcome, group="all")
        return self._number(row, 0, f"{NBSP}days") if row else NOT_RECORDED

    def lost_by_group(self, outcome: str) -> list[str]:
        """Return how many of each group were lost."""
        rows = [
            (group, self.inputs.estimate("completeness", outcome_id=outcome, group=group))
            for group in self.groups()
        ]
        return [f"{name_group(g)} {self._count(row, 'n_events')}" for g, row in rows if row]

    def unknown_covariates(self) -> str:
        """Return the share of patients with a gap in a covariate of the adjusted model."""
        row = self.inputs.estimate("missing_covariates", term="any")
        return self._share(row) if row else ""

    def unseen(self) -> list[str]:
        """Return for each table the share of patients whose alternatives were not looked for."""
        return [f"{row['term']}: {self._share(row)}" for row in self.inputs.estimates("unseen")]

    def late(self) -> str:
        """Return the share of patients whose cause rests on records after day 0."""
        row = self.inputs.estimate("hindsight", group="all", term="cause known only after day 0")
        return self._share(row) if row else ""

    def causes(self) -> list[str]:
        """Return the causes that have a share, in the protocol's order, then the undetermined."""
        order = self.inputs.protocol.cause_ids
        return [cause for cause in order if self.inputs.estimates("cause_shares", term=cause)]

    def groups(self) -> list[str]:
        """Return the cause groups."""
        return list(self.inputs.protocol.analyses.groups)

    def name_cause(self, cause: str) -> str:
        """Return a cause as readers call it."""
        return self.binder.protocol(name_cause(self.inputs.protocol, cause), f"causes.{cause}")

    def name_group(self, group: str) -> str:
        """Return a cause group as readers call it."""
        return name_group(group)

    def share(self, analysis: str, **wanted: object) -> str:
        """Return a share: the interval, then the estimate and its counts in brackets."""
        return self._share(self._one(analysis, **wanted))

    def _share(self, row: Row) -> str:
        counts = f"{format_number(row['n_events'])} of {format_number(row['n'])}"
        return self._percent(row, f"; {counts}", "n_events n")

    def horizon(self, outcome: str) -> str:
        """Return the last day of an outcome."""
        day = horizon_of(self.inputs.protocol, outcome)
        return self.binder.protocol(str(day), f"outcomes.{outcome}.horizon_days")
