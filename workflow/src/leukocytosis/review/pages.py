"""The review folder: one page that opens without a network, with a strip and a form per chart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from leukocytosis.config import Manifest, Protocol
from leukocytosis.config.settings import Review
from leukocytosis.review.answers import COLUMNS, UNDETERMINED, Answer, find_labels
from leukocytosis.review.sample import draw_sample, find_code
from leukocytosis.store import connect, fetch, fetch_rows, scan
from leukocytosis.strips import Strip
from leukocytosis.strips.layout import View
from leukocytosis.strips.pages import (
    FIRST_DAY,
    describe_patient,
    list_rules,
    name_rules,
    render_strip,
)

CERTAINTIES = ("definite", "probable", "possible")


def write_review(
    protocol: Protocol,
    manifest: Manifest,
    review: Review,
    seed: int,
    strips: Sequence[Strip],
    study: Path,
    folder: Path,
) -> None:
    """Write `review.html` for the sampled charts of a study, and `disagreements.csv`.

    The latter lists, in the columns of an answer file, what reviewers said about each chart on
    which they differ: what a consensus must settle. It is empty before reviews came back.

    No page holds a patient's id, a date, a death or where a stay ended, nor any record after
    `review.until_day`: how long records go on would tell who lived.
    """
    with connect(study / ".scratch") as con:
        patients = fetch_rows(con, f"FROM {scan(study / 'analysis_set.parquet')}")
    chosen = draw_sample(protocol, review, seed, patients)
    by_episode = {strip.episode["episode_id"]: strip for strip in strips}
    names = {} if review.blind_to_rules else name_rules(protocol)
    view = View(FIRST_DAY, review.until_day, protocol.index.above.value, names)
    charts = [
        {
            "code": find_code(episode, seed),
            "patient": describe_patient(by_episode[episode]),
            "drawing": render_strip(by_episode[episode], view),
            "rules": [] if review.blind_to_rules else list_rules(by_episode[episode], protocol),
        }
        for episode in chosen
    ]
    causes = [{"id": cause.id, "title": cause.title} for cause in protocol.causes]
    html = (
        _environment()
        .get_template("review.html.j2")
        .render(
            protocol=protocol,
            manifest=manifest,
            review=review,
            charts=charts,
            causes=[*causes, {"id": UNDETERMINED, "title": "cannot be determined"}],
            certainties=CERTAINTIES,
            first_day=FIRST_DAY,
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.html").write_text(html, encoding="utf-8")
    _write_disagreements(study, seed, folder / "disagreements.csv")


def _write_disagreements(study: Path, seed: int, path: Path) -> None:
    """Write the answers about charts on which reviewers differ and no consensus was given."""
    with connect(study / ".scratch") as con:
        answers = [
            Answer(*row)
            for row in fetch(
                con,
                "SELECT episode_id, reviewer, cause, certainty, sampling "
                f"FROM {scan(study / 'reviews.parquet')} ORDER BY ALL",
            )
        ]
    settled = find_labels(answers)
    rows = sorted(
        (find_code(a.episode_id, seed), a.reviewer, a.cause, a.certainty, "", a.sampling)
        for a in answers
        if a.episode_id not in settled
    )
    lines = [",".join(COLUMNS), *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loaders = [PackageLoader("leukocytosis.review"), PackageLoader("leukocytosis.strips")]
    return Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
