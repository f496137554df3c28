"""Charts drawn for review, what reviewers answered, and what they settled on."""

from __future__ import annotations

from leukocytosis.tables.causes import CERTAINTIES
from leukocytosis.tables.cohort import EPISODE_ID
from leukocytosis.tables.contract import Column, Table, count, maybe, text

SAMPLINGS = ("random", "stratified", "active")
ADJUDICATED_BY = ("one reviewer", "agreement", "consensus", "open", "unanswered")

REVIEW_KEY = Table(
    "review_key",
    "chart drawn for review (a CSV, to be kept with the answers)",
    ("review_id",),
    (
        text("review_id", "The number the reviewers see: drawn at random, no patient's id."),
        EPISODE_ID,
        text("study", "The study the chart was drawn for."),
        text("extract", "The extract it was drawn from."),
        text("sampling", "How charts were drawn.", SAMPLINGS),
        text("stratum", "The cause by the rules at the draw; `all` where it was not stratified."),
        count("n_stratum", "Episodes of the stratum."),
        count("n_drawn", "Charts drawn from it."),
    ),
)

REVIEWS = Table(
    "reviews",
    "chart × reviewer",
    ("episode_id", "reviewer"),
    (
        EPISODE_ID,
        text("reviewer", "Who answered, by the name given in the form."),
        text("review_id", "The number the reviewer saw."),
        text("cause", "The cause the reviewer sees, or undetermined."),
        text("certainty", "How certain the reviewer is.", CERTAINTIES),
        maybe(text("comment", "What the reviewer wrote.")),
    ),
)

ADJUDICATIONS = Table(
    "adjudications",
    "chart drawn for review",
    ("episode_id",),
    (
        EPISODE_ID,
        text("review_id", "The number the reviewers saw."),
        maybe(text("cause", "The adjudicated cause; missing while it is not settled.")),
        maybe(text("certainty", "How certain: the least certain of those who agree.", CERTAINTIES)),
        text("how", "What the cause rests on.", ADJUDICATED_BY),
        count("n_reviewers", "Reviewers who answered."),
        text("sampling", "How charts were drawn.", SAMPLINGS),
        text("stratum", "The stratum it was drawn from."),
        count("n_stratum", "Episodes of the stratum at the draw."),
        Column("in_use", "boolean", "Whether its cause stands in `causes` for that of the rules."),
    ),
)
