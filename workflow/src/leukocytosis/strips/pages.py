"""Strips as pages: one per episode and an index. Person-level: never in a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from leukocytosis.config import Manifest, Protocol
from leukocytosis.prose import name_cause, name_tumour
from leukocytosis.strips.blind import Blind
from leukocytosis.strips.layout import (
    COUNTS_HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Drawing,
    View,
    lay_out,
)
from leukocytosis.strips.records import Strip

FURTHEST = 30  # days from the index; windows that reach further are squeezed to the edge
SIZES = {"width": WIDTH, "left": LEFT, "right": RIGHT, "top": TOP, "counts": COUNTS_HEIGHT}
TABLE_OF = {"stays": "encounters", "codes": "diagnoses", "cultures": "microbiology",
            "drugs": "drugs"}  # fmt: skip
ORDER = {"met": 0, "not_assessed": 1, "not_met": 2}


def write_strips(
    strips: Sequence[Strip],
    protocol: Protocol,
    manifest: Manifest,
    truth: Mapping[str, str],
    folder: Path,
) -> None:
    """Write `index.html` and a page per episode, numbered in the order of the episodes' ids.

    With a planted truth the index begins with the episodes whose cause the rules miss.
    """
    folder.mkdir(parents=True, exist_ok=True)
    view = find_view(protocol, manifest)
    width = max(len(str(len(strips))), 3)
    names = [f"{i:0{width}d}.html" for i in range(1, len(strips) + 1)]
    page = environment().get_template("strip.html.j2")
    for i, strip in enumerate(strips):
        beside = {"before": names[i - 1] if i else None,
                  "after": names[i + 1] if i + 1 < len(names) else None}  # fmt: skip
        told = describe_strip(strip, protocol, truth)
        drawing = lay_out(strip, view)
        html = page.render(drawing=render_strip(drawing, view), told=told, manifest=manifest,
                           n_outside=drawing.n_outside, rules=list_rules(strip, protocol),
                           **beside)  # fmt: skip
        (folder / names[i]).write_text(html, encoding="utf-8")
    entries = [{**describe_strip(strip, protocol, truth), "page": name}
               for strip, name in zip(strips, names, strict=True)]  # fmt: skip
    index = environment().get_template("index.html.j2")
    html = index.render(
        missed=[entry for entry in entries if entry["missed"]],
        entries=entries,
        protocol=protocol,
        manifest=manifest,
        has_truth=bool(truth),
    )
    (folder / "index.html").write_text(html, encoding="utf-8")


def find_view(protocol: Protocol, manifest: Manifest, blind: Blind | None = None) -> View:
    """Return the days that the windows of the rules span, at most 30 either way of the index."""
    windows = [rule.window for rule in protocol.evidence]
    first = min([-7, *(w.from_day for w in windows if w.from_day is not None)])
    last = max([7, *(w.to_day for w in windows if w.to_day is not None)])
    names = {} if blind and blind.rules else name_rules(protocol)
    return View(
        max(first, -FURTHEST),
        blind.last_day if blind else min(last, FURTHEST),
        protocol.index.above.value,
        names,
        frozenset(lane for lane, table in TABLE_OF.items() if table in manifest.absent),
    )


def name_rules(protocol: Protocol) -> dict[str, str]:
    """Return rule id → title."""
    return {rule.id: rule.title for rule in protocol.evidence}


def draw_strip(strip: Strip, view: View) -> Any:
    """Return a strip as SVG, safe to put into a page."""
    return render_strip(lay_out(strip, view), view)


def render_strip(drawing: Drawing, view: View) -> Any:
    """Return a drawing as SVG, safe to put into a page."""
    from markupsafe import Markup

    template = environment().get_template("strip.svg.j2")
    return Markup(template.render(drawing=drawing, view=view, **SIZES))


def describe_strip(strip: Strip, protocol: Protocol, truth: Mapping[str, str]) -> dict[str, Any]:
    """Return what stands above a strip: the patient in days and years, and what the rules say."""
    episode, cause = strip.episode, strip.cause
    true = truth.get(episode["episode_id"])
    return {
        "episode": episode["episode_id"],
        "patient": describe_patient(strip),
        "cause": name_cause(protocol, cause["primary_cause"]),
        "grade": cause["grade"],
        "all_causes": name_cause(protocol, cause["all_causes"]),
        "decided_by": cause["decided_by"],
        "by_rules": name_cause(protocol, cause["rule_cause"]),
        "adjudicated": cause["source"] == "adjudicated",
        "true_cause": name_cause(protocol, true) if true else "",
        "missed": true is not None and true != cause["rule_cause"],
    }


def describe_patient(strip: Strip) -> str:
    """Return age, sex, tumour and count at the index; no date and no id."""
    episode = strip.episode
    age = episode["age_at_index_years"]
    parts = [
        f"{age} years" if age is not None else "age unknown",
        episode["sex"] or "sex unknown",
        f"tumour: {name_tumour(episode['tumour_group'])}",
        f"index count {episode['wbc_1e9_per_l']:g} ×10⁹/L",
    ]
    return ", ".join(parts)


def list_rules(strip: Strip, protocol: Protocol) -> list[dict[str, Any]]:
    """Return every rule with its status: what was met first, then what could not be seen."""
    order = {rule.id: i for i, rule in enumerate(protocol.evidence)}
    rows = sorted(strip.evidence, key=lambda row: (ORDER[row["status"]], order[row["rule_id"]]))
    titles = name_rules(protocol)
    return [
        {
            "title": titles[row["rule_id"]],
            "status": row["status"].replace("_", " "),
            "days": _days(row),
            "note": row["note"] or "",
        }
        for row in rows
    ]


def _days(row: Mapping[str, Any]) -> str:
    first, last = row["first_day"], row["last_day"]
    if first is None:
        return ""
    return f"day {first}" if first == last else f"days {first} to {last}"


@cache
def environment() -> Any:
    """Return the jinja2 environment of the strips' templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("leukocytosis.strips"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
