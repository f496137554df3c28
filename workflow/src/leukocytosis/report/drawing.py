"""A figure on its way into the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name, caption, and what it shows in words for who cannot see it."""

    name: str
    section: str
    caption: str
    alt: str
    figure: Figure
