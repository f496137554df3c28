"""The study's design: a bar for each window of its protocol, on an axis of days from the index.

After the graphical framework of Schneeweiss et al. (Ann Intern Med 2019;170:398) and Gatto et al.
(2022): the index is an upright line, every window a bar beneath each other, its ends in numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leukocytosis.config import Protocol
from leukocytosis.figures.columns import halve
from leukocytosis.figures.style import FAINT, INK, new_figure, style_of, styled, wrap
from leukocytosis.figures.windows import CENSORED, INDEX, LEFT_OUT, Span, list_windows
from leukocytosis.rounding import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT = 0.47, 0.825  # ends of the axis, as shares of the page
LINE_INCHES, HEAD_INCHES, FOOT_INCHES, TOP_INCHES = 0.108, 0.155, 0.42, 0.3
ROOM_INCHES, HALF_BAR_INCHES = 0.026, 0.036  # between two windows; of a bar
LINE_LETTERS, HEAD_LETTERS = 46, 42
HEADINGS = {LEFT_OUT: "Left out, with"}
NARROW_DAYS = 3.0  # days this near to the index are drawn nearly to scale
APART = 0.8  # of two ticks, in units of the compressed axis
BEYOND, POINT = 0.75, 0.3  # the axis beyond the days it names, for open ends; their arrowheads


@dataclass(frozen=True)
class Line:
    """A line of the diagram: a heading (no spans) or the windows that share one bar."""

    words: str
    spans: tuple[Span, ...] = ()

    @property
    def inches(self) -> float:
        """Return its height."""
        more = LINE_INCHES * self.words.count("\n")
        return more + (LINE_INCHES + ROOM_INCHES if self.spans else HEAD_INCHES)


def draw_study_design(protocol: Protocol) -> Figure:
    """Return the diagram of a protocol's windows: nothing in it is typed by hand."""
    spans = list_windows(protocol)
    return _draw(protocol, spans, list_lines(spans))


def split_study_design(protocol: Protocol) -> list[Figure]:
    """Return the diagram in two parts on one axis, parted before a heading."""
    spans = list_windows(protocol)
    lines = list_lines(spans)
    heads = [i for i, line in enumerate(lines) if not line.spans]
    ends = [*heads[1:], len(lines)]
    sizes = [sum(x.inches for x in lines[i:end]) for i, end in zip(heads, ends, strict=True)]
    at = heads[halve(sizes)]
    return [_draw(protocol, spans, part) for part in (lines[:at], lines[at:])]


def _draw(protocol: Protocol, spans: Sequence[Span], lines: Sequence[Line]) -> Figure:
    """Draw lines on the axis of all windows."""
    with styled():
        whole = sum(line.inches for line in lines)
        figure = new_figure(whole + FOOT_INCHES + TOP_INCHES)
        height = figure.get_figheight()
        axes = figure.add_axes((LEFT, FOOT_INCHES / height, RIGHT - LEFT, whole / height))
        first, last = _dress(axes, spans, whole)
        top = 0.0
        for line in lines:
            _draw_line(axes, protocol, line, top, first, last)
            top += line.inches
    return figure


def list_lines(spans: Sequence[Span]) -> list[Line]:
    """Return the lines: a heading for each part, then its windows, those with one bar together."""
    lines: list[Line] = []
    for part in dict.fromkeys(span.part for span in spans):
        lines.append(Line(wrap(HEADINGS.get(part, part), HEAD_LETTERS)))
        bars: dict[tuple[object, ...], list[Span]] = {}
        for place, span in enumerate(s for s in spans if s.part == part):
            alone = () if span.looks_in else (place,)
            bars.setdefault((_window(span), span.looks_in, alone), []).append(span)
        lines += [Line(_name(found), tuple(found)) for found in bars.values()]
    return lines


def _window(span: Span) -> tuple[object, ...]:
    return span.from_day, span.to_day, span.or_index_stay, span.none_before_day


def _name(spans: Sequence[Span]) -> str:
    titles = "; ".join(span.item for span in spans)
    if len(spans) > 1 and len(titles) > LINE_LETTERS:
        return f"{len(spans)} rules on {spans[0].looks_in}"
    return wrap(titles, LINE_LETTERS)


def describe_days(span: Span) -> str:
    """Return the ends of a window in numbers."""
    first, last = (
        format_number(d) if d is not None else None for d in (span.from_day, span.to_day)
    )
    if first is None:
        words = "any day" if last is None else f"to {last}"
    elif last is None:
        words = f"from {first}"
    else:
        words = f"day {first}" if first == last else f"{first} to {last}"
    return words + (", or stay" if span.or_index_stay else "")


