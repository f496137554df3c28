"""Citations: `[@name; @other]` in a sentence becomes `[1, 2]`, numbered as they are first cited."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leukocytosis.config import Reference
from leukocytosis.errors import Problem, TextError, nearest

CITED = re.compile(r" \[(@[\w-]+(?:; @[\w-]+)*)\]")


@dataclass
class Citations:
    """Numbers works in the order in which texts cite them."""

    works: Mapping[str, Reference]
    cited: list[str] = field(default_factory=list)

    def number(self, text: str) -> str:
        """Return a text with numbers for names; TextError for a work that is not listed."""
        unknown = [name for name in find_cited(text) if name not in self.works]
        if unknown:
            raise TextError(
                Problem(
                    "references",
                    f"'@{name}' is cited and not listed{nearest(name, self.works)}",
                    "list it in config/texts/references.yaml",
                )
                for name in unknown
            )
        return CITED.sub(lambda found: f" [{self._numbers(found[1])}]", text)

    def _numbers(self, names: str) -> str:
        return ", ".join(str(self._number(name.removeprefix("@"))) for name in names.split("; "))

    def _number(self, name: str) -> int:
        if name not in self.cited:
            self.cited.append(name)
        return self.cited.index(name) + 1

    @property
    def references(self) -> tuple[str, ...]:
        """Return the works cited so far as a list of references prints them."""
        return tuple(str(self.works[name]) for name in self.cited)


def find_cited(text: str) -> Sequence[str]:
    """Return the names of the works a text cites, as often as it does."""
    groups = CITED.findall(text)
    return [name.removeprefix("@") for group in groups for name in group.split("; ")]


def drop_citations(text: str) -> str:
    """Return a text without its citations."""
    return CITED.sub("", text)
