"""What readers call the groups, causes and covariates of a protocol."""

from __future__ import annotations

from leukocytosis.config import Protocol

GROUPS = {"all": "all patients", "infection": "infection", "plr": "PLR", "other": "other cause"}
PATIENTS = {"all": "in all patients", "other": "with another cause"}


def name_group(group: str) -> str:
    """Return what readers call a cause group."""
    return GROUPS.get(group, group)


def name_patients(group: str) -> str:
    """Return what readers call the patients of a cause group, after `the patients`."""
    return PATIENTS.get(group) or f"with {name_group(group)}"


def name_cause(protocol: Protocol, cause_id: str) -> str:
    """Return the title of a cause, or of a combination of causes joined by `+`."""
    titles = {cause.id: cause.title for cause in protocol.causes}
    return " + ".join(titles.get(part, part) for part in cause_id.split("+"))


def name_covariate(term: str) -> str:
    """Return what readers call a term of the adjusted model."""
    names = {
        "cause_group": "cause group",
        "log2_wbc": "log₂ of the index count",
        "neutrophil_percent": "neutrophil share",
        "metastatic": "metastatic disease",
        "treated": "treatment",
        "GLOBAL": "all terms together",
    }
    return names.get(term, term)
