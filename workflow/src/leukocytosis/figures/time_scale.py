"""A time axis that shows some days to scale and brings those before and after closer together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

OUTSIDE = 0.16  # the length of a day outside the close-up, in days within it


@dataclass(frozen=True)
class TimeScale:
    """Days from an index to places on an axis; `first` to `last` are to scale."""

    index_on: date
    first: int
    last: int

    def place(self, day: float) -> float:
        """Return where a day lies."""
        if day < self.first:
            return self.first - OUTSIDE * (self.first - day)
        return min(day, self.last) + OUTSIDE * max(day - self.last, 0)

    def place_date(self, on: date) -> float:
        """Return where a date lies."""
        return self.place((on - self.index_on).days)


def list_months(first: date, last: date) -> Iterator[date]:
    """Yield the first days of the months that begin from one date to another, both included."""
    month = first.replace(day=1)
    while month <= last:
        if month >= first:
            yield month
        month = (month + timedelta(days=32)).replace(day=1)


def keep_apart(places: Iterable[tuple[float, str]], apart: float) -> list[tuple[float, str]]:
    """Return the places that lie apart from those kept before them, with their words."""
    kept: list[tuple[float, str]] = []
    for place, words in places:
        if all(abs(place - other) >= apart for other, _ in kept):
            kept.append((place, words))
    return sorted(kept)
