"""The multiverse: the study's conclusion under other decisions, from evidence looked up once."""

from leukocytosis.multiverse.materials import Vocabulary
from leukocytosis.multiverse.run import TABLES, fit_multiverse

__all__ = ["TABLES", "Vocabulary", "fit_multiverse"]
