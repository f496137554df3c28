"""One row of the estimates in one cell: the number and its interval, or where the reason stands."""

from __future__ import annotations

from collections.abc import Callable

from leukocytosis.figures.forest import is_whole_model
from leukocytosis.report.grids.grid import Notes, unbroken
from leukocytosis.report.inputs import Row, is_hidden
from leukocytosis.rounding import (
    NOT_REACHED,
    digits_of_percent,
    format_interval,
    format_number,
    format_percent,
    format_ratio,
    format_ratio_interval,
    is_known,
)
from leukocytosis.survival.quoted import EXACT_NOTE, is_exact, quote


def show_percent(row: Row | None, notes: Notes) -> str:
    """Return a fraction and the interval to quote in percent, or where the reason stands."""
    return show_stored_percent(quote(row) if row else None, notes)


def show_stored_percent(row: Row | None, notes: Notes) -> str:
    """Return a fraction and its interval as the table holds it, or where the reason stands."""
    digits = digits_of_percent(row["n"]) if row else 1
    words = _show(
        row, notes,
        lambda share: format_percent(share, digits),
        lambda low, high: format_interval(low, high, digits, percent=True),
    )  # fmt: skip
    shown = row is not None and is_known(row["estimate"]) and is_exact(row)
    return words + (notes.mark(EXACT_NOTE) if shown else "")


def show_number(row: Row | None, notes: Notes, digits: int) -> str:
    """Return a number and its interval, or where the reason stands."""
    return _show(
        row, notes,
        lambda number: format_number(number, digits),
        lambda low, high: format_interval(low, high, digits),
    )  # fmt: skip


def _show(
    row: Row | None,
    notes: Notes,
    words: Callable[[float], str],
    interval: Callable[[float | None, float | None], str],
) -> str:
    if row is None:
        return "not asked for"
    if not is_known(row["estimate"]):
        return _cannot(row, notes)
    ends = unbroken(interval(row["ci_low"], row["ci_high"]))
    return f"{words(row['estimate'])} ({ends}){notes.mark(row['note'])}"


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


def show_ratio(row: Row | None, notes: Notes) -> str:
    """Return a ratio and its interval, or where the reason stands; of a whole model its χ²."""
    if row and is_whole_model(row) and is_known(row["estimate"]):
        return f"χ² = {format_number(row['estimate'], 1)}{notes.mark(row['note'])}"
    return _show(row, notes, format_ratio, format_ratio_interval)
