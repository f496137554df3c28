"""The answer first, in plain sentences: causes, risk by cause group, the primary contrast."""

from __future__ import annotations

from leukocytosis.bias.contrast import primary_contrast
from leukocytosis.bias.tipping import conclude
from leukocytosis.config import UNDETERMINED
from leukocytosis.prose import count_patients, join, name_cause, name_group, name_patients
from leukocytosis.report.bias_summary import as_interval, find_adjusted
from leukocytosis.report.headlines import (
    describe_cohort,
    find_leading,
    reason_of,
    show_primary_p,
    show_ratio,
    show_share,
    sort_groups,
    title_of,
    with_verb,
)
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.rounding import is_known

SOONER = {
    0: "The data do not tell whether patients with {} have the outcome sooner than patients "
    "with {}",
    1: "Patients with {} have the outcome sooner than patients with {}",
    -1: "Patients with {} have the outcome later than patients with {}",
}


def describe_answer(inputs: ReportInputs) -> tuple[str, ...]:
    """Return the answer in at most three sentences; one where nobody is in the cohort."""
    if inputs.n_cohort == 0:
        return (describe_cohort(inputs),)
    return (_tell_causes(inputs), _tell_risk(inputs), _tell_contrast(inputs))


def _tell_causes(inputs: ReportInputs) -> str:
    shares = inputs.estimates("cause_shares")
    known = [row for row in shares if is_known(row["estimate"])]
    leading = find_leading(known)
    if not leading:
        return f"The share of each cause {reason_of(next(iter(shares), None))}."
    causes = [
        f"{name_cause(inputs.protocol, row['term'])} at {show_share(row)}"
        for row in leading
        if row["term"] != UNDETERMINED
    ]
    shown = "" if len(known) == len(shares) else " that can be shown"
    what, verb = ("cause", "is") if len(causes) == 1 else ("causes", "are")
    told = [f"the most frequent {what}{shown} {verb} {join(causes)}"] if causes else []
    told += [
        f"{show_share(row)} stay undetermined" for row in leading if row["term"] == UNDETERMINED
    ]
    n = inputs.n_cohort
    who = "the cohort" if n is None else count_patients(n)
    return f"In {who}, {'; '.join(told)}."


def _tell_risk(inputs: ReportInputs) -> str:
    outcome_id = inputs.protocol.analyses.primary_outcome
    known, without = sort_groups(inputs, "risk", outcome_id)
    told = [f"{share} {name_patients(group)}" for group, share in known.items()]
    it = ", it" if told else ""
    gaps = [f"{join([name_patients(g) for g in groups])}{it} {with_verb(note)}"
            for note, groups in without.items()]  # fmt: skip
    parts = [f"is {join(told)}"] if told else []
    return f"The risk of {title_of(inputs, outcome_id)} {'; '.join([*parts, *gaps])}."


def _tell_contrast(inputs: ReportInputs) -> str:
    compared, reference = primary_contrast(inputs.protocol)
    row = find_adjusted(inputs, f"{compared} against {reference}")
    interval = as_interval(row)
    names = name_group(compared), name_group(reference)
    if row is None or interval is None:
        return f"The adjusted hazard ratio, {' against '.join(names)}, {reason_of(row)}."
    verdict = SOONER[conclude(interval)].format(*names)
    return f"{verdict}: adjusted hazard ratio {show_ratio(row)}{show_primary_p(inputs, row)}."
