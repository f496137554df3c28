"""The numbers of a study: no row is a person's, and all pass `disclosure` before they leave."""

from __future__ import annotations

from leukocytosis.tables.contract import Table, count, integer, maybe, number, text

ESTIMATES = Table(
    "estimates",
    "number",
    ("analysis_id", "outcome_id", "group", "term", "time_days"),
    (
        text("analysis_id", "The analysis."),
        text("outcome_id", "The outcome, or `-`."),
        text("group", "The group, or `all`."),
        text("term", "What was estimated."),
        maybe(number("time_days", "At what time.", "days")),
        maybe(number("estimate", "The number.")),
        maybe(number("ci_low", "Lower end of the 95 % interval.")),
        maybe(number("ci_high", "Upper end of the 95 % interval.")),
        maybe(number("p_value", "Two-sided p value.")),
        maybe(count("n", "Patients it rests on.")),
        maybe(count("n_events", "Events it rests on.")),
        text("method", "How it was computed."),
        maybe(text("note", "What a reader must know; why it cannot be estimated.")),
    ),
    tier="aggregate",
)

TABLE_ONE = Table(
    "table_one",
    "variable × level × group",
    ("variable", "level", "grouped_by", "group"),
    (
        text("variable", "The variable."),
        text("level", "Its level, or `-`."),
        text("grouped_by", "What parts the cohort.", ("cohort", "cause_group", "cause")),
        text("group", "The cause group, the cause, or `all`."),
        maybe(text("within", "The group that this one is part of; missing for `all`.")),
        maybe(count("n", "Patients with a value; missing when hidden.")),
        maybe(count("n_missing", "Patients without; missing when hidden.")),
        text("statistic", "median or percent.", ("median", "percent")),
        maybe(number("value", "The median, or the percentage.")),
        maybe(number("spread_low", "First quartile, or the count behind a percentage.")),
        maybe(number("spread_high", "Third quartile.")),
    ),
    tier="aggregate",
)

CURVES = Table(
    "curves",
    "group × time of a Kaplan–Meier curve",
    ("outcome_id", "group", "time_days"),
    (
        text("outcome_id", "The outcome."),
        text("group", "The cause group, or `all`."),
        number("time_days", "Time since the index.", "days"),
        count("n_at_risk", "At risk just before that time."),
        count("n_events", "Events at that time."),
        count("n_censored", "Censored at that time."),
        number("survival", "Kaplan–Meier estimate just after that time.", "fraction"),
        maybe(number("ci_low", "Lower end of the 95 % log-log interval.")),
        maybe(number("ci_high", "Upper end of the 95 % log-log interval.")),
    ),
    tier="aggregate",
)

STATES = Table(
    "states",
    "group × state × time of an outcome whose events compete",
    ("outcome_id", "group", "state", "time_days"),
    (
        text("outcome_id", "The outcome."),
        text("group", "The cause group, or `all`."),
        text("state", "One of four states that add up to 1, or `ever in hospice`."),
        number("time_days", "Time since the index.", "days"),
        count("n", "Patients seen in the state."),
        number("probability", "Aalen–Johansen estimate just after that time.", "fraction"),
        maybe(number("ci_low", "Lower end of the 95 % log-log interval.")),
        maybe(number("ci_high", "Upper end of the 95 % log-log interval.")),
    ),
    tier="aggregate",
)

WHITE_COUNTS = Table(
    "white_counts",
    "group × bin of days around the index",
    ("group", "from_day"),
    (
        text("group", "The cause group, or `all`."),
        integer("from_day", "First day of the bin from the index, included.", "days"),
        integer("to_day", "Last day of the bin, included.", "days"),
        maybe(count("n", "Patients with a white count in the bin.")),
        maybe(count("n_patients", "Patients of the group.")),
        maybe(
            number(
                "median_wbc_1e9_per_l",
                "Median over patients; each by the count of the bin nearest to the index.",
                "10*9/L",
            )
        ),
        maybe(number("q1_wbc_1e9_per_l", "First quartile.", "10*9/L")),
        maybe(number("q3_wbc_1e9_per_l", "Third quartile.", "10*9/L")),
        maybe(text("note", "Why there is no number.")),
    ),
    tier="aggregate",
)

SCORECARD = Table(
    "scorecard",
    "published number",
    ("claim_id",),
    (
        text("claim_id", "The claim."),
        text("text", "What the paper says, in our words."),
        maybe(number("published", "The published number.")),
        maybe(text("unit", "count, percent or days.")),
        maybe(number("estimate", "Ours.")),
        maybe(number("ci_low", "Lower end of our 95 % interval.")),
        maybe(number("ci_high", "Upper end of our 95 % interval.")),
        text(
            "verdict", "What it amounts to.", ("reproduced", "differs", "cannot be assessed here")
        ),
        maybe(text("reason", "Why.")),
    ),
    tier="aggregate",
)

ACCURACY = Table(
    "accuracy",
    "cause × measure of the rules against the planted truth",
    ("cause", "measure"),
    (
        text("cause", "The cause."),
        text("measure", "sensitivity or positive predictive value.", ("sensitivity", "ppv")),
        maybe(number("estimate", "The proportion.", "fraction")),
        maybe(number("ci_low", "Lower end of the 95 % interval.")),
        maybe(number("ci_high", "Upper end of the 95 % interval.")),
        maybe(
            text(
                "method", "Which interval: Wilson's, or the exact one where few are right or wrong."
            )
        ),
        count("n_right", "Episodes the rules label rightly."),
        count("n", "Episodes with the cause in truth (sensitivity) or by the rules (ppv)."),
    ),
    tier="aggregate",
)
