"""Which p values a reader sees: that of the primary contrast, or all when the protocol asks.

The tables keep every one. A report full of p values invites the choice of the smallest; one that
was declared beforehand means what it says (Wasserstein and Lazar 2016).
"""

from __future__ import annotations

from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import NOT_SHOWN, format_p, is_known

ANALYSES = {
    "adjusted_hazard_ratio": "cox_adjusted",
    "hazard_ratio": "cox_unadjusted",
    "log_rank": "logrank",
}


def is_primary(inputs: ReportInputs, row: Row) -> bool:
    """Return whether a row of the estimates is the protocol's primary contrast."""
    contrast = inputs.protocol.analyses.primary_contrast
    if (row["analysis_id"], row["outcome_id"]) != (ANALYSES[contrast.measure], contrast.outcome):
        return False
    if contrast.measure == "log_rank":
        pair = " against ".join(sorted(contrast.groups))
        return (row["group"], row["term"]) == (pair, "log-rank")
    group, reference = contrast.groups
    return str(row["term"]).endswith(f": {group} against {reference}")


def is_shown(inputs: ReportInputs, row: Row) -> bool:
    """Return whether the report shows a row's p value."""
    shown = inputs.protocol.analyses.show_p == "all" or is_primary(inputs, row)
    return shown and bool(is_known(row["p_value"]))


def show_p(inputs: ReportInputs, row: Row) -> str:
    """Return a row's p value, or that it is not shown, or that there is none."""
    if not is_known(row["p_value"]):
        return "no test"
    return format_p(row["p_value"]) if is_shown(inputs, row) else NOT_SHOWN
