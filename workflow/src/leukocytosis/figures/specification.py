"""The multiverse: one estimate per variant, sorted, above the choices that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.sensitivity import OWN
from leukocytosis.figures.at_risk import Line, height_of, write_lines
from leukocytosis.figures.columns import halve
from leukocytosis.figures.style import (
    FAINT,
    HEAD_INCHES,
    INK,
    PALETTE,
    WIDTH_INCHES,
    Row,
    add_legend,
    draw_words,
    new_figure,
    place_axes,
    styled,
    wrap,
)
from leukocytosis.prose import name_group
from leukocytosis.rounding import is_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_INCHES, PART_INCHES = 2.3, 1.8  # of the curve, alone and above a part
LINE_INCHES, LEFT_INCHES = 0.135, 2.2
WIDEST = 16.0  # intervals are cut at 1/16 and 16
BESIDE = {"above 1": (PALETTE[1], "^"), "below 1": (PALETTE[0], "v"), "includes 1": (FAINT, "o")}
NOTHING = "No curve of variants is drawn, because no drawn variant has a hazard ratio to show."
Choices = Mapping[int, Mapping[str, str]]  # variant → decision → option
ChoiceLine = tuple[str, str | None, str]  # decision, option, words


def draw_specification(
    protocol: Protocol, contrasts: Sequence[Row], choices: Choices, own: Row | None
) -> Figure:
    """Return the drawn variants by hazard ratio, and beneath each the options it took.

    `contrasts` are the hazard ratios of the drawn variants, `own` that of the study itself.
    """
    shown = _sort(contrasts)
    if not shown or protocol.sensitivity is None:
        return draw_words(NOTHING)
    lines = list(_list_lines(protocol, [choices[row["variant"]] for row in shown]))
    return _draw(protocol, shown, choices, own, lines, CURVE_INCHES)


def split_specification(
    protocol: Protocol, contrasts: Sequence[Row], choices: Choices, own: Row | None
) -> list[Figure]:
    """Return the figure in two parts, each with the curve above some of the decisions."""
    shown = _sort(contrasts)
    lines = list(_list_lines(protocol, [choices[row["variant"]] for row in shown]))
    heads = [i for i, (_, option, _) in enumerate(lines) if option is None]
    if len(heads) < 2:
        return []
    ends = [*heads[1:], len(lines)]
    at = heads[halve([end - i for i, end in zip(heads, ends, strict=True)])]
    parts = lines[:at], lines[at:]
    return [_draw(protocol, shown, choices, own, part, PART_INCHES) for part in parts]


def _sort(contrasts: Sequence[Row]) -> list[Row]:
    return sorted((row for row in contrasts if is_known(row["estimate"])), key=_by_estimate)


def _draw(
    protocol: Protocol,
    shown: Sequence[Row],
    choices: Choices,
    own: Row | None,
    lines: Sequence[ChoiceLine],
    curve_inches: float,
) -> Figure:
    with styled():
        top, below = HEAD_INCHES + 0.05, LINE_INCHES * len(lines)
        figure = new_figure(top + curve_inches + below + 0.25)
        wide = WIDTH_INCHES - LEFT_INCHES - 0.08
        upper = place_axes(figure, LEFT_INCHES, top, wide, curve_inches)
        lower = place_axes(figure, LEFT_INCHES, top + curve_inches + 0.15, wide, below)
        _draw_curve(upper, protocol, shown, own)
        _draw_choices(lower, lines, [choices[row["variant"]] for row in shown])
        lower.set_xlim(upper.get_xlim())
        add_legend(figure, ncols=2, fontsize=7, markerscale=1.6, handletextpad=0.3)
    return figure


def _by_estimate(row: Row) -> tuple[float, int]:
    return row["estimate"], row["variant"]


def _list_lines(protocol: Protocol, taken: Sequence[Mapping[str, str]]) -> list[ChoiceLine]:
    """Return the lines beneath: decision, option (None for the decision's own title), words."""
    assert protocol.sensitivity is not None
    lines: list[ChoiceLine] = []
    for decision in protocol.sensitivity.decisions:
        found = {choice.get(decision.id, OWN) for choice in taken}
        if len(found) < 2:
            continue
        titles = {OWN: "as in the protocol", **{o.id: o.title for o in decision.options}}
        lines.append((decision.id, None, decision.title))
        lines += [(decision.id, option, titles[option]) for option in titles if option in found]
    return lines


def _draw_curve(axes: Axes, protocol: Protocol, rows: Sequence[Row], own: Row | None) -> None:
    for beside, (color, marker) in BESIDE.items():
        here = [(x, row) for x, row in enumerate(rows) if judge(row) == beside]
        bars = [(x, _cut(row["ci_low"]), _cut(row["ci_high"])) for x, row in here]
        _draw_bars(axes, bars, color=color, alpha=0.45, linewidth=0.8)
        xs, ratios = [x for x, _ in here], [row["estimate"] for _, row in here]
        axes.plot(xs, ratios, marker, color=color, markersize=2.4, markeredgewidth=0,
                  label=f"interval {beside}")  # fmt: skip
    axes.axhline(1, color=INK, linewidth=0.8)
    if own is not None and is_known(own["estimate"]):
        axes.axhline(own["estimate"], color=PALETTE[2], linewidth=1, linestyle="--",
                     label="the study's own")  # fmt: skip
    _dress_ratio(axes, protocol, rows, "y")
    axes.set_xlim(-1, len(rows))
    axes.tick_params(axis="x", bottom=False, labelbottom=False)


def judge(row: Row) -> str:
    """Return where the interval of a hazard ratio lies beside 1."""
    if row["ci_low"] > 1:
        return "above 1"
    return "below 1" if row["ci_high"] < 1 else "includes 1"


def _cut(value: float) -> float:
    return min(max(value, 1 / WIDEST), WIDEST)


def _draw_bars(axes: Axes, bars: Sequence[tuple[float, float, float]], **style: Any) -> None:
    """Draw upright bars as one line with gaps, so that a figure of hundreds stays small."""
    xs = [v for x, *_ in bars for v in (x, x, np.nan)]
    ys = [v for _, low, high in bars for v in (low, high, np.nan)]
    axes.plot(xs, ys, solid_capstyle="butt", **style)


def _dress_ratio(axes: Axes, protocol: Protocol, rows: Sequence[Row], which: str) -> None:
    assert protocol.sensitivity is not None
    ends = [_cut(value) for row in rows for value in (row["ci_low"], row["ci_high"])]
    low, high = min([*ends, 0.5]), max([*ends, 2.0])
    axes.set_yscale("log", base=2)
    axes.set_ylim(low / 1.1, high * 1.1)
    shown = [2.0**k for k in range(-4, 5) if low <= 2.0**k <= high]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    group, reference = (name_group(name) for name in protocol.analyses.primary_contrast.groups)
    axes.set_ylabel(wrap(f"hazard ratio, {group} against {reference} (95 % interval)", 30),
                    fontsize=8)  # fmt: skip
    axes.grid(axis="y" if which == "y" else "both", color=FAINT, alpha=0.2)


def _draw_choices(
    axes: Axes,
    lines: Sequence[ChoiceLine],
    taken: Sequence[Mapping[str, str]],
) -> None:
    wide = WIDTH_INCHES - LEFT_INCHES - 0.08
    margin = (LEFT_INCHES - 0.05) / wide  # of the room for words, in widths of the axes
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    for i, (decision, option, words) in enumerate(lines):
        y = len(lines) - 1 - i
        if option is None:
            axes.text(-margin, y, words, fontsize=6.5, weight="bold", **place)
            continue
        axes.text(-0.015, y, words, fontsize=6.5, ha="right", **place)
        here = [x for x, choice in enumerate(taken) if choice.get(decision, OWN) == option]
        _draw_bars(axes, [(x, y - 0.36, y + 0.36) for x in here], color=INK, linewidth=0.7)
    axes.set_ylim(-0.6, len(lines) - 0.4)
    axes.axis("off")


def draw_thresholds(protocol: Protocol, points: Sequence[tuple[float, Row]]) -> Figure:
    """Return the contrast over the threshold of the index count, with patients under the axis.

    `points` are (threshold in ×10⁹/L, hazard ratio), all else as in the study.
    """
    shown = [(value, row) for value, row in points if is_known(row["estimate"])]
    if not shown or protocol.sensitivity is None:
        return draw_words(
            "No curve over thresholds is drawn, because no threshold has a hazard ratio to show."
        )
    with styled():
        lines = [_list_sizes(shown)]
        top = HEAD_INCHES + 0.15  # the name of the dashed line
        figure = new_figure(top + 2.0 + height_of(lines))
        axes = place_axes(figure, 0.85, top, WIDTH_INCHES - 1.05, 2.0)
        values, rows = [value for value, _ in shown], [row for _, row in shown]
        low, high = ([_cut(row[end]) for row in rows] for end in ("ci_low", "ci_high"))
        axes.fill_between(values, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
        axes.plot(values, [row["estimate"] for row in rows], "o-", color=PALETTE[0], markersize=3)
        axes.axhline(1, color=INK, linewidth=0.8)
        own = protocol.index.above.value
        axes.axvline(own, color=PALETTE[2], linewidth=1, linestyle="--")
        axes.text(own, 1.02, "the study's own", color=FAINT, fontsize=8, ha="center", va="bottom",
                  transform=axes.get_xaxis_transform())  # fmt: skip
        _dress_ratio(axes, protocol, rows, "both")
        axes.set_xticks([*lines[0].counts])
        axes.set_xlabel("threshold of the index count, ×10⁹/L")
        write_lines(axes, lines)
    return figure


def _list_sizes(shown: Sequence[tuple[float, Row]]) -> Line:
    """Return the patients of the cohort at every threshold that is a multiple of 5."""
    return Line("patients", {value: row["n"] for value, row in shown if value % 5 == 0})
