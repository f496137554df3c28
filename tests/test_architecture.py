"""Who may import whom; small files; a lock in step. The design's rules, run."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "workflow/src/leukocytosis"
LEVELS = {
    "errors": 0, "tables": 0, "rounding": 0,
    "config": 1,
    "store": 2, "matching": 2, "provenance": 2, "disclosure": 2, "prose": 2,
    "standardise": 3, "cohort": 3, "causes": 3, "followup": 3, "synthetic": 3,
    "adjudication": 3,
    "describe": 4, "survival": 4, "scorecard": 4, "agreement": 4,
    "white_counts": 4,
    "attribution": 5, "review": 5, "validation": 5, "accuracy": 5, "strips": 5,
    "estimate": 5, "figures": 5, "report": 5, "documents": 5, "notebook": 5, "dataset": 5,
    "multiverse": 5, "drafting": 5,
    "crate": 5, "release": 6, "bench": 6, "explain": 6,
    "verify": 6,
    "bias": 5, "assess": 6,
    "cli": 7,
}  # fmt: skip
NEVER_EACH_OTHER = {3}
FROM_LOWER_ONLY = {4: 2}  # level 4 reads tables, never the rooms that made them


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            parts = node.module.split(".")
            if parts[0] == "leukocytosis":
                found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = path.relative_to(PACKAGE).parts[: -node.level]
            found.add(base[0] if base else (node.module or node.names[0].name).split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names if a.name.startswith("snakemake")}
    return found - {"__version__", room(path)}


SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.stem != "__init__"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    level = LEVELS[room(path)]
    for other in imported(path):
        assert other != "snakemake", f"{path.name} → snakemake"
        allowed = LEVELS[other] <= FROM_LOWER_ONLY.get(level, level)
        if level in NEVER_EACH_OTHER:
            allowed = LEVELS[other] < level
        assert allowed, f"{room(path)} (level {level}) → {other} (level {LEVELS[other]})"


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/scripts").glob("*.py")), ids=str)
def test_scripts_stay_thin(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 25


def test_conda_environment_matches_the_lock() -> None:
    pinned = dict(
        re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / "requirements.lock").read_text(), re.M)
    )
    named = re.findall(r"- ([a-z0-9._-]+)==(\S+)", (ROOT / "envs/leukocytosis.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {name for name, _ in named} == {re.split("[=<>]", d)[0] for d in project}
    assert {name: pinned[name] for name, _ in named} == dict(named)


@pytest.mark.parametrize("lock", ["requirements.lock", "envs/uv.lock", "envs/build.lock"])
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "http" not in text and "file:" not in text
    packages = re.findall(r"^[a-z0-9._-]+==.*?(?=^[a-z]|\Z)", text, re.M | re.S)
    assert packages and all("--hash=sha256:" in package for package in packages)
