"""The works that the methods cite."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from leukocytosis.config.reading import Document, Strict, build

DOI = r"^10\.\d{4,9}/\S+$"


class Reference(Strict):
    """A work as a list of references prints it; `doi` is None where it has none."""

    authors: str
    title: str
    published: str
    doi: str | None = Field(pattern=DOI)

    def __str__(self) -> str:
        """Return authors, title, place and DOI, as medical journals print them."""
        doi = f" doi:{self.doi}" if self.doi else ""
        return f"{self.authors}. {self.title}. {self.published}.{doi}"


class References(Strict):
    """The works by the name a sentence cites them by: `[@name]`."""

    references: dict[str, Reference]


def load_references(path: Path) -> dict[str, Reference]:
    """Return the works a text may cite, by name; ConfigError lists every problem of the file."""
    return build(References, Document(path)).references
