"""Chart review: which charts, the pages reviewers fill in, and what their answers are worth."""

from leukocytosis.review.adjudication import adjudicate
from leukocytosis.review.agreement import fit_reviews
from leukocytosis.review.pages import write_review

__all__ = ["adjudicate", "fit_reviews", "write_review"]
