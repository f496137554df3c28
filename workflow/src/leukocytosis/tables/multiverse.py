"""The study made again under other decisions."""

from __future__ import annotations

from leukocytosis.tables.contract import Table, count, maybe, number, text

VARIANT = count("variant", "The variant; 0 is the study's own.")

MULTIVERSE = Table(
    "multiverse",
    "number of a variant",
    ("variant", "analysis_id", "group", "term", "time_days"),
    (
        VARIANT,
        text("analysis_id", "What it is.", ("cause_shares", "risk", "hazard_ratio")),
        text("group", "The cause group, or `all`."),
        text("term", "What was estimated: a cause, `risk`, or the contrast."),
        maybe(number("time_days", "Up to which day; none for shares.", "days")),
        maybe(number("estimate", "The number.")),
        maybe(number("ci_low", "Lower end of the 95 % interval.")),
        maybe(number("ci_high", "Upper end of the 95 % interval.")),
        maybe(count("n", "Patients it rests on.")),
        maybe(count("n_events", "Events (or patients with the cause) it rests on.")),
        maybe(text("note", "What a reader must know; why it cannot be estimated.")),
    ),
    tier="aggregate",
)

VARIANTS = Table(
    "variants",
    "decision of a variant",
    ("variant", "decision"),
    (
        VARIANT,
        text(
            "family",
            "The study's own, one option alone, a drawn combination, or the threshold curve.",
            ("own", "alone", "drawn", "threshold"),
        ),
        text("decision", "The decision, or `threshold_curve`."),
        text("option", "The option taken, `own` for that of the study; or the threshold."),
    ),
    tier="aggregate",
)

DECISIONS = Table(
    "decisions",
    "decision",
    ("decision",),
    (
        text("decision", "The decision; `together` for decisions acting together."),
        text("title", "In words."),
        count("n_variants", "Drawn variants with a hazard ratio."),
        maybe(number("explained", "Share of the variance of the log hazard ratio.", "fraction")),
        maybe(text("note", "Why there is no share, or why it is not varied.")),
    ),
    tier="aggregate",
)

OPTIONS = Table(
    "options",
    "option of a decision",
    ("decision", "option"),
    (
        text("decision", "The decision."),
        text("option", "The option; `own` is the study's choice."),
        text("title", "In words."),
        maybe(text("basis", "stated or operationalised.", ("stated", "operationalised"))),
        maybe(text("source", "Why somebody might choose it.")),
        count("n_variants", "Drawn variants with it."),
        count("n_estimated", "Of these, with a hazard ratio."),
        maybe(count("n_other_side", "Of these, pointing the other way than the study's own.")),
        maybe(count("n_other_verdict", "Of these, whose interval lies otherwise beside 1.")),
        maybe(text("note", "What a reader must know; why it cannot be varied.")),
    ),
    tier="aggregate",
)
