"""Numbers and protocols in words."""

from leukocytosis.prose.causes import describe_cause
from leukocytosis.prose.index import describe_bound, describe_differential, describe_narrowing
from leukocytosis.prose.names import GROUPS, name_cause, name_covariate, name_group
from leukocytosis.prose.numbers import join
from leukocytosis.prose.protocol import Statement, describe_protocol
from leukocytosis.prose.rules import describe_rule, describe_window
from leukocytosis.prose.statistics import describe_statistics
from leukocytosis.rounding import (
    NBSP,
    NOT_SHOWN,
    ROUNDING,
    format_interval,
    format_number,
    format_p,
    format_percent,
    is_known,
)

__all__ = [
    "GROUPS",
    "NBSP",
    "NOT_SHOWN",
    "ROUNDING",
    "Statement",
    "describe_bound",
    "describe_cause",
    "describe_differential",
    "describe_narrowing",
    "describe_protocol",
    "describe_rule",
    "describe_statistics",
    "describe_window",
    "format_interval",
    "format_number",
    "format_p",
    "format_percent",
    "is_known",
    "join",
    "name_cause",
    "name_covariate",
    "name_group",
]
