"""What the pages of a release say, beside what they say made again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from leukocytosis.verify.compare import Tally

KINDS = (".html", ".txt", ".md", ".tex", ".csv")
# compared by their rows, or by hash; the guide to the files tells no number
APART = ("figures", "tables", "workflow", "README.txt")


def compare_pages(release: Path, again: Path) -> Tally:
    """Compare the lines of report, headlines and manuscript; no line of two pages is told whole."""
    tally = Tally("lines of pages")
    names = {page for folder in (release, again) for page in _find_pages(folder)}
    for name in sorted(names):
        pages = [list(read_words(folder / name)) for folder in (release, again)]
        for number, (old, new) in enumerate(zip_longest(*pages), start=1):
            if old == new:
                tally.equal += 1
            else:
                tally.note(f"{name}, line {number} of its words", old, new)
    return tally


def _find_pages(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.suffix in KINDS and place.parts[0] not in APART:
            yield place.as_posix()


def read_words(path: Path) -> Iterator[str]:
    """Yield the lines of a page as its readers see it; of HTML without pictures and tags."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = re.sub(r"<(style|script|svg)\b.*?</\1>", "", text, flags=re.DOTALL)
        text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    for line in text.splitlines():
        if words := " ".join(line.split()):
            yield words
