"""Evidence strips: one page per episode with its records around the index. Person-level."""

from leukocytosis.strips.pages import render_strip, write_strips
from leukocytosis.strips.records import Strip, read_strips

__all__ = ["Strip", "read_strips", "render_strip", "write_strips"]
