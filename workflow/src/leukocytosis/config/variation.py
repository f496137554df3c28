"""Protocols as they would be under other decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from leukocytosis.config.merging import merge
from leukocytosis.config.sensitivity import Change
from leukocytosis.errors import nearest

if TYPE_CHECKING:
    from leukocytosis.config.protocol import Protocol

BY_ID = ("evidence", "causes", "outcomes")


class Variations:
    """The variants of one protocol; a section is read once for each way in which it changes."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._sections: dict[tuple[str, str], Any] = {}

    def vary(self, changes: Sequence[Change]) -> Protocol:
        """Return the protocol with changes made one after the other, as by a chain of `extends`.

        ValueError with everything that is wrong when the result is no protocol.
        """
        parts: dict[str, list[Any]] = {}
        for change in changes:
            for name, part in change.sections.items():
                parts.setdefault(name, []).append(part)
        faults = [fault for name, found in parts.items() for fault in self._strangers(name, found)]
        if faults:
            raise ValueError("; ".join(faults))
        sections = {name: self._section(name, found) for name, found in parts.items()}
        # sections are frozen and typed already: only what holds between them is checked again
        return type(self.protocol)(**{**dict(self.protocol), **sections})

    def _section(self, name: str, parts: list[Any]) -> Any:
        key = (name, json.dumps(parts, sort_keys=True))
        if key not in self._sections:
            data = self.protocol.model_dump(mode="json", by_alias=True, include={name})[name]
            for part in parts:
                data = _reorder(data, part) if name == "precedence" else merge(data, part)
            kind: Any = type(self.protocol).model_fields[name].annotation
            self._sections[key] = TypeAdapter(kind).validate_python(data)
        return self._sections[key]

    def _strangers(self, name: str, parts: list[Any]) -> Iterator[str]:
        if name not in BY_ID:
            return
        known = {item.id for item in getattr(self.protocol, name)}
        named = [str(item.get("id", "(no id)")) for part in parts for item in part]
        yield from (
            f"{name}: '{i}' is not there{nearest(i, known)}: an option changes what the study has"
            for i in sorted({*named} - known)
        )


def _reorder(own: list[Any], order: list[Any]) -> list[Any]:
    """Return the option's order, then the study's own steps of the causes it does not name."""
    named = {step.get("cause") for step in order}
    return [*order, *(step for step in own if step["cause"] not in named)]


def find_faults(protocol: Protocol) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where in the protocol an option stands that makes no protocol, and why."""
    if protocol.sensitivity is None:
        return
    variations = Variations(protocol)
    for i, decision in enumerate(protocol.sensitivity.decisions):
        for j, option in enumerate(decision.options):
            try:
                variations.vary([option.change])
            except ValueError as error:
                at = ("sensitivity", "decisions", i, "options", j)
                yield at, f"option '{option.id}' of '{decision.id}': {_words(error)}"


def _words(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    told = []
    for item in error.errors():
        at = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        told.append(f"{at}: {message}" if at else message)
    return "; ".join(told)
