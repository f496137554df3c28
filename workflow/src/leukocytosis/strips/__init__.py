"""Evidence strips: one page per episode with its records around the index. Person-level."""

from leukocytosis.strips.blind import Blind, find_blind
from leukocytosis.strips.layout import View
from leukocytosis.strips.pages import (
    describe_patient,
    draw_strip,
    find_view,
    list_rules,
    write_strips,
)
from leukocytosis.strips.records import Strip, read_strips

__all__ = [
    "Blind",
    "Strip",
    "View",
    "describe_patient",
    "draw_strip",
    "find_blind",
    "find_view",
    "list_rules",
    "read_strips",
    "write_strips",
]
