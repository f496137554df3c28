"""The table as an object: a caption, a head, rows of words, and notes under them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from leukocytosis.rounding import NBSP, NOT_SHOWN


@dataclass(frozen=True)
class Grid:
    """A table in words; `align` has a letter per column: l(eft) or r(ight).

    A page lets its readers sort the rows unless they are of one column in several units.
    """

    caption: str
    head: tuple[str, ...]
    align: str
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    sortable: bool = True


@dataclass
class Notes:
    """Notes under a table, each printed once and pointed to by its number."""

    texts: list[str] = field(default_factory=list)

    def mark(self, note: str | None) -> str:
        """Return ` [1]`, the number of a note, or nothing when there is none."""
        if not note:
            return ""
        if note not in self.texts:
            self.texts.append(note)
        return f" [{self.texts.index(note) + 1}]"

    @property
    def numbered(self) -> tuple[str, ...]:
        """Return the notes as they are printed."""
        return tuple(f"[{i}] {text}" for i, text in enumerate(self.texts, start=1))


def unbroken(words: str) -> str:
    """Return words that a narrow column will not break."""
    return words.replace(" ", NBSP)


def without_hidden(grid: Grid, *names: str) -> Grid:
    """Return a grid without those of the named columns in which no value is shown."""
    hidden = (NOT_SHOWN, "no test", "–")
    kept = [
        i
        for i, name in enumerate(grid.head)
        if name not in names or any(row[i] not in hidden for row in grid.rows)
    ]
    return replace(
        grid,
        head=tuple(grid.head[i] for i in kept),
        align="".join(grid.align[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in grid.rows),
    )
