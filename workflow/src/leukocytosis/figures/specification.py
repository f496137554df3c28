"""The multiverse: one estimate per variant, sorted, above the choices that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.config.sensitivity import OWN
from leukocytosis.figures.style import (
    FAINT,
    INK,
    PALETTE,
    Row,
    draw_words,
    new_figure,
    styled,
    wrap,
)
from leukocytosis.prose import format_number, is_known, name_group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_INCHES, LINE_INCHES, FOOT_INCHES, LEFT = 2.3, 0.135, 0.1, 0.42
WIDEST = 16.0  # intervals are cut at 1/16 and 16
BESIDE = {"above 1": PALETTE[1], "below 1": PALETTE[0], "includes 1": FAINT}
NOTHING = "No curve of variants is drawn, because no drawn variant has a hazard ratio to show."
Choices = Mapping[int, Mapping[str, str]]  # variant → decision → option


def draw_specification(
    protocol: Protocol, contrasts: Sequence[Row], choices: Choices, own: Row | None
) -> Figure:
    """Return the drawn variants by hazard ratio, and beneath each the options it took.

    `contrasts` are the hazard ratios of the drawn variants, `own` that of the study itself.
    """
    shown = sorted((r for r in contrasts if is_known(r["estimate"])), key=_by_estimate)
    if not shown or protocol.sensitivity is None:
        return draw_words(NOTHING)
    lines = list(_list_lines(protocol, [choices[row["variant"]] for row in shown]))
    with styled():
        below = LINE_INCHES * len(lines)
        figure = new_figure(CURVE_INCHES + below + FOOT_INCHES + 0.45)
        height = figure.get_figheight()
        right = 0.985 - LEFT
        upper = figure.add_axes((LEFT, (FOOT_INCHES + below + 0.2) / height, right,
                                 CURVE_INCHES / height))  # fmt: skip
        lower = figure.add_axes((LEFT, FOOT_INCHES / height, right, below / height), sharex=upper)
        _draw_curve(upper, protocol, shown, own)
        _draw_choices(lower, lines, [choices[row["variant"]] for row in shown])
    return figure


def _by_estimate(row: Row) -> tuple[float, int]:
    return row["estimate"], row["variant"]


def _list_lines(
    protocol: Protocol, taken: Sequence[Mapping[str, str]]
) -> list[tuple[str, str | None, str]]:
    """Return the lines beneath: decision, option (None for the decision's own title), words."""
    assert protocol.sensitivity is not None
    lines: list[tuple[str, str | None, str]] = []
    for decision in protocol.sensitivity.decisions:
        found = {choice.get(decision.id, OWN) for choice in taken}
        if len(found) < 2:
            continue
        titles = {OWN: "as in the protocol", **{o.id: o.title for o in decision.options}}
        lines.append((decision.id, None, decision.title))
        lines += [(decision.id, option, titles[option]) for option in titles if option in found]
    return lines


def _draw_curve(axes: Axes, protocol: Protocol, rows: Sequence[Row], own: Row | None) -> None:
    for beside, color in BESIDE.items():
        here = [(x, row) for x, row in enumerate(rows) if judge(row) == beside]
        bars = [(x, _cut(row["ci_low"]), _cut(row["ci_high"])) for x, row in here]
        _draw_bars(axes, bars, color=color, alpha=0.45, linewidth=0.8)
        axes.plot([x for x, _ in here], [row["estimate"] for _, row in here], "o", color=color,
                  markersize=1.8, markeredgewidth=0, label=f"interval {beside}")  # fmt: skip
    axes.axhline(1, color=INK, linewidth=0.8)
    if own is not None and is_known(own["estimate"]):
        axes.axhline(own["estimate"], color=PALETTE[2], linewidth=1, linestyle="--",
                     label="the study's own")  # fmt: skip
    _dress_ratio(axes, protocol, rows, "y")
    axes.set_xlim(-1, len(rows))
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.legend(fontsize=7, loc="upper left", ncols=2, handletextpad=0.3, columnspacing=0.8,
                borderaxespad=0, bbox_to_anchor=(0, 1.12))  # fmt: skip


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
    lines: Sequence[tuple[str, str | None, str]],
    taken: Sequence[Mapping[str, str]],
) -> None:
    margin = LEFT / (0.985 - LEFT)  # of the room for words, in widths of the axes
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    for i, (decision, option, words) in enumerate(lines):
        y = len(lines) - 1 - i
        if option is None:
            axes.text(-0.99 * margin, y, words, fontsize=6.5, weight="bold", **place)
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
        figure = new_figure(2.9)
        axes = figure.add_axes((0.14, 0.27, 0.83, 0.65))
        values, rows = [value for value, _ in shown], [row for _, row in shown]
        low, high = ([_cut(row[end]) for row in rows] for end in ("ci_low", "ci_high"))
        axes.fill_between(values, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
        axes.plot(values, [row["estimate"] for row in rows], "o-", color=PALETTE[0], markersize=3)
        axes.axhline(1, color=INK, linewidth=0.8)
        own = protocol.index.above.value
        axes.axvline(own, color=PALETTE[2], linewidth=1, linestyle="--")
        axes.text(own, 1.02, "the study's own", color=PALETTE[2], fontsize=7.5, ha="center",
                  transform=axes.get_xaxis_transform())  # fmt: skip
        _dress_ratio(axes, protocol, rows, "both")
        _write_sizes(axes, shown)
    return figure


def _write_sizes(axes: Axes, shown: Sequence[tuple[float, Row]]) -> None:
    axes.set_xlabel("threshold of the index count, ×10⁹/L; under it, patients in the cohort",
                    fontsize=8, labelpad=14)  # fmt: skip
    for value, row in shown:
        if value % 5 == 0 and is_known(row["n"]):
            axes.text(value, -0.16, format_number(row["n"]), fontsize=7, color=FAINT,
                      ha="center", transform=axes.get_xaxis_transform())  # fmt: skip
