"""The file of a study: its protocol, read with every problem it has.

A protocol may extend another: mappings are merged key by key, lists of items with an `id` item by
item (`{id: …, drop: true}` leaves the item out), any other list is replaced, or lengthened by
`{then: […]}`. What a study with a paper of its own inherits is not stated by its paper: it is
operationalised, and its source says where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from leukocytosis.config.codelist import Codelist
from leukocytosis.config.design import find_design_faults
from leukocytosis.config.merging import merge_extended
from leukocytosis.config.protocol import Protocol
from leukocytosis.config.reading import Document, build, without_faulty
from leukocytosis.config.variation import find_faults
from leukocytosis.errors import ConfigError, DesignError, Problem, listed, nearest


def load_protocol(path: Path, known_codelists: Mapping[str, Codelist] | None = None) -> Protocol:
    """Return a protocol, merged with what it extends; ConfigError lists every problem.

    DesignError (a ConfigError) when all that is wrong is what became known after day 0.
    With `known_codelists`, a codelist that does not exist, or that holds no code of a system the
    protocol could look for, is a problem too.
    """
    document = Document(path)
    protocol, problems = _read(document)
    if protocol is None:
        raise ConfigError(problems)
    if protocol.study != path.stem:
        problems.append(
            Problem(str(path), f"names the study '{protocol.study}'", "use the file's name")
        )
    problems += [
        Problem(document.place(at), what, "mend the option, or leave it out")
        for at, what in find_faults(protocol)
    ]
    if known_codelists is not None:
        problems += _codelist_problems(path, protocol, known_codelists)
    unfair = list(find_design_faults(protocol, document))
    if unfair and not problems:
        raise DesignError(unfair)
    if problems:
        raise ConfigError([*problems, *unfair])
    return protocol


def _read(document: Document) -> tuple[Protocol | None, list[Problem]]:
    """Return the protocol as far as it can be read, and what is wrong with it."""
    data = merge_extended(document)
    try:
        return build(Protocol, document, data), []
    except ConfigError as error:
        # a window that runs backwards must not hide what else is wrong: read on without it
        problems = list(error.problems)
        forwards = _without_backward_windows(data)
        protocol, more = _read_on(document, forwards)
        problems += [problem for problem in more if problem not in problems]
        if protocol is None:  # nor must a key of a wrong type
            protocol, more = _read_without(document, forwards, error)
            problems += [problem for problem in more if problem not in problems]
        return protocol, problems


def _read_on(document: Document, data: Any) -> tuple[Protocol | None, list[Problem]]:
    try:
        return build(Protocol, document, data), []
    except ConfigError as error:
        return None, list(error.problems)


def _read_without(
    document: Document, data: Any, error: ConfigError
) -> tuple[Protocol | None, list[Problem]]:
    """Return the protocol without the keys that were complained of; None where it needs them.

    Then with its contradictions as a whole, if it came so far; the complaint of a single key now
    follows from what was left out.
    """
    protocol, problems = _read_on(document, without_faulty(data, error))
    whole = document.place(())
    return protocol, [problem for problem in problems if problem.place == whole]


def _without_backward_windows(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_backward_windows(item) for item in data]
    if not isinstance(data, dict):
        return data
    first, last = data.get("from_day"), data.get("to_day")
    if isinstance(first, int) and isinstance(last, int) and first > last:
        return {**data, "from_day": None}
    return {key: _without_backward_windows(value) for key, value in data.items()}


def _codelist_problems(
    path: Path, protocol: Protocol, known: Mapping[str, Codelist]
) -> Iterator[Problem]:
    uses = sorted(protocol.codelists())
    for name in sorted({name for name, _ in uses} - set(known)):
        yield Problem(
            str(path),
            f"uses codelist '{name}', which does not exist{nearest(name, known)}",
            "add the CSV to config/codelists/",
        )
    for name, systems in uses:
        if name in known and not known[name].of(*systems):
            held = sorted({entry.code_system for entry in known[name].entries})
            yield Problem(
                str(path),
                f"looks for codes of {listed(sorted(set(systems)))} in the codelist '{name}', "
                f"which holds only {listed(held)}",
                "name a list of that system",
            )
