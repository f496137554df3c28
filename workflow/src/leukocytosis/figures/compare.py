"""Shares of infection and PLR, study by study: ours with intervals, and what each paper printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leukocytosis.figures.style import FAINT, INK, PALETTE, Row, new_figure, styled
from leukocytosis.prose import is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"infection": "infection", "plr": "PLR"}
LIFT = 0.16


@dataclass(frozen=True)
class Pair:
    """A share of one study: ours (a row of estimates, if any) and the paper's, in percent."""

    study: str
    cause: str
    ours: Row | None
    printed: float | None


def draw_comparison(pairs: Sequence[Pair]) -> Figure:
    """Return a panel per cause with a line per study; what cannot be shown is left blank."""
    studies = list(dict.fromkeys(pair.study for pair in pairs))
    with styled():
        height = 0.28 * len(studies) + 1.25
        figure = new_figure(height)
        for i, (cause, title) in enumerate(PANELS.items()):
            axes = figure.add_axes((0.27 + 0.37 * i, 0.75 / height, 0.32, 1 - 1.15 / height))
            for pair in pairs:
                if pair.cause == cause:
                    _draw_pair(axes, len(studies) - 1 - studies.index(pair.study), pair)
            _dress(axes, title, studies if i == 0 else [""] * len(studies))
        _add_legend(figure, height)
    return figure


def _draw_pair(axes: Axes, y: int, pair: Pair) -> None:
    ours, above, below = pair.ours, y + LIFT, y - LIFT  # so that neither hides the other
    if ours is not None and is_known(ours["estimate"]):
        low, high = ours["ci_low"], ours["ci_high"]
        if is_known(low) and is_known(high):
            ends = [100 * low, 100 * high]
            axes.plot(ends, [above, above], color=PALETTE[0], solid_capstyle="butt")
        axes.plot([100 * ours["estimate"]], [above], "o", color=PALETTE[0], clip_on=False)
    if pair.printed is not None:
        axes.plot([pair.printed], [below], "D", color=INK, mfc="white", clip_on=False)


def _dress(axes: Axes, title: str, studies: Sequence[str]) -> None:
    axes.set_yticks(range(len(studies)), list(reversed(studies)))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(studies) - 0.4)
    axes.set_xlim(0, 100)
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.grid(axis="x", color=FAINT, alpha=0.2)


def _add_legend(figure: Figure, height: float) -> None:
    from matplotlib.lines import Line2D

    ours = Line2D([], [], color=PALETTE[0], marker="o")
    printed = Line2D([], [], color=INK, marker="D", markerfacecolor="white", linestyle="none")
    words = ["this extract (95 % Wilson interval)", "printed in the paper"]
    figure.legend([ours, printed], words, loc="lower center", ncols=2, fontsize=8.5,
                  bbox_to_anchor=(0.55, -0.01))  # fmt: skip
    figure.text(0.61, 0.42 / height, "share of the cohort, %", ha="center", va="center")
