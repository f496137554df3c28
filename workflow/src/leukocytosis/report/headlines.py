"""The headline numbers with their intervals, or why they are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leukocytosis.bias.contrast import primary_contrast
from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import join, name_cause, name_group
from leukocytosis.report.grids import unbroken
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import is_primary
from leukocytosis.rounding import (
    digits_of_percent,
    format_interval,
    format_number,
    format_p,
    format_percent,
    is_known,
    say_ratio,
)
from leukocytosis.survival.quoted import is_exact, quote


def describe_besides(inputs: ReportInputs) -> tuple[str, ...]:
    """Return the headline numbers that the answer in plain sentences leaves out."""
    if inputs.n_cohort == 0:
        return ()
    contrast = label_term(" against ".join(primary_contrast(inputs.protocol)))
    ratios = (words for words in _describe_ratio(inputs) if contrast not in words)
    outcome_id = inputs.protocol.analyses.survival_outcome
    return (
        describe_plr_interval(inputs),
        _describe_groups(inputs, "survival", outcome_id),
        *ratios,
    )


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
    named = [
        f"{name_cause(inputs.protocol, row['term'])} {show_share(row)}"
        for row in find_leading(shares)
    ]
    if named:
        yield f"Most frequent causes: {', '.join(named)}."


def find_leading(shares: Sequence[Row]) -> list[Row]:
    """Return the three largest shares that are not nil, and those as large as the third."""
    ordered = sorted((r for r in shares if r["estimate"] > 0), key=lambda row: -row["estimate"])
    return [row for row in ordered if row["estimate"] >= ordered[:3][-1]["estimate"]]


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
        return f"The share of PLR {reason_of(narrow)}."
    return (
        f"Paraneoplastic leukemoid reaction (PLR): between {show_share(narrow)}, where everything "
        f"else was looked for and absent, and {show_share(wide)}, if every undetermined patient "
        "had it."
    )


def _describe_groups(inputs: ReportInputs, analysis_id: str, outcome_id: str) -> str:
    shares, without = sort_groups(inputs, analysis_id, outcome_id)
    known = [f"{name_group(group)} {share}" for group, share in shares.items()]
    known += [
        f"{join([name_group(group) for group in groups])}: {note}"
        for note, groups in without.items()
    ]
    day = horizon_of(inputs.protocol, outcome_id)
    title = title_of(inputs, outcome_id)
    what = f"Alive at day {day}" if analysis_id == "survival" else f"Risk of {title}"
    return f"{what} (Kaplan–Meier): {'; '.join(known)}."


def sort_groups(
    inputs: ReportInputs, analysis_id: str, outcome_id: str
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return at the horizon the share by group, and by reason the groups without one."""
    day = float(horizon_of(inputs.protocol, outcome_id))
    known: dict[str, str] = {}
    without: dict[str, list[str]] = {}
    for group in inputs.groups:
        at = {"outcome_id": outcome_id, "group": group, "time_days": day}
        row = inputs.estimate(analysis_id, **at)
        if row and is_known(row["estimate"]):
            known[group] = show_share(row)
        else:
            without.setdefault(note_of(row), []).append(group)
    return known, without


def title_of(inputs: ReportInputs, outcome_id: str) -> str:
    """Return the title of an outcome."""
    return next(o.title for o in inputs.protocol.outcomes if o.id == outcome_id)


def _describe_ratio(inputs: ReportInputs) -> Iterator[str]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    for row in find_ratios(inputs.estimates("cox_adjusted"), "cox_adjusted", outcome_id):
        contrast = label_term(row["term"])
        if " against " not in contrast or contrast == row["term"]:
            continue
        if is_known(row["estimate"]):
            how = " (penalised likelihood)" if "penalised" in row["method"] else ""
            p = show_primary_p(inputs, row)
            yield f"Adjusted hazard ratio{how}, {contrast}: {show_ratio(row)}{p}."
        else:
            yield f"The adjusted hazard ratio, {contrast}, {reason_of(row)}."


def show_ratio(row: Row) -> str:
    """Return a ratio and its interval."""
    return say_ratio(row["estimate"], row["ci_low"], row["ci_high"])


def show_primary_p(inputs: ReportInputs, row: Row) -> str:
    """Return the p value of the primary contrast, to follow its ratio; nothing for others."""
    if not is_primary(inputs, row) or not is_known(row["p_value"]):
        return ""
    return f", p {equals(row['p_value'])}; the primary contrast"


def equals(p_value: float) -> str:
    """Return a p value with its sign: `= 0.020` or `< 0.001`."""
    words = format_p(p_value)
    return words if words[0] in "<>" else f"= {words}"


def show_share(row: Row) -> str:
    """Return a share and its interval in percent; an exact interval is called so."""
    row = quote(row)
    digits = digits_of_percent(row["n"])
    interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=True)
    which = "exact interval " if is_exact(row) else ""
    return f"{format_percent(row['estimate'], digits)} ({which}{unbroken(interval)})"


def note_of(row: Row | None) -> str:
    """Return why a number is not there, as the tables have it."""
    if row is None:
        return "was not asked for"
    return str(row["note"] or "is not shown")


def reason_of(row: Row | None) -> str:
    """Return why a number is not there, to follow its name in a sentence."""
    return with_verb(note_of(row))


def with_verb(note: str) -> str:
    """Return a note as the end of a sentence."""
    return f"is {note}" if note.startswith("hidden") else note
