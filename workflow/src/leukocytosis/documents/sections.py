"""Which numbers a section of the protocol holds, and whether a sentence made from it has others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from leukocytosis.config import Protocol
from leukocytosis.errors import Problem, TextError
from leukocytosis.prose.citations import drop_citations
from leukocytosis.prose.settings import LEVEL, SETTINGS

UNIT = "×10⁹/L"  # its ten is no number of a study
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
INDEX_DAY = 0.0


def check_sentence(
    protocol: Protocol, text: str, keys: Iterable[str], settings: Iterable[str], place: str
) -> None:
    """Raise TextError for each number of a sentence that none of its keys or settings holds.

    The level of every interval (95 %) and the index day (0) need no key.
    """
    known = {float(LEVEL), INDEX_DAY, *(float(SETTINGS[name]) for name in settings)}
    for key in keys:
        known |= set(find_numbers(find_section(protocol, key)))
    strange = [number for number in _read_numbers(drop_citations(text)) if number not in known]
    if strange:
        raise TextError(
            Problem(
                place,
                f"the number {number:g} is not in {', '.join(keys) or 'the protocol'}",
                "take it from the protocol, or from prose.settings",
            )
            for number in strange
        )


def find_section(protocol: Protocol, key: str) -> Any:
    """Return the part of a protocol that a key names: `evidence.infection_code.window`.

    An item of a list is named by its id. KeyError when there is none.
    """
    section: Any = protocol.model_dump(mode="json")
    for part in key.split("."):
        if isinstance(section, list):
            section = {item["id"]: item for item in section}
        section = section[part]
    return section


def find_numbers(section: Any) -> Iterator[float]:
    """Yield every number of a section: values (days without their sign), in words, list lengths."""
    if isinstance(section, dict):
        for value in section.values():
            yield from find_numbers(value)
    elif isinstance(section, list):
        yield float(len(section))
        for value in section:
            yield from find_numbers(value)
    elif isinstance(section, str):
        yield from _read_numbers(section)
    elif isinstance(section, int | float) and not isinstance(section, bool):
        yield abs(float(section))


def _read_numbers(text: str) -> list[float]:
    found = NUMBER.findall(text.replace(UNIT, ""))
    return [float(number.replace(",", "")) for number in found]
