"""What bias could do to the answers: misclassified causes, informative loss, confounding, time."""

from leukocytosis.bias.rows import fit_bias

__all__ = ["fit_bias"]
