"""Where everything of a strip stands on the page: rows of marks whose words do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from leukocytosis.strips.records import LANES, Count, Item, Span, Strip

WIDTH, LEFT, RIGHT = 1080, 96, 16  # px; A4 landscape at 96 px an inch is 1123 wide
ROW, COUNTS_HEIGHT, TOP = 15, 130, 24
MOST_ITEMS = 24  # a lane with more ends with how many more there are
# px of the 10 px labels in DejaVu Sans, the widest of the usual fonts: rather too much
UPPER, DIGIT, LOWER, SIGN, BOLD = 7.2, 6.4, 5.5, 3.8, 1.13
POINT, GAP = 5.0, 10.0  # px: the least width of a bar, the least distance in a row


@dataclass(frozen=True)
class Bar:
    """A bar from x to x + width; one of records that met a rule is drawn black."""

    x: float
    width: float
    met: bool


@dataclass(frozen=True)
class Mark:
    """Records of one name as drawn: their bars, and words at text_x, anchored start or end."""

    bars: tuple[Bar, ...]
    y: float
    label: str
    text_x: float
    anchor: str
    met: bool

    @property
    def extent(self) -> tuple[float, float]:
        """Return the leftmost and the rightmost px of bars and words."""
        wide = measure(self.label, bold=self.met)
        words = (self.text_x, self.text_x + wide)
        if self.anchor == "end":
            words = (self.text_x - wide, self.text_x)
        ends = [self.bars[0].x, *(bar.x + bar.width for bar in self.bars)]
        return min(words[0], *ends), max(words[1], *ends)


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
    """A whole strip in px; `n_outside` counts are of days that it does not show."""

    height: float
    ticks: tuple[tuple[float, int], ...]
    zero_x: float
    threshold_y: float
    scale: tuple[tuple[float, str], ...]
    dots: tuple[Dot, ...]
    n_outside: int
    lanes: tuple[Lane, ...]


@dataclass(frozen=True)
class View:
    """The days a strip shows (both ends included) and the threshold it draws."""

    first_day: int
    last_day: int
    threshold: float
    names: dict[str, str]  # rule id → title; empty when the rules' answers are hidden
    absent: frozenset[str] = frozenset()  # lanes of which the extract has nothing

    def x(self, day: float) -> float:
        """Return the place of a day; what lies outside the view stands at its edge."""
        inside = min(max(day, self.first_day - 0.5), self.last_day + 1.0)
        span = self.last_day + 1.5 - self.first_day
        return LEFT + (inside - self.first_day + 0.5) / span * (WIDTH - LEFT - RIGHT)

    def holds(self, first: float, last: float) -> bool:
        """Return whether any of the days from first to last is shown."""
        return last >= self.first_day and first < self.last_day + 1


def lay_out(strip: Strip, view: View) -> Drawing:
    """Return the drawing of a strip; records outside the view stand at its edge with their day."""
    lanes: list[Lane] = []
    y = TOP + COUNTS_HEIGHT + 14.0
    for name in LANES:
        items = [item for item in strip.items if item.lane == name]
        if name == "counts" and not items:
            continue  # a lane of its own only for the counts that met a rule
        lane = _lay_lane(name, items, y, view)
        lanes.append(lane)
        y += lane.height + 6
    counts = [count for count in strip.counts if view.holds(count.day, count.day)]
    top = max([view.threshold, *(count.value for count in counts)]) * 1.12
    return Drawing(
        height=y + 6,
        ticks=tuple((view.x(day), day) for day in _ticks(view)),
        zero_x=view.x(0),
        threshold_y=_count_y(view.threshold, top),
        scale=tuple((_count_y(value, top), f"{value:g}") for value in _scale(top)),
        dots=tuple(_lay_counts(counts, view, top)),
        n_outside=len(strip.counts) - len(counts),
        lanes=tuple(lanes),
    )


def _ticks(view: View) -> list[int]:
    step = 7 if view.last_day - view.first_day > 30 else 2
    first = -(-view.first_day // step) * step
    return list(range(first, view.last_day + 1, step))


def _scale(top: float) -> list[float]:
    step = next(
        s for s in (5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if top / s <= 6 or s == 10_000
    )
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


def _lay_lane(name: str, items: list[Item], y: float, view: View) -> Lane:
    """Return a lane; each mark stands in the first row in which it touches no other."""
    kept = sorted(_keep(items, view), key=lambda item: (item.first, item.label))
    marks: list[Mark] = []
    rows: list[list[tuple[float, float]]] = []
    for item in kept:
        first, last = _lay_mark(item, y, view).extent
        row = next((i for i, taken in enumerate(rows) if _fits(first, last, taken)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append((first, last))
        marks.append(_lay_mark(item, y + ROW * row, view))
    n_more = sum(item.n for item in items) - sum(item.n for item in kept)
    height = (max(len(rows), 1) + (1 if n_more else 0)) * ROW
    return Lane(name, y, height, tuple(marks), n_more)


def _fits(first: float, last: float, taken: Iterable[tuple[float, float]]) -> bool:
    return all(last + GAP <= left or right + GAP <= first for left, right in taken)


def _keep(items: list[Item], view: View) -> list[Item]:
    """Return what a lane shows: what met a rule, then what lies nearest to the index."""
    shown = [part for item in items if (part := _inside(item, view)).spans]

    def importance(item: Item) -> tuple[bool, float, str]:
        nearest = min(abs(day) for span in item.spans for day in (span.first, span.last))
        return (not any(span.met for span in item.spans), nearest, item.label)

    return sorted(shown, key=importance)[:MOST_ITEMS]


def _inside(item: Item, view: View) -> Item:
    """Return an item without its records outside the view, but for codes of earlier illness.

    A record that met a rule is shown wherever it lies.
    """
    history = item.lane == "codes"
    spans = [
        span if view.names else span._replace(met=False)
        for span in item.spans
        if view.holds(span.first, span.last)
        or (span.met and view.names)
        or (history and span.last < view.first_day)
    ]
    return replace(item, spans=tuple(spans))


def _lay_mark(item: Item, y: float, view: View) -> Mark:
    label, met = _words(item, view), any(span.met for span in item.spans)
    bars = tuple(dict.fromkeys(_lay_bar(span, view) for span in item.spans))
    room, text_x, anchor = _find_room(bars, measure(label, bold=met), view)
    return Mark(bars, y + ROW - 5, _shortened(label, room, bold=met), text_x, anchor, met)


def _find_room(bars: Sequence[Bar], wanted: float, view: View) -> tuple[float, float, str]:
    """Return the room for words, where they begin or end, and which of both.

    That is the first room wide enough beside a bar, from the index outwards, in which words do
    not cross the line of the index; else one in which they do, else the widest.
    """
    zero = view.x(0)
    ends = [bar.x + bar.width for bar in bars]
    rooms = [
        (after - end - 5, end + 5, "start")
        for end, after in zip(ends, [*(bar.x for bar in bars[1:]), WIDTH - RIGHT], strict=True)
    ]
    rooms.append((bars[0].x - LEFT - 5, bars[0].x - 5, "end"))

    def awkward(room: tuple[float, float, str]) -> tuple[bool, float]:
        _, x, anchor = room
        first, last = (x, x + wanted) if anchor == "start" else (x - wanted, x)
        return first < zero < last, abs(x - zero)

    rooms.sort(key=awkward)
    return next((room for room in rooms if room[0] >= wanted), max(rooms))


def _lay_bar(span: Span, view: View) -> Bar:
    x = view.x(span.first)
    width = max(view.x(span.last) - x, POINT)
    return Bar(min(x, WIDTH - RIGHT - POINT), width, span.met)


def _words(item: Item, view: View) -> str:
    times = f" ×{item.n}" if item.n > 1 else ""
    outside = not any(view.holds(span.first, span.last) for span in item.spans)
    far = f" (day {round(item.spans[-1].first)})" if outside else ""
    rules = "; ".join(view.names[rule] for rule in item.rules if rule in view.names)
    return f"{item.label}{times}{far}" + (f" → {rules}" if rules else "")


def measure(words: str, *, bold: bool) -> float:
    """Return how wide words are drawn, in px."""
    wide = sum(
        UPPER if c.isupper() else DIGIT if c.isdigit() else LOWER if c.islower() else SIGN
        for c in words
    )
    return wide * (BOLD if bold else 1)


def _shortened(words: str, room: float, *, bold: bool) -> str:
    if measure(words, bold=bold) <= room:
        return words
    most = len(words) - 1
    while most > 1 and measure(words[:most] + "…", bold=bold) > room:
        most -= 1
    return words[:most] + "…"
