"""The settings of a run: config/config.yaml as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from leukocytosis.config.reading import read_text


def load_settings(path: Path) -> dict[str, Any]:
    """Return the sections of config.yaml; each is checked by who reads it."""
    return dict(yaml.safe_load(read_text(path)))
