"""CITATION.cff against the keys that the schema of version 1.2.0 asks for and allows."""

from __future__ import annotations

import re
import tomllib

import yaml
from conftest import ROOT

from leukocytosis import __version__
from leukocytosis.crate import PUBLISHED

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ASKED = {"cff-version", "message", "title", "authors"}
ALLOWED = ASKED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version",
}  # fmt: skip
PERSON = {"family-names", "given-names", "name-particle", "name-suffix", "orcid", "affiliation"}


def test_the_citation_has_the_keys_of_its_schema() -> None:
    assert CITED.keys() >= ASKED and CITED.keys() <= ALLOWED
    assert CITED["cff-version"] == "1.2.0" and CITED["type"] == "software"
    for work in (CITED, *CITED["references"]):
        assert {"authors", "title"} <= work.keys() and "type" in work
        for author in work["authors"]:
            assert "name" in author or (author.keys() <= PERSON and "family-names" in author)
    for work in CITED["references"]:
        assert re.fullmatch(r"10\.\d{4,}/\S+", work["doi"])


def test_the_citation_is_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CITED["version"] == project["version"] == __version__
    assert CITED["license"] == project["license"]
    assert str(CITED["date-released"]) == PUBLISHED
