"""The time line of a published patient: counts, markers, temperature, tumour, treatments.

Every panel shares one axis of time. What the article prints is drawn filled; an inferred day, or
one that lies between two, open; a bound as a triangle that points down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from leukocytosis.config import PublishedCase
from leukocytosis.config.published import Dated, GivenTreatment, Measured, Series
from leukocytosis.figures.columns import halve
from leukocytosis.figures.style import FAINT, INK, PALETTE, new_figure, shade_of, styled, wrap
from leukocytosis.figures.time_scale import TimeScale, keep_apart, list_months
from leukocytosis.prose import describe_bound
from leukocytosis.rounding import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, WIDTH = 0.245, 0.735
TITLE_INCHES, FOOT_INCHES, GAP_INCHES, ROW_INCHES = 0.58, 0.62, 0.13, 0.132
APART = 9.0  # of two ticks, in days of the close-up
COLORS = {"antibacterial": PALETTE[0], "antineoplastic": PALETTE[1], "operation": INK}
MARKERS = ("o", "s", "D")
SIDES: dict[str, dict[str, Any]] = {
    "above": {"xytext": (0, 4.5), "ha": "center", "va": "bottom"},
    "below": {"xytext": (0, -5), "ha": "center", "va": "top"},
    "left": {"xytext": (-5, 1.5), "ha": "right", "va": "center"},
    "right": {"xytext": (4, 4.5), "ha": "left", "va": "center"},
    "below left": {"xytext": (-1, -5), "ha": "right", "va": "top"},
}
BENEATH = {"facecolor": "white", "edgecolor": "none", "pad": 0.2}  # hides lines behind a number
UNITS = {"10*9/L": "×10⁹/L", "Cel": "°C"}
CULTURES = "cultures"


@dataclass(frozen=True)
class Panel:
    """A panel: its height, the words beside it, its series; without series, the treatments."""

    inches: float
    words: str
    series: tuple[Series, ...] = ()
    log: bool = False


def draw_case(case: PublishedCase) -> Figure:
    """Return the time line of a published patient."""
    return _draw(case, _list_panels(case))


def split_case(case: PublishedCase) -> list[Figure]:
    """Return the time line in two parts on one axis of time."""
    panels = _list_panels(case)
    at = halve([panel.inches for panel in panels])
    return [_draw(case, part) for part in (panels[:at], panels[at:])]


def _draw(case: PublishedCase, panels: Sequence[Panel]) -> Figure:
    total = sum(panel.inches for panel in panels) + GAP_INCHES * (len(panels) - 1)
    scale = _scale(case)
    with styled():
        figure = new_figure(TITLE_INCHES + total + FOOT_INCHES)
        whole = figure.get_figheight()
        top, frames = whole - TITLE_INCHES, []
        for panel in panels:
            top -= panel.inches
            axes = figure.add_axes((LEFT, top / whole, WIDTH, panel.inches / whole))
            top -= GAP_INCHES
            if panel.series:
                _draw_panel(axes, case, scale, panel)
            else:
                _draw_rows(axes, case, scale, list_rows(case))
            frames.append(axes)
        _dress(frames, case, scale)
        _draw_words(figure, case)
    return figure


def _scale(case: PublishedCase) -> TimeScale:
    first, last = case.close_up.from_day, case.close_up.to_day
    assert first is not None and last is not None
    return TimeScale(case.index_on, first, last)


def _list_panels(case: PublishedCase) -> list[Panel]:
    panels = [Panel(1.55, "white count", (case.counts,))]
    if case.markers:
        panels.append(Panel(1.25, "markers, each in\nits own unit", case.markers, log=True))
    if case.temperature:
        panels.append(Panel(0.62, "temperature", (case.temperature,)))
    if case.tumour_sizes:
        panels.append(Panel(0.95, "tumour, longest\naxis", (measure_tumour(case),)))
    return [*panels, Panel(ROW_INCHES * len(list_rows(case)) + 0.05, "")]


def measure_tumour(case: PublishedCase) -> Series:
    """Return the longest axis of the tumour as a series in mm."""
    values = tuple(
        Measured(on=size.on, first_on=size.first_on, last_on=size.last_on, basis=size.basis,
                 note=size.how, value=max(size.axes_mm))
        for size in case.tumour_sizes
    )  # fmt: skip
    return Series(name="tumour", unit="mm", values=values)


def list_rows(case: PublishedCase) -> list[str]:
    """Return the rows beneath: cultures, then each treatment by its name, in order of time."""
    in_time = sorted(case.treatments, key=lambda given: given.first_on)
    return [*([CULTURES] if case.cultures else []), *dict.fromkeys(t.name for t in in_time)]


def _draw_panel(axes: Axes, case: PublishedCase, scale: TimeScale, panel: Panel) -> None:
    values = [value for series in panel.series for value in series.values]
    highest, lowest = max(v.value for v in values), min(v.low or v.value for v in values)
    units = {UNITS.get(series.unit, series.unit) for series in panel.series}
    unit = f", {units.pop()}" if len(units) == 1 else ""
    axes.text(-LEFT / WIDTH + 0.015, 0.5, f"{panel.words}{unit}", transform=axes.transAxes,
              fontsize=7.5, va="center")  # fmt: skip
    if panel.log:
        axes.set_yscale("log")
        axes.set_ylim(lowest / 2.2, highest * 2.6)
        axes.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        axes.set_yticks([], minor=True)
    else:
        low = min(lowest, 0.0 if lowest < highest / 2 else lowest)
        room = highest - low
        axes.set_ylim(low - 0.12 * room, highest + 0.22 * room)
        axes.locator_params(axis="y", nbins=max(3, round(3 * panel.inches)))
        axes.set_yticks([t for t in axes.get_yticks() if low <= t <= highest + 0.2 * room])
    for place, series in enumerate(panel.series):
        color = INK if len(panel.series) == 1 else PALETTE[place]
        _draw_series(axes, scale, series, color, MARKERS[place % len(MARKERS)])
        if len(panel.series) > 1:
            _name_series(axes, scale, series, color)
    if case.counts in panel.series:
        _draw_thresholds(axes, case)


def _name_series(axes: Axes, scale: TimeScale, series: Series, color: str) -> None:
    last = series.values[-1]
    axes.annotate(
        f"{series.name}, {UNITS.get(series.unit, series.unit)}",
        (scale.place_date(last.ends[1]), last.value), xytext=(32, 1.5), textcoords="offset points",
        color=color, fontsize=7, va="center",
    )  # fmt: skip


def _draw_series(axes: Axes, scale: TimeScale, series: Series, color: str, marker: str) -> None:
    places = [_middle(scale, value) for value in series.values]
    sides = find_sides([value.value for value in series.values])
    axes.plot(places, [value.value for value in series.values], color=color, linewidth=0.8,
              alpha=0.55, zorder=1)  # fmt: skip
    for place, value, side in zip(places, series.values, sides, strict=True):
        first, last = (scale.place_date(on) for on in value.ends)
        if first != last:
            axes.plot([first, last], [value.value] * 2, color=color, linewidth=1,
                      linestyle=(0, (2, 1)))  # fmt: skip
        if value.low is not None:
            axes.plot([place] * 2, [value.low, value.value], color=color, linewidth=1)
        axes.plot([place], [value.value], "v" if value.bound else marker, color=color,
                  markersize=4.5, markeredgewidth=1,
                  markerfacecolor=color if is_firm(value) else "white")  # fmt: skip
        # at the index clear of its line; a bound clear of the threshold it may have passed
        at = "below left" if value.bound else "left" if place == 0 else side
        axes.annotate(_print_value(value), (place, value.value), textcoords="offset points",
                      fontsize=7, color=color, bbox=BENEATH, **SIDES[at])  # fmt: skip


def find_sides(values: Sequence[float]) -> list[str]:
    """Return on which side of each point its number is clear of the lines to the points beside."""
    sides = []
    for i, value in enumerate(values):
        before = values[i - 1] if i else None
        after = values[i + 1] if i + 1 < len(values) else None
        if before is not None and before > value:
            sides.append("right" if after is None or after <= value else "below")
        elif after is not None and after > value and before is not None:
            sides.append("left")
        else:
            sides.append("above")
    return sides


def is_firm(fact: Dated) -> bool:
    """Return whether the article prints the day of a fact."""
    return fact.basis == "stated" and fact.ends[0] == fact.ends[1]


def _middle(scale: TimeScale, fact: Dated) -> float:
    first, last = (scale.place_date(on) for on in fact.ends)
    return (first + last) / 2


def _print_value(value: Measured) -> str:
    shown = f"{value.value:g}"
    if value.low is not None:
        return f"{value.low:g}–{shown}"
    return f"≤ {shown}" if value.bound else shown


def _draw_thresholds(axes: Axes, case: PublishedCase) -> None:
    place = axes.get_yaxis_transform()
    for threshold, line, whose in (
        (case.threshold, "--", ""), (case.authors_threshold, ":", ", the authors'")
    ):  # fmt: skip
        if threshold:
            axes.axhline(threshold.value, color=FAINT, linewidth=0.8, linestyle=line, zorder=0)
            axes.text(0.015, threshold.value + 1, f"{describe_bound(threshold)}{whose}",
                      transform=place, fontsize=7, color=FAINT, va="bottom")  # fmt: skip


def _draw_rows(axes: Axes, case: PublishedCase, scale: TimeScale, rows: Sequence[str]) -> None:
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    for place, name in enumerate(rows):
        given = [t for t in case.treatments if t.name == name]
        color = COLORS[given[0].kind] if given else INK
        axes.text(-LEFT / WIDTH + 0.015, place, name, transform=axes.get_yaxis_transform(),
                  fontsize=7, va="center", color=shade_of(color))  # fmt: skip
        for treatment in given:
            _draw_treatment(axes, scale, treatment, place, color)
    if case.cultures:
        for culture in case.cultures:
            axes.plot([_middle(scale, culture)], [0], "o", color=INK, markersize=4,
                      markerfacecolor=INK if culture.organism else "white")  # fmt: skip


def _draw_treatment(
    axes: Axes, scale: TimeScale, given: GivenTreatment, place: float, color: str
) -> None:
    """Draw a course from its first day to the end of its last; an end not printed as an arrow."""
    first, last = given.first_on, given.last_on or given.first_on
    day, end = ((on - scale.index_on).days for on in (first, last))
    left, right = scale.place(day - 0.5), scale.place(end + 0.5)
    firm = given.basis == "stated"
    axes.barh(place, max(right - left, 1.0), left=left, height=0.55, zorder=2, linewidth=0.8,
              edgecolor=color, facecolor=color if firm else "white",
              linestyle="-" if firm else (0, (2, 1)))  # fmt: skip
    if given.last_on is None:
        axes.plot([right, right + 2.2], [place] * 2, color=color, linewidth=0.8,
                  linestyle=(0, (2, 1)))  # fmt: skip
        axes.plot([right + 2.6], [place], ">", color=color, markersize=3, markeredgewidth=0.8,
                  markerfacecolor="white")  # fmt: skip


def _list_dates(case: PublishedCase) -> list[date]:
    facts: list[Dated] = [*case.counts.values, *case.tumour_sizes, *case.cultures]
    facts += [value for series in case.markers for value in series.values]
    facts += case.temperature.values if case.temperature else ()
    dates = [on for fact in facts for on in fact.ends]
    dates += [t.first_on for t in case.treatments]
    return sorted([*dates, *(t.last_on for t in case.treatments if t.last_on)])


def _dress(frames: Sequence[Axes], case: PublishedCase, scale: TimeScale) -> None:
    dates = _list_dates(case)
    ends = scale.place_date(dates[0]) - 3, scale.place_date(dates[-1]) + 3
    for axes in frames:
        axes.set_xlim(*ends)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
        for first, last in ((ends[0], scale.first), (scale.last, ends[1])):
            axes.axvspan(first, last, color=FAINT, alpha=0.1, linewidth=0, zorder=0)
        axes.set_xticks([])
        axes.tick_params(labelsize=7, length=2.5)
    _set_ticks(frames, case, scale, (dates[0], dates[-1]))


def _set_ticks(
    frames: Sequence[Axes], case: PublishedCase, scale: TimeScale, ends: tuple[date, date]
) -> None:
    """Print days under the last panel, and months above the first."""
    days = [0, *range(scale.first, scale.last + 1, 10), case.day(ends[0]), case.day(ends[1])]
    ticks = keep_apart([(scale.place(day), format_number(day)) for day in days], APART)
    frames[-1].set_xticks([place for place, _ in ticks], [words for _, words in ticks])
    frames[-1].set_xlabel("days from the index count; shaded days are drawn closer together",
                          fontsize=7.5, labelpad=2)  # fmt: skip
    months = [(scale.place_date(month), f"{month:%b}") for month in list_months(*ends)]
    within = sorted(months, key=lambda month: not scale.first <= month[0] <= scale.last)
    above = frames[0].secondary_xaxis("top")
    kept = keep_apart(within, APART)
    above.set_xticks([place for place, _ in kept], [words for _, words in kept])
    above.tick_params(labelsize=7, length=2.5, pad=1)
    above.spines["top"].set_visible(False)
    frames[0].annotate(f"{ends[0]:%Y}", (0, 1), xycoords="axes fraction", xytext=(-8, 6),
                       textcoords="offset points", ha="right", fontsize=7)  # fmt: skip
    frames[0].text(0.985, 0.97, f"{case.outcome.status},\nday {case.day(case.outcome.on)}",
                   transform=frames[0].transAxes, ha="right", va="top", fontsize=7)  # fmt: skip


def _draw_words(figure: Figure, case: PublishedCase) -> None:
    whole = figure.get_figheight()
    sex = {"female": "woman", "male": "man"}[case.sex]
    title = f"A published patient: {sex} of {case.age_years} years, {case.tumour}"
    figure.text(0.011, 1 - 0.04 / whole, wrap(title, 92), fontsize=8, va="top", weight="bold")
    key = (
        ("o", INK, "day printed"), ("o", "white", "day inferred, or in the dashed span"),
        ("v", "white", "“up to”"),
    )  # fmt: skip
    axes = figure.add_axes((LEFT, 0, WIDTH, 0.24 / whole))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for x, (marker, face, words) in zip((0.0, 0.19, 0.69), key, strict=True):
        axes.plot([x + 0.012], [0.55], marker, color=INK, markerfacecolor=face, markersize=4.5)
        axes.text(x + 0.035, 0.55, words, fontsize=7, va="center")
