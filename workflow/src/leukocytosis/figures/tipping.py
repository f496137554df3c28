"""Hazard ratios had those lost another hazard: where the conclusion would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.bias.imputation import AT_ONCE
from leukocytosis.bias.tipping import AS_ANALYSED, DELTAS, name_delta
from leukocytosis.config import Protocol
from leukocytosis.figures.forest import label_term
from leukocytosis.figures.style import (
    FAINT,
    INK,
    Row,
    draw_words,
    find_rows,
    new_figure,
    style_of,
    styled,
)
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_INCHES = 2.3
APART = 0.14  # between the contrasts at one δ
EVERYBODY = "all lost"


def draw_tipping(protocol: Protocol, estimates: Sequence[Row]) -> Figure:
    """Return a panel per outcome: hazard ratios with 95 % intervals over δ, for all who were lost.

    The open marks at the left are the ratios as analysed.
    """
    panels = []
    for outcome in protocol.outcomes:
        rows = find_rows(estimates, analysis_id="tipping", outcome_id=outcome.id, group=EVERYBODY)
        shown = [row for row in rows if is_known(row["estimate"])]
        if shown:
            panels.append((outcome.title, shown))
    if not panels:
        return draw_words("No tipping point is drawn, because nobody was lost, there is no "
                          "adjusted model, or the counts are hidden.")  # fmt: skip
    with styled():
        figure = new_figure(PANEL_INCHES * len(panels) + 0.5)
        axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
        for panel, (title, rows) in zip(axes, panels, strict=True):
            _draw_panel(panel, protocol, title, rows)
        axes[-1].set_xlabel("hazard of those lost after last contact, times that of their group")
        figure.tight_layout()
    return figure


def _draw_panel(axes: Axes, protocol: Protocol, title: str, rows: Sequence[Row]) -> None:
    contrasts = list(dict.fromkeys(row["term"].partition(": ")[0] for row in rows))
    for i, contrast in enumerate(contrasts):
        aside = APART * (i - (len(contrasts) - 1) / 2)
        _draw_contrast(axes, protocol, contrast, rows, aside)
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.set_yscale("log", base=2)
    low, high = axes.get_ylim()
    low, high = min(low, 0.45), max(high, 1.2) * 2  # room for the legend
    ticks = [2.0**k for k in range(-5, 6) if low <= 2.0**k <= high]
    axes.set_ylim(low, high)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    names = ["as analysed", *(_tick(delta) for delta in DELTAS)]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=8)
    n = next(row["n"] for row in rows)
    lost = f" ({format_number(n)} lost)" if is_known(n) else ""
    axes.set_title(f"{title}{lost}", loc="left", fontsize=9)
    axes.set_ylabel("hazard ratio")
    axes.legend(fontsize=8, loc="upper left", ncols=2)


def _tick(delta: float) -> str:
    return name_delta(delta) if delta in (0.0, AT_ONCE) else f"{delta:g}"


def _draw_contrast(
    axes: Axes, protocol: Protocol, contrast: str, rows: Sequence[Row], aside: float
) -> None:
    by_scenario = {row["term"].partition(": ")[2]: row for row in rows
                   if row["term"].startswith(f"{contrast}: ")}  # fmt: skip
    style = style_of(protocol, contrast.partition(" against ")[0])
    scenarios = [AS_ANALYSED, *(name_delta(delta) for delta in DELTAS)]
    for x, scenario in enumerate(scenarios):
        row = by_scenario.get(scenario)
        if row is None:
            continue
        axes.plot([x + aside] * 2, [row["ci_low"], row["ci_high"]], color=style["color"],
                  linewidth=1.1)  # fmt: skip
        axes.plot(
            [x + aside], [row["estimate"]], "o", color=style["color"], markersize=4.5,
            markerfacecolor="white" if scenario == AS_ANALYSED else style["color"],
            label=label_term(contrast) if x == 1 else None,
        )  # fmt: skip
    axes.axvline(0.5, color=FAINT, linewidth=0.5, linestyle=":")
