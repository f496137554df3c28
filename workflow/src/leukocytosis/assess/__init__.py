"""Does this configuration find the truth? Cohorts drawn from known hazards and causes."""

from leukocytosis.assess.run import assess

__all__ = ["assess"]
