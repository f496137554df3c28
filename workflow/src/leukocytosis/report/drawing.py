"""A figure on its way into the report and into the folder of figures."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Page
from leukocytosis.figures import fit_column, render_svg, save_figure
from leukocytosis.figures.fonts import describe_faces, drop_fonts
from leukocytosis.figures.press import mark_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]
MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name, caption, and what it shows in words for who cannot see it.

    `data` holds the rows it draws, by the table they stand in. What is not `of_extract` never
    carries the extract's mark. `split` draws it in parts, for pages it is too high for.
    """

    name: str
    section: str
    caption: str
    alt: str
    figure: Figure
    data: Mapping[str, Rows] = field(default_factory=dict)
    of_extract: bool = True
    split: Callable[[], Sequence[Figure]] | None = None

    @property
    def legend(self) -> str:
        """Return the caption, which says so first where the figure only tells why it is none."""
        undrawn = "" if self.figure.axes else "Not drawn, for the reason that stands in its place. "
        return undrawn + self.caption

    @property
    def words(self) -> str:
        """Return the figure in words for who cannot see it: its own, where it is not drawn."""
        return self.alt if self.figure.axes else " ".join(self.figure.texts[0].get_text().split())

    def marked(self, mark: str | None) -> str | None:
        """Return the mark this figure carries."""
        return mark if self.of_extract else None


def write_drawing(
    drawing: Drawing, folder: Path, mark: str | None, page: Page | None, record: str | None = None
) -> None:
    """Write a figure at the journal's size, and beside it its data (CSV) and its words (txt).

    The figure itself is resized: what the report needs is taken before. Without a page it stays
    as it is. What is too high for the journal's page is written in parts as well.
    """
    if page:
        fit_drawing(drawing, mark, page)
    _write_pictures(drawing, folder, mark, page, record)
    write_data(drawing.data, folder / f"{drawing.name}.csv")
    if page and is_too_high(drawing, page):
        for part in split_drawing(drawing):
            fit_drawing(part, mark, page)
            _write_pictures(part, folder, mark, page, record)


def _write_pictures(
    drawing: Drawing, folder: Path, mark: str | None, page: Page | None, record: str | None
) -> None:
    dpi = {"dpi": page.journal.dpi} if page else {}
    save_figure(drawing.figure, folder, drawing.name, drawing.marked(mark), record=record, **dpi)
    words = "\n\n".join(describe_drawing(drawing, mark, page))
    (folder / f"{drawing.name}.txt").write_text(f"{words}\n", encoding="utf-8")


def fit_drawing(drawing: Drawing, mark: str | None, page: Page) -> None:
    """Mark a figure and resize it to a column of the journal, its mark with it."""
    mark_figure(drawing.figure, drawing.marked(mark))
    fit_column(drawing.figure, page.journal, page.house)


def is_too_high(drawing: Drawing, page: Page) -> bool:
    """Return whether a fitted figure is higher than the journal prints."""
    return drawing.figure.get_figheight() * MM_PER_INCH > page.journal.most_height_mm


def split_drawing(drawing: Drawing) -> list[Drawing]:
    """Return the parts of a figure, named after it; none when it cannot be parted."""
    figures = drawing.split() if drawing.split else ()
    return [
        replace(
            drawing, name=f"{drawing.name}_part_{place}", figure=figure, split=None,
            caption=f"{drawing.caption} Part {place} of {len(figures)}.",
        )
        for place, figure in enumerate(figures, start=1)
    ]  # fmt: skip


def describe_drawing(drawing: Drawing, mark: str | None, page: Page | None) -> Iterator[str]:
    """Yield what goes with a figure into a submission system: caption, alternative text, size."""
    marked = f" ({mark} data)" if drawing.marked(mark) else ""
    yield f"Caption{marked}: {drawing.legend}"
    yield f"Alternative text: {drawing.words}"
    if page is None:
        return
    width, height = (MM_PER_INCH * inches for inches in drawing.figure.get_size_inches())
    yield f"Size: {width:.1f} × {height:.1f} mm ({page.journal.journal})."
    if is_too_high(drawing, page):
        where = (
            f"in parts as {drawing.name}_part_1 and so on"
            if drawing.split
            else "for the supplement"
        )
        yield (
            f"Higher than {page.journal.most_height_mm:g} mm, the most {page.journal.journal} "
            f"prints: {where}."
        )


def write_data(data: Mapping[str, Rows], path: Path) -> None:
    """Write the rows a figure draws as one CSV: the table's name, then that table's columns."""
    names = dict.fromkeys(name for rows in data.values() for row in rows for name in row)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["table", *names], lineterminator="\n")
        writer.writeheader()
        for table, rows in data.items():
            writer.writerows({"table": table, **row} for row in rows)


def inline_drawing(drawing: Drawing, mark: str | None) -> dict[str, str]:
    """Return what a page needs to show a figure: name, caption, and SVG with its words."""
    from markupsafe import Markup

    own = drawing.marked(mark)
    svg = strip_svg(render_svg(drawing.figure, drawing.name, own), drawing.name)
    alt = f"{drawing.words} Data: {own}." if own else drawing.words
    svg = _describe(svg, f"{drawing.name}-words", alt)
    return {"name": drawing.name, "caption": drawing.legend, "svg": Markup(svg)}


def describe_fonts(pictures: Sequence[Mapping[str, str]]) -> str:
    """Return the CSS with the glyphs of the texts of all figures of a page, once."""
    from markupsafe import Markup

    return Markup(describe_faces("".join(picture["svg"] for picture in pictures)))


def strip_svg(svg: str, name: str) -> str:
    """Return the SVG element alone, its ids made unique in a page that holds several figures.

    The page carries the glyphs.
    """
    svg = drop_fonts(svg[svg.index("<svg") :])
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    # sized by the page: the natural size would overflow a phone
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|(<svg )', _sized, svg, count=1)


def _sized(match: re.Match[str]) -> str:
    return f'<svg focusable="false" {match.group(1) or ""}'


def _describe(svg: str, words_id: str, alt: str) -> str:
    """Return an SVG that is one image with a name to those who hear the page.

    The name is its `desc`: a `title` would follow the mouse over the whole figure.
    """
    start, end, rest = svg.partition(">")
    named = start.replace("<svg", f'<svg role="img" aria-labelledby="{words_id}"', 1)
    return f'{named}{end}<desc id="{words_id}">{escape(alt)}</desc>{rest}'
