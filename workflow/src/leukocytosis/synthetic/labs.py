"""Laboratory results: blood draws around the index, each a count with what is ordered beside it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from leukocytosis.synthetic.patients import Frame
from leukocytosis.synthetic.records import on_days, repeated

FIRST_DAY, LAST_DAY = pd.Timestamp("2005-01-01"), pd.Timestamp("2009-01-01")  # the last is out
# code system, code, unit, share of the white counts
PRINTS = (
    ("LAB", "WBC", "K/uL", 0.16),
    ("LAB", "WBC", "10*3/uL", 0.07),
    ("LAB", "WBC", "x10^9/L", 0.07),
    ("LAB", "WBC", "thousand/µL", 0.05),
    ("LAB", "WBC", "/uL", 0.06),
    ("LAB", "WBC", "cells/uL", 0.04),
    ("LAB", "WBC-A", "K/uL", 0.2),
    ("LAB", "WBC-M", "10*3/uL", 0.05),
    ("LOINC", "6690-2", "10*3/uL", 0.2),
    ("LOINC", "26464-8", "x10^9/L", 0.1),
)
PER_MICROLITRE = ("/uL", "cells/uL")
# code, unit, mean and spread of what nobody asks for
PANEL: tuple[tuple[str, str, float, float], ...] = (
    ("GLU", "mg/dL", 110, 25),
    ("NA", "mmol/L", 139, 3),
    ("K", "mmol/L", 4.1, 0.4),
    ("HGB", "g/dL", 12, 1.8),
)
PANEL_SHARE = 0.85


def draw_labs(people: Frame, rng: Generator) -> Frame:
    """Return one row per result, as a tidy laboratory would print it.

    Columns: mrn, visit, at, code_system, code, result, unit, specimen, status; `wbc` (×10⁹/L) and
    `role` (background, before, index, after) of the white counts.
    """
    draws = _draws(people, rng)
    return pd.concat(
        [
            _counts(draws, rng),
            _differential(draws, "NEUT%", "neutrophils"),
            _differential(draws, "BLAST%", "blasts"),
            *(_panel(draws, *item, rng) for item in PANEL),
        ],
        ignore_index=True,
    )


def _draws(people: Frame, rng: Generator) -> Frame:
    """Return the blood draws; none but the index draw is the first above the threshold."""
    cohort = people[people["group"] != "background"]
    background = people[people["group"] == "background"]
    before, _ = repeated(cohort, rng.integers(0, 4, len(cohort)))
    after, _ = repeated(cohort, rng.integers(1, 7, len(cohort)))
    others, _ = repeated(background, rng.integers(1, 7, len(background)))
    days_after = rng.integers(1, 100, len(after))
    decline = np.exp(-days_after / 40) * np.exp(0.3 * rng.standard_normal(len(after)))
    parts = [
        _at("before", before, -rng.integers(1, 60, len(before)), _usual(before, 11, rng), rng),
        _at("index", cohort, 0, cohort["wbc"], rng),
        _at("after", after, days_after, after["wbc"] * decline, rng),
        _at(
            "background",
            others,
            rng.integers(-300, 300, len(others)),
            _usual(others, 7.5, rng),
            rng,
        ),
    ]
    draws = pd.concat(parts, ignore_index=True)
    draws["wbc"] = draws["wbc"].clip(0.3, 430).round(1)
    return draws[(draws["at"] >= FIRST_DAY) & (draws["at"] < LAST_DAY)].reset_index(drop=True)


def _usual(people: Frame, median: float, rng: Generator) -> NDArray[np.float64]:
    return (median * np.exp(0.45 * rng.standard_normal(len(people)))).clip(0.3, 39.0)


def _at(role: str, people: Frame, days: ArrayLike, wbc: ArrayLike, rng: Generator) -> Frame:
    people, days, wbc = people.reset_index(drop=True), np.asarray(days), np.asarray(wbc)
    hour = people["index_hour"] if role == "index" else rng.integers(4, 23, len(people))
    second = np.asarray(hour) * 3600 + rng.integers(0, 3600, len(people))
    differential = people["differential"] if role == "index" else rng.random(len(people)) < 0.3
    draws = on_days(
        people,
        days,
        wbc=wbc,
        role=role,
        second=second,
        moved=people["moved_day"] < days,
        neutrophils=people["neutrophils"].where(differential),
        blasts=people["blasts"].where(differential),
    )
    draws["at"] = draws["on"] + pd.to_timedelta(draws["second"], unit="s")
    return draws[~draws["moved"]]


def print_counts(wbc: Iterable[float], unit: Iterable[str]) -> list[str]:
    """Return counts (×10⁹/L) as printed in their units."""
    return [
        f"{value * 1000:.0f}" if printed in PER_MICROLITRE else f"{value:.1f}"
        for value, printed in zip(wbc, unit, strict=True)
    ]


def _counts(draws: Frame, rng: Generator) -> Frame:
    shares = np.array([share for *_, share in PRINTS])
    prints = np.array([item[:3] for item in PRINTS], dtype=object)
    pick = prints[rng.choice(len(PRINTS), len(draws), p=shares)]
    rows = draws[["mrn", "visit", "at", "role", "wbc"]].assign(
        code_system=pick[:, 0],
        code=pick[:, 1],
        unit=pick[:, 2],
        status="final",
        result=print_counts(draws["wbc"], pick[:, 2]),
    )
    rows["specimen"] = np.where(rng.random(len(rows)) < 0.8, "Blood", "")
    return rows


def _differential(draws: Frame, code: str, column: str) -> Frame:
    rows = draws[draws[column].notna()]
    return rows[["mrn", "visit", "at"]].assign(
        code_system="LAB",
        code=code,
        unit="%",
        status="final",
        specimen="Blood",
        role="",
        wbc=np.nan,
        result=rows[column].astype(int).astype(str),
    )


def _panel(draws: Frame, code: str, unit: str, mean: float, spread: float, rng: Generator) -> Frame:
    rows = draws[rng.random(len(draws)) < PANEL_SHARE]
    values = (mean + spread * rng.standard_normal(len(rows))).round(1)
    return rows[["mrn", "visit", "at"]].assign(
        code_system="LAB",
        code=code,
        unit=unit,
        status="final",
        specimen="Blood",
        role="",
        wbc=np.nan,
        result=values.astype(str),
    )
