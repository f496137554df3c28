"""`make` on a machine that is not ready says so, and takes up what an older Python left."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from conftest import ROOT

NEEDED = ("Makefile", "requirements.lock", "envs", "pyproject.toml")


def setup(folder: Path) -> str:
    environment = os.environ | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(
        ["make", "setup"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode
    return " ".join(made.stderr.split())


def write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_an_old_python_or_one_without_venv_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    for part in NEEDED:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    write_script(tmp_path / "bin/python3", "exit 1")
    write_script(tmp_path / ".venv/bin/python", "exit 1")  # what an older Python made
    write_script(tmp_path / ".venv/bin/python3", "exit 1")
    told = setup(tmp_path)
    assert "python3 is not Python 3.11 or newer. Way out: install one" in told
    assert not (tmp_path / ".venv").exists()
    half = 'test "$1" = -c && exit 0; mkdir -p .venv/bin; echo "No module named venv" >&2; exit 1'
    write_script(tmp_path / "bin/python3", half)
    assert "No module named venv" in setup(tmp_path)
    assert not (tmp_path / ".venv").exists()
