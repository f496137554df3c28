"""What the bias analysis draws, and how right the rules are elsewhere where nobody read charts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem, nearest

Charts = dict[str, dict[str, int]]


class Accuracy(Strict):
    """Published accuracy of rules like ours: of the charts read, how many had which cause.

    `charts` maps a cause by the rules to the true causes of its charts, counted. A cause in
    `taken_as_right` was not studied and is taken to be without error; `why` says why.
    """

    accuracy: str
    title: str
    source: str
    charts: Charts
    taken_as_right: tuple[str, ...] = ()
    why: str = ""


class BiasSettings(Strict):
    """The section `bias` of config.yaml: how many draws and imputations."""

    draws: int = Field(default=1000, ge=100)
    imputations: int = Field(default=10, ge=2)


@dataclass(frozen=True)
class BiasPlan:
    """What a bias analysis needs to know beside the study's tables.

    `dates_shifted` says how dates were shifted, where they were: then no calendar year is known.
    """

    seed: int
    draws: int = 1000
    imputations: int = 10
    accuracy: Accuracy | None = None
    dates_shifted: str | None = None


def load_accuracy(path: Path, causes: Collection[str]) -> Accuracy:
    """Return a file of published accuracy; ConfigError lists every problem of it."""
    document = Document(path)
    accuracy = build(Accuracy, document)
    problems = [
        Problem(str(path), f"names the unknown cause '{name}'{nearest(name, causes)}")
        for name in _named(accuracy)
        if name not in causes
    ]
    if accuracy.accuracy != path.stem:
        problems.append(
            Problem(str(path), f"is named '{accuracy.accuracy}' inside", "use the file's name")
        )
    problems += [
        Problem(str(path), f"the charts of '{cause}' hold no or negative counts", "give counts")
        for cause, counts in accuracy.charts.items()
        if min(counts.values(), default=0) < 0 or not sum(counts.values())
    ]
    if accuracy.taken_as_right and not accuracy.why:
        problems.append(Problem(str(path), "takes causes as right without saying why", "add 'why'"))
    if problems:
        raise ConfigError(problems)
    return accuracy


def _named(accuracy: Accuracy) -> list[str]:
    true = {cause for counts in accuracy.charts.values() for cause in counts}
    return sorted({*accuracy.charts, *true, *accuracy.taken_as_right})


def load_bias_plan(config: Path, settings: Mapping[str, Any], causes: Collection[str]) -> BiasPlan:
    """Return the plan of a run.

    `settings` holds `seed`, the section `bias` of config.yaml, and what the manifest says:
    `accuracy`, the name of a file in config/accuracy, and `dates_shifted`.
    """
    asked = build(BiasSettings, Document(config / "config.yaml"), dict(settings.get("bias") or {}))
    name = settings.get("accuracy")
    accuracy = load_accuracy(config / "accuracy" / f"{name}.yaml", causes) if name else None
    return BiasPlan(
        settings["seed"], asked.draws, asked.imputations, accuracy, settings.get("dates_shifted")
    )
