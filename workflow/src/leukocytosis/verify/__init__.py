"""Whether a release is what the study computes: everything made again, and compared."""

from leukocytosis.verify.check import Verdict, verify

__all__ = ["Verdict", "verify"]
