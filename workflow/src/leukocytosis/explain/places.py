"""Where a printed number stands: the rows that print so, and the texts and figures that show it.

Only what has passed the disclosure door is looked through: a hidden number is found nowhere.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukocytosis.report import ReportInputs
from leukocytosis.rounding import ABOVE_MOST, BELOW_LEAST, NBSP, format_number, is_known
from leukocytosis.tables import BY_NAME

NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?")
LONG = ("curves", "multiverse", "states", "variants")  # told last: many rows, few of them printed
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A cell that prints as asked: its table, its row, and the column."""

    table: str
    row: Row
    column: str

    @property
    def reference(self) -> str:
        """Return how to ask for the row."""
        return name_row(self.table, self.row)


def name_row(table: str, row: Row) -> str:
    """Return the reference of a row: its table and its key, joined by `/`."""
    key = [_plain(row.get(column)) for column in BY_NAME[table].key]
    return "/".join([table, *key]).rstrip("/")


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):  # a CSV writes days as 84.0
        return value.removesuffix(".0") if NUMBER.fullmatch(value) else value
    return f"{value:g}" if isinstance(value, float) else str(value)


def find_cells(printed: str, inputs: ReportInputs) -> list[Found]:
    """Return the released cells that print as `printed`: itself, or as a percentage.

    With a sign of per cent only fractions count; `1,234` and `1234` are the same.
    """
    words = printed.replace("%", "").strip()
    asked = words.replace(",", "").replace("−", "-")
    digits, value = len(asked.partition(".")[2]), float(asked)
    scales = (100.0,) if "%" in printed else (1.0, 100.0)
    cells = [
        Found(table, row, column)
        for table in sorted(inputs.frames, key=lambda name: (name in LONG, name))
        for row in inputs.rows(table)
        for column, cell in row.items()
        if _prints(cell, asked, value, digits, scales)
    ]
    return [found for found in cells if found.column not in BY_NAME[found.table].key]


def _prints(cell: Any, asked: str, value: float, digits: int, scales: tuple[float, ...]) -> bool:
    if isinstance(cell, (bool, str)) or not is_known(cell):
        return False
    for scale in scales:
        scaled = float(f"{scale * cell:.12g}")
        if abs(scaled - value) <= 10**-digits and (scale == 1 or abs(cell) <= 1):
            plain = format_number(scaled, digits).replace(",", "").replace("−", "-")
            if float(plain) == float(asked):
                return True
    return False


def find_in_texts(printed: str, release: Path) -> list[dict[str, str]]:
    """Return the numbers of methods and results that hold it, each with the name of its `text`."""
    asked = _tidy(printed)
    return [
        {"text": path.name.removesuffix("_numbers.csv"), **row}
        for path in sorted((release / "manuscript").glob("*_numbers.csv"))
        for row in read_csv(path)
        if asked in _numbers_in(row["words"])
    ]


def reference_of(bound: Mapping[str, str], inputs: ReportInputs) -> str | None:
    """Return the reference of the row that words of the text are bound to."""
    if bound["source"] not in inputs.frames:
        return None
    wanted = dict(part.split(" = ", 1) for part in bound["key"].split("; "))
    wanted = {key: _plain(value) for key, value in wanted.items()}
    if bound["source"] == "attrition":  # whose reason stands for the row
        wanted = {"reason_id": wanted["term"]}
    for row in inputs.rows(bound["source"]):
        if all(_plain(row.get(key)) == value for key, value in wanted.items()):
            return name_row(bound["source"], row)
    return None


def find_figures(release: Path) -> dict[str, list[str]]:
    """Return, by reference of a row, the figures that draw it."""
    drawn: dict[str, list[str]] = {}
    for path in sorted((release / "figures").glob("*.csv")):
        rows = (row for row in read_csv(path) if row["table"] in BY_NAME)  # or of the protocol
        for reference in dict.fromkeys(name_row(row["table"], row) for row in rows):
            drawn.setdefault(reference, []).append(path.stem)
    return drawn


def find_in_pages(printed: str, release: Path) -> Iterator[str]:
    """Yield `file (times)` for each page and manuscript table that prints the number."""
    pages = [release / "report.html", release / "headlines.txt"]
    pages += [p for kind in ("csv", "md") for p in sorted(release.glob(f"manuscript/*.{kind}"))]
    asked = _tidy(printed)
    for path in pages:
        if path.exists() and not path.name.endswith("_numbers.csv"):
            times = _numbers_in(_read_words(path)).count(asked)
            if times:
                yield f"{path.relative_to(release).as_posix()} ({times})"


def _read_words(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".html":
        return text
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]*>", " ", text))


def _numbers_in(words: str) -> list[str]:
    """Return the numbers in words; `above 1,000` stands for any beyond it and is none."""
    for bound in (ABOVE_MOST, BELOW_LEAST):
        words = words.replace(NBSP, " ").replace(bound, "")
    return [_tidy(number) for number in NUMBER.findall(words)]


def _tidy(number: str) -> str:
    return number.replace("%", "").replace(",", "").replace("−", "-").strip()


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a released CSV; none where it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
