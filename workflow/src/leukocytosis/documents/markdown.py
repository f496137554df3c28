"""A text in Markdown: its tables, its references, and its blocks for a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leukocytosis.report.grids import Grid

TABLE = re.compile(r"^@table (\w+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of a page: a heading (with its id), a list, a paragraph or a table.

    `level` is that of a heading, 0 of anything else.
    """

    words: tuple[str, ...]
    level: int = 0
    id: str = ""
    is_list: bool = False
    grid: Grid | None = None


def name_place(heading: str) -> str:
    """Return the id of a heading: `Follow-up and missing data` is `follow-up-and-missing-data`."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def split_tables(markdown: str, tables: Mapping[str, Grid]) -> list[str | Grid]:
    """Return the parts of a text in their order, a line `@table <name>` being that table.

    An empty table is told in words. KeyError for a name that is no table.
    """
    parts: list[str | Grid] = []
    for i, part in enumerate(TABLE.split(markdown)):
        grid = tables[part] if i % 2 else None
        if grid and grid.rows:
            parts.append(grid)
        elif grid:
            parts.append(f"{grid.caption}: nothing to list.\n")
        elif part.strip():
            parts.append(part.strip("\n") + "\n")
    return parts


def list_blocks(part: str | Grid) -> Iterator[Block]:
    """Yield the blocks of a part of a text: `#` headings, `-` lists, paragraphs, or the table."""
    if isinstance(part, Grid):
        yield Block((part.caption,), grid=part)
        return
    for block in part.strip().split("\n\n"):
        words = " ".join(block.split("\n"))
        if block.startswith("#"):
            marks, heading = words.split(" ", 1)
            yield Block((heading,), len(marks), name_place(heading))
        elif block.startswith("- "):
            items = block.removeprefix("- ").split("\n- ")
            yield Block(tuple(" ".join(item.split("\n")) for item in items), is_list=True)
        else:
            yield Block((words,))


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
