"""Digests of code, configuration and files, so that a change re-runs the right steps."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

PACKAGE = Path(__file__).parent.parent


def digest_code(*rooms: str) -> str:
    """Return modules or packages of ours, and a digest of them and of all of ours they import.

    Snakemake sees an edit to a rule's script, not to what the script imports; rules carry this.
    It names its rooms, so that whoever reads it in a file can make it again.
    """
    sources = set().union(*(find_sources(room) for room in rooms))
    return f"{' '.join(rooms)} {_hash(path.read_bytes() for path in sorted(sources))}"


def digest_package() -> str:
    """Return the SHA-256 of the names and bytes of all source files of the package."""
    files = sorted(p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix != ".pyc")
    named = [[p.relative_to(PACKAGE).as_posix(), digest_file(p)] for p in files]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def find_sources(room: str) -> set[Path]:
    """Return the source files (and templates) of a room and of every room it imports."""
    waiting, found = [*_files_of(room)], set[Path]()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".py":
            waiting += [file for name in _find_imports(path) for file in _files_of(name)]
    return found


def _files_of(dotted: str) -> list[Path]:
    place = PACKAGE.joinpath(*dotted.split("."))
    if place.is_dir():
        return [p for p in place.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    file = place.with_suffix(".py")
    return (
        [file] if file.exists() else _files_of(dotted.rpartition(".")[0]) if "." in dotted else []
    )


@cache  # every rule asks for much the same files, and a run of Snakemake edits none
def _find_imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    own = PACKAGE.name + "."
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            here = path.relative_to(PACKAGE).parts[: -node.level]
            yield ".".join([*here, *([node.module] if node.module else [])])
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(own):
            yield str(node.module).removeprefix(own)
            yield from (f"{str(node.module).removeprefix(own)}.{a.name}" for a in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix(own) for a in node.names if a.name.startswith(own))


def digest_files(paths: Iterable[Path | str], by: Literal["content", "size"] = "content") -> str:
    """Return a digest of files: of their bytes, or (large raw files) of their names and sizes."""
    files = sorted(Path(path) for path in paths)
    if by == "content":
        return _hash(path.read_bytes() for path in files)
    sizes = [(path.name, path.stat().st_size if path.exists() else None) for path in files]
    return digest_value(sizes)


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_value(value: Any) -> str:
    """Return a digest of anything JSON can hold."""
    return _hash([json.dumps(value, sort_keys=True).encode()])


def _hash(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]
