"""The run's own settings, `config/config.yaml`: what no study and no extract decides."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from leukocytosis.config.reading import Document, Strict, build


class Review(Strict):
    """A chart review: how many charts, how they are chosen, and what reviewers do not see.

    Records after day `until_day` are never shown; a later end would tell who lived.
    """

    n: int = Field(default=40, ge=1)
    sampling: Literal["random", "stratified", "active"] = "stratified"
    blind_to_rules: bool = True
    until_day: int = Field(default=14, ge=0)


class Settings(Strict):
    """What a run does when nothing else is asked: study, extract, the seed of every draw."""

    study: str
    extract: str
    seed: int
    review: Review = Review()


def load_settings(path: Path) -> Settings:
    """Return the settings; ConfigError lists every problem of the file."""
    return build(Settings, Document(path))
