"""Where everything of a strip stands on the page: rows of marks whose words do not touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukocytosis.strips.records import LANES, Count, Item, Strip

WIDTH, LEFT, RIGHT = 1080, 96, 16  # px; A4 landscape at 96 px an inch is 1123 wide
ROW, COUNTS_HEIGHT, TOP = 15, 130, 24
MOST_ROWS = 24  # a lane longer than this ends with how many more there are
CHARACTER, BOLD = 5.7, 6.4  # px, of the 10 px labels


@dataclass(frozen=True)
class Mark:
    """A record as drawn: a bar from x to x + width, its words at text_x, anchored start or end."""

    x: float
    width: float
    y: float
    label: str
    text_x: float
    anchor: str
    met: bool


@dataclass(frozen=True)
class Lane:
    """A lane with its marks and, where it was cut, how many records it does not show."""

    name: str
    y: float
    height: float
    marks: tuple[Mark, ...]
    n_more: int


@dataclass(frozen=True)
class Dot:
    """A white count as drawn; `label` is empty where words would touch."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """A whole strip in px."""

    height: float
    ticks: tuple[tuple[float, int], ...]
    zero_x: float
    threshold_y: float
    scale: tuple[tuple[float, str], ...]
    dots: tuple[Dot, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True)
class View:
    """The days a strip shows (both ends included) and the threshold it draws."""

    first_day: int
    last_day: int
    threshold: float
    names: dict[str, str]  # rule id → title; empty when the rules' answers are hidden

    def x(self, day: float) -> float:
        """Return the place of a day; what lies outside the view stands at its edge."""
        inside = min(max(day, self.first_day - 0.5), self.last_day + 1.0)
        span = self.last_day + 1.5 - self.first_day
        return LEFT + (inside - self.first_day + 0.5) / span * (WIDTH - LEFT - RIGHT)


def lay_out(strip: Strip, view: View) -> Drawing:
    """Return the drawing of a strip; records after the view's last day are left out."""
    lanes: list[Lane] = []
    y = TOP + COUNTS_HEIGHT + 14.0
    for name in LANES:
        items = [i for i in strip.items if i.lane == name and i.first < view.last_day + 1]
        lane = _lay_lane(name, _cut(items, view), y, view)
        lanes.append(lane)
        y += lane.height + 6
    counts = [c for c in strip.counts if view.first_day <= c.day < view.last_day + 1]
    top = max([view.threshold, *(count.value for count in counts)]) * 1.12
    return Drawing(
        height=y + 6,
        ticks=tuple((view.x(day), day) for day in _ticks(view)),
        zero_x=view.x(0),
        threshold_y=_count_y(view.threshold, top),
        scale=tuple((_count_y(value, top), f"{value:g}") for value in _scale(top)),
        dots=tuple(_lay_counts(counts, view, top)),
        lanes=tuple(lanes),
    )


def _ticks(view: View) -> list[int]:
    step = 7 if view.last_day - view.first_day > 30 else 2
    first = -(-view.first_day // step) * step
    return list(range(first, view.last_day + 1, step))


def _scale(top: float) -> list[float]:
    step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 10_000) if top / s <= 6 or s == 10_000)
    return [float(value) for value in range(0, int(top) + 1, step)]


def _count_y(value: float, top: float) -> float:
    return TOP + COUNTS_HEIGHT * (1 - value / top)


def _lay_counts(counts: Sequence[Count], view: View, top: float) -> list[Dot]:
    """Return the counts in time; the highest are labelled first, others where room is left."""
    ordered = sorted(counts, key=lambda count: count.day)
    places = [(view.x(count.day), _count_y(count.value, top)) for count in ordered]
    labelled: list[int] = []
    for i in sorted(range(len(ordered)), key=lambda i: -ordered[i].value):
        if all(abs(places[i][0] - places[j][0]) > 34 for j in labelled):
            labelled.append(i)
    return [
        Dot(x, y, f"{ordered[i].bound}{ordered[i].value:g}" if i in labelled else "")
        for i, (x, y) in enumerate(places)
    ]


def _cut(items: list[Item], view: View) -> list[Item]:
    """Return a lane's items by day; what met a rule or lies near the index stays when cut."""
    if len(items) > MOST_ROWS:

        def importance(item: Item) -> tuple[bool, float]:
            return (not (item.rules and view.names), min(abs(item.first), abs(item.last)))

        items = sorted(items, key=importance)
    return items


def _lay_lane(name: str, items: list[Item], y: float, view: View) -> Lane:
    shown = sorted(items[:MOST_ROWS], key=lambda item: (item.first, item.label))
    marks = tuple(_mark(item, y + ROW * i, view) for i, item in enumerate(shown))
    n_more = len(items) - len(shown)
    rows = max(len(shown), 1) + (1 if n_more else 0)
    return Lane(name, y, rows * ROW, marks, n_more)


def _mark(item: Item, y: float, view: View) -> Mark:
    x = view.x(item.first)
    width = max(view.x(min(item.last, view.last_day + 0.99)) - x, 5.0)
    label, met = _words(item, view), bool(item.rules) and bool(view.names)
    size = BOLD if met else CHARACTER
    room_right = WIDTH - RIGHT - (x + width + 5)
    to_right = room_right >= len(label) * size or room_right >= x - LEFT
    room = room_right if to_right else x - LEFT - 5
    label = _shortened(label, int(room / size))
    text_x = x + width + 5 if to_right else x - 5
    return Mark(x, width, y + ROW - 5, label, text_x, "start" if to_right else "end", met)


def _words(item: Item, view: View) -> str:
    times = f" ×{item.n}" if item.n > 1 else ""
    far = f" (day {round(item.first)})" if item.first < view.first_day else ""
    rules = "; ".join(view.names[rule] for rule in item.rules if rule in view.names)
    return f"{item.label}{times}{far}" + (f" → {rules}" if rules else "")


def _shortened(words: str, most: int) -> str:
    return words if len(words) <= most else words[: max(most - 1, 1)] + "…"
