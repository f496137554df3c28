"""Protocols, causes and methods in words."""

from leukocytosis.prose.causes import describe_cause
from leukocytosis.prose.citations import Citations
from leukocytosis.prose.codelists import list_uses
from leukocytosis.prose.index import describe_differential, describe_narrowing
from leukocytosis.prose.names import (
    GROUPS,
    TUMOURS,
    name_cause,
    name_covariate,
    name_group,
    name_patients,
    name_tumour,
)
from leukocytosis.prose.protocol import Statement, describe_protocol
from leukocytosis.prose.rules import describe_rule, describe_window
from leukocytosis.prose.statistics import OPTIONS, Method, list_methods
from leukocytosis.prose.words import capital, count_patients, describe_bound, join

__all__ = [
    "GROUPS",
    "OPTIONS",
    "TUMOURS",
    "Citations",
    "Method",
    "Statement",
    "capital",
    "count_patients",
    "describe_bound",
    "describe_cause",
    "describe_differential",
    "describe_narrowing",
    "describe_protocol",
    "describe_rule",
    "describe_window",
    "join",
    "list_methods",
    "list_uses",
    "name_cause",
    "name_covariate",
    "name_group",
    "name_patients",
    "name_tumour",
]
