"""Hazard ratios of the Cox models as a forest; what cannot be estimated is printed as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    PALETTE,
    Row,
    draw_words,
    find_rows,
    new_figure,
    place_axes,
    styled,
    wrap,
)
from leukocytosis.prose import GROUPS, name_covariate, name_group
from leukocytosis.rounding import is_known, say_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODELS = {"cox_unadjusted": "Unadjusted", "cox_adjusted": "Adjusted"}
TERMS = ("cause", "age", "sex", "metastatic", "index count", "neutrophil")  # order of display
WIDEST = 32.0  # intervals are cut at 1/32 and 32, with an arrow
ROW_INCHES = 0.34
MOST_TICKS, WIDEST_WORDS = 8, 26


def draw_forest(estimates: Sequence[Row], outcome_id: str) -> Figure:
    """Return hazard ratios with 95 % intervals on a log axis, unadjusted above adjusted."""
    lines = list_lines(estimates, outcome_id)
    if not lines:
        return draw_words("No hazard ratios are drawn, because no Cox model was asked for.")
    if not any(row is not None and is_known(row["estimate"]) for _, row in lines):
        notes = sorted({row["note"] or "no reason given" for _, row in lines if row is not None})
        return draw_words("No hazard ratios are drawn. Hazard ratios " + "; ".join(notes) + ".")
    with styled():
        plot_inches = ROW_INCHES * len(lines)
        figure = new_figure(HEAD_INCHES + plot_inches + 0.5)
        axes = place_axes(figure, 1.87, HEAD_INCHES, 1.82, plot_inches)
        for i, (label, row) in enumerate(lines):
            _draw_line(axes, len(lines) - 1 - i, label, row)
        _dress(axes, [row for _, row in lines if row is not None], len(lines))
    return figure


def list_lines(estimates: Sequence[Row], outcome_id: str) -> list[tuple[str, Row | None]]:
    """Return the lines from the top: a model's title (no row), then its terms.

    A model that failed as a whole, for one reason, is one line.
    """
    lines: list[tuple[str, Row | None]] = []
    for analysis_id, title in MODELS.items():
        rows = find_ratios(estimates, analysis_id, outcome_id)
        if not rows:
            continue
        lines.append((title, None))
        lines += [(name_covariate(label_term(row["term"])), row) for row in merge_failed(rows)]
    return lines


def merge_failed(rows: Sequence[Row]) -> list[Row]:
    """Return one row, of all terms, where a model failed as a whole for one reason; else all."""
    failed = all(not is_known(row["estimate"]) for row in rows)
    if len(rows) > 1 and failed and len({row["note"] for row in rows}) == 1:
        return [{**rows[0], "term": "all terms"}]
    return list(rows)


def label_term(term: str) -> str:
    """Return a term for readers: `cause group: plr against infection` → `PLR against infection`."""
    contrast = re.fullmatch(r"(?:cause[_ ]group: )?(\w+) (?:vs|against) (\w+)", term)
    if contrast is None:
        return term
    return " against ".join(name_group(group) for group in contrast.groups())


def find_ratios(estimates: Sequence[Row], analysis_id: str, outcome_id: str) -> list[Row]:
    """Return a model's hazard ratios, the causes first, then in the order of `TERMS`."""
    rows = find_rows(estimates, analysis_id=analysis_id, outcome_id=outcome_id)
    ratios = [row for row in rows if not is_whole_model(row)]
    return sorted(ratios, key=lambda row: _place(row["term"]))


def is_whole_model(row: Row) -> bool:
    """Return whether a row is about a model as a whole, not a hazard ratio."""
    return str(row["term"]).startswith(("likelihood ratio", "Wald"))


def _place(term: str) -> tuple[int, int]:
    start = next((i for i, start in enumerate(TERMS) if term.startswith(start)), len(TERMS))
    groups = [i for i, group in enumerate(GROUPS) if f": {group} " in term]
    return start, groups[0] if groups else 0


def _draw_line(axes: Axes, y: int, label: str, row: Row | None) -> None:
    aside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    if row is None:
        axes.text(-1.0, y, label, weight="bold", **aside)
        return
    axes.text(-0.96, y, wrap(label, 28), fontsize=9, **aside)
    if not is_known(row["estimate"]):
        words = wrap(row["note"] or "no reason given", 58)
        # on white, because the line of no difference would run through the words
        white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(0.0, y, words, fontsize=7, style="italic", color=FAINT, bbox=white, **aside)
        return
    _draw_ratio(axes, y, row)
    words = say_ratio(row["estimate"], row["ci_low"], row["ci_high"])
    if len(words) > WIDEST_WORDS:
        words = words.replace(" to ", "\nto ")
    axes.text(1.04, y, words, fontsize=8.5, **aside)


def _draw_ratio(axes: Axes, y: int, row: Row) -> None:
    color = PALETTE[0] if row["analysis_id"] == "cox_adjusted" else FAINT
    low, high = row["ci_low"], row["ci_high"]
    if is_known(low) and is_known(high):
        ends = [max(low, 1 / WIDEST), min(high, WIDEST)]
        axes.plot(ends, [y, y], color=color, solid_capstyle="butt")
        for end, cut, marker in ((low, low < ends[0], "<"), (high, high > ends[1], ">")):
            if cut:
                axes.plot([min(max(end, 1 / WIDEST), WIDEST)], [y], marker, color=color)
    if 1 / WIDEST <= row["estimate"] <= WIDEST:
        face = color if row["analysis_id"] == "cox_adjusted" else "white"
        axes.plot([row["estimate"]], [y], "s", color=color, markersize=5.5, markerfacecolor=face)


def _dress(axes: Axes, rows: Sequence[Row], n_lines: int) -> None:
    axes.set_xscale("log", base=2)
    reached = [1.0, *(v for r in rows for v in (r["ci_low"], r["ci_high"]) if is_known(v))]
    low, high = max(min(reached), 1 / WIDEST), min(max(reached), WIDEST)
    axes.set_xlim(min(low / 1.15, 0.45), max(high * 1.15, 2.2))
    shown = [2.0**k for k in range(-5, 6) if axes.get_xlim()[0] <= 2.0**k <= axes.get_xlim()[1]]
    if len(shown) > MOST_TICKS:  # their labels would run into each other
        shown = [1 / 8, 1.0, 8.0]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_ylim(-0.7, n_lines - 0.4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("hazard ratio (95 % interval)")
