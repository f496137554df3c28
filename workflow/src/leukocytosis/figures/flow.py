"""The selection of the cohort as a flow diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    WIDTH_INCHES,
    Row,
    draw_words,
    new_figure,
    styled,
    wrap,
)
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE_INCHES, PAD_INCHES, GAP_INCHES = 0.165, 0.09, 0.4  # of a box, and between two
LEFT_INCHES, MAIN_INCHES, SIDE_INCHES = 0.08, 3.3, 1.45  # of the boxes of those left and left out


def draw_flow(attrition: Sequence[Row]) -> Figure:
    """Return the flow diagram: a box per step of `attrition`, those left out beside it."""
    if not attrition:
        return draw_words("No flow diagram, because no step of the selection was recorded.")
    steps = sorted(attrition, key=lambda row: row["step"])
    boxes = [f"{wrap(row['reason'], 48)}\nn = {_count(row['n_patients_left'])}" for row in steps]
    high = [_height(words) for words in boxes]
    with styled():
        total = HEAD_INCHES + sum(high) + GAP_INCHES * (len(steps) - 1) + 0.08
        figure = new_figure(total)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH_INCHES)
        axes.set_ylim(total, 0)
        top = HEAD_INCHES
        for i, (row, words) in enumerate(zip(steps, boxes, strict=True)):
            _box(axes, (LEFT_INCHES, top, MAIN_INCHES, high[i]), words, is_last=row is steps[-1])
            if i:
                _draw_loss(axes, top - GAP_INCHES, row)
            top += high[i] + GAP_INCHES
    return figure


def _height(words: str) -> float:
    return LINE_INCHES * (1 + words.count("\n")) + 2 * PAD_INCHES


def _draw_loss(axes: Axes, top: float, row: Row) -> None:
    """Draw the arrow down from a box that ends at `top`, and those left out on the way."""
    x, gone = LEFT_INCHES + MAIN_INCHES / 2, left_out(row)
    _arrow(axes, (x, top), (x, top + GAP_INCHES))
    if gone == 0:
        return
    middle, side = top + GAP_INCHES / 2, WIDTH_INCHES - LEFT_INCHES - SIDE_INCHES
    words = f"left out: {_count(gone)}"
    high = _height(words) - PAD_INCHES
    _arrow(axes, (x, middle), (side, middle))
    _box(axes, (side, middle - high / 2, SIDE_INCHES, high), words)


def left_out(row: Row) -> int | None:
    """Return how many patients a step left out; None where a count is hidden."""
    before, left = row["n_patients_before"], row["n_patients_left"]
    return int(before - left) if is_known(before) and is_known(left) else None


def _count(value: int | None) -> str:
    return format_number(value) if is_known(value) else "hidden"


def _box(
    axes: Axes, place: tuple[float, float, float, float], words: str, *, is_last: bool = False
) -> None:
    from matplotlib.patches import Rectangle

    left, top, width, height = place
    face, edge = ("#eef3f8", INK) if is_last else ("white", FAINT)
    axes.add_patch(Rectangle((left, top), width, height, facecolor=face, edgecolor=edge))
    axes.text(left + width / 2, top + height / 2, words, ha="center", va="center", linespacing=1.2)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    line = {"arrowstyle": "-|>", "color": FAINT, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=line)
