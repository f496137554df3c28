"""A first manifest for files nobody has described yet, with every doubt left to a person."""

from leukocytosis.drafting.draft import draft_manifest, say_unread, write_draft

__all__ = ["draft_manifest", "say_unread", "write_draft"]
