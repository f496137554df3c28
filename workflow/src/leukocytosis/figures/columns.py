"""A figure laid out on the house's page, resized to a column of a journal.

The page is enlarged or reduced as a whole; type and lines follow as far as the journal's least and
most sizes allow. Type never grows more than the page does, so that what was free of overlaps stays
so (its least size can make it wider; the tests look).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.config import Journal

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

MM_PER_INCH = 25.4
GIVE = 1.1  # the smallest type may be raised by so much before the next column is taken


def fit_column(figure: Figure, journal: Journal, house: Journal) -> None:
    """Resize a figure to the journal's narrowest column in which its type can be read.

    `house` has the sizes the figure was laid out in; the same journal changes nothing.
    """
    if journal == house:
        return
    width_mm = find_width(figure, journal, house)
    page = width_mm / house.widths_mm[0]
    factor = _type_factor(page, journal, house)
    height_inches = figure.get_figheight() * page
    _resize_texts(figure, factor, journal)
    _resize_lines(figure, factor, journal)
    _resize_boxes(figure, factor)
    _keep_ticks(figure, factor)
    figure.set_size_inches(width_mm / MM_PER_INCH, height_inches)


def find_width(figure: Figure, journal: Journal, house: Journal) -> float:
    """Return the narrowest width, in mm, at which no type falls below the least size.

    The widest where there is none.
    """
    smallest = min(float(text.get_fontsize()) for text in find_texts(figure))
    for width_mm in journal.widths_mm:
        factor = _type_factor(width_mm / house.widths_mm[0], journal, house)
        if smallest * factor * GIVE >= journal.least_text_points:
            return width_mm
    return journal.widths_mm[-1]


def halve(sizes: Sequence[float]) -> int:
    """Return before which of several things to part them, so that the longer half is shortest."""
    return min(range(1, len(sizes)), key=lambda i: max(sum(sizes[:i]), sum(sizes[i:])))


def find_texts(figure: Figure) -> list[Text]:
    """Return the texts of a figure that say something."""
    from matplotlib.text import Text

    found: Any = figure.findobj(Text)
    return [text for text in found if text.get_text().strip() and text.get_visible()]


def _type_factor(page: float, journal: Journal, house: Journal) -> float:
    return min(page, journal.most_text_points / house.most_text_points)


def _resize_texts(figure: Figure, factor: float, journal: Journal) -> None:
    from matplotlib.text import Annotation, Text

    texts: Any = figure.findobj(Text)
    for text in texts:
        text.set_fontsize(_clamped(text.get_fontsize() * factor, journal))
        if isinstance(text, Annotation) and text.anncoords == "offset points":
            text.xyann = (factor * text.xyann[0], factor * text.xyann[1])


def _keep_ticks(figure: Figure, factor: float) -> None:
    """Keep the sizes of ticks, whose lines and labels may be made anew when they are drawn."""
    for axis in [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]:
        axis.labelpad *= factor
        ticks: Any
        for which, ticks in (("major", axis.get_major_ticks()), ("minor", axis.get_minor_ticks())):
            if ticks:
                _keep_size(axis, which, ticks[0], factor)


def _keep_size(axis: Axis, which: Any, tick: Any, factor: float) -> None:
    axis.set_tick_params(
        which=which,
        labelsize=tick.label1.get_fontsize(),
        length=tick.tick1line.get_markersize(),
        width=tick.tick1line.get_markeredgewidth(),
        pad=tick.get_pad() * factor,
    )


def _clamped(points: float, journal: Journal) -> float:
    return min(max(points, journal.least_text_points), journal.most_text_points)


def _resize_lines(figure: Figure, factor: float, journal: Journal) -> None:
    from matplotlib.collections import Collection, PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import FancyArrowPatch, Patch

    def thick(width: float) -> float:
        return max(width * factor, journal.least_line_points) if width else width

    found: Any = figure.findobj(lambda artist: isinstance(artist, (Line2D, Patch)))
    for drawn in found:
        drawn.set_linewidth(thick(drawn.get_linewidth()))
        if isinstance(drawn, Line2D):
            drawn.set_markersize(drawn.get_markersize() * factor)
            drawn.set_markeredgewidth(thick(drawn.get_markeredgewidth()))
        if isinstance(drawn, FancyArrowPatch):
            drawn.set_mutation_scale(drawn.get_mutation_scale() * factor)
    found = figure.findobj(Collection)
    for drawn in found:
        drawn.set_linewidth([thick(width) for width in drawn.get_linewidth()])
        if isinstance(drawn, PathCollection):
            drawn.set_sizes(drawn.get_sizes() * factor**2)


def _resize_boxes(figure: Figure, factor: float) -> None:
    """Resize the boxes of legends: their paddings, and the small drawings in them."""
    from matplotlib.lines import Line2D
    from matplotlib.offsetbox import DrawingArea, PackerBase
    from matplotlib.patches import Rectangle

    found: Any = figure.findobj(lambda artist: isinstance(artist, (DrawingArea, PackerBase)))
    for box in found:
        if isinstance(box, PackerBase):
            box.pad, box.sep = (part and part * factor for part in (box.pad, box.sep))
            continue
        for side in ("width", "height", "xdescent", "ydescent"):
            setattr(box, side, getattr(box, side) * factor)
        for child in box.get_children():
            if isinstance(child, Line2D):
                child.set_data(*(_times(ends, factor) for ends in child.get_data(orig=False)))
            elif isinstance(child, Rectangle):
                child.set_bounds(*(factor * part for part in child.get_bbox().bounds))


def _times(ends: Any, factor: float) -> list[float]:
    return [factor * float(end) for end in ends]
