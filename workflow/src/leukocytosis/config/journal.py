"""Journals' rules for figures: the widths of their columns, sizes of type, and lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from leukocytosis.config.reading import Document, Strict, build

HOUSE = "house"  # the journal whose page figures are laid out on


class Journal(Strict):
    """What a journal asks of a figure, at the size in which it is printed.

    `widths_mm` are the widths it prints, the narrowest (a single column) first. Text stands
    between `least_text_points` and `most_text_points`; no line is thinner than
    `least_line_points`. `source` says where the numbers were read, and what was not found there.
    """

    journal: str
    title: str
    source: str
    widths_mm: tuple[float, ...] = Field(min_length=1)
    most_height_mm: float = Field(gt=0)
    least_text_points: float = Field(gt=0)
    most_text_points: float = Field(gt=0)
    least_line_points: float = Field(gt=0)
    dpi: int = Field(default=600, ge=300)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.widths_mm) != sorted(set(self.widths_mm)):
            raise ValueError("widths_mm ascend; put the single column first")
        if self.least_text_points > self.most_text_points:
            raise ValueError("least_text_points is above most_text_points; exchange them")
        return self


@dataclass(frozen=True)
class Page:
    """What figures are written for: the house's page they were laid out on, and the journal's."""

    house: Journal
    journal: Journal


def load_page(folder: Path, journal: str) -> Page:
    """Return the page of a journal, one file of the folder; ConfigError names every problem."""
    return Page(*(load_journal(folder / f"{name}.yaml") for name in (HOUSE, journal)))


def load_journal(path: Path) -> Journal:
    """Return a journal's rules; ConfigError lists every problem of the file."""
    return build(Journal, Document(path))
