"""How a protocol takes over another, and an option a protocol: key by key, item by item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leukocytosis.config.reading import Document, Path_
from leukocytosis.errors import ConfigError, Problem, nearest

Items = list[dict[str, Any]]


def merge_extended(document: Document, seen: tuple[Path, ...] = ()) -> Any:
    """Return a document's data merged with what it extends; ConfigError when that is itself."""
    base_name = document.data.get("extends")
    if base_name is None:
        return document.data
    path = document.path.parent / f"{base_name}.yaml"
    if path in (*seen, document.path):
        raise ConfigError(Problem(document.place(("extends",)), "a protocol extends itself"))
    base = Document(path)
    inherited = merge_extended(base, (*seen, document.path))
    if "citation" in document.data:
        inherited = _of_another_paper(inherited, base_name)
    merged = merge(inherited, document.data, document)
    document.problems += base.problems
    return merged


def _of_another_paper(data: Any, study: str) -> Any:
    if isinstance(data, list):
        return [_of_another_paper(item, study) for item in data]
    if not isinstance(data, dict):
        return data
    changed = {key: _of_another_paper(value, study) for key, value in data.items()}
    for key, value in data.items():
        if key.endswith("basis"):
            changed[key] = "operationalised"
        elif key.endswith("source"):
            changed[key] = f"as in {study}: {value}"
    return changed


def merge(base: Any, over: Any, document: Document | None = None, at: Path_ = ()) -> Any:
    """Return `base` changed by `over`; what is dropped but not there is a problem of `document`."""
    if isinstance(base, list) and isinstance(over, dict) and over.keys() == {"then"}:
        return [*base, *over["then"]]
    if isinstance(base, dict) and isinstance(over, dict):
        changed = {k: merge(base[k], v, document, (*at, k)) for k, v in over.items() if k in base}
        return {**base, **over, **changed}
    if _by_id(base) and _by_id(over):
        return _merge_items(base, over, document, at)
    return over


def _by_id(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(i, dict) and "id" in i for i in items)


def _merge_items(base: Items, over: Items, document: Document | None, at: Path_) -> Items:
    merged = {item["id"]: item for item in base}
    for i, item in enumerate(over):
        name = item["id"]
        if not item.get("drop"):
            merged[name] = merge(merged.get(name, {}), item, document, (*at, i))
        elif merged.pop(name, None) is None and document:
            document.problems.append(
                Problem(
                    document.place((*at, i)),
                    f"drops '{name}', which is not there{nearest(name, merged)}",
                    "name an item of the protocol it extends",
                )
            )
    return list(merged.values())
