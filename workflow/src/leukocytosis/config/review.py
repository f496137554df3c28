"""Chart review: how charts are drawn and shown, and where the answers are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from leukocytosis.config.reading import Document, Strict, build


class ReviewPlan(Strict):
    """How charts are drawn and shown.

    `n` charts, drawn at `random`, `stratified` by the rules' cause (as evenly as its sizes allow),
    or `active`: those whose label would move the estimates most. Reviewers are always blind to the
    outcome, and to the rules' answers unless `blind` says `outcome` alone.
    """

    n: int = Field(default=60, ge=1)
    sampling: Literal["random", "stratified", "active"] = "stratified"
    blind: Literal["outcome", "outcome_and_rules"] = "outcome_and_rules"


class Reviews(Strict):
    """The answers to one draw of charts, as files under the manifest's root or its folder.

    `key` is the file that `make review` wrote beside the charts; `consensus` holds what the
    reviewers settled on where they disagreed. Only with `use_adjudicated` does a settled cause
    stand in place of that of the rules.
    """

    key: str
    files: tuple[str, ...] = Field(min_length=1)
    consensus: str | None = None
    use_adjudicated: bool = False

    @model_validator(mode="after")
    def _inside(self) -> Self:
        outside = [p for p in self.paths if Path(p).is_absolute() or ".." in Path(p).parts]
        if outside:
            raise ValueError(
                f"{', '.join(outside)}: review files lie under the extract's root or beside its "
                "manifest; give the path from there"
            )
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every file named."""
        return (self.key, *self.files, *([self.consensus] if self.consensus else []))


def load_plan(path: Path, values: Mapping[str, Any]) -> ReviewPlan:
    """Return the plan of the `review` section of config.yaml; ConfigError when it is wrong."""
    return build(ReviewPlan, Document(path), dict(values))


def find_review_file(name: str, root: Path, folder: Path) -> Path:
    """Return where a review file is: under the extract's root, else beside its manifest."""
    inside = root / name
    return inside if inside.exists() else folder / name
