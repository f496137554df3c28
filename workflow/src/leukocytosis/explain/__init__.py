"""What a rule, a cause or a number is: asked by its name, or by the number as it is printed."""

from leukocytosis.explain.numbers import explain_number, is_number, is_reference
from leukocytosis.explain.rules import Shelf, explain

__all__ = ["Shelf", "explain", "explain_number", "is_number", "is_reference"]
