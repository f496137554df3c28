"""Shares of the causes with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leukocytosis.config import Protocol
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    Row,
    draw_words,
    find_rows,
    marker_of,
    new_figure,
    place_axes,
    style_of,
    styled,
    wrap,
)
from leukocytosis.prose import name_cause
from leukocytosis.rounding import (
    digits_of_percent,
    format_interval,
    format_percent,
    is_known,
)
from leukocytosis.survival.quoted import is_exact, quote

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ROW_INCHES = 0.36


def draw_causes(protocol: Protocol, estimates: Sequence[Row]) -> Figure:
    """Return the share of each primary cause, its interval, and the wide reading of PLR."""
    shares = find_rows(estimates, analysis_id="cause_shares")
    wide = find_rows(estimates, analysis_id="plr_interval", term="plr_wide")
    shares = sort_causes(protocol, shares)
    rows = [row for row in (*shares, *wide) if is_known(row["estimate"])]
    if not rows:
        return draw_words(f"No shares are drawn: {_reason(shares)}.")
    with styled():
        plot_inches = ROW_INCHES * len(rows)
        figure = new_figure(HEAD_INCHES + plot_inches + 0.5)
        axes = place_axes(figure, 1.95, HEAD_INCHES, 1.75, plot_inches)
        for i, row in enumerate(rows):
            _draw_share(axes, protocol, len(rows) - 1 - i, row)
        _dress(axes, protocol, rows)
    return figure


def sort_causes(protocol: Protocol, rows: Sequence[Row]) -> list[Row]:
    """Return rows whose term is a cause in the protocol's order, others after them."""
    order = [cause.id for cause in protocol.causes]
    return sorted(rows, key=lambda row: [*order, row["term"]].index(row["term"]))


def _reason(rows: Sequence[Row]) -> str:
    notes = [row["note"] for row in rows if row["note"]]
    return notes[0] if notes else "the table of estimates has none"


def _draw_share(axes: Axes, protocol: Protocol, y: int, row: Row) -> None:
    group = _group(protocol, row["term"])
    color, marker = style_of(protocol, group)["color"], marker_of(protocol, group)
    row = quote(row)
    low, high = row["ci_low"], row["ci_high"]
    if is_known(low) and is_known(high):
        axes.plot([100 * low, 100 * high], [y, y], color=color, solid_capstyle="butt")
    face = "white" if row["term"] == "plr_wide" else color
    axes.plot([100 * row["estimate"]], [y], marker, color=color, markerfacecolor=face,
              clip_on=False)  # fmt: skip
    digits = digits_of_percent(row["n"])
    interval = format_interval(low, high, digits, percent=True)
    exact = "*" if is_exact(row) else ""
    words = f"{format_percent(row['estimate'], digits)} ({interval}){exact}"
    axes.text(1.03, y, words, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)


def _group(protocol: Protocol, term: str) -> str:
    if term == "plr_wide":
        return "plr"
    return protocol.group_of.get(term, protocol.undetermined_group)


def _dress(axes: Axes, protocol: Protocol, rows: Sequence[Row]) -> None:
    labels = [_label(protocol, row["term"]) for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", length=0, pad=7, labelsize=9)  # a marker at 0 is clear of its label
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(left=0)
    exact = "; * exact" if any(is_exact(quote(row)) for row in rows) else ""
    axes.set_xlabel(f"share of the cohort, % (95 % interval{exact})", color=INK)
    axes.grid(axis="x", color=FAINT, alpha=0.2)


def _label(protocol: Protocol, term: str) -> str:
    if term == "plr_wide":
        return "PLR or undetermined"
    return wrap(name_cause(protocol, term), 25)
