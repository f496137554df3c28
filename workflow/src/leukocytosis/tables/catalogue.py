"""Every declared table."""

from __future__ import annotations

from leukocytosis.tables.aggregates import (
    ACCURACY,
    CURVES,
    ESTIMATES,
    SCORECARD,
    STATES,
    TABLE_ONE,
    WHITE_COUNTS,
)
from leukocytosis.tables.canonical import CANONICAL, CODELISTS, LEDGER, QUALITY, RAW_FILES, REJECTS
from leukocytosis.tables.causes import CAUSES, CAUSES_PRESENT, EVIDENCE, EVIDENCE_EVENTS
from leukocytosis.tables.cohort import ATTRITION, COHORT, EPISODES
from leukocytosis.tables.followup import OUTCOMES, OUTCOMES_OTHERWISE
from leukocytosis.tables.multiverse import DECISIONS, MULTIVERSE, OPTIONS, VARIANTS
from leukocytosis.tables.reviews import ADJUDICATIONS, REVIEW_KEY, REVIEWS

ALL = (
    *CANONICAL,
    RAW_FILES,
    REJECTS,
    LEDGER,
    QUALITY,
    CODELISTS,
    EPISODES,
    ATTRITION,
    *COHORT,
    EVIDENCE,
    EVIDENCE_EVENTS,
    CAUSES,
    CAUSES_PRESENT,
    REVIEW_KEY,
    REVIEWS,
    ADJUDICATIONS,
    OUTCOMES,
    OUTCOMES_OTHERWISE,
    ESTIMATES,
    TABLE_ONE,
    CURVES,
    STATES,
    WHITE_COUNTS,
    SCORECARD,
    ACCURACY,
    MULTIVERSE,
    VARIANTS,
    DECISIONS,
    OPTIONS,
)
BY_NAME = {table.name: table for table in ALL}
