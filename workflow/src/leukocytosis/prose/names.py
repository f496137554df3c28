"""What readers call the groups, causes and covariates of a protocol."""

from __future__ import annotations

from leukocytosis.config import Protocol

GROUPS = {"all": "all patients", "infection": "infection", "plr": "PLR", "other": "other cause"}
PATIENTS = {"all": "in all patients", "other": "with another cause"}

TUMOURS = {  # the categories of the codelist solid_tumour
    "bone_soft_tissue": "bone and soft tissue",
    "brain": "brain and spinal cord",
    "breast": "breast",
    "colorectal": "small and large bowel, anus",
    "endocrine": "thyroid and other endocrine glands",
    "gynaecological": "female genital organs",
    "head_neck": "head and neck",
    "hepatobiliary_pancreatic": "liver, bile ducts and pancreas",
    "lung": "lung and trachea",
    "metastasis_only": "metastasis only, no primary coded",
    "neuroendocrine": "neuroendocrine",
    "none_coded": "none coded",
    "other": "other site",
    "skin_melanoma": "melanoma and Merkel cell carcinoma",
    "unknown_primary": "unknown primary",
    "upper_gi": "oesophagus and stomach",
    "urological": "urinary and male genital organs",
}


def name_tumour(group: str | None) -> str:
    """Return what readers call a group of tumours."""
    return TUMOURS.get(group or "", group or "unknown")


TESTS = {"c_difficile_test": "test for Clostridioides difficile"}


def name_test(codelist: str) -> str:
    """Return what readers call the tests of a codelist."""
    return TESTS.get(codelist, f"test of the list {codelist}")


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
        "metastatic": "metastasis coded up to the index",
        "treated": "treatment",
        "GLOBAL": "all terms together",
    }
    return names.get(term, term)
