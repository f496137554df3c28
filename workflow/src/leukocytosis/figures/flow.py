"""The selection of the cohort as a flow diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.figures.style import FAINT, INK, Row, draw_words, new_figure, styled, wrap
from leukocytosis.prose import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEP_INCHES, LINE_INCHES = 0.9, 0.165
MAIN, SIDE = 0.34, 0.86  # centres of the column of those left and of those left out


def draw_flow(attrition: Sequence[Row]) -> Figure:
    """Return the flow diagram: a box per step of `attrition`, those left out beside it."""
    if not attrition:
        return draw_words("No flow diagram, because no step of the selection was recorded.")
    steps = sorted(attrition, key=lambda row: row["step"])
    with styled():
        figure = new_figure(STEP_INCHES * len(steps) + 0.3)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(-len(steps) + 0.4, 0.7)
        boxes = [
            f"{wrap(row['reason'], 38)}\nn = {_count(row['n_patients_left'])}" for row in steps
        ]
        for i, words in enumerate(boxes):
            _box(axes, MAIN, -i, words, is_last=i == len(steps) - 1)
        for i in range(1, len(steps)):
            start, end = 1 - i - _half(boxes[i - 1]), -i + _half(boxes[i])
            _draw_loss(axes, start, end, steps[i])
    return figure


def _half(words: str) -> float:
    """Return half the height of a box, in steps."""
    return (LINE_INCHES * (1 + words.count("\n")) / 2 + 0.08) / STEP_INCHES


def _draw_loss(axes: Axes, start: float, end: float, row: Row) -> None:
    _arrow(axes, (MAIN, start), (MAIN, end))
    gone = left_out(row)
    if gone != 0:
        middle = (start + end) / 2
        _arrow(axes, (MAIN, middle), (SIDE - 0.11, middle))
        axes.text(SIDE - 0.1, middle, f"left out: {_count(gone)}", va="center", color=FAINT)


def left_out(row: Row) -> int | None:
    """Return how many patients a step left out; None where a count is hidden."""
    before, left = row["n_patients_before"], row["n_patients_left"]
    return int(before - left) if is_known(before) and is_known(left) else None


def _count(value: int | None) -> str:
    return format_number(value) if is_known(value) else "hidden"


def _box(axes: Axes, x: float, y: float, words: str, *, is_last: bool) -> None:
    frame = {
        "boxstyle": "round,pad=0.45",
        "facecolor": "#eef3f8" if is_last else "white",
        "edgecolor": INK if is_last else FAINT,
    }
    axes.text(x, y, words, ha="center", va="center", bbox=frame, linespacing=1.25)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": FAINT})
