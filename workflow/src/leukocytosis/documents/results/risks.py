"""Absolute risks: of an outcome, and of hospice and death where they compete."""

from __future__ import annotations

from leukocytosis.documents.results.rows import NOT_RECORDED, Rows
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import capital
from leukocytosis.report.grids import EVENTS
from leukocytosis.rounding import NBSP


class Risks(Rows):
    """Risks by group to an outcome's last day."""

    def outcomes(self) -> list[str]:
        """Return the outcomes."""
        return [outcome.id for outcome in self.inputs.protocol.outcomes]

    def name_outcome(self, outcome: str) -> str:
        """Return the title of an outcome."""
        title = next(o.title for o in self.inputs.protocol.outcomes if o.id == outcome)
        return self.binder.protocol(capital(title), f"outcomes.{outcome}.title")

    def risk(self, outcome: str, group: str) -> str:
        """Return the Kaplan–Meier risk of a group at an outcome's last day."""
        day = float(horizon_of(self.inputs.protocol, outcome))
        return self._percent(self._one("risk", outcome_id=outcome, group=group, time_days=day))

    def median(self, outcome: str, group: str) -> str:
        """Return the median time to an outcome in a group."""
        row = self.inputs.estimate("median", outcome_id=outcome, group=group)
        return self._number(row, 0, f"{NBSP}days") if row else NOT_RECORDED

    def competing(self, outcome: str) -> list[tuple[str, str]]:
        """Return the events of an outcome that compete, by id and name; none where there is one."""
        return [
            (f"{outcome}:{event}", name)
            for event, name in EVENTS.items()
            if self.inputs.estimates("incidence", outcome_id=f"{outcome}:{event}", term="risk")
        ]

    def incidence(self, event: str, group: str) -> str:
        """Return the cumulative incidence of a competing event at the outcome's last day."""
        day = float(horizon_of(self.inputs.protocol, event.partition(":")[0]))
        rows = self.inputs.estimates("incidence", outcome_id=event, group=group, term="risk")
        at = next((row for row in rows if row["time_days"] == day), rows[0] if rows else None)
        return self._percent(at) if at else "was not asked for"
