"""Who the patients are: Table 1, how far groups stand apart in it, and tests where asked for."""

from leukocytosis.describe.apart import compare_patients
from leukocytosis.describe.patients import describe_patients

__all__ = ["compare_patients", "describe_patients"]
