"""Hazard ratios against the index count along its spline, and over time, with their bands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    PALETTE,
    WIDTH_INCHES,
    Row,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    style_of,
    styled,
    wrap,
)
from leukocytosis.rounding import format_ratio, is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COUNT = re.compile(r"index count (\d+) against (\d+)")
WIDEST = 64.0  # bands are cut at 1/64 and 64, with an arrow head and how far they reach
TITLE_INCHES, PLOT_INCHES, LEFT_INCHES = 0.24, 2.1, 0.85
MOST_TICKS = 7
FOUR_WEEKS = range(0, 3650, 28)


def draw_count_spline(estimates: Sequence[Row], outcome_id: str) -> Figure:
    """Return the hazard ratio against the index count, its 95 % band, and the reference count."""
    rows = find_counts(estimates, outcome_id)
    if not rows:
        return draw_words(_why_none("the index count", estimates, "count_spline", outcome_id))
    counts, ratios = [count for count, _ in rows], [row for _, row in rows]
    reference = float(COUNT.match(ratios[0]["term"])[2])  # type: ignore[index]
    with styled():
        figure = new_figure(HEAD_INCHES + TITLE_INCHES + PLOT_INCHES + 0.5)
        axes = place_axes(figure, LEFT_INCHES, HEAD_INCHES + TITLE_INCHES, 4.2, PLOT_INCHES)
        _draw_band(axes, counts, ratios, {"color": PALETTE[0], "linestyle": "-"})
        axes.plot([reference], [1.0], "o", color=INK, markersize=4.5)
        axes.axvline(reference, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.text(reference, 1.02, f"reference {reference:g}", fontsize=8, color=FAINT,
                  ha="center", va="bottom", transform=axes.get_xaxis_transform())  # fmt: skip
        axes.set_xscale("log")
        ticks = [t for t in (15, 20, 30, 40, 50, 60, 70, 80, 100, 150, 200, 300) if counts[0] <= t]
        ticks = [t for t in ticks if t <= counts[-1]]
        axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
        axes.set_xlabel("index count, ×10⁹/L (log axis)")
        _dress(axes, ratios)
        _mark_cut(axes, counts, ratios, PALETTE[0])
        axes.set_ylabel("hazard ratio (95 % band)")
    return figure


def find_counts(estimates: Sequence[Row], outcome_id: str) -> list[tuple[float, Row]]:
    """Return the counts of the spline and their hazard ratios, as far as known, in order."""
    rows = find_rows(estimates, analysis_id="count_spline", outcome_id=outcome_id)
    matched = [(COUNT.match(str(row["term"])), row) for row in rows if is_known(row["estimate"])]
    return sorted(
        ((float(match[1]), row) for match, row in matched if match), key=lambda pair: pair[0]
    )


def draw_over_time(protocol: Protocol, estimates: Sequence[Row], outcome_id: str) -> Figure:
    """Return a panel per contrast: its hazard ratio over time, beside the constant one."""
    panels = find_contrasts(estimates, outcome_id)
    if not panels:
        name = "hazard_ratio_over_time"
        return draw_words(_why_none("the cause groups over time", estimates, name, outcome_id))
    constant = {r["term"]: r for r in find_ratios(estimates, "cox_adjusted", outcome_id)}
    rows = [row for found in panels.values() for row in found]
    with styled():
        top = HEAD_INCHES + TITLE_INCHES
        figure = new_figure(top + PLOT_INCHES + 0.5)
        width = (WIDTH_INCHES - LEFT_INCHES) / len(panels)
        for i, (term, found) in enumerate(panels.items()):
            axes = place_axes(figure, LEFT_INCHES + i * width, top, width - 0.2, PLOT_INCHES)
            group = term.split(": ")[1].split(" against")[0]
            style = style_of(protocol, group)
            _draw_band(axes, [row["time_days"] for row in found], found, style)
            if is_known(constant.get(term, {}).get("estimate")):
                axes.axhline(constant[term]["estimate"], color=FAINT, linestyle=":", linewidth=1.2)
            axes.set_title(wrap(label_term(term), 32), fontsize=9, loc="left")
            axes.set_xticks([day for day in FOUR_WEEKS if day <= found[-1]["time_days"]])
            axes.set_xlabel("days from the index count")
            _dress(axes, rows)
            _mark_cut(axes, [row["time_days"] for row in found], found, str(style["color"]))
            if i:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel("hazard ratio (95 % band)")
    return figure


def find_contrasts(estimates: Sequence[Row], outcome_id: str) -> dict[str, list[Row]]:
    """Return the known hazard ratios over time by contrast, each in order of time."""
    rows = find_rows(estimates, analysis_id="hazard_ratio_over_time", outcome_id=outcome_id)
    known = [r for r in rows if is_known(r["estimate"]) and is_known(r["time_days"])]
    contrasts = {row["term"]: None for row in find_ratios(estimates, "cox_adjusted", outcome_id)}
    order = [term for term in contrasts if any(row["term"] == term for row in known)]
    return {
        term: sorted((r for r in known if r["term"] == term), key=lambda row: row["time_days"])
        for term in order
    }


def _draw_band(axes: Axes, x: list[float], rows: Sequence[Row], style: dict[str, str]) -> None:
    low, high = ([row[end] for row in rows] for end in ("ci_low", "ci_high"))
    axes.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(x, [row["estimate"] for row in rows], **style)  # type: ignore[arg-type]


def _dress(axes: Axes, rows: Sequence[Row]) -> None:
    ends = [value for row in rows for value in (row["ci_low"], row["ci_high"])]
    low, high = max(min(ends), 1 / WIDEST), min(max(ends), WIDEST)
    axes.set_yscale("log", base=2)
    axes.set_ylim(min(low / 1.1, 0.5), max(high * 1.1, 2.0))
    shown = [2.0**k for k in range(-6, 7) if axes.get_ylim()[0] <= 2.0**k <= axes.get_ylim()[1]]
    shown = shown[::2] if len(shown) > MOST_TICKS else shown
    axes.set_yticks(shown, [f"{tick:.3g}" for tick in shown])
    axes.minorticks_off()
    axes.axhline(1, color=INK, linewidth=0.8)


def _mark_cut(axes: Axes, x: Sequence[float], rows: Sequence[Row], color: str) -> None:
    """Mark the edges at which the band leaves the axis, where it reaches farthest, and how far."""
    low, high = axes.get_ylim()
    ends = [(max(zip((r["ci_high"] for r in rows), x, strict=True)), high, "^", -8),
            (min(zip((r["ci_low"] for r in rows), x, strict=True)), low, "v", 8)]  # fmt: skip
    for (reach, at), edge, head, points in ends:
        if low <= reach <= high:
            continue
        axes.plot([at], [edge], head, color=color, markersize=6, clip_on=False)
        is_left = at < (x[0] + x[-1]) / 2
        axes.annotate(
            f"to {format_ratio(reach)}", (at, edge), (3 if is_left else -3, points),
            textcoords="offset points", ha="left" if is_left else "right", va="center",
            fontsize=8, color=INK,
        )  # fmt: skip


def _why_none(what: str, estimates: Sequence[Row], analysis_id: str, outcome_id: str) -> str:
    rows = find_rows(estimates, analysis_id=analysis_id, outcome_id=outcome_id)
    notes = sorted({row["note"] or "no reason given" for row in rows})
    because = "; ".join(notes) if notes else "it was not asked for"
    return f"No hazard ratio of {what} is drawn: {because}."
