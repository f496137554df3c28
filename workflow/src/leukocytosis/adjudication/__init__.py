"""Chart reviews come back: read, settled between reviewers and, when asked, put to use."""

from leukocytosis.adjudication.files import ReviewFiles, find_files
from leukocytosis.adjudication.settle import adjudicate

__all__ = ["ReviewFiles", "adjudicate", "find_files"]
