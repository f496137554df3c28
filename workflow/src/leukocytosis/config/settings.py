"""What a run does: config.yaml, and what `--config` puts in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, field_validator

from leukocytosis.config.assess import Assessment
from leukocytosis.config.bias import BiasSettings
from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.config.review import ReviewPlan
from leukocytosis.errors import ConfigError, Problem, listed, nearest


class Settings(Strict):
    """The keys of config.yaml."""

    # Snakemake reads `--config extract=2019` as a number
    model_config = ConfigDict(coerce_numbers_to_str=True)

    study: str
    extract: str
    seed: int = Field(ge=0)
    journal: str
    bias: BiasSettings
    assess: Assessment
    review: ReviewPlan

    @field_validator("study", "extract")
    @classmethod
    def _name_of_a_file(cls, name: str) -> str:
        if not re.fullmatch("[a-z0-9_]+", name):
            raise ValueError("is named with a-z, 0-9 and _ alone: rename its file so")
        return name


def load_settings(path: Path, overriding: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings of a run; ConfigError lists every problem of them.

    `overriding` holds what `--config` gives, which Snakemake merges into the file's sections.
    """
    document = Document(path)
    settings = build(Settings, document)
    _check_journal(settings, document.place(("journal",)), path.parent)
    if not overriding:
        return settings
    try:
        settings = build(Settings, document, _merge(document.data, overriding))
    except ConfigError as error:  # the file by itself is right
        said = [Problem("--config", each.problem, each.way_out) for each in error.problems]
        raise ConfigError(said) from None
    _check_journal(settings, "--config", path.parent)
    return settings


def _check_journal(settings: Settings, place: str, config: Path) -> None:
    known = sorted(file.stem for file in (config / "journals").glob("*.yaml"))
    if settings.journal not in known:
        words = f"names the unknown journal '{settings.journal}'{nearest(settings.journal, known)}"
        raise ConfigError(Problem(place, words, f"there is: {listed(known)}"))


def _merge(data: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with what is given over it, section by section."""
    sections = {
        key: _merge(data[key], value)
        for key, value in over.items()
        if isinstance(value, Mapping) and isinstance(data.get(key), Mapping)
    }
    return {**data, **over, **sections}
