"""A row of the estimates in words: the interval first, or why there is no number."""

from __future__ import annotations

from collections.abc import Callable

from leukocytosis.documents.asked import Asked
from leukocytosis.errors import Problem, TextError
from leukocytosis.prose import join
from leukocytosis.report.inputs import Row, is_hidden
from leukocytosis.rounding import (
    NBSP,
    NOT_REACHED,
    digits_of_percent,
    format_interval,
    format_number,
    format_percent,
    format_ratio,
    is_known,
)
from leukocytosis.survival.analyses import SHARES
from leukocytosis.survival.quoted import is_exact, quote

NOT_RECORDED = "cannot be told: the run has no number of it"


class Rows(Asked):
    """Finds rows of the estimates and says them."""

    def _one(self, analysis: str, **wanted: object) -> Row:
        row = self.inputs.estimate(analysis, **wanted)
        if row is None:
            asked = join([f"{key} = {value}" for key, value in wanted.items()])
            raise TextError(
                Problem(analysis, f"no estimate has {asked}", "ask for one that the study makes")
            )
        return row

    def _bind(self, words: str, row: Row, columns: str) -> str:
        return self.binder.row(words, "estimates", row, columns)

    def _has_no_interval(self, row: Row) -> bool:
        return not is_known(row["ci_low"]) and not is_known(row["ci_high"])

    def _percent(self, row: Row, counts: str = "", columns: str = "", unit: str = "%") -> str:
        if not is_known(row["estimate"]):
            return self._without(row)
        row = quote(row)
        digits = digits_of_percent(row["n"])
        middle = format_percent(row["estimate"], digits).removesuffix(f"{NBSP}%")
        if self._has_no_interval(row):
            words = f"{middle}{NBSP}{unit}, without an interval{counts}"
            return self._bind(words, row, f"estimate {columns}".strip())
        interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=True)
        end = f"{NBSP}%" if unit == "%" else ""
        which = "; exact interval" if is_exact(row) else ""
        words = f"{interval}{NBSP}{unit} ({middle}{end}{counts}{which})"
        return self._bind(words, *_place_of(row, f"ci_low ci_high estimate {columns}".strip()))

    def _number(self, row: Row, digits: int, unit: str = "") -> str:
        return self._say_row(row, lambda number: format_number(number, digits), unit)

    def _ratio(self, row: Row) -> str:
        return self._say_row(row, format_ratio)

    def _say_row(self, row: Row, number: Callable[[float], str], unit: str = "") -> str:
        if not is_known(row["estimate"]):
            return self._without(row)
        if self._has_no_interval(row):
            words = f"{number(row['estimate'])}{unit}, without an interval"
            return self._bind(words, row, "estimate")
        low, high = (number(end) if is_known(end) else NOT_REACHED
                     for end in (row["ci_low"], row["ci_high"]))  # fmt: skip
        interval = f"{low} to {high}{unit}"
        if high == NOT_REACHED:
            interval = f"{low}{unit} or more, upper end not reached"
        words = f"{interval} ({number(row['estimate'])})"
        return self._bind(words, row, "ci_low ci_high estimate")

    def _count(self, row: Row, column: str) -> str:
        return self._bind(format_number(row[column]), row, column)

    def _without(self, row: Row) -> str:
        """Return why there is no number; the reason may hold counts, so it is bound as well."""
        return self._bind(say_reason(row), row, "note")


def _place_of(row: Row, columns: str) -> tuple[Row, str]:
    """Return where an interval stands: an exact one in a row of its own, or made from counts."""
    if not is_exact(row):
        return row, columns
    if row["analysis_id"] in SHARES:
        return {**row, "analysis_id": f"exact_{row['analysis_id']}"}, columns
    return row, columns.replace("ci_low ci_high ", "")


def say_reason(row: Row) -> str:
    """Return why a row has no number, as words that follow what it is."""
    note = str(row["note"] or "is not shown")
    return f"is {note}" if is_hidden(row) else note
