"""The protocol's keys a number depends on, with value, basis and source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.prose import describe_protocol

COHORT = ("index", "population")
MANY = 8  # items of a list are told one by one up to here
OWN = ("id", "title", "basis", "source")


def list_keys(protocol: Protocol, keys: tuple[str, ...], outcome_id: str) -> Iterator[str]:
    """Yield a line for each key of the protocol: path, value, basis and source.

    `{outcome}` in a key is the outcome of the row; a row of none depends on all of them.
    """
    outcome = outcome_id.partition(":")[0]
    known = outcome in {o.id for o in protocol.outcomes}
    for key in dict.fromkeys((*COHORT, *keys)):
        if key == "precedence":
            yield from _describe_precedence(protocol)
            continue
        path = key.replace("{outcome}", outcome) if known else key.replace(".{outcome}", "")
        value: Any = protocol.model_dump(mode="json")
        for part in path.split("."):
            value = _step(value, part)
        yield from _describe(path, value)


def _describe_precedence(protocol: Protocol) -> Iterator[str]:
    for said in describe_protocol(protocol):
        if said.topic == "precedence":
            yield f"precedence: {said.text} [{said.basis}; {said.source}]"


def _step(value: Any, part: str) -> Any:
    if isinstance(value, list):
        return next((item for item in value if item["id"] == part), None)
    return value.get(part) if isinstance(value, dict) else None


def _describe(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, list) and value and isinstance(value[0], dict) and "basis" in value[0]:
        if len(value) > MANY:
            stated = sum(item["basis"] == "stated" for item in value)
            yield (
                f"{path}: {len(value)}, {stated} stated and {len(value) - stated} "
                "operationalised; `leukocytosis explain ID` says each"
            )
            return
        for item in value:
            yield from _describe(f"{path}.{item['id']}", item)
    elif isinstance(value, dict) and "basis" in value:
        words = value.get("title") or _compact({k: v for k, v in value.items() if k not in OWN})
        yield f"{path}: {words} [{value['basis']}; {value['source']}]"
    elif isinstance(value, dict) and any(_has_basis(part) for part in value.values()):
        for part, inner in value.items():
            if inner not in (None, [], {}):
                yield from _describe(f"{path}.{part}", inner)
    else:
        yield f"{path}: {_compact(value)} [operationalised; the protocol names no source]"


def _has_basis(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_basis(item) for item in value)
    return isinstance(value, dict) and ("basis" in value or any(map(_has_basis, value.values())))


def _compact(value: Any) -> str:
    if isinstance(value, Mapping):
        value = {k: v for k, v in value.items() if v not in (None, False, [], {})}
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
