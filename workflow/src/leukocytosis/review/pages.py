"""The page of a chart review: one file that works offline, a blinded strip and a form per chart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leukocytosis.config import UNDETERMINED, Manifest, Protocol
from leukocytosis.prose import name_cause
from leukocytosis.review.sampling import Drawn
from leukocytosis.strips import (
    Blind,
    Strip,
    View,
    describe_patient,
    draw_strip,
    find_view,
    list_rules,
)
from leukocytosis.tables import CERTAINTIES


def write_review(
    charts: Sequence[Drawn],
    strips: Sequence[Strip],
    protocol: Protocol,
    manifest: Manifest,
    blind: Blind,
    folder: Path,
) -> None:
    """Write index.html into a folder: the charts in the order of their numbers.

    The page holds no patient's or episode's id, date, outcome or end of a stay, asks for nothing
    over a network, keeps answers in the browser, and gives them as a CSV.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_episode = {strip.episode["episode_id"]: strip for strip in strips}
    view = find_view(protocol, manifest, blind)
    drawn = [_describe(c, by_episode[c.episode_id], protocol, blind, view) for c in charts]
    page = _environment().get_template("review.html.j2")
    html = page.render(
        protocol=protocol,
        manifest=manifest,
        blind=blind,
        charts=drawn,
        causes=[*((cause.id, cause.title) for cause in protocol.causes),
                (UNDETERMINED, "cannot be told from this chart")],
        certainties=CERTAINTIES,
        draw=name_draw(charts, protocol.study, manifest.extract),
    )  # fmt: skip
    (folder / "index.html").write_text(html, encoding="utf-8")


def name_draw(charts: Sequence[Drawn], study: str, extract: str) -> str:
    """Return the name under which a browser keeps the answers to just these charts."""
    numbers = ",".join(f"{chart.review_id}={chart.episode_id}" for chart in charts)
    digest = hashlib.sha256(numbers.encode()).hexdigest()[:12]
    return f"{study}-{extract}-{digest}"


def _describe(
    chart: Drawn, strip: Strip, protocol: Protocol, blind: Blind, view: View
) -> dict[str, Any]:
    rules = list_rules(strip, protocol)
    said = "" if blind.rules else name_cause(protocol, strip.cause["rule_cause"])
    return {
        "id": chart.review_id,
        "patient": describe_patient(strip),
        "strip": draw_strip(strip, view),
        "said": said,
        # a day on which a rule was met may lie behind the blind
        "rules": [rule | {"days": ""} for rule in rules],
    }


def _environment() -> Any:
    """Return the jinja2 environment of the review's page; it uses the strips' style, too."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader(
            [PackageLoader("leukocytosis.review"), PackageLoader("leukocytosis.strips")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
