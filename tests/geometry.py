"""What may be wrong with a figure as it is laid out: found here, so that a test can say where.

Sizes are in points of the page; a figure must have been fitted to its journal before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from leukocytosis.config import Journal, Page, load_page
from leukocytosis.figures import fit_column
from leukocytosis.figures.style import MARK, styled

FOLDER = Path("config/journals")
PAGES = {path.stem: load_page(FOLDER, path.stem) for path in sorted(FOLDER.glob("*.yaml"))}
POINTS = 72.0
TOUCH = 0.4  # points two boxes of text may share: a box holds the descent of letters, too
APART = 20.0  # of L*, 0 (black) to 100 (white): grey tones that are told apart side by side
COUNT = re.compile(r"[\d,]+|–")


@dataclass(frozen=True)
class Word:
    """A text as it stands on the page: its box in points from the lower left corner."""

    text: str
    box: Bbox
    artist: Text


def lay_out(figure: Figure) -> None:
    """Lay a figure out at 72 dots to the inch, so that its pixels are points."""
    figure.set_dpi(POINTS)
    canvas: Any = FigureCanvasAgg(figure)
    with styled():
        canvas.draw()


def find_words(figure: Figure) -> list[Word]:
    """Return every text that is printed: titles, labels, legends, ticks within their axis."""
    hidden = {id(text) for axes in figure.axes for text in _list_hidden_ticks(axes)}
    texts: Any = figure.findobj(Text)
    shown = [t for t in texts if t.get_text().strip() and t.get_visible() and id(t) not in hidden]
    return [Word(text.get_text(), text.get_window_extent(), text) for text in shown]


def _list_hidden_ticks(axes: Axes) -> Iterator[Text]:
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            outside = not low - slack <= tick.get_loc() <= high + slack
            if outside or not axes.axison or not tick.get_visible():
                yield from (tick.label1, tick.label2)


def find_faults(figure: Figure, journal: Journal) -> list[str]:
    """Return what is wrong with a figure's geometry, in words."""
    lay_out(figure)
    words = find_words(figure)
    return [
        *find_overlaps(words),
        *find_crowded_marks(figure, words),
        *find_outside(figure, words),
        *find_crossed(figure, words),
        *find_covered(figure, words),
        *find_off_ticks(figure),
        *find_wrong_sizes(figure, words, journal),
        *find_alike(figure),
        *find_empty(figure),
    ]


def find_faults_for(figure: Figure, page: Page) -> list[str]:
    """Return what is wrong with a figure once it is resized for a journal."""
    fit_column(figure, page.journal, page.house)
    return find_faults(figure, page.journal)


def find_overlaps(words: list[Word]) -> Iterator[str]:
    """Yield every two texts that share room."""
    for one, other in itertools.combinations(words, 2):
        shared = Bbox.intersection(one.box, other.box)
        if shared is not None and min(shared.width, shared.height) > TOUCH:
            yield f"'{one.text}' overlaps '{other.text}'"


def find_crowded_marks(figure: Figure, words: list[Word]) -> Iterator[str]:
    """Yield every text that stands closer to the mark of synthetic data than two words would."""
    for mark in (word for word in words if word.artist.get_color() == MARK):
        if mark.artist not in figure.texts:
            continue
        near = mark.box.padded(mark.box.height / 4)
        for word in words:
            if word is not mark and word.box.overlaps(near):
                yield f"the mark stands close to '{word.text}'"


def find_outside(figure: Figure, words: list[Word]) -> Iterator[str]:
    """Yield every text that leaves the page."""
    page = figure.bbox
    for word in words:
        box = word.box
        if min(box.x0, box.y0) < 0 or box.x1 > page.x1 or box.y1 > page.y1:
            yield f"'{word.text}' leaves the page"


def find_crossed(figure: Figure, words: list[Word]) -> Iterator[str]:
    """Yield every text that a line runs through, be it of data, of reference or of the frame.

    A text on a white ground hides what is beneath it.
    """
    lines = list(_list_lines(figure))
    for word in words:
        if word.artist.get_bbox_patch() is not None:
            continue
        inside = word.box.padded(-TOUCH)
        for name, path, clip in lines:
            seen = inside if clip is None else Bbox.intersection(inside, clip)
            if seen is not None and path.intersects_bbox(seen, filled=False):
                yield f"{name} runs through '{word.text}'"
                break


def _list_lines(figure: Figure) -> Iterator[tuple[str, Any, Bbox | None]]:
    for axes in figure.axes:
        for line in axes.lines:
            if line.get_linestyle() != "None" and line.get_visible() and len(line.get_xdata()):
                path = line.get_transform().transform_path(line.get_path())
                yield (
                    f"a line ({line.get_label()})",
                    path,
                    axes.bbox if line.get_clip_on() else None,
                )
        for name, spine in axes.spines.items():
            if axes.axison and spine.get_visible():
                yield (
                    f"the {name} axis",
                    spine.get_transform().transform_path(spine.get_path()),
                    None,
                )


