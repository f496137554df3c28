"""One row of the estimates in one cell: the number and its interval, or where the reason stands."""

from __future__ import annotations

from leukocytosis.figures.forest import is_whole_model
from leukocytosis.report.grids.grid import Notes, unbroken
from leukocytosis.report.inputs import Row, is_hidden
from leukocytosis.rounding import (
    NOT_REACHED,
    RATIO_DIGITS,
    digits_of_percent,
    format_interval,
    format_number,
    format_percent,
    is_known,
)
from leukocytosis.survival.quoted import EXACT_NOTE, is_exact, quote


def show_percent(row: Row | None, notes: Notes) -> str:
    """Return a fraction and the interval to quote in percent, or where the reason stands."""
    return show_stored_percent(quote(row) if row else None, notes)


def show_stored_percent(row: Row | None, notes: Notes) -> str:
    """Return a fraction and its interval as the table holds it, or where the reason stands."""
    return _show(row, notes, digits_of_percent(row["n"]) if row else 1, percent=True)


def show_number(row: Row | None, notes: Notes, digits: int) -> str:
    """Return a number and its interval, or where the reason stands."""
    return _show(row, notes, digits, percent=False)


def _show(row: Row | None, notes: Notes, digits: int, percent: bool) -> str:
    if row is None:
        return "not asked for"
    if not is_known(row["estimate"]):
        return _cannot(row, notes)
    estimate = row["estimate"]
    words = format_percent(estimate, digits) if percent else format_number(estimate, digits)
    interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=percent)
    which = notes.mark(EXACT_NOTE) if percent and is_exact(row) else ""
    return f"{words} ({unbroken(interval)}){notes.mark(row['note'])}{which}"


def _cannot(row: Row, notes: Notes) -> str:
    note = row["note"] or "no reason was recorded"
    if note == NOT_REACHED:
        return note
    if is_hidden(row):
        return f"hidden{notes.mark(note)}"
    return f"cannot be estimated{notes.mark(note)}"


def show_chi_squared(row: Row, notes: Notes) -> str:
    """Return a chi-squared, or where the reason stands."""
    if is_known(row["estimate"]):
        return unbroken(f"{format_number(row['estimate'], 1)}{notes.mark(row['note'])}")
    return _cannot(row, notes)


def show_ratio(row: Row, notes: Notes) -> str:
    """Return a hazard ratio; of a whole model its chi-squared."""
    if is_whole_model(row) and is_known(row["estimate"]):
        return f"χ² = {format_number(row['estimate'], 1)}{notes.mark(row['note'])}"
    return show_number(row, notes, RATIO_DIGITS)
