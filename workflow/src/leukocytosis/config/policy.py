"""Disclosure policies: how small a count may leave."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from leukocytosis.config.reading import Document, Strict, build


class Policy(Strict):
    """What `release/` may show of an extract: counts from 1 to `min_count` − 1 are hidden."""

    policy: str
    title: str
    min_count: int = Field(ge=1)


def load_policy(path: Path) -> Policy:
    """Return a policy; ConfigError lists every problem of the file."""
    return build(Policy, Document(path))
