"""Whether an extract can show what a study's outcomes count: who is not seen to die seems alive."""

from __future__ import annotations

from leukocytosis.config.manifest import Manifest
from leukocytosis.config.protocol import Outcome, Protocol
from leukocytosis.errors import ConfigError, Problem

TABLE_OF = {"death": "deaths", "hospice": "encounters"}


def check_outcomes_seen(protocol: Protocol, manifest: Manifest) -> None:
    """Raise ConfigError for each outcome that counts events of a table the extract has not."""
    problems = [
        _say(protocol, manifest, outcome, event)
        for outcome in protocol.outcomes
        for event in outcome.events
        if TABLE_OF[event] in manifest.absent and TABLE_OF[event] not in manifest.tables
    ]
    if problems:
        raise ConfigError(problems)


def _say(protocol: Protocol, manifest: Manifest, outcome: Outcome, event: str) -> Problem:
    table = TABLE_OF[event]
    return Problem(
        f"manifest {manifest.extract}: absent.{table}",
        f"the outcome '{outcome.id}' of {protocol.study} counts {event}, of which this extract "
        "shows nothing: everybody would seem to be spared",
        f"map {table} (a .sql view of another file may do), or write a study that extends "
        f"{protocol.study} and whose outcomes count what is seen",
    )
