"""A row of `estimates`, and the rows that say why there is no number."""

from __future__ import annotations

from dataclasses import dataclass, replace

CANNOT = "cannot be estimated, because "


@dataclass(frozen=True)
class Estimate:
    """One number with its 95 % interval; without a number, `note` says why."""

    analysis_id: str
    term: str
    outcome_id: str = "-"
    group: str = "all"
    time_days: float | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n: int | None = None
    n_events: int | None = None
    method: str = ""
    note: str | None = None

    def because(self, reason: str) -> Estimate:
        """Return the row without a number, with the reason."""
        bare = replace(self, estimate=None, ci_low=None, ci_high=None, p_value=None)
        return replace(bare, note=f"{CANNOT}{reason}")
