"""The answer first: the headline numbers with their intervals, and how sure they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import (
    format_interval,
    format_number,
    format_p,
    format_percent,
    is_known,
    join,
    name_cause,
    name_group,
)
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.report.p_values import is_primary, is_shown
from leukocytosis.rounding import NOT_REACHED, digits_of_percent


def describe_headlines(inputs: ReportInputs) -> tuple[str, ...]:
    """Return the answer to the study's question in a few sentences."""
    if inputs.n_cohort == 0:
        return (describe_cohort(inputs),)
    analyses = inputs.protocol.analyses
    return (
        describe_cohort(inputs),
        *_describe_causes(inputs),
        describe_plr_interval(inputs),
        _describe_groups(inputs, "risk", analyses.primary_outcome),
        _describe_groups(inputs, "survival", analyses.survival_outcome),
        *_describe_ratio(inputs),
    )


def describe_cohort(inputs: ReportInputs) -> str:
    """Return how many patients met every criterion."""
    n = inputs.n_cohort
    if n == 0:
        return "No patient of this extract meets every criterion, so nothing can be estimated."
    if n is None:
        return "How many patients meet every criterion is not shown: their number is too small."
    patients = "patient meets" if n == 1 else "patients meet"
    return f"{format_number(n)} {patients} every criterion of the study."


def _describe_causes(inputs: ReportInputs) -> Iterator[str]:
    shares = [r for r in inputs.estimates("cause_shares") if is_known(r["estimate"])]
    leading = sorted(shares, key=lambda row: -row["estimate"])[:3]
    named = [
        f"{name_cause(inputs.protocol, row['term'])} {_percent(row)}"
        for row in leading
        if row["estimate"] > 0
    ]
    if named:
        yield f"Most frequent causes: {', '.join(named)}."


def describe_drawn(inputs: ReportInputs) -> str:
    """Return what agreement with a paper means on this extract; nothing for real patients."""
    if not inputs.manifest.synthetic:
        return ""
    if inputs.manifest.drawn_for == inputs.protocol.claims:
        return (
            " The extract is synthetic and was drawn to hold these numbers: agreement tests the "
            "workflow, not the paper."
        )
    return (
        " The extract is synthetic and its patients were not drawn after this paper: neither "
        "agreement nor difference says anything of it."
    )


def describe_plr_interval(inputs: ReportInputs) -> str:
    """Return the PLR share as the interval between its two readings."""
    narrow = inputs.estimate("plr_interval", term="plr_narrow")
    wide = inputs.estimate("plr_interval", term="plr_wide")
    if narrow is None or wide is None or not is_known(narrow["estimate"]):
        return f"The share of PLR {_reason(narrow)}."
    return (
        f"Paraneoplastic leukemoid reaction (PLR): between {_percent(narrow)}, where everything "
        f"else was looked for and absent, and {_percent(wide)}, if every undetermined patient "
        "had it."
    )


def _describe_groups(inputs: ReportInputs, analysis_id: str, outcome_id: str) -> str:
    day = horizon_of(inputs.protocol, outcome_id)
    title = next(o.title for o in inputs.protocol.outcomes if o.id == outcome_id)
    known: list[str] = []
    without: dict[str, list[str]] = {}
    for group in ("all", *inputs.protocol.analyses.groups):
        at = {"outcome_id": outcome_id, "group": group, "time_days": float(day)}
        row = inputs.estimate(analysis_id, **at)
        if row and is_known(row["estimate"]):
            known.append(f"{name_group(group)} {_percent(row)}")
        else:
            without.setdefault(_reason(row), []).append(name_group(group))
    known += [f"{join(groups)}: {reason}" for reason, groups in without.items()]
    what = f"Alive at day {day}" if analysis_id == "survival" else f"Risk of {title}"
    return f"{what} (Kaplan–Meier): {'; '.join(known)}."


def _describe_ratio(inputs: ReportInputs) -> Iterator[str]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    for row in find_ratios(inputs.estimates("cox_adjusted"), "cox_adjusted", outcome_id):
        contrast = label_term(row["term"])
        if " against " not in contrast or contrast == row["term"]:
            continue
        if is_known(row["estimate"]):
            interval = format_interval(row["ci_low"], row["ci_high"], 2)
            ratio = f"{format_number(row['estimate'], 2)} ({interval})"
            how = " (penalised likelihood)" if "penalised" in row["method"] else ""
            yield f"Adjusted hazard ratio{how}, {contrast}: {ratio}{_primary_p(inputs, row)}."
        else:
            yield f"The adjusted hazard ratio, {contrast}, {_reason(row)}."


