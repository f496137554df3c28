"""The embedded extract: a messy hospital with known truth, drawn from a seed."""

from leukocytosis.synthetic.draw import draw_extract

__all__ = ["draw_extract"]
