"""What a report is made from: configuration and aggregate tables, nothing person-level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leukocytosis.config import (
    Claims,
    Codelist,
    Manifest,
    Policy,
    Protocol,
    PublishedCase,
    Reference,
)
from leukocytosis.errors import DisclosureError, Problem
from leukocytosis.rounding import is_known
from leukocytosis.tables import BY_NAME

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class Background:
    """What the texts of a release tell besides the numbers.

    The disclosure policy; every codelist by name; the works that may be cited, by name.
    """

    policy: Policy | None = None
    codelists: Mapping[str, Codelist] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportInputs:
    """A study's protocol and manifest, its policy-filtered aggregate tables by name, its claims.

    `cases` are patients of published articles, drawn beside the study.
    Raises DisclosureError for a table that is not declared aggregate.
    """

    protocol: Protocol
    manifest: Manifest
    frames: Mapping[str, pd.DataFrame]
    claims: Claims | None = None
    background: Background = Background()
    cases: tuple[PublishedCase, ...] = ()

    def __post_init__(self) -> None:
        check_aggregate(self.frames)

    @property
    def mark(self) -> str | None:
        """Return the word every page and figure of a synthetic extract carries."""
        return SYNTHETIC if self.manifest.synthetic else None

    @property
    def groups(self) -> tuple[str, ...]:
        """Return everybody, `all`, and the protocol's cause groups."""
        return ("all", *self.protocol.analyses.groups)

    def rows(self, name: str, **wanted: object) -> list[Row]:
        """Return a table's rows that have the wanted values; missing values are None."""
        frame = self.frames.get(name)
        if frame is None:
            return []
        rows = zip(*(_plain(frame[column]) for column in frame.columns), strict=True)
        named = [dict(zip(frame.columns, row, strict=True)) for row in rows]
        return [row for row in named if all(row[key] == value for key, value in wanted.items())]

    def estimates(self, analysis_id: str, **wanted: object) -> list[Row]:
        """Return the estimates of an analysis that have the wanted values."""
        return self.rows("estimates", analysis_id=analysis_id, **wanted)

    def estimate(self, analysis_id: str, **wanted: object) -> Row | None:
        """Return the first such estimate."""
        return next(iter(self.estimates(analysis_id, **wanted)), None)

    @property
    def n_cohort(self) -> int | None:
        """Return the size of the cohort; None when hidden or not recorded.

        Shares rest on the exact number; the last step of the selection may have been rounded.
        """
        shares = self.estimates("cause_shares")
        if shares:
            return int(shares[0]["n"]) if is_known(shares[0]["n"]) else None
        steps = sorted(self.rows("attrition"), key=lambda row: row["step"])
        n = steps[-1]["n_patients_left"] if steps else None
        return int(n) if is_known(n) else None


def is_hidden(row: Row) -> bool:
    """Return whether the disclosure policy took a number of the estimates away."""
    return not is_known(row["estimate"]) and (row["note"] or "").startswith("hidden")


def _plain(column: pd.Series[Any]) -> list[Any]:
    missing = column.isna().tolist()
    return [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]


def check_aggregate(names: Iterable[str]) -> None:
    """Raise DisclosureError for every table that is not declared aggregate."""
    refused = [n for n in names if n not in BY_NAME or BY_NAME[n].tier != "aggregate"]
    if refused:
        raise DisclosureError(
            Problem(name, "is not an aggregate table", "release only aggregate tables")
            for name in refused
        )
