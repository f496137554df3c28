"""How wide the columns of a printed table are, for every form that has pages."""

from __future__ import annotations

from leukocytosis.report.grids import Grid

WIDE = 135  # letters from which a table gets a page on its side
SHORTEST, LONGEST = 6, 42  # letters a column has room for


def is_wide(grid: Grid) -> bool:
    """Return whether a table needs a page on its side."""
    return sum(_count_letters(grid)) >= WIDE


def share_width(grid: Grid) -> list[float]:
    """Return the share of the page's width that each column gets; together 1."""
    letters = _count_letters(grid)
    return [own / sum(letters) for own in letters]


def _count_letters(grid: Grid) -> list[int]:
    return [_need(grid, column) for column in range(len(grid.head))]


def _need(grid: Grid, column: int) -> int:
    """Return the letters a column needs: its longest cell; its head may take three lines."""
    head = grid.head[column]
    words = max(len(word) for word in head.split(" "))
    longest = max((len(row[column]) for row in grid.rows), default=0)
    # the head is bold, and no word of it may break
    return min(max(longest + 1, words + 3, -(-len(head) // 3), SHORTEST), LONGEST)
