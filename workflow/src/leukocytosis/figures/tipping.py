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
    HEAD_INCHES,
    INK,
    WIDTH_INCHES,
    Row,
    add_legend,
    draw_words,
    find_rows,
    marker_of,
    new_figure,
    place_axes,
    style_of,
    styled,
)
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE_INCHES, PLOT_INCHES, LEFT_INCHES = 0.24, 1.55, 0.72
WIDEST = 32.0  # intervals are cut at 1/32 and 32
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
        panel_inches = TITLE_INCHES + PLOT_INCHES + 0.4
        figure = new_figure(HEAD_INCHES + panel_inches * len(panels) + 0.2)
        for i, (title, rows) in enumerate(panels):
            top = HEAD_INCHES + panel_inches * i + TITLE_INCHES
            axes = place_axes(figure, LEFT_INCHES, top, WIDTH_INCHES - LEFT_INCHES - 0.1,
                              PLOT_INCHES)  # fmt: skip
            _draw_panel(axes, protocol, title, rows)
        axes.set_xlabel("hazard of those lost after last contact, times that of their group")
        add_legend(figure, ncols=2, fontsize=8.5, handlelength=1.0)
    return figure


def _draw_panel(axes: Axes, protocol: Protocol, title: str, rows: Sequence[Row]) -> None:
    contrasts = list(dict.fromkeys(row["term"].partition(": ")[0] for row in rows))
    for i, contrast in enumerate(contrasts):
        aside = APART * (i - (len(contrasts) - 1) / 2)
        _draw_contrast(axes, protocol, contrast, rows, aside)
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.set_yscale("log", base=2)
    low, high = axes.get_ylim()
    low, high = min(max(low, 1 / WIDEST), 0.45), max(min(high, WIDEST), 2.2)
    ticks = [2.0**k for k in range(-5, 6) if low <= 2.0**k <= high]
    axes.set_ylim(low, high)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    names = ["as\nanalysed", *(_tick(delta) for delta in DELTAS)]
    axes.set_xticks(range(len(names)), names, fontsize=8)
    n = next(row["n"] for row in rows)
    lost = f" ({format_number(n)} lost)" if is_known(n) else ""
    axes.set_title(f"{title}{lost}", loc="left", fontsize=9)
    axes.set_ylabel("hazard ratio")
    axes.set_xlim(-0.5, len(names) - 0.5)


def _tick(delta: float) -> str:
    return name_delta(delta).replace(" ", "\n") if delta in (0.0, AT_ONCE) else f"{delta:g}"


def _draw_contrast(
    axes: Axes, protocol: Protocol, contrast: str, rows: Sequence[Row], aside: float
) -> None:
    by_scenario = {row["term"].partition(": ")[2]: row for row in rows
                   if row["term"].startswith(f"{contrast}: ")}  # fmt: skip
    group = contrast.partition(" against ")[0]
    style, marker = style_of(protocol, group), marker_of(protocol, group)
    scenarios = [AS_ANALYSED, *(name_delta(delta) for delta in DELTAS)]
    for x, scenario in enumerate(scenarios):
        row = by_scenario.get(scenario)
        if row is None:
            continue
        axes.plot([x + aside] * 2, [row["ci_low"], row["ci_high"]], color=style["color"],
                  linewidth=1.1)  # fmt: skip
        axes.plot(
            [x + aside], [row["estimate"]], marker, color=style["color"], markersize=4.5,
            markerfacecolor="white" if scenario == AS_ANALYSED else style["color"],
            label=label_term(contrast) if x == 1 else None,
        )  # fmt: skip
    axes.axvline(0.5, color=FAINT, linewidth=0.5, linestyle=":")
