"""The only door to `release/`: aggregate tables, small counts hidden with what would tell them."""

from leukocytosis.disclosure.door import disclose, disclose_together

__all__ = ["disclose", "disclose_together"]
