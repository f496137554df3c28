"""Figures as they leave: widths in millimetres, type in points, fonts embedded, no transparency."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path

import pytest
import report_fixtures as fixtures
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from PIL import Image
from test_figures import ALL

from leukocytosis.config import Journal, load_journal, load_page
from leukocytosis.errors import ConfigError
from leukocytosis.figures import fit_column, render_svg, save_figure
from leukocytosis.figures.columns import MM_PER_INCH, find_texts
from leukocytosis.report.drawing import Drawing, write_drawing
from leukocytosis.report.drawings import draw_all

FOLDER = Path("config/journals")
JOURNALS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
HOUSE = load_journal(FOLDER / "house.yaml")
RECORD = "code 0123; inputs 4567"


def fitted(name: str, journal: Journal) -> Figure:
    figure = ALL[name]()
    fit_column(figure, journal, HOUSE)
    return figure


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("name", ALL)
def test_widths_type_and_lines_are_as_the_journal_asks(name: str, journal: str) -> None:
    rules = load_journal(FOLDER / f"{journal}.yaml")
    figure = fitted(name, rules)
    render_svg(figure, name, None)
    assert round(figure.get_figwidth() * MM_PER_INCH, 1) in rules.widths_mm
    sizes = [float(text.get_fontsize()) for text in find_texts(figure)]
    assert rules.least_text_points <= round(min(sizes), 6)
    assert round(max(sizes), 6) <= rules.most_text_points
    widths = [line.get_linewidth() for axes in figure.axes for line in axes.lines]
    assert all(width >= rules.least_line_points for width in widths)


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("name", ALL)
def test_every_word_lies_inside_the_column(name: str, journal: str) -> None:
    figure = fitted(name, load_journal(FOLDER / f"{journal}.yaml"))
    render_svg(figure, name, None)
    page = figure.bbox
    for text in find_texts(figure):
        box = text.get_window_extent()
        assert box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1, text.get_text()
        assert box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1, text.get_text()


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


def test_a_figure_too_high_for_a_page_says_so(tmp_path: Path) -> None:
    page = load_page(FOLDER, "nature")
    figure = Figure(figsize=(HOUSE.widths_mm[0] / MM_PER_INCH, 20))
    figure.text(0.5, 0.5, "a word", fontsize=9)
    write_drawing(Drawing("tall", "tall", "Caption.", "Words.", figure), tmp_path, None, page)
    assert "for the supplement" in (tmp_path / "tall.txt").read_text(encoding="utf-8")


def test_a_journals_faults_come_with_their_place(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = (FOLDER / "nature.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("[89, 120, 136, 183]", "[183, 89]"), encoding="utf-8")
    with pytest.raises(ConfigError, match="ascend"):
        load_journal(wrong)
    with pytest.raises(ConfigError, match=r"natur.*nature"):
        load_page(FOLDER, "natur")
