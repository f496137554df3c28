"""Every figure of the register as laid out for every journal: nothing overlaps, all can be read.

The last tests hold the rules against figures that break them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import drawn
import numpy as np
import pytest
from conftest import ROOT, Run, protocol_of
from family import read_members
from geometry import FOLDER, PAGES, find_faults
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from leukocytosis.assess.cohorts import World
from leukocytosis.assess.extracts import Accuracy, list_accuracy
from leukocytosis.assess.figure import draw_assessment
from leukocytosis.assess.measures import Measure
from leukocytosis.assess.run import assess_cohorts
from leukocytosis.config import Page, load_journal
from leukocytosis.config.assess import load_assessment
from leukocytosis.figures.press import mark_figure
from leukocytosis.figures.style import new_figure, styled
from leukocytosis.report import ReportInputs
from leukocytosis.report.compare import draw_family
from leukocytosis.report.drawing import Drawing, fit_drawing, is_too_high, split_drawing
from leukocytosis.report.drawings import draw_all

HOUSE = load_journal(FOLDER / "house.yaml")


@pytest.fixture(scope="session")
def studies(synthetic: ReportInputs, tiny: Run) -> dict[str, ReportInputs]:
    few = drawn.finish(tiny, "tiny")
    return {
        "synthetic": synthetic,
        "tiny": few,
        "synthetic, closed policy": drawn.close(synthetic),
        "nobody": drawn.nobody(),
    }


def draw_fitted(inputs: ReportInputs, page: Page) -> Iterator[Drawing]:
    """Yield each figure as it is written, and the parts of those that are too high."""
    for drawing in draw_all(inputs):
        fit_drawing(drawing, inputs.mark, page)
        yield drawing
        for part in split_drawing(drawing) if is_too_high(drawing, page) else ():
            fit_drawing(part, inputs.mark, page)
            yield part


@pytest.mark.parametrize("journal", PAGES)
def test_no_figure_has_a_fault_of_geometry_or_of_grey(
    journal: str, studies: dict[str, ReportInputs]
) -> None:
    faults = [
        f"{study}: {drawing.name}: {fault}"
        for study, inputs in studies.items()
        for drawing in draw_fitted(inputs, PAGES[journal])
        for fault in find_faults(drawing.figure, PAGES[journal].journal)
    ]
    assert faults == []


@pytest.mark.parametrize("policy", ["open", "default"])
def test_the_figure_of_the_family_has_no_fault(family: Path, policy: str) -> None:
    drawing = draw_family(read_members(family, policy))
    fit_drawing(drawing, "synthetic", PAGES["house"])
    assert drawing.figure.axes and find_faults(drawing.figure, HOUSE) == []


@pytest.mark.parametrize("classified", [True, False])
def test_the_figure_of_the_assessment_has_no_fault(*, classified: bool) -> None:
    measures, accuracy = assess_few(classified=classified)
    figure = draw_assessment(protocol_of("granger2009"), measures, accuracy)
    mark_figure(figure, "synthetic")
    assert figure.axes and find_faults(figure, HOUSE) == []


def assess_few(*, classified: bool) -> tuple[list[Measure], list[Accuracy]]:
    """Return what a few cohorts of the configured truth measure, with each set of labels or one."""
    protocol = protocol_of("granger2009")
    settings = load_assessment(ROOT / "config/config.yaml", protocol, cohorts=5)
    causes = [*settings.patients]
    wrong = dict(zip(causes, [*causes[1:], causes[0]], strict=True))
    chances = {c: {c: 0.9, wrong[c]: 0.1} for c in causes} if classified else {}
    rng = np.random.default_rng(4)
    measures = [
        row
        for difference in (True, False)
        for row in assess_cohorts(World(protocol, settings, chances, difference), rng)
    ]
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for cause, n in settings.patients.items():
        pairs.update({(cause, cause): 9 * n, (cause, wrong[cause]): n})
    return measures, list_accuracy(protocol, pairs) if classified else []


def test_the_synthetic_study_draws_every_figure_in_lines_not_in_words(
    synthetic: ReportInputs,
) -> None:
    assert [d.name for d in draw_all(synthetic) if not d.figure.axes] == []


def test_a_figure_takes_the_narrowest_column_in_which_it_can_be_read(
    synthetic: ReportInputs,
) -> None:
    widths = {
        d.name: round(d.figure.get_figwidth() * 25.4)
        for d in draw_fitted(synthetic, PAGES["nature"])
    }
    assert widths["survival_death_1y"] == 89  # a single column
    assert widths["specification"] == 120  # small print: one and a half


def test_status_lines_stand_under_every_survival_incidence_and_landmark_plot(
    synthetic: ReportInputs,
) -> None:
    for drawing in draw_all(synthetic):
        if drawing.name.startswith(("survival_", "incidence_", "landmarks", "guaranteed")):
            for axes in drawing.figure.axes:
                beneath = [text for text in axes.texts if text.get_position()[1] < 0]
                assert len(beneath) >= 2 * (len(axes.get_xticks()) - 1), drawing.name


def overlap(figure: Figure) -> None:
    figure.text(0.5, 0.5, "a word")
    figure.text(0.52, 0.5, "another word")


def crowd(figure: Figure) -> None:
    mark_figure(figure, "synthetic")
    figure.text(0.88, 0.99, "beside the mark", ha="right", va="top")


def leave(figure: Figure) -> None:
    figure.text(0.95, 0.5, "a long word that leaves")


def cross(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([0, 1], [0, 1])
    axes.text(0.5, 0.5, "in the way", ha="center", va="center")


def cross_frame(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.text(0, 0.5, "on the frame", ha="center")


def cover(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([0, 1], [0, 1], label="a line")
    axes.legend()


def slip(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.4, 0.7, 0.5))
    axes.set_xticks([0, 1])
    axes.text(0.1, -0.4, "123", transform=axes.get_xaxis_transform(), ha="center")


def shrink(figure: Figure) -> None:
    figure.text(0.5, 0.5, "small print", fontsize=4)


def thin(figure: Figure) -> None:
    figure.add_axes((0.2, 0.2, 0.7, 0.7)).plot([0, 1], [0, 1], linewidth=0.1)


def widen(figure: Figure) -> None:
    figure.set_figwidth(6)


def alike(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([0, 1], [0, 1], color="#D55E00", label="one")
    axes.plot([0, 1], [1, 0], color="#009E73", label="other")


def empty(figure: Figure) -> None:
    figure.add_axes((0.2, 0.2, 0.7, 0.7)).set_xlabel("share, %")


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (overlap, "'a word' overlaps 'another word'"),
        (crowd, "the mark stands close to 'beside the mark'"),
        (leave, "leaves the page"),
        (cross, "runs through 'in the way'"),
        (cross_frame, "the left axis runs through 'on the frame'"),
        (cover, "a legend covers a plot"),
        (slip, "the count 123 stands on no tick"),
        (shrink, "'small print' is set in 4.0 points"),
        (thin, "a line is 0.1 points thin"),
        (widen, "is 152.4 mm wide"),
        (empty, "nothing is drawn over 'share, %'"),
        (alike, "'one' and 'other' are alike in grey"),
    ],
)
def test_each_fault_is_found(spoil: Callable[[Figure], None], fault: str) -> None:
    with styled():
        figure = new_figure(3)
        assert find_faults(figure, HOUSE) == []
        spoil(figure)
    assert any(fault in found for found in find_faults(figure, HOUSE))


def test_a_legend_inside_no_plot_is_no_fault() -> None:
    with styled():
        figure = new_figure(3)
        axes = figure.add_axes((0.2, 0.2, 0.7, 0.6))
        axes.plot([0, 1], [0, 1], label="a line")
        figure.legend(loc="upper left")
    assert figure.findobj(Legend) and find_faults(figure, HOUSE) == []
