"""Configuration: read once at the door, typed, frozen, every problem reported at once."""

from leukocytosis.config.bias import Accuracy, BiasPlan, load_accuracy, load_bias_plan
from leukocytosis.config.cause import UNDETERMINED
from leukocytosis.config.claims import Claim, Claims, load_claims
from leukocytosis.config.codelist import Codelist, Entry, load_codelists
from leukocytosis.config.journal import Journal, Page, load_journal, load_page
from leukocytosis.config.manifest import Manifest, load_manifest
from leukocytosis.config.policy import Policy, load_policy
from leukocytosis.config.protocol import Protocol
from leukocytosis.config.published import PublishedCase, load_published_cases
from leukocytosis.config.quantities import Unit, fold_unit, load_units
from leukocytosis.config.references import Reference, load_references
from leukocytosis.config.review import ReviewPlan, Reviews, find_review_file, load_plan
from leukocytosis.config.seen import check_outcomes_seen
from leukocytosis.config.settings import Settings, load_settings
from leukocytosis.config.study import load_protocol

__all__ = [
    "UNDETERMINED",
    "Accuracy",
    "BiasPlan",
    "Claim",
    "Claims",
    "Codelist",
    "Entry",
    "Journal",
    "Manifest",
    "Page",
    "Policy",
    "Protocol",
    "PublishedCase",
    "Reference",
    "ReviewPlan",
    "Reviews",
    "Settings",
    "Unit",
    "check_outcomes_seen",
    "find_review_file",
    "fold_unit",
    "load_accuracy",
    "load_bias_plan",
    "load_claims",
    "load_codelists",
    "load_journal",
    "load_manifest",
    "load_page",
    "load_plan",
    "load_policy",
    "load_protocol",
    "load_published_cases",
    "load_references",
    "load_settings",
    "load_units",
]
