"""An invented hospital: messy raw files from a seed, with the known truth beside them."""

from leukocytosis.synthetic.draw import draw_extract

__all__ = ["draw_extract"]
