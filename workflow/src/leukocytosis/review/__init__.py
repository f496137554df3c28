"""Chart review: which charts are drawn, and the pages on which reviewers answer. Person-level."""

from leukocytosis.review.pages import write_review
from leukocytosis.review.sampling import draw_charts, read_labels, write_key

__all__ = ["draw_charts", "read_labels", "write_key", "write_review"]
