"""Which of the two intervals of a share is printed: one rule for answer, text, table and figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leukocytosis.rounding import is_known

from .analyses import SHARES, WILSON
from .proportion import fit_exact_proportion, fit_proportion, should_quote_exact
from .row import Number
from .unadjusted import EXACT

Row = Mapping[str, Any]
EXACT_NOTE = (
    "exact interval (Clopper–Pearson), not Wilson's: fewer than 5 patients are in the share or "
    "outside it"
)
ROUNDED = 1e-9  # a share that differs more from its counts was hidden or rounded by the policy


def fit_quoted(n_events: int, n: int) -> tuple[Number, str]:
    """Return n_events / n with the interval to print, and its method."""
    if should_quote_exact(n_events, n):
        return fit_exact_proportion(n_events, n), EXACT
    return fit_proportion(n_events, n), WILSON


def quote(row: Row) -> Row:
    """Return a row of the estimates with the interval to print.

    A share with few patients in it, or outside it, gets its exact interval, made from the counts
    of the row; every other row is returned as it is.
    """
    if not _has_wilson(row):
        return row
    number, method = fit_quoted(int(row["n_events"]), int(row["n"]))
    if method != EXACT:
        return row
    return {**row, "ci_low": number.ci_low, "ci_high": number.ci_high, "method": EXACT}


def is_exact(row: Row) -> bool:
    """Return whether a row's interval is the exact one of a share."""
    return row.get("method") == EXACT


def _has_wilson(row: Row) -> bool:
    if row.get("analysis_id") not in SHARES and "Wilson" not in str(row.get("method")):
        return False
    if is_exact(row) or not all(is_known(row[key]) for key in ("estimate", "ci_low", "n")):
        return False
    if not is_known(row.get("n_events")) or row["n"] <= 0:
        return False
    return bool(abs(row["estimate"] - row["n_events"] / row["n"]) < ROUNDED)
