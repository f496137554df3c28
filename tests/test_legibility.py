"""Colours as those see them who see fewer of them, and in grey."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from geometry import decode, lightness
from matplotlib.colors import to_rgb

from leukocytosis.figures.incidence import AREAS
from leukocytosis.figures.style import INK, LINES, MARKERS, PALETTE, shade_of

# Machado, Oliveira and Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0, on linear light
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
APART = 10.0  # of ΔE*ab, of which one is the least that is seen side by side


def to_lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (white D65) of linear light."""
    t = TO_XYZ @ linear.clip(0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(t > 216 / 24389, np.cbrt(t), (t * 24389 / 27 + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_groups_keep_their_colours_apart_with_every_common_colour_blindness(
    deficiency: str,
) -> None:
    seen = [to_lab(DEFICIENCIES[deficiency] @ decode(to_rgb(color))) for color in PALETTE]
    apart = {
        (i, j): float(np.linalg.norm(seen[i] - seen[j]))
        for i, j in itertools.combinations(range(len(seen)), 2)
    }
    assert min(apart.values()) > APART, apart


def test_the_usual_red_and_green_would_not_pass() -> None:
    red, green = (decode(to_rgb(color)) for color in ("#d62728", "#2ca02c"))
    seen = {name: to_lab(matrix @ red) - to_lab(matrix @ green)
            for name, matrix in DEFICIENCIES.items()}  # fmt: skip
    assert np.linalg.norm(seen["none"]) > 100
    assert np.linalg.norm(seen["deuteranopia"]) < APART


def test_every_colour_has_its_own_line_and_its_own_marker() -> None:
    for channel in (LINES, MARKERS):
        assert len(set(map(str, channel))) == len(channel) == len(PALETTE)


def test_no_colour_is_too_pale_for_white_paper() -> None:
    assert max(lightness(to_rgb(color)) for color in PALETTE) < 75


def test_areas_that_touch_differ_in_grey_or_in_hatch() -> None:
    styles = list(AREAS.values())
    for below, above in itertools.pairwise(styles):
        step = abs(lightness(to_rgb(below["facecolor"])) - lightness(to_rgb(above["facecolor"])))
        assert step > 20 or below.get("hatch") != above.get("hatch")


@pytest.mark.parametrize("color", [*PALETTE, INK])
def test_a_groups_words_stand_out_from_the_page(color: str) -> None:
    luminance = float(TO_XYZ[1] @ decode(to_rgb(shade_of(color))))
    assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG 2
