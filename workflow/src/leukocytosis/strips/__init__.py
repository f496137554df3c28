"""Evidence strips: one page per episode with its records around the index. Person-level."""

from leukocytosis.strips.blind import Blind, find_blind
from leukocytosis.strips.pages import (
    describe_patient,
    find_view,
    list_rules,
    render_strip,
    write_strips,
)
from leukocytosis.strips.records import Strip, read_strips

__all__ = [
    "Blind",
    "Strip",
    "describe_patient",
    "find_blind",
    "find_view",
    "list_rules",
    "read_strips",
    "render_strip",
    "write_strips",
]
