"""Units: every spelling we accept, and the factor to the one standard unit of its quantity."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config.reading import read_text
from leukocytosis.errors import ConfigError, Problem

COLUMNS = ["quantity", "unit", "factor", "standard_unit", "source"]


@dataclass(frozen=True)
class Unit:
    """One spelling of a unit: value × `factor` is the value in `standard_unit`."""

    quantity: str
    unit: str
    factor: float
    standard_unit: str
    source: str


def fold_unit(unit: str) -> str:
    """Return a spelling without blanks, case, or the difference between the two micro signs."""
    return "".join(unit.split()).casefold().replace("\u03bc", "\u00b5").replace("\u00b5", "u")


def load_units(path: Path) -> tuple[Unit, ...]:
    """Return the rows of `units.csv`, spellings folded; ConfigError lists every bad row."""
    reader = csv.DictReader(read_text(path).splitlines())
    if reader.fieldnames != COLUMNS:
        raise ConfigError(Problem(f"{path}:1", f"columns must be {', '.join(COLUMNS)}"))
    units: dict[tuple[str, str], Unit] = {}
    problems: list[Problem] = []
    for line, row in enumerate(reader, start=2):
        try:
            unit = Unit(
                row["quantity"],
                fold_unit(row["unit"]),
                float(row["factor"]),
                row["standard_unit"],
                row["source"],
            )
        except (TypeError, ValueError):
            problems.append(Problem(f"{path}:{line}", "the factor is not a number"))
            continue
        # the two micro signs and the letter u fold into one spelling; they must agree
        known = units.setdefault((unit.quantity, unit.unit), unit)
        if known.factor != unit.factor:
            problems.append(Problem(f"{path}:{line}", f"'{row['unit']}' has two factors"))
    if problems:
        raise ConfigError(problems)
    return tuple(units.values())
