"""Figures of the aggregate tables; where there is nothing to draw, a figure says why in words."""

from leukocytosis.figures.case_time_line import draw_case, split_case
from leukocytosis.figures.causes import draw_causes
from leukocytosis.figures.columns import fit_column
from leukocytosis.figures.flow import draw_flow
from leukocytosis.figures.forest import draw_forest
from leukocytosis.figures.incidence import draw_incidence, draw_states
from leukocytosis.figures.press import render_svg, save_figure
from leukocytosis.figures.restricted_mean import draw_restricted_means
from leukocytosis.figures.specification import draw_specification, draw_thresholds
from leukocytosis.figures.standardised import draw_redrawn, draw_standardised
from leukocytosis.figures.study_design import draw_study_design, split_study_design
from leukocytosis.figures.survival import draw_survival
from leukocytosis.figures.tipping import draw_tipping
from leukocytosis.figures.upset import draw_overlap
from leukocytosis.figures.white_counts import draw_white_counts

__all__ = [
    "draw_case",
    "draw_causes",
    "draw_flow",
    "draw_forest",
    "draw_incidence",
    "draw_overlap",
    "draw_redrawn",
    "draw_restricted_means",
    "draw_specification",
    "draw_standardised",
    "draw_states",
    "draw_study_design",
    "draw_survival",
    "draw_thresholds",
    "draw_tipping",
    "draw_white_counts",
    "fit_column",
    "render_svg",
    "save_figure",
    "split_case",
    "split_study_design",
]
