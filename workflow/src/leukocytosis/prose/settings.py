"""Numbers of the methods that the code sets and no protocol: each named by where the code has it.

A sentence takes them from here; a test holds each against the code.
"""

from __future__ import annotations

LEVEL = 95  # of every interval, percent
SETTINGS: dict[str, float] = {
    "survival.proportion.FEW": 5,
    "survival.permutation.SMALL_GROUP": 20,
    "survival.permutation.FEW_EVENTS": 5,
    "survival.refusal.MIN_EVENTS_PER_PENALISED_PARAMETER": 2,
    "survival.refusal.MIN_PATIENTS_PER_LEVEL": 5,
    "survival.imputation.LEAST_IMPUTATIONS": 20,
    "survival.time_varying.DEGREES_OF_FREEDOM": 4,
    "bias.e_value.COMMON": 0.15,
}


def setting(name: str) -> str:
    """Return a number that the code sets, as a sentence prints it."""
    return f"{SETTINGS[name]:g}"
