"""Abbreviations of the tables, spelled out under each table that uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from leukocytosis.report.grids.grid import Grid

ABBREVIATIONS = {
    "PLR": "paraneoplastic leukemoid reaction",
    "SMD": "standardised difference",
    "χ²": "chi-squared",
}


def spell_out(grid: Grid) -> Grid:
    """Return a grid with a note of what its abbreviations stand for, if it has any."""
    words = " ".join((grid.caption, *grid.head, *(cell for row in grid.rows for cell in row)))
    told = "; ".join(f"{short}, {long}" for short, long in _find(words))
    return replace(grid, notes=(*grid.notes, f"Abbreviations: {told}.")) if told else grid


def _find(words: str) -> Iterator[tuple[str, str]]:
    for short, long in ABBREVIATIONS.items():
        if re.search(rf"(?<!\w){short}(?!\w)", words):
            yield short, long
