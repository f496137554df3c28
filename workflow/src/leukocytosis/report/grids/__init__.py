"""Tables as readers see them, one file per kind: each `list_` function returns a `Grid`."""

from leukocytosis.report.grids.abbreviations import spell_out
from leukocytosis.report.grids.cells import (
    show_chi_squared,
    show_number,
    show_percent,
    show_ratio,
    show_stored_percent,
)
from leukocytosis.report.grids.checks import (
    CANNOT,
    describe_score,
    list_accuracy,
    list_ledger,
    list_methods,
    list_quality,
    list_scorecard,
    list_unestimated,
)
from leukocytosis.report.grids.cohort import list_attrition, list_causes, list_overlap
from leukocytosis.report.grids.grid import Grid, Notes, unbroken, without_hidden
from leukocytosis.report.grids.models import list_cox, list_proportional
from leukocytosis.report.grids.order import EVENTS
from leukocytosis.report.grids.outcomes import list_outcomes, list_survival
from leukocytosis.report.grids.patients import list_features, list_table_one
from leukocytosis.report.grids.survival import (
    list_follow_up,
    list_restricted_means,
    list_risks,
    list_tests,
)

__all__ = [
    "CANNOT",
    "EVENTS",
    "Grid",
    "Notes",
    "describe_score",
    "list_accuracy",
    "list_attrition",
    "list_causes",
    "list_cox",
    "list_features",
    "list_follow_up",
    "list_ledger",
    "list_methods",
    "list_outcomes",
    "list_overlap",
    "list_proportional",
    "list_quality",
    "list_restricted_means",
    "list_risks",
    "list_scorecard",
    "list_survival",
    "list_table_one",
    "list_tests",
    "list_unestimated",
    "show_chi_squared",
    "show_number",
    "show_percent",
    "show_ratio",
    "show_stored_percent",
    "spell_out",
    "unbroken",
    "without_hidden",
]
