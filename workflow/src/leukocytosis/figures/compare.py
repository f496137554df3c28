"""Shares of causes, study by study: ours with intervals, and what each paper printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leukocytosis.figures.style import FAINT, INK, PALETTE, Row, new_figure, styled
from leukocytosis.rounding import is_known
from leukocytosis.survival.quoted import quote

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"infection": "infection", "plr": "PLR", "growth_factor": "growth factor"}
LIFT = 0.17
ROW_INCHES = 0.4


@dataclass(frozen=True)
class Line:
    """A study in the figure: its label, our rows and the printed percentages by cause.

    `wide` is the share of PLR if every undetermined patient had it; `without` says why there is
    no share of ours.
    """

    label: str
    ours: Mapping[str, Row | None]
    wide: Row | None = None
    printed: Mapping[str, float] = field(default_factory=dict)
    without: str = ""


def draw_comparison(lines: Sequence[Line]) -> Figure:
    """Return a panel per cause with a line per study; where there is no share, the reason."""
    with styled():
        height = ROW_INCHES * len(lines) + 1.35  # room for the mark above the titles
        figure = new_figure(height)
        for i, (cause, title) in enumerate(PANELS.items()):
            axes = figure.add_axes((0.29 + 0.24 * i, 0.85 / height, 0.19, 1 - 1.35 / height))
            _dress(axes, title, [line.label if i == 0 else "" for line in lines])
            for y, line in enumerate(reversed(lines)):
                _draw_line(axes, y, line, cause)
        _add_legend(figure, height)
    return figure


def _draw_line(axes: Axes, y: int, line: Line, cause: str) -> None:
    above, below = y + LIFT, y - LIFT  # so that neither hides the other
    ours = line.ours.get(cause)
    if ours is None or not is_known(ours["estimate"]):
        axes.text(2, above, line.without, va="center", fontsize=7.5, color=FAINT)
    else:
        if cause == "plr":
            _draw_wide(axes, above, ours, line.wide)
        _draw_share(axes, above, ours)
    if cause in line.printed:
        axes.plot([line.printed[cause]], [below], "D", color=INK, mfc="white", ms=5, clip_on=False)


def _draw_share(axes: Axes, y: float, row: Row) -> None:
    row = quote(row)
    low, high = row["ci_low"], row["ci_high"]
    if is_known(low) and is_known(high):
        axes.plot([100 * low, 100 * high], [y, y], color=PALETTE[0], solid_capstyle="butt")
    axes.plot([100 * row["estimate"]], [y], "o", color=PALETTE[0], ms=5, clip_on=False)


def _draw_wide(axes: Axes, y: float, narrow: Row, wide: Row | None) -> None:
    if wide is None or not is_known(wide["estimate"]) or wide["estimate"] <= narrow["estimate"]:
        return
    ends = [100 * narrow["estimate"], 100 * wide["estimate"]]
    axes.plot(ends, [y, y], color=PALETTE[0], lw=0.9, ls=":")
    axes.plot(ends[1:], [y], "o", color=PALETTE[0], mfc="white", ms=5, clip_on=False)


def _dress(axes: Axes, title: str, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), list(reversed(labels)), fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "", "50", "", "100"])
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.grid(axis="x", color=FAINT, alpha=0.2)


def _add_legend(figure: Figure, height: float) -> None:
    from matplotlib.lines import Line2D

    blue = PALETTE[0]
    handles = {
        "here (95 % interval)": Line2D([], [], color=blue, marker="o", ms=5),
        "PLR or undetermined": Line2D([], [], color=blue, marker="o", mfc="white", ms=5, ls=":"),
        "printed in the paper": Line2D([], [], color=INK, marker="D", mfc="white", ms=5, ls=""),
    }
    figure.legend(handles.values(), handles.keys(), loc="lower center", ncols=3, fontsize=7.5,
                  columnspacing=1.2, bbox_to_anchor=(0.5, -0.01))  # fmt: skip
    figure.text(0.625, 0.44 / height, "share of the cohort, %", ha="center", va="center")
