"""Claims: the numbers a paper printed, each with population, estimand, tolerance and source."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from leukocytosis.config.reading import Document, Strict, build


class Claim(Strict):
    """One published number (a median in days), and the row of `estimates` that answers it.

    `tolerance` is how far a count of ours may lie away and still be called reproduced; the
    interval of a share, risk or median must cover the claim.
    """

    id: str
    text: str
    population: str
    estimand: str
    value: float
    unit: Literal["count", "percent", "days"]
    numerator: int | None = None
    denominator: int | None = None
    analysis: str
    outcome: str = "-"
    group: str = "all"
    term: str
    time_days: float | None = None
    tolerance: float
    tolerance_reason: str
    source: str
    note: str = ""


class NotAssessable(Strict):
    """Something the paper says, or does not print, that no run of ours can hold a number to."""

    id: str
    text: str
    reason: str


class Claims(Strict):
    """All claims of one study."""

    study: str
    citation: str
    doi: str | None  # None: not seen
    claims: tuple[Claim, ...]
    not_assessable: tuple[NotAssessable, ...] = ()


def load_claims(path: Path) -> Claims:
    """Return the claims of a study; ConfigError lists every problem of the file."""
    return build(Claims, Document(path))
