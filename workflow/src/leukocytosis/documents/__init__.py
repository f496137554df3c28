"""Files for a submission system: tables and text as Word, LaTeX, HTML, Markdown and CSV."""

from leukocytosis.documents.manuscript import write_manuscript
from leukocytosis.documents.readme import write_readme

__all__ = ["write_manuscript", "write_readme"]
