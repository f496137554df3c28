"""Whether an extract can show what a study's outcomes count: who is not seen to die seems alive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from leukocytosis.config.manifest import Manifest, Source
from leukocytosis.config.protocol import Outcome, Protocol
from leukocytosis.errors import ConfigError, Problem

# event → the table that shows it, and in which columns
SHOWN_BY = {
    "death": ("deaths", ("died_on",)),
    "hospice": ("encounters", ("disposition", "ended_at")),
}
VIEWS = Path("config/extracts")
COMMENT = re.compile(r"--.*|/\*[\s\S]*?\*/")


def check_outcomes_seen(protocol: Protocol, manifest: Manifest, views: Path = VIEWS) -> None:
    """Raise ConfigError for each outcome that counts events the extract shows nothing of.

    Its table is not mapped, or no source of the table has every column that shows the event.
    `views` is the folder of the manifest's .sql files.
    """
    problems = [
        problem
        for outcome in protocol.outcomes
        for event in outcome.events
        for problem in _find_unseen(protocol, manifest, outcome, event, views)
    ]
    if problems:
        raise ConfigError(problems)


def _find_unseen(
    protocol: Protocol, manifest: Manifest, outcome: Outcome, event: str, views: Path
) -> Iterator[Problem]:
    table, columns = SHOWN_BY[event]
    sources = manifest.tables.get(table, ())
    lacking = _lacking(sources, columns, views)
    if sources and not lacking:
        return
    place = f"{'tables' if table in manifest.tables else 'absent'}.{table}"
    place += f": {', '.join(lacking)}" if lacking else ""
    mapped = f"{table}.{' and '.join(lacking)}" if lacking else table
    others = [other for other in outcome.events if other != event]
    alone = f"`outcomes: [{{id: {outcome.id}, events: [{', '.join(others)}]}}]`"
    yield Problem(
        f"manifest {manifest.extract}: {place}",
        f"the outcome '{outcome.id}' of {protocol.study} counts {event}, of which this extract "
        "shows nothing: everybody would seem to be spared",
        f"map {mapped} (a .sql view of another file may do), or write a study that extends "
        f"{protocol.study} and whose outcomes count what is seen{f': {alone}' if others else ''}",
    )


def _lacking(sources: Sequence[Source], columns: Sequence[str], views: Path) -> list[str]:
    """Return the columns that the source nearest to showing the event has not."""
    lacks = [[c for c in columns if not _has(source, c, views)] for source in sources]
    return min(lacks, key=len, default=[])


def _has(source: Source, column: str, views: Path) -> bool:
    """Return whether a source has a column; of a view, whether its text lets it have one."""
    if source.sql is None:
        return column in source.columns or column in source.constants
    try:
        text = COMMENT.sub("", (views / source.sql).read_text(encoding="utf-8"))
    except OSError:  # the reading says so
        return True
    every = re.search(r"\*(?!\s*\))", text)  # SELECT *, not count(*)
    return bool(every) or column in text
