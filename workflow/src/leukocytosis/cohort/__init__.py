"""Who is in: the index event, the attrition, and the cohort's own records around the index."""

from leukocytosis.cohort.index import find_index
from leukocytosis.cohort.narrow import narrow
from leukocytosis.cohort.several import find_indices

__all__ = ["find_index", "find_indices", "narrow"]
