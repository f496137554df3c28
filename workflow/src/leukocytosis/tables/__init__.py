"""The declared tables: what one row is, its key, and a sentence, unit and domain per column.

The contracts are data, a file for each family. `store` compiles them to SQL checks and into the
Parquet files' metadata; the manual of tables in the documentation is printed from them.
"""

from leukocytosis.tables.aggregates import ESTIMATES
from leukocytosis.tables.canonical import (
    CANONICAL,
    CODELISTS,
    DRUG_KINDS,
    DRUGS,
    EVENT_TIMES,
    LEDGER,
    QUALITY,
    RAW_FILES,
    REJECTS,
)
from leukocytosis.tables.catalogue import ALL, BY_NAME
from leukocytosis.tables.causes import (
    CAUSES,
    CAUSES_PRESENT,
    CERTAINTIES,
    EVIDENCE,
    EVIDENCE_EVENTS,
    STATUSES,
)
from leukocytosis.tables.cohort import ATTRITION, EPISODES, cohort_table
from leukocytosis.tables.contract import Column, Kind, Table
from leukocytosis.tables.followup import OUTCOMES, OUTCOMES_OTHERWISE, analysis_set_table
from leukocytosis.tables.manual import describe_tables
from leukocytosis.tables.reviews import ADJUDICATIONS, REVIEW_KEY, REVIEWS, SAMPLINGS

__all__ = [
    "ADJUDICATIONS",
    "ALL",
    "ATTRITION",
    "BY_NAME",
    "CANONICAL",
    "CAUSES",
    "CAUSES_PRESENT",
    "CERTAINTIES",
    "CODELISTS",
    "DRUGS",
    "DRUG_KINDS",
    "EPISODES",
    "ESTIMATES",
    "EVENT_TIMES",
    "EVIDENCE",
    "EVIDENCE_EVENTS",
    "LEDGER",
    "OUTCOMES",
    "OUTCOMES_OTHERWISE",
    "QUALITY",
    "RAW_FILES",
    "REJECTS",
    "REVIEWS",
    "REVIEW_KEY",
    "SAMPLINGS",
    "STATUSES",
    "Column",
    "Kind",
    "Table",
    "analysis_set_table",
    "cohort_table",
    "describe_tables",
]
