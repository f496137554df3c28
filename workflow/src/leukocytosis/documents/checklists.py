"""Reporting checklists filled from the run: where each item is taken up, or that it is missing.

STROBE for cohort studies (von Elm et al., PLoS Med 2007;4:e296) and RECORD for routinely collected
data (Benchimol et al., PLoS Med 2015;12:e1001885), their items in our words.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.sections import SECTIONS

TEMPLATE = "checklists.csv"
ALWAYS = ("protocol", "manifest", "record")  # every run has one


@dataclass(frozen=True)
class Item:
    """An item of a checklist: what it asks for and the report's section that takes it up.

    `section` is None where it is missing, and `why` says why.
    """

    guideline: str
    number: str
    asks: str
    section: str | None
    why: str


def fill_checklists(inputs: ReportInputs, template: str) -> list[Item]:
    """Return the items of a template (a CSV), each taken up or missing in this run."""
    rows = csv.DictReader(io.StringIO(template))
    return [_fill(inputs, row) for row in rows]


def _fill(inputs: ReportInputs, row: dict[str, str]) -> Item:
    answered = bool(row["section"]) and _is_there(inputs, row["needs"])
    why = "" if answered else row["else"] or f"this run has no {row['needs'].replace(':', ', ')}"
    return Item(
        row["guideline"], row["item"], row["asks"], row["section"] if answered else None, why
    )


def _is_there(inputs: ReportInputs, needs: str) -> bool:
    """Return whether a run has what an item needs: `table`, or `estimates:analysis`."""
    table, _, analysis = needs.partition(":")
    if table in ALWAYS:
        return True
    return bool(inputs.estimates(analysis) if analysis else inputs.rows(table))


def list_items(items: Sequence[Item]) -> dict[str, Grid]:
    """Return a table per guideline: item, what it asks for, where the report takes it up.

    Whether that is enough for the paper at hand, its authors judge.
    """
    head = ("Item", "Asks for", "Where")
    grids = {}
    for guideline in dict.fromkeys(item.guideline for item in items):
        own = [item for item in items if item.guideline == guideline]
        n = sum(item.section is not None for item in own)
        rows = tuple((item.number, item.asks, _say_where(item)) for item in own)
        caption = f"{guideline}: {n} of {len(own)} items are taken up by this run"
        grids[guideline] = Grid(caption, head, "lll", rows)
    return grids


def _say_where(item: Item) -> str:
    if item.section is None:
        return f"missing: {item.why}"
    return f"report, section “{SECTIONS[item.section]}”"


def link_items(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return what a page needs: per guideline its caption and items with a link to the report."""
    captions = {name: grid.caption for name, grid in list_items(items).items()}
    return [
        {
            "caption": caption,
            "items": [
                {
                    "number": item.number,
                    "asks": item.asks,
                    "link": f"../report.html#{item.section}" if item.section else None,
                    "words": _say_where(item),
                }
                for item in items
                if item.guideline == guideline
            ],
        }
        for guideline, caption in captions.items()
    ]
