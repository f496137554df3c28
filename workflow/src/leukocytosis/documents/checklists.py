"""Reporting checklists filled from the run: where each item is answered, or that it is missing.

STROBE for cohort studies (von Elm et al., PLoS Med 2007;4:e296) and RECORD for routinely collected
data (Benchimol et al., PLoS Med 2015;12:e1001885), their items in our words.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.sections import SECTIONS

TEMPLATE = "checklists.csv"
ALWAYS = ("protocol", "manifest", "record")  # every run has one
FILES = {
    "report.html": "report", "methods.html": "methods", "results.html": "results",
    "patients.html": "Table 1", "protocol.html": "protocol",
    "ro-crate-metadata.json": "record of the run",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An item of a checklist: what it asks for, and the places that answer it.

    `places` are links from the folder of the manuscript; none where it is missing, and `why` says
    why.
    """

    guideline: str
    number: str
    asks: str
    places: tuple[str, ...]
    why: str


def fill_checklists(inputs: ReportInputs, template: str) -> list[Item]:
    """Return the items of a template (a CSV), each answered or missing in this run."""
    rows = csv.DictReader(io.StringIO(template))
    return [_fill(inputs, row) for row in rows]


def _fill(inputs: ReportInputs, row: dict[str, str]) -> Item:
    places = tuple(_find_places(inputs, row["where"].split(), row["needs"].split()))
    why = "" if places else row["else"] or f"this run has no {row['needs'].replace(':', ', ')}"
    return Item(row["guideline"], row["item"], row["asks"], places, why)


def _find_places(inputs: ReportInputs, where: list[str], needs: list[str]) -> Iterator[str]:
    """Yield the places a run has: one need stands for all of them, or each has its own."""
    own = needs if len(needs) == len(where) else needs * len(where)
    yield from (place for place, need in zip(where, own, strict=True) if _is_there(inputs, need))


def _is_there(inputs: ReportInputs, needs: str) -> bool:
    """Return whether a run has what an item needs: `table`, or `estimates:analysis`."""
    table, _, analysis = needs.partition(":")
    if table in ALWAYS:
        return True
    return bool(inputs.estimates(analysis) if analysis else inputs.rows(table))


def list_items(items: Sequence[Item]) -> dict[str, Grid]:
    """Return a table per guideline: item, what it asks for, where it is answered.

    Whether that is enough for the paper at hand, its authors judge.
    """
    head = ("Item", "Asks for", "Where")
    grids = {}
    for guideline in dict.fromkeys(item.guideline for item in items):
        own = [item for item in items if item.guideline == guideline]
        n = sum(bool(item.places) for item in own)
        rows = tuple((item.number, item.asks, _say_where(item)) for item in own)
        caption = (
            f"{guideline}: {n} of {len(own)} items are answered in these files; {len(own) - n} are "
            "missing or the authors' own"
        )
        grids[guideline] = Grid(caption, head, "lll", rows)
    return grids


def _say_where(item: Item) -> str:
    if not item.places:
        return f"missing: {item.why}"
    return "; ".join(name_link(place) for place in item.places)


def name_link(place: str) -> str:
    """Return what a place is called: `report, “The cohort”`."""
    path, _, anchor = place.partition("#")
    file = FILES[path.rpartition("/")[2]]
    if not anchor:
        return file
    if anchor.startswith("figure-"):
        return f"{file}, figure “{anchor.removeprefix('figure-').replace('_', ' ')}”"
    if file == "report":
        return f"{file}, “{SECTIONS[anchor]}”"
    words = anchor.replace("-", " ").replace("follow up", "follow-up").capitalize()
    return f"{file}, “{words}”"


def link_items(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return what a page needs: per guideline its caption and its items with their links."""
    captions = {name: grid.caption for name, grid in list_items(items).items()}
    return [
        {
            "caption": caption,
            "items": [
                {
                    "number": item.number,
                    "asks": item.asks,
                    "links": [(place, name_link(place)) for place in item.places],
                    "why": item.why,
                }
                for item in items
                if item.guideline == guideline
            ],
        }
        for guideline, caption in captions.items()
    ]


def list_rows(items: Sequence[Item]) -> Iterator[tuple[str, ...]]:
    """Yield the checklists as rows for a CSV, the head first; status is answered or missing."""
    yield ("guideline", "item", "asks", "status", "where", "why_missing")
    for item in items:
        status = "answered" if item.places else "missing"
        places = " ".join(item.places)
        yield (item.guideline, item.number, item.asks, status, places, item.why)
