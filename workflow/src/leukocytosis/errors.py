"""What goes wrong for a user, said so that they can mend it.

Every failure is a list of problems, each with a place, what is wrong, the way out and, for a
misspelt name, the nearest known one. Messages carry counts, never a patient's id or value.
Each kind of failure has its own exit code, so a run can be understood without its logs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    place: str
    problem: str
    way_out: str = ""

    def __str__(self) -> str:
        """Place, problem and way out on at most two lines."""
        way_out = f"\n      way out: {self.way_out}" if self.way_out else ""
        return f"{self.place}: {self.problem}{way_out}"


class LeukocytosisError(Exception):
    """A failure a user can act on; all its problems are reported at once."""

    exit_code = 1
    kind = "error"

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the kind of failure, then every problem as a list item."""
        items = "\n".join(f"  - {problem}" for problem in self.problems)
        n = len(self.problems)
        return f"{self.kind} ({n} problem{'s' if n != 1 else ''}):\n{items}"


class ConfigError(LeukocytosisError):
    """A protocol, manifest, codelist, claim, policy or unit file says something we cannot use."""

    exit_code = 10
    kind = "configuration cannot be used"


class DesignError(ConfigError):
    """What became known after day 0 would be used as if it had been known at the index."""

    exit_code = 18
    kind = "design is not fair"


class ExtractError(LeukocytosisError):
    """A raw file is missing, unreadable, empty, lacks a column or holds something unlisted."""

    exit_code = 11
    kind = "extract cannot be read"


class ContractError(LeukocytosisError):
    """A table would break its declared contract."""

    exit_code = 12
    kind = "table breaks its contract"


class ReconciliationError(LeukocytosisError):
    """Raw rows were lost or gained on the way: kept + rejected + outside codelists ≠ raw."""

    exit_code = 13
    kind = "rows do not reconcile"


class DisclosureError(LeukocytosisError):
    """Something person-level was about to leave `results/`."""

    exit_code = 14
    kind = "release refused"


class OutputError(LeukocytosisError):
    """Results cannot be written where they should go."""

    exit_code = 15
    kind = "results cannot be written"


class ReviewError(LeukocytosisError):
    """A file of chart reviews says something we cannot use."""

    exit_code = 16
    kind = "reviews cannot be used"


class TextError(LeukocytosisError):
    """A text of a manuscript holds a number nobody estimated, or asks for one that is not there."""

    exit_code = 17
    kind = "text cannot be written"


class DifferenceError(LeukocytosisError):
    """What stands in a release is not what the study computes, or not the file that was written."""

    exit_code = 19
    kind = "release differs from what was made again"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the closest known name, or nothing when none is close."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f" (did you mean '{folded[close[0]]}'?)" if close else ""


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names as `a, b, c`, cut with a count of the rest after `most`."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
