"""Figures as they leave: widths in millimetres, type in points, fonts embedded, no transparency."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from pathlib import Path

import pytest
import report_fixtures as fixtures
from fontTools.ttLib import TTFont
from geometry import find_words, lay_out
from matplotlib.figure import Figure
from PIL import Image
from test_figures import ALL

from leukocytosis.config import load_journal, load_page
from leukocytosis.errors import ConfigError
from leukocytosis.figures import save_figure
from leukocytosis.figures.columns import MM_PER_INCH
from leukocytosis.figures.press import mark_figure
from leukocytosis.figures.style import draw_words
from leukocytosis.report import ReportInputs
from leukocytosis.report.drawing import Drawing, fit_drawing, write_drawing
from leukocytosis.report.drawings import draw_all

FOLDER = Path("config/journals")
FEW = 60  # dots to the inch
HOUSE = load_journal(FOLDER / "house.yaml")
RECORD = "code 0123; inputs 4567"


@pytest.fixture(scope="module")
def register(
    synthetic: ReportInputs, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Figure]]:
    """Every figure of the register, written twice (few dots, to be quick), drawn anew each time."""
    folder, page = tmp_path_factory.mktemp("register"), load_page(FOLDER, "elsevier")
    for place in ("one", "two"):
        figures = {}
        for drawing in draw_all(synthetic):
            fit_drawing(drawing, synthetic.mark, page)
            figures[drawing.name] = drawing.figure
            save_figure(drawing.figure, folder / place, drawing.name, synthetic.mark, dpi=FEW)
    return folder, figures


def test_every_figure_drawn_again_leaves_the_same_bytes(
    register: tuple[Path, dict[str, Figure]],
) -> None:
    folder, figures = register
    one, two = (sorted((folder / place).iterdir()) for place in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert len(one) == 4 * len(figures)
    assert [a.name for a, b in zip(one, two, strict=True) if a.read_bytes() != b.read_bytes()] == []


def test_every_raster_has_the_size_its_dots_to_the_inch_promise(
    register: tuple[Path, dict[str, Figure]],
) -> None:
    folder, figures = register
    for name, figure in figures.items():
        for kind in ("png", "tiff"):
            with Image.open(folder / "one" / f"{name}.{kind}") as image:
                assert image.mode == "RGB"
                assert image.info["dpi"] == pytest.approx((FEW, FEW), abs=0.1)
                assert image.size == pytest.approx(figure.get_size_inches() * FEW, abs=1), name


def test_every_pdf_sets_its_words_in_embedded_truetype(
    register: tuple[Path, dict[str, Figure]],
) -> None:
    folder, figures = register
    for name in figures:
        pdf = (folder / "one" / f"{name}.pdf").read_bytes()
        assert describe_fonts(pdf) <= {b"TrueType", b"CIDFontType2", b"Type0"}, name
        assert pdf.count(b"/FontFile2") == pdf.count(b"/Type /FontDescriptor") > 0, name


def describe_fonts(pdf: bytes) -> set[bytes]:
    """Return the kinds of a PDF's fonts."""
    fonts = re.findall(rb"<<[^<>]*?/Type /Font\b.*?>>", pdf, re.DOTALL)
    return {found for font in fonts for found in re.findall(rb"/Subtype /(\w+)", font)}


