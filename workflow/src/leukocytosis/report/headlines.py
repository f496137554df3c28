"""The answer first: in plain sentences, and in the headline numbers with their intervals."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.bias.contrast import primary_contrast
from leukocytosis.bias.tipping import conclude
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
from leukocytosis.report.bias_summary import as_interval, find_adjusted
from leukocytosis.report.grids import unbroken
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.p_values import is_primary
from leukocytosis.rounding import digits_of_percent

UNDETERMINED = "undetermined"
PATIENTS = {"all": "in all patients", "other": "with another cause"}
SOONER = {
    0: "The data do not tell whether patients with {} have the outcome sooner than patients "
    "with {}",
    1: "Patients with {} have the outcome sooner than patients with {}",
    -1: "Patients with {} have the outcome later than patients with {}",
}


def describe_answer(inputs: ReportInputs) -> tuple[str, ...]:
    """Return the answer in plain sentences: causes, risk by cause group, the primary contrast."""
    if inputs.n_cohort == 0:
        return (describe_cohort(inputs),)
    return (_tell_causes(inputs), _tell_risk(inputs), _tell_contrast(inputs))


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


def _tell_causes(inputs: ReportInputs) -> str:
    shares = inputs.estimates("cause_shares")
    known = [row for row in shares if is_known(row["estimate"])]
    leading = [row for row in sorted(known, key=lambda r: -r["estimate"])[:3] if row["estimate"]]
    if not leading:
        return f"The share of each cause {_reason(next(iter(shares), None))}."
    causes = [
        f"{name_cause(inputs.protocol, row['term'])} {show_share(row)}"
        for row in leading
        if row["term"] != UNDETERMINED
    ]
    what = "most frequent cause" if len(causes) == 1 else "most frequent causes"
    shown = "" if len(known) == len(shares) else " that can be shown"
    told = [f"the {what}{shown}: {join(causes)}"] if causes else []
    told += [f"undetermined: {show_share(row)}" for row in leading if row["term"] == UNDETERMINED]
    n = inputs.n_cohort
    who = "the cohort" if n is None else f"{format_number(n)} patient{'s' if n != 1 else ''}"
    return f"In {who}, {'; '.join(told)}."


def _tell_risk(inputs: ReportInputs) -> str:
    outcome_id = inputs.protocol.analyses.primary_outcome
    known, without = _sort_groups(inputs, "risk", outcome_id)
    told = [f"{share} {_name_patients(group)}" for group, share in known.items()]
    gaps = [f"{join([_name_patients(g) for g in groups])}, it {_with_verb(note)}"
            for note, groups in without.items()]  # fmt: skip
    parts = [f"is {join(told)}"] if told else []
    return f"The risk of {_title_of(inputs, outcome_id)} {'; '.join([*parts, *gaps])}."


def _name_patients(group: str) -> str:
    return PATIENTS.get(group) or f"with {name_group(group)}"


def _tell_contrast(inputs: ReportInputs) -> str:
    compared, reference = primary_contrast(inputs.protocol)
    row = find_adjusted(inputs, f"{compared} against {reference}")
    interval = as_interval(row)
    names = name_group(compared), name_group(reference)
    if row is None or interval is None:
        return f"The adjusted hazard ratio, {' against '.join(names)}, {_reason(row)}."
    verdict = SOONER[conclude(interval)].format(*names)
    return f"{verdict}: adjusted hazard ratio {_ratio(row)}{_primary_p(inputs, row)}."


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
        f"{name_cause(inputs.protocol, row['term'])} {show_share(row)}"
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
    shares, without = _sort_groups(inputs, analysis_id, outcome_id)
    known = [f"{name_group(group)} {share}" for group, share in shares.items()]
    known += [
        f"{join([name_group(group) for group in groups])}: {note}"
        for note, groups in without.items()
    ]
    day = horizon_of(inputs.protocol, outcome_id)
    title = _title_of(inputs, outcome_id)
    what = f"Alive at day {day}" if analysis_id == "survival" else f"Risk of {title}"
    return f"{what} (Kaplan–Meier): {'; '.join(known)}."


def _sort_groups(
    inputs: ReportInputs, analysis_id: str, outcome_id: str
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return at the horizon the share by group, and by reason the groups without one."""
    day = float(horizon_of(inputs.protocol, outcome_id))
    known: dict[str, str] = {}
    without: dict[str, list[str]] = {}
    for group in ("all", *inputs.protocol.analyses.groups):
        at = {"outcome_id": outcome_id, "group": group, "time_days": day}
        row = inputs.estimate(analysis_id, **at)
        if row and is_known(row["estimate"]):
            known[group] = show_share(row)
        else:
            without.setdefault(_note(row), []).append(group)
    return known, without


def _title_of(inputs: ReportInputs, outcome_id: str) -> str:
    return next(o.title for o in inputs.protocol.outcomes if o.id == outcome_id)


def _describe_ratio(inputs: ReportInputs) -> Iterator[str]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    for row in find_ratios(inputs.estimates("cox_adjusted"), "cox_adjusted", outcome_id):
        contrast = label_term(row["term"])
        if " against " not in contrast or contrast == row["term"]:
            continue
        if is_known(row["estimate"]):
            how = " (penalised likelihood)" if "penalised" in row["method"] else ""
            yield (
                f"Adjusted hazard ratio{how}, {contrast}: {_ratio(row)}{_primary_p(inputs, row)}."
            )
        else:
            yield f"The adjusted hazard ratio, {contrast}, {_reason(row)}."


def _ratio(row: Row) -> str:
    interval = format_interval(row["ci_low"], row["ci_high"], 2)
    return f"{format_number(row['estimate'], 2)} ({interval})"


def _primary_p(inputs: ReportInputs, row: Row) -> str:
    if not is_primary(inputs, row) or not is_known(row["p_value"]):
        return ""
    return f", p {equals(row['p_value'])}; the primary contrast"


def equals(p_value: float) -> str:
    """Return a p value with its sign: `= 0.020` or `< 0.001`."""
    words = format_p(p_value)
    return words if words[0] in "<>" else f"= {words}"


def show_share(row: Row) -> str:
    """Return a share and its interval in percent."""
    digits = digits_of_percent(row["n"])
    interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=True)
    return f"{format_percent(row['estimate'], digits)} ({unbroken(interval)})"


def _note(row: Row | None) -> str:
    if row is None:
        return "was not asked for"
    return str(row["note"] or "is not shown")


def _reason(row: Row | None) -> str:
    return _with_verb(_note(row))


def _with_verb(note: str) -> str:
    return f"is {note}" if note.startswith("hidden") else note
