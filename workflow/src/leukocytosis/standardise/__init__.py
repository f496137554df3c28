"""Raw files to canonical tables: every raw row kept, changed, rejected or counted as outside."""

from leukocytosis.standardise.extract import standardise

__all__ = ["standardise"]
