"""YAML with line numbers, and pydantic's complaints turned into problems a user can mend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from leukocytosis.errors import ConfigError, Problem, listed, nearest

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound="Strict")
# every job reads its protocol: libyaml takes a tenth of the time, where it is there
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Strict(BaseModel):
    """A frozen piece of configuration that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document:
    """A YAML file: its data, and the line on which each key or item stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        node = _compose(path)
        self._scalars = yaml.SafeLoader("")
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self.data: Any = self._walk(node, ())
        if not isinstance(self.data, dict):
            raise ConfigError(Problem(str(path), "is not a mapping of keys to values"))

    def _walk(self, node: yaml.Node, at: Path_) -> Any:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return {key: self._walk(value, (*at, key)) for key, value in self._pairs(node, at)}
        if isinstance(node, yaml.SequenceNode):
            return [self._walk(item, (*at, i)) for i, item in enumerate(node.value)]
        return self._scalars.construct_object(node)

    def _pairs(self, node: yaml.MappingNode, at: Path_) -> Iterator[tuple[str, yaml.Node]]:
        seen: set[str] = set()
        for key_node, value in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in seen:
                self.problems.append(
                    Problem(f"{self.path}:{line}", f"'{key}' is given twice", "keep one of them")
                )
            seen.add(key)
            self.lines[(*at, key)] = line
            yield key, value

    def place(self, at: Path_) -> str:
        """Return `file:line` of the longest known beginning of a path."""
        while at and at not in self.lines:
            at = at[:-1]
        return f"{self.path}:{self.lines.get(at, 1)}"


def _compose(path: Path) -> yaml.Node:
    try:
        node = yaml.compose(read_text(path), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            Problem(f"{path}:{line}", f"is not YAML: {error.problem}", "mend the syntax there")
        ) from error
    if node is None:
        raise ConfigError(Problem(str(path), "is empty"))
    return node


def read_text(path: Path) -> str:
    """Return a UTF-8 text (a BOM is dropped); ConfigError when it is missing or unreadable."""
    if not path.exists():
        siblings = [p.name for p in path.parent.glob("*")] if path.parent.exists() else []
        hint = nearest(path.name, siblings)
        raise ConfigError(
            Problem(str(path), f"does not exist{hint}", f"there is: {listed(sorted(siblings))}")
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            Problem(str(path), f"cannot be opened: {error.strerror}", "check permissions")
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            Problem(str(path), "cannot be read: it is not UTF-8", "save it as UTF-8")
        ) from error


def build(model: type[Model], document: Document, data: Any = None) -> Model:
    """Return the model built from a document; ConfigError with every problem it has."""
    problems = list(document.problems)
    try:
        built = model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        raise ConfigError(problems + list(_problems(error, model, document))) from error
    if problems:
        raise ConfigError(problems)
    return built


def without_faulty(data: Any, error: ConfigError) -> Any:
    """Return the data without the keys that `build` complained of, so that more can be read.

    What stands in place of a key left out is its default; where it has none, building fails again.
    """
    cause = error.__cause__
    faulty = (
        [_real_path(item["loc"], data) for item in cause.errors()]
        if isinstance(cause, ValidationError)
        else []
    )
    return _without(data, {path for path in faulty if path})


def _without(data: Any, paths: set[Path_]) -> Any:
    if isinstance(data, dict):
        kept = {key: value for key, value in data.items() if (key,) not in paths}
        return {key: _without(value, _below(paths, key)) for key, value in kept.items()}
    if isinstance(data, list):
        return [_without(value, _below(paths, i)) for i, value in enumerate(data)]
    return data


def _below(paths: set[Path_], part: str | int) -> set[Path_]:
    return {path[1:] for path in paths if len(path) > 1 and path[0] == part}


def _problems(
    error: ValidationError, model: type[BaseModel], document: Document
) -> Iterator[Problem]:
    for item in error.errors():
        at = _real_path(item["loc"], document.data)
        name = ".".join(str(part) for part in at) or "the file"
        kind, place = item["type"], document.place(at)
        if kind == "extra_forbidden":
            known = _keys_beside(model, at)
            yield Problem(
                place,
                f"unknown key '{name}'{nearest(str(at[-1]), known)}",
                f"known here: {listed(sorted(known), 20)}" if known else "remove it",
            )
        elif kind == "missing":
            yield Problem(place, f"'{name}' is missing", "add it")
        else:
            message = item["msg"].removeprefix("Value error, ")
            yield Problem(place, f"'{name}': {message[:1].lower()}{message[1:]}")


def _real_path(loc: tuple[str | int, ...], data: Any) -> Path_:
    """Drop what pydantic adds to a location (the tags of unions) and keep the file's own keys."""
    path: list[str | int] = []
    for i, part in enumerate(loc):
        here = isinstance(data, dict) and part in data
        there = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if here or there:
            data = data[part]
            path.append(part)
        elif i == len(loc) - 1:
            path.append(part)
    return tuple(path)


def _keys_beside(model: type[BaseModel], at: Path_) -> list[str]:
    """Return the keys a mapping may have, found by walking the models along the path."""
    models = [model]
    for part in at[:-1]:
        if isinstance(part, str):
            fields = [m.model_fields[part] for m in models if part in m.model_fields]
            models = [found for field in fields for found in _models_in(field.annotation)] or models
    return sorted({key for m in models for key in m.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments = getattr(annotation, "__args__", ())
    return [found for argument in arguments for found in _models_in(argument)]