def _primary_p(inputs: ReportInputs, row: Row) -> str:
    if not is_primary(inputs, row) or not is_known(row["p_value"]):
        return ""
    return f", p {_equals(row['p_value'])}; the primary contrast"


def _equals(p_value: float) -> str:
    words = format_p(p_value)
    return words if words[0] in "<>" else f"= {words}"


def _percent(row: Row) -> str:
    digits = digits_of_percent(row["n"])
    interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=True)
    return f"{format_percent(row['estimate'], digits)} ({interval})"


def _reason(row: Row | None) -> str:
    if row is None:
        return "was not asked for"
    return str(row["note"] or "is not shown")


def describe_certainty(inputs: ReportInputs) -> tuple[str, ...]:
    """Return what speaks for and against the headline numbers."""
    return (
        "Brackets hold 95 % intervals: they cover chance, not wrong codes or missing records.",
        *_describe_follow_up(inputs),
        *_describe_proportional(inputs),
        *_describe_accuracy(inputs),
        *_describe_scorecard(inputs),
        *_describe_gaps(inputs),
        "The groups differ in more than their cause; contrasts between them are descriptive.",
    )


def _describe_follow_up(inputs: ReportInputs) -> Iterator[str]:
    for outcome in inputs.protocol.outcomes:
        crude = inputs.estimate("crude", outcome_id=outcome.id, group="all")
        if crude is not None and is_known(crude["estimate"]):
            yield f"Follow-up is complete to day {outcome.horizon_days} for {outcome.title}."
        elif crude is not None and crude["note"]:
            yield f"Crude share, {outcome.title}: {crude['note']}."


def _describe_proportional(inputs: ReportInputs) -> Iterator[str]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    for row in inputs.estimates("proportional_hazards_adjusted", outcome_id=outcome_id):
        if row["term"].endswith("GLOBAL") and is_known(row["p_value"]):
            p = f"p {_equals(row['p_value'])}; " if is_shown(inputs, row) else ""
            speaks = "one hazard ratio does not describe all days"
            verdict = speaks if row["p_value"] < 0.05 else "no sign against them"
            yield f"Proportional hazards, adjusted model: {p}{verdict}."


def _describe_accuracy(inputs: ReportInputs) -> Iterator[str]:
    for measure, words in (
        ("sensitivity", "The rules find {} of the planted PLR."),
        ("ppv", "{} of the PLR they name is planted PLR."),
    ):
        for row in inputs.rows("accuracy", cause="plr", measure=measure):
            if is_known(row["estimate"]):
                yield words.format(_percent(row))


def _describe_scorecard(inputs: ReportInputs) -> Iterator[str]:
    rows = inputs.rows("scorecard")
    if rows:
        counts = Counter(row["verdict"] for row in rows)
        verdicts = ("reproduced", "differs", "cannot be assessed here")
        parts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in verdicts)
        yield f"Of {len(rows)} published statements: {parts}."


def _describe_gaps(inputs: ReportInputs) -> Iterator[str]:
    rows = [r for r in inputs.rows("estimates") if r["analysis_id"] != "logrank"]
    hidden = [row for row in rows if is_hidden(row)]
    gaps = [r for r in rows if not is_known(r["estimate"]) and not is_known(r["p_value"])]
    gaps = [row for row in gaps if not is_hidden(row) and row["note"] != NOT_REACHED]
    if hidden:
        n_hidden = f"{format_number(len(hidden))} of {format_number(len(rows))}"
        yield f"{n_hidden} numbers are hidden, because they rest on too few patients to be shown."
    if gaps:
        n = format_number(len(gaps))
        yield f"{n} of {format_number(len(rows))} numbers cannot be estimated; each is listed."
    look = inputs.rows("quality", status="look")
    if look:
        checks = "check asks" if len(look) == 1 else "checks ask"
        yield f"{len(look)} data-quality {checks} for a look."
