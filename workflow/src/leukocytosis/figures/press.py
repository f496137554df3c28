"""The one way figures leave: PDF, SVG, PNG and TIFF, the same bytes on every run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis.figures.fonts import embed_fonts
from leukocytosis.figures.style import MARK, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

DPI = 600
NO_DATE: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "svg": {"Date": None, "Creator": None},
}
RECORD = {"pdf": "Keywords", "svg": "Description"}
DESCRIPTION = 270  # TIFF's tag ImageDescription
KINDS = ("pdf", "svg", "png", "tiff")


def mark_figure(figure: Figure, mark: str | None) -> None:
    """Print a mark such as `synthetic` in the upper right corner, once."""
    if mark and mark not in {text.get_text() for text in figure.texts}:
        with styled():
            figure.text(0.995, 0.995, mark, ha="right", va="top", color=MARK, weight="bold")


def render_svg(figure: Figure, title: str, mark: str | None, record: str | None = None) -> str:
    """Return the SVG text of a figure, with the glyphs it uses."""
    mark_figure(figure, mark)
    return embed_fonts(_render_vector(figure, "svg", _titled(title, mark), record).decode("utf-8"))


def save_figure(
    figure: Figure,
    folder: Path,
    name: str,
    mark: str | None,
    *,
    record: str | None = None,
    dpi: int = DPI,
) -> tuple[Path, ...]:
    """Write `name`.pdf, .svg, .png and .tiff into a folder; return their paths.

    `record` says what the figure was made from and is kept in each file's own metadata.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark_figure(figure, mark)
    title = _titled(name, mark)
    image = _paint(figure, dpi)
    files = {
        "pdf": _render_vector(figure, "pdf", title, record),
        "svg": render_svg(figure, name, mark, record).encode("utf-8"),
        "png": _render_png(image, dpi, title, record),
        "tiff": _render_tiff(image, dpi, title, record),
    }
    paths = []
    for kind, content in files.items():
        paths.append(folder / f"{name}.{kind}")
        paths[-1].write_bytes(content)
    return tuple(paths)


def _render_vector(figure: Figure, kind: str, title: str, record: str | None) -> bytes:
    kept = {RECORD[kind]: record} if record else {}
    made = io.BytesIO()
    with styled():
        figure.savefig(made, format=kind, metadata={**NO_DATE[kind], "Title": title, **kept})
    return made.getvalue()


def _paint(figure: Figure, dpi: int) -> Image:
    """Return the figure as an image without transparency, which journals refuse."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with styled():
        figure.set_dpi(dpi)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    size = canvas.get_width_height()
    return Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")


def _render_png(image: Image, dpi: int, title: str, record: str | None) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    kept = PngInfo()
    kept.add_text("Title", title)
    if record:
        kept.add_text("Description", record)
    made = io.BytesIO()
    # a level above 1 takes longer than all drawing, for a quarter less bytes
    image.save(made, "png", compress_level=1, dpi=(dpi, dpi), pnginfo=kept)
    return made.getvalue()


def _render_tiff(image: Image, dpi: int, title: str, record: str | None) -> bytes:
    words = f"{title}; {record}" if record else title
    kept = {DESCRIPTION: words.encode("ascii", "replace").decode("ascii")}  # TIFF knows no other
    made = io.BytesIO()
    image.save(made, "tiff", compression="tiff_lzw", dpi=(dpi, dpi), tiffinfo=kept)
    return made.getvalue()


def _titled(name: str, mark: str | None) -> str:
    return f"{name} ({mark})" if mark else name
