"""The known truth that `make assess` draws cohorts from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from leukocytosis.config.protocol import Protocol
from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem, nearest


class Assessment(Strict):
    """The section `assess` of config.yaml.

    `patients` gives how many patients have each true cause (drawn around these numbers), `risks`
    the risk of each cause group at the horizon of the primary outcome, with a constant hazard, at
    62 years of age. `log_hazard_per_10_years` is what age does, `lost_share` how many are lost
    before the horizon. `cohorts` are drawn with this truth and as many without any difference,
    `extracts` through all stages; `draws` is the number of redrawn causes in each cohort.
    """

    cohorts: int = Field(default=200, ge=2)
    extracts: int = Field(default=5, ge=0)
    draws: int = Field(default=200, ge=100)
    patients: dict[str, int]
    risks: dict[str, float]
    log_hazard_per_10_years: float = 0.2
    lost_share: float = Field(default=0.05, ge=0, lt=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not all(0 < risk < 1 for risk in self.risks.values()):
            raise ValueError("risks lie between 0 and 1, the ends left out")
        if min(self.patients.values(), default=0) < 1:
            raise ValueError("every cause named under patients needs at least one")
        return self


def load_assessment(path: Path, protocol: Protocol, **overriding: Any) -> Assessment:
    """Return the section `assess` of config.yaml; ConfigError when it does not fit the protocol."""
    document = Document(path)
    given = {name: value for name, value in overriding.items() if value is not None}
    found = build(Assessment, document, {**(document.data.get("assess") or {}), **given})
    groups = {cause.group for cause in protocol.causes if cause.id in found.patients}
    problems = [
        *_unknown(path, "patients", found.patients, {cause.id for cause in protocol.causes}),
        *_unknown(path, "risks", found.risks, set(protocol.analyses.groups)),
        *(
            Problem(str(path), f"assess: no risk is given for the group '{group}'", "add it")
            for group in sorted(groups - set(found.risks))
        ),
    ]
    if problems:
        raise ConfigError(problems)
    return found


def _unknown(
    path: Path, section: str, named: Collection[str], known: Collection[str]
) -> list[Problem]:
    return [
        Problem(str(path), f"assess: {section} names the unknown '{name}'{nearest(name, known)}")
        for name in sorted(named)
        if name not in known
    ]
