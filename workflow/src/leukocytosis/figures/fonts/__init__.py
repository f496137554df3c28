"""Liberation Sans (metric-compatible with Arial), carried along: the same glyphs everywhere.

Its licence stands beside the files.
"""

from __future__ import annotations

import base64
import io
import re
from functools import cache
from pathlib import Path

FAMILY = "Liberation Sans"
FOLDER = Path(__file__).parent
FACES = {
    ("normal", "normal"): "LiberationSans-Regular.ttf",
    ("bold", "normal"): "LiberationSans-Bold.ttf",
    ("normal", "italic"): "LiberationSans-Italic.ttf",
}  # by weight and style
TEXT = re.compile(r'<text style="([^"]*)"[^>]*>([^<]*)</text>')
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"'}
EMBEDDED = re.compile(r"<style[^>]*>@font-face.*?</style>\n?", re.DOTALL)


@cache  # matplotlib keeps what it is told for the life of the process
def register_fonts() -> None:
    """Tell matplotlib to take the house's font from here, and from nowhere else.

    The machine may have another version of the same name, with fewer glyphs.
    """
    from matplotlib.font_manager import fontManager

    fontManager.ttflist = [entry for entry in fontManager.ttflist if entry.name != FAMILY]
    for name in FACES.values():
        fontManager.addfont(FOLDER / name)


def embed_fonts(svg: str) -> str:
    """Return an SVG that carries the glyphs its texts use, as TrueType."""
    head = svg.index(">", svg.index("<svg")) + 1
    return f'{svg[:head]}\n <style type="text/css">{describe_faces(svg)}</style>{svg[head:]}'


def drop_fonts(svg: str) -> str:
    """Return an SVG without the glyphs it carries, for a page that has them already."""
    return EMBEDDED.sub("", svg)


def describe_faces(svg: str) -> str:
    """Return the CSS that gives a page the glyphs of the texts in its SVGs."""
    used: dict[tuple[str, str], set[str]] = {}
    for style, words in TEXT.findall(svg):
        weight = "bold" if "bold" in style or "700" in style else "normal"
        slant = "italic" if "italic" in style else "normal"
        used.setdefault((weight, slant), set()).update(_read(words))
    return "".join(_describe_face(*face, "".join(sorted(used[face]))) for face in sorted(used))


def _read(words: str) -> str:
    for entity, letter in ENTITIES.items():
        words = words.replace(entity, letter)
    return words


def _describe_face(weight: str, style: str, letters: str) -> str:
    data = base64.b64encode(_subset(FACES[weight, style], letters)).decode("ascii")
    source = f"url(data:font/ttf;base64,{data}) format('truetype')"
    return (
        f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};font-style:{style};src:{source}}}"
    )


@cache  # figures of a release share most of their letters
def _subset(name: str, letters: str) -> bytes:
    from fontTools import subset

    options = subset.Options(hinting=False, layout_features=["kern"], name_IDs=[0, 1, 2, 13, 14])
    options.drop_tables += ["FFTM"]  # the font editor's own time stamp
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=letters)
    made = io.BytesIO()
    with subset.load_font(str(FOLDER / name), options) as font:
        subsetter.subset(font)
        subset.save_font(font, made, options)
    return made.getvalue()