def find_covered(figure: Figure, words: list[Word]) -> Iterator[str]:
    """Yield every legend that shares room with a plot, or with words not its own."""
    legends: Any = figure.findobj(Legend)
    for legend in legends:
        own = {id(text) for text in legend.findobj(Text)}
        box = legend.get_window_extent().padded(-TOUCH)
        if any(axes.axison and box.overlaps(axes.bbox) for axes in figure.axes):
            yield "a legend covers a plot"
        yield from (f"a legend covers '{w.text}'" for w in words
                    if id(w.artist) not in own and box.overlaps(w.box))  # fmt: skip


def find_off_ticks(figure: Figure) -> Iterator[str]:
    """Yield every count under an axis that does not stand on one of its ticks."""
    for axes in figure.axes:
        ticks = [axes.transData.transform((tick, 0))[0] for tick in axes.get_xticks()]
        for text in axes.texts:
            box = text.get_window_extent()
            beneath = axes.axison and box.y1 < axes.bbox.y0
            if beneath and COUNT.fullmatch(text.get_text()):
                middle = (box.x0 + box.x1) / 2
                if min(abs(middle - tick) for tick in ticks) > 0.5:
                    yield f"the count {text.get_text()} stands on no tick"


def find_wrong_sizes(figure: Figure, words: list[Word], journal: Journal) -> Iterator[str]:
    """Yield widths, types and lines that the journal does not print."""
    width = round(figure.get_figwidth() * 25.4, 3)
    if width not in journal.widths_mm:
        yield f"is {width} mm wide"
    for word in words:
        points = round(float(word.artist.get_fontsize()), 6)
        if not journal.least_text_points <= points <= journal.most_text_points:
            yield f"'{word.text}' is set in {points} points"
    for width in sorted({round(width, 6) for width in _list_widths(figure)}):
        if 0 < width < journal.least_line_points:
            yield f"a line is {width} points thin"


def _list_widths(figure: Figure) -> Iterator[float]:
    drawn: Any = figure.findobj(lambda a: isinstance(a, (Line2D, Patch, FancyArrowPatch)))
    for artist in drawn:
        if artist.get_visible():
            yield float(artist.get_linewidth())
            if isinstance(artist, Line2D) and artist.get_marker() not in ("None", None, ""):
                yield float(artist.get_markeredgewidth())
    found: Any = figure.findobj(Collection)
    for artist in found:
        yield from (float(width) for width in np.atleast_1d(artist.get_linewidth()))


def find_alike(figure: Figure) -> Iterator[str]:
    """Yield every two labelled series of a plot that a grey print would not tell apart."""
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        for (one, a), (other, b) in itertools.combinations(zip(handles, labels, strict=True), 2):
            if _look(one) == _look(other) and abs(_tone(one) - _tone(other)) < APART:
                yield f"'{a}' and '{b}' are alike in grey"


def find_empty(figure: Figure) -> Iterator[str]:
    """Yield every plot in which nothing stands: its axes look like a result of zero."""
    for axes in figure.axes:
        drawn = (axes.lines, axes.collections, axes.patches, axes.texts, axes.images)
        if axes.axison and not any(drawn):
            yield f"nothing is drawn over '{axes.get_xlabel()}'"


def _look(series: Any) -> tuple[object, ...]:
    """Return what tells a series apart beside its colour."""
    if isinstance(series, Line2D):
        dashes = series._unscaled_dash_pattern  # type: ignore[attr-defined]
        filled = to_hex(series.get_markerfacecolor()) == "#ffffff"
        line = series.get_linestyle() != "None" and tuple(np.atleast_1d(dashes[1] or 0))
        return ("line", line, series.get_marker(), filled)
    if isinstance(series, (Patch, Collection)):
        return ("area", series.get_hatch())
    return (type(series).__name__,)


def _tone(series: Any) -> float:
    if isinstance(series, Line2D):
        return lightness(to_rgb(series.get_color()))
    return lightness(to_rgb(np.atleast_2d(series.get_facecolor())[0]))


def lightness(rgb: Any) -> float:
    """Return the CIE L* of an sRGB colour: 0 is black, 100 white."""
    linear = decode(np.asarray(rgb))
    y = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * np.cbrt(y) - 16 if y > 216 / 24389 else y * 24389 / 27


def decode(rgb: Any) -> Any:
    """Return sRGB (0 to 1) as linear light."""
    rgb = np.asarray(rgb, dtype=float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
