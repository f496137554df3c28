"""A text filled in from its template: every number bound, every work cited listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from leukocytosis.config import Reference
from leukocytosis.documents.binding import Binder, Bound, check_bound, find_bound, unmark
from leukocytosis.errors import Problem, TextError
from leukocytosis.prose import Citations


@dataclass(frozen=True)
class Text:
    """A filled-in text in Markdown, what each number in it is bound to, and the works it cites.

    Both in reading order.
    """

    markdown: str
    bound: tuple[Bound, ...]
    references: tuple[str, ...] = ()


def fill(
    template: str,
    functions: Mapping[str, Callable[..., Any]],
    binder: Binder,
    place: str,
    works: Mapping[str, Reference] | None = None,
) -> Text:
    """Return a template (jinja in Markdown) filled in; the functions mark words with the binder.

    TextError when a number is bound to nothing, a function or a row does not exist, or a work is
    cited that is not listed.
    """
    from jinja2 import Environment, StrictUndefined, TemplateError

    jinja = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    try:
        filled = jinja.from_string(template).render(functions)
    except (TemplateError, TypeError) as error:
        way_out = f"functions: {', '.join(sorted(functions))}"
        raise TextError(Problem(place, str(error), way_out)) from error
    check_bound(filled, place)
    citations = Citations(works or {})
    markdown = _tidy(unmark(citations.number(filled)))
    bound = [replace(b, words=citations.number(b.words)) for b in find_bound(filled, binder)]
    return Text(markdown, tuple(bound), citations.references)


def _tidy(markdown: str) -> str:
    """Return Markdown with one empty line between blocks, and none within a list."""
    lines: list[str] = []
    for line in markdown.splitlines():
        if line.startswith("- ") and len(lines) > 1 and not lines[-1] and lines[-2][:2] == "- ":
            lines.pop()
        if line or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).rstrip() + "\n"
