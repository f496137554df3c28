"""Files for a submission system: tables and text as Word, LaTeX, HTML, Markdown and CSV."""

from leukocytosis.documents.manuscript import write_manuscript

__all__ = ["write_manuscript"]
