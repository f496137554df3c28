"""What happened next: outcomes with the record that ended them, and the analysis set."""

from leukocytosis.followup.analysis_set import derive_analysis_set
from leukocytosis.followup.outcomes import derive_otherwise, derive_outcomes

__all__ = ["derive_analysis_set", "derive_otherwise", "derive_outcomes"]
