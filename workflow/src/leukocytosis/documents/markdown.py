"""Tables and references in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from leukocytosis.report.grids import Grid


def render_table(grid: Grid) -> str:
    """Return a table with its caption above and its notes below."""
    sides = "|".join("---:" if side == "r" else "---" for side in grid.align)
    rows = [_row(grid.head), f"|{sides}|", *(_row(row) for row in grid.rows)]
    return "\n\n".join([f"**{grid.caption}**", "\n".join(rows), *grid.notes]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def render_references(references: Sequence[str]) -> str:
    """Return the works cited, numbered, a paragraph each; nothing when there are none."""
    if not references:
        return ""
    items = [f"{number}. {words}" for number, words in enumerate(references, start=1)]
    return "\n\n".join(["## References", *items]) + "\n"
