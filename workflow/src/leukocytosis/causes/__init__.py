"""Why the count was high: evidence per rule, then causes, then the one the order chooses."""

from leukocytosis.causes.classify import classify
from leukocytosis.causes.evidence import collect_evidence

__all__ = ["classify", "collect_evidence"]
