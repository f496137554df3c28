"""White counts around the index by cause group: median and quartiles, bin by bin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    FAINT,
    INK,
    Row,
    draw_words,
    find_rows,
    new_figure,
    shade_of,
    style_of,
    styled,
)
from leukocytosis.prose import describe_bound, name_group
from leukocytosis.rounding import format_number, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_INCHES, ROW_INCHES, TOP_INCHES, TICKS_INCHES = 2.6, 0.19, 0.42, 0.62
LEFT, WIDTH = 0.13, 0.855
BOX, GAP = 0.2, 0.06  # of a bin that is 1 wide
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
MIDDLE, LOW, HIGH = "median_wbc_1e9_per_l", "q1_wbc_1e9_per_l", "q3_wbc_1e9_per_l"
NOTHING = (
    "No white counts are drawn, because in no bin of days do enough patients of a group have one "
    "(or their number is hidden)."
)


def draw_white_counts(protocol: Protocol, rows: Sequence[Row]) -> Figure:
    """Return a box from quartile to quartile per group and bin, medians of adjacent bins joined.

    A box is drawn where at least `min_at_risk_shown` patients of the group have a count.
    """
    drawn = find_boxes(protocol, rows)
    if not drawn:
        return draw_words(NOTHING)
    below = ROW_INCHES * (len(protocol.analyses.groups) + 1)
    with styled():
        figure = new_figure(TOP_INCHES + PLOT_INCHES + TICKS_INCHES + below)
        height = figure.get_figheight()
        bottom = (TICKS_INCHES + below) / height
        axes = figure.add_axes((LEFT, bottom, WIDTH, PLOT_INCHES / height))
        bins = _list_bins(rows)
        _dress(axes, protocol, bins, drawn)
        for place, (group, boxes) in enumerate(drawn.items()):
            _draw_group(axes, protocol, group, boxes, bins, place - (len(drawn) - 1) / 2)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1.0), ncols=4, fontsize=8.5,
                    handlelength=3.6, columnspacing=1.4)  # fmt: skip
        _draw_counted(axes, protocol, rows, bins)
    return figure


def find_boxes(protocol: Protocol, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows that are drawn, by group; those of all patients where no group has one."""
    least = protocol.analyses.min_at_risk_shown
    for groups in (protocol.analyses.groups, ("all",)):
        found = {
            group: [
                row for row in find_rows(rows, group=group)
                if is_known(row["n"]) and row["n"] >= least and is_known(row[MIDDLE])
            ]
            for group in groups
        }  # fmt: skip
        drawn = {group: boxes for group, boxes in found.items() if boxes}
        if drawn:
            return drawn
    return {}


def _list_bins(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return sorted({(int(row["from_day"]), int(row["to_day"])) for row in rows})


def name_bin(first: int, last: int) -> str:
    """Return the two ends of a bin, one above the other."""
    if first == last:
        return format_number(first)
    return f"{format_number(first)}\nto {format_number(last)}"


def _dress(
    axes: Axes,
    protocol: Protocol,
    bins: Sequence[tuple[int, int]],
    drawn: dict[str, list[Row]],
) -> None:
    above = protocol.index.above
    ends = [row[end] for boxes in drawn.values() for row in boxes for end in (LOW, HIGH)]
    low, high = min(*ends, above.value), max(*ends, above.value)
    axes.set_yscale("log")
    axes.set_ylim(max(low, 0.1) / 1.2, high * 1.2)
    shown = [count for count in COUNTS if low / 1.2 <= count <= high * 1.2]
    axes.set_yticks(shown, [f"{count}" for count in shown])
    axes.set_yticks([], minor=True)
    axes.set_ylabel("white count, ×10⁹/L", fontsize=8.5)
    axes.set_xlim(-0.5, len(bins) - 0.5)
    axes.set_xticks(range(len(bins)), [name_bin(*found) for found in bins], fontsize=7)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("days from the index count (bins, not to scale)", fontsize=8.5)
    axes.xaxis.set_label_coords(0.5, -0.33 / PLOT_INCHES)
    for edge in range(1, len(bins)):
        axes.axvline(edge - 0.5, color=FAINT, linewidth=0.5, alpha=0.3, zorder=0.5)
    axes.axhline(above.value, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
    # on white, because the edge of a bin would run through the words; beneath all data
    white = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axes.text(-0.45, above.value * 1.05, describe_bound(above), fontsize=7.5, va="bottom",
              bbox=white, zorder=0.6)  # fmt: skip


def _draw_group(
    axes: Axes,
    protocol: Protocol,
    group: str,
    boxes: Sequence[Row],
    bins: Sequence[tuple[int, int]],
    place: float,
) -> None:
    """Draw a group's boxes beside those of the others: `place` counts boxes from the middle."""
    style, found = style_of(protocol, group), {row["from_day"]: row for row in boxes}
    beside = place * (BOX + GAP)
    for at, (first, _) in enumerate(bins):
        if first in found:
            low, high = found[first][LOW], found[first][HIGH]
            axes.bar(at + beside, high - low, BOX, low, color=style["color"], alpha=0.35,
                     linewidth=0)  # fmt: skip
    medians = [found[first][MIDDLE] if first in found else math.nan for first, _ in bins]
    axes.plot([at + beside for at in range(len(bins))], medians, label=name_group(group),
              linewidth=1, marker="_", markersize=5.5, markeredgewidth=1.8, **style)  # fmt: skip


def _draw_counted(
    axes: Axes, protocol: Protocol, rows: Sequence[Row], bins: Sequence[tuple[int, int]]
) -> None:
    """Print, under each bin, how many patients of each group have a count in it."""
    below = axes.get_xaxis_transform()
    left = -LEFT / WIDTH + 0.01
    top = -(TICKS_INCHES - 0.06) / PLOT_INCHES
    axes.text(left, top, "patients with a count", transform=axes.transAxes, color=FAINT,
              fontsize=7.5, va="center")  # fmt: skip
    for i, group in enumerate(protocol.analyses.groups, start=1):
        y = top - i * ROW_INCHES / PLOT_INCHES
        axes.text(left, y, name_group(group), transform=axes.transAxes, va="center",
                  color=shade_of(style_of(protocol, group)["color"]), fontsize=7.5)  # fmt: skip
        counts = {row["from_day"]: row["n"] for row in find_rows(rows, group=group)}
        for at, (first, _) in enumerate(bins):
            n = counts.get(first)
            axes.text(at, y, format_number(n) if is_known(n) else "–", transform=below,
                      ha="center", va="center", fontsize=7.5)  # fmt: skip
