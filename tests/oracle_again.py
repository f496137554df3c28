"""Make R's numbers again where R is: the same script, the same machine-independent input."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest


def make_again(oracle: Path, folder: Path) -> None:
    """Run the script of an oracle into a folder; skip where R or a package of it is missing."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed here")
    made = subprocess.run(
        ["Rscript", str(oracle / "make_oracle.R"), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    missing = re.search(r"there is no package called .(\w+).", made.stderr)
    if missing:
        pytest.skip(f"R lacks the package {missing[1]} here")
    assert made.returncode == 0, made.stderr