def test_every_word_of_a_figure_is_text_in_its_svg(
    register: tuple[Path, dict[str, Figure]],
) -> None:
    folder, figures = register
    for name, figure in figures.items():
        svg = (folder / "one" / f"{name}.svg").read_text(encoding="utf-8")
        written = [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
        lay_out(figure)
        drawn = [line for word in find_words(figure) for line in word.text.split("\n")]
        assert sorted(text for text in written if text.strip()) == sorted(drawn), name


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("figures")
    paths = save_figure(ALL["risk"](), folder, "risk", "synthetic", record=RECORD)
    return {path.suffix: path.read_bytes() for path in paths}


def test_raster_files_have_600_dots_to_the_inch_and_no_transparency(
    files: dict[str, bytes],
) -> None:
    for kind in (".png", ".tiff"):
        image = Image.open(io.BytesIO(files[kind]))
        assert image.mode == "RGB"
        assert image.info["dpi"] == pytest.approx((600, 600), abs=0.1)
        assert image.width == pytest.approx(600 * 132 / MM_PER_INCH, abs=1)
    assert Image.open(io.BytesIO(files[".tiff"])).info["compression"] == "tiff_lzw"


def test_the_pdf_embeds_truetype_and_nothing_else(files: dict[str, bytes]) -> None:
    pdf = files[".pdf"]
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf and b"/FontFile3" not in pdf
    fonts = set(re.findall(rb"/BaseFont /([\w+-]+)", pdf))
    assert fonts and all(b"LiberationSans" in font for font in fonts)


def test_the_svg_carries_the_glyphs_of_its_own_words(files: dict[str, bytes]) -> None:
    svg = files[".svg"].decode("utf-8")
    words = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    faces = re.findall(r"url\(data:font/ttf;base64,([^)]*)\)", svg)
    glyphs = {
        chr(code)
        for face in faces
        for code in TTFont(io.BytesIO(base64.b64decode(face))).getBestCmap()
    }
    assert words and set(words) <= glyphs
    assert "http" not in re.sub(r'xmlns[:\w]*="[^"]*"|rdf:\w+="[^"]*"|<!DOCTYPE[^>]*>', "", svg)


def test_each_file_says_what_it_was_made_from(files: dict[str, bytes]) -> None:
    assert RECORD.encode() in files[".pdf"]
    assert f"<dc:description>{RECORD}</dc:description>" in files[".svg"].decode("utf-8")
    assert Image.open(io.BytesIO(files[".png"])).info["Description"] == RECORD
    tags = Image.open(io.BytesIO(files[".tiff"])).tag_v2  # type: ignore[attr-defined]
    assert RECORD in tags[270]


def test_beside_a_figure_stand_its_data_its_caption_and_its_words(tmp_path: Path) -> None:
    (causes,) = (d for d in draw_all(fixtures.inputs()) if d.name == "causes")
    write_drawing(causes, tmp_path, "synthetic", load_page(FOLDER, "nature"))
    words = (tmp_path / "causes.txt").read_text(encoding="utf-8")
    assert causes.caption in words and causes.alt in words and "89.0 ×" in words
    with (tmp_path / "causes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    drawn = [row for row in rows if row["analysis_id"] == "cause_shares"]
    assert {row["table"] for row in rows} == {"estimates"}
    assert [float(row["estimate"]) for row in drawn] == [
        row["estimate"] for row in fixtures.estimates() if row["analysis_id"] == "cause_shares"
    ]


def test_every_figure_of_the_report_has_its_data() -> None:
    for drawing in draw_all(fixtures.inputs()):
        drawn = any(axes.lines or axes.patches or axes.texts for axes in drawing.figure.axes)
        assert any(drawing.data.values()) or not drawn, drawing.name


def test_a_figure_that_only_says_why_it_is_none_says_so_in_its_caption() -> None:
    drawn, words = (
        Figure(),
        draw_words("No risk is drawn: cannot be estimated, because nobody died."),
    )
    drawn.add_subplot()
    full, none = (
        Drawing("risk", "risk", "Risk, with bands.", "Curves.", f) for f in (drawn, words)
    )
    mark_figure(words, "synthetic")
    assert (full.legend, full.words) == ("Risk, with bands.", "Curves.")
    assert none.legend == "Not drawn, for the reason that stands in its place. Risk, with bands."
    assert none.words == "No risk is drawn: cannot be estimated, because nobody died."


def test_a_figure_too_high_for_a_page_says_so(tmp_path: Path) -> None:
    page = load_page(FOLDER, "nature")
    figure = Figure(figsize=(HOUSE.widths_mm[0] / MM_PER_INCH, 20))
    figure.text(0.5, 0.5, "a word", fontsize=9)
    write_drawing(Drawing("tall", "tall", "Caption.", "Words.", figure), tmp_path, None, page)
    assert "for the supplement" in (tmp_path / "tall.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[89, 120, 136, 183]", "[183, 89]", "put the single column first"),
        ("[89, 120, 136, 183]", "[]", "widths_mm"),
        ("[89, 120, 136, 183]", "[89, wide]", "widths_mm"),
        ("least_text_points: 5", "least_text_points: 50", "exchange them"),
        ("least_text_points: 5", "least_text_points: 0", "least_text_points"),
        ("least_line_points: 0.25", "least_line_points: -1", "least_line_points"),
        ("most_height_mm: 170", "most_hight_mm: 170", "most_height_mm"),
        ("most_height_mm: 170", "most_height_mm: 170\ndpi: 72", "dpi"),
    ],
)
def test_a_journals_faults_come_with_their_place(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    text = (FOLDER / "nature.yaml").read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_journal(wrong)


def test_a_journal_that_is_not_there_brings_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"natur.*nature"):
        load_page(FOLDER, "natur")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_journals_numbers_stand_in_its_source_or_are_said_to_be_ours(path: Path) -> None:
    journal = load_journal(path)
    if path.stem == "house":
        assert "our choice" in journal.source
        return
    numbers = [*journal.widths_mm, journal.most_height_mm, journal.least_text_points,
               journal.most_text_points]  # fmt: skip
    told = set(re.findall(r"\d+(?:\.\d+)?", journal.source))
    assert {f"{number:g}" for number in numbers} <= told
    assert f"{journal.least_line_points:g} pt is ours" in journal.source