def place_day(day: float) -> float:
    """Return where a day lies on the axis: to scale near the index, then compressed."""
    return float(np.sign(day) * np.log1p(abs(day) / NARROW_DAYS))


def find_ticks(spans: Sequence[Span]) -> list[int]:
    """Return the days to print under the axis: the index, then the ends of most windows."""
    ends = Counter(d for s in spans for d in (s.from_day, s.to_day) if d is not None)
    wanted = [0, max(ends), min(ends), *(day for day, _ in ends.most_common())]
    ticks: list[int] = []
    for day in wanted:
        if all(abs(place_day(day) - place_day(tick)) >= APART for tick in ticks):
            ticks.append(day)
    return sorted(ticks)


def _dress(axes: Axes, spans: Sequence[Span], whole: float) -> tuple[float, float]:
    """Set up the axis and the line of the index; return the axis's two ends."""
    ticks = find_ticks(spans)
    ends = [d for s in spans for d in (s.from_day, s.to_day) if d is not None]
    first, last = place_day(min(*ends, -1)) - BEYOND, place_day(max(ends)) + BEYOND
    axes.set_xlim(first, last)
    axes.set_ylim(whole, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks([place_day(tick) for tick in ticks], [format_number(t) for t in ticks])
    axes.tick_params(axis="x", labelsize=7.5)
    axes.set_xlabel("days from the index; away from it the scale is compressed", fontsize=7.5)
    axes.xaxis.set_label_coords(0.5, -0.26 / whole)
    for tick in ticks:
        if tick:
            axes.axvline(place_day(tick), color=FAINT, linewidth=0.5, alpha=0.35, zorder=0)
    axes.axvline(0, color=INK, linewidth=1.4, zorder=1)
    axes.text(0, -0.05, "index: day 0", ha="center", va="bottom", fontsize=7.5, weight="bold")
    return first, last


def _draw_line(
    axes: Axes, protocol: Protocol, line: Line, top: float, first: float, last: float
) -> None:
    place = axes.get_yaxis_transform()
    left = -LEFT / (RIGHT - LEFT)
    if not line.spans:
        axes.text(left + 0.03, top + 0.6 * line.inches, line.words, transform=place, va="center",
                  fontsize=7.5, weight="bold", linespacing=1.1)  # fmt: skip
        return
    middle, span = top + line.inches / 2, line.spans[0]
    axes.text(left + 0.06, middle, line.words, transform=place, va="center", fontsize=7,
              linespacing=1.1)  # fmt: skip
    axes.text(1.04, middle, describe_days(span), transform=place, va="center", fontsize=7)
    color = style_of(protocol, span.group)["color"] if span.group else FAINT
    if span.part == INDEX and span.from_day == span.to_day == 0:
        axes.plot([0], [middle], "D", color=INK, markersize=4, zorder=3)
        return
    hollow = span.item == CENSORED
    _draw_bar(axes, (span.from_day, span.to_day), middle, (first, last), color, hollow=hollow)
    if span.none_before_day is not None:
        before = (None, span.none_before_day - 1)
        _draw_bar(axes, before, middle, (first, last), color, hollow=True)
    marks = [place_day(day) for day in span.landmark_days]
    axes.plot(marks, [middle] * len(marks), "|", color="white", markersize=5, markeredgewidth=1.2,
              zorder=3)  # fmt: skip


def _draw_bar(
    axes: Axes,
    window: tuple[int | None, int | None],
    middle: float,
    ends: tuple[float, float],
    color: str,
    *,
    hollow: bool,
) -> None:
    """Draw a window from the start of its first day to the end of its last; open ends as arrows."""
    first = ends[0] if window[0] is None else place_day(window[0] - 0.5)
    last = ends[1] if window[1] is None else place_day(window[1] + 0.5)
    low, high = middle - HALF_BAR_INCHES, middle + HALF_BAR_INCHES
    left = [(first, high), (first, low)]
    if window[0] is None:
        left = [(first + POINT, high), (first, middle), (first + POINT, low)]
    right = [(last, low), (last, high)]
    if window[1] is None:
        right = [(last - POINT, low), (last, middle), (last - POINT, high)]
    corners = zip(*left, *right, strict=True)
    axes.fill(*corners, facecolor="white" if hollow else color, edgecolor=color, linewidth=0.8,
              linestyle=(0, (2, 1)) if hollow else "-", zorder=2)  # fmt: skip
