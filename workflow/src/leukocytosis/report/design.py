"""The section on a fair design: what was known when, treatment after the index, other rules."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.figures.landmark import draw_guaranteed, draw_landmarks, find_arms
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import capital, name_covariate, name_group
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.grids import Grid, Notes, show_chi_squared, show_percent, show_ratio
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import NOT_SHOWN, format_number, is_known
from leukocytosis.survival.alternatives import DECLARED, GONE, HINDSIGHT, LATE, RULES
from leukocytosis.survival.treatment import (
    EVER,
    FLOW,
    LANDMARK,
    NAIVE,
    NEVER,
    TIME_DEPENDENT,
)

FLOW_TERMS = {
    "left out: had the event": "Left out: had the event by then",
    "left out: no longer observed": "Left out: no longer observed",
    "treated": "Treated by then",
    "untreated": "Not treated by then",
}


def describe_design(inputs: ReportInputs) -> dict[str, object]:
    """Return what the section prints: its grids by name, and words about the treatment."""
    treatment = inputs.protocol.treatment
    outcome = treatment.outcome if treatment else ""
    titles = {o.id: o.title for o in inputs.protocol.outcomes}
    return {
        "treatment": treatment,
        "outcome": titles.get(outcome, ""),
        "known": list_known(inputs),
        "hindsight": list_hindsight(inputs),
        "rules": list_rules(inputs),
        "time_dependent": list_time_dependent(inputs),
        "left_out": list_left_out(inputs),
        "landmarks": list_landmarks(inputs),
        "naive": list_naive(inputs),
        "truth": inputs.manifest.drawn_for == inputs.protocol.study,
    }


def draw_design(inputs: ReportInputs) -> tuple[Drawing, ...]:
    """Return the figures of the treatment; none where the study or the extract has none."""
    treatment = inputs.protocol.treatment
    if treatment is None or not inputs.estimates(NAIVE):
        return ()
    protocol, curves = inputs.protocol, inputs.rows("curves")
    least = protocol.analyses.min_at_risk_shown
    return (
        Drawing(
            "landmarks", "landmarks",
            "From each landmark, those treated by that day and those not, with 95 % log-log bands. "
            "Grey: the days before it; who had the event or was lost in them is left out. A curve "
            f"is drawn while at least {least} patients are at risk. Under the axis: patients at "
            "risk at the end of that day.",
            "Kaplan–Meier curves from each landmark by treatment until then; the tables below "
            "have the numbers.",
            draw_landmarks(protocol, treatment, curves, inputs.rows("estimates")),
            {"curves": find_arms(treatment, curves, landmarks=True),
             "estimates": inputs.estimates(LANDMARK)},
        ),
        Drawing(
            "guaranteed_time", "guaranteed_time",
            "How not to compare: patients who were ever treated against those who never were. "
            "Grey: the share of the ever treated who had not begun yet. They could not die in "
            "that time, for had they died they would stand in the other curve. Under the axis: "
            "patients at risk at the end of that day.",
            "Demonstration of immortal-time bias: Kaplan–Meier curves of the ever and the never "
            "treated, the guaranteed time shaded; the table below has the numbers.",
            draw_guaranteed(protocol, treatment, curves),
            {"curves": find_arms(treatment, curves, landmarks=False)},
        ),
    )  # fmt: skip


def list_known(inputs: ReportInputs) -> Grid:
    """Return each covariate with the day by which it is known, and how it enters."""
    covariates, treatment = inputs.protocol.covariates, inputs.protocol.treatment
    rows = []
    for term in covariates.adjusted_for:
        known = covariates.known[term]
        by_day = "no last day" if known.by_day is None else f"day {known.by_day}"
        enters = (
            f"baseline, in hindsight: {known.in_hindsight}" if known.in_hindsight else "baseline"
        )
        rows.append((name_covariate(term), by_day, known.how, enters))
    if treatment:
        enters = " and ".join(entry.replace("_", "-") for entry in treatment.enters)
        how = f"drugs of the list {treatment.codelist}"
        rows.append((treatment.title, f"from day {treatment.window.from_day} on", how, enters))
    head = ("Covariate", "Known by", "How", "Enters as")
    return Grid("When each covariate is known", head, "llll", tuple(rows))


def list_hindsight(inputs: ReportInputs) -> Grid:
    """Return how many causes were known only after day 0, and for how many of those too late."""
    notes = Notes()
    rows = []
    for group in inputs.groups:
        late, gone = (inputs.estimate(HINDSIGHT, group=group, term=term) for term in (LATE, GONE))
        if late:
            rows.append((name_group(group), format_number(late["n"]),
                         show_percent(late, notes), show_percent(gone, notes)))  # fmt: skip
    head = (
        "Group",
        "Patients whose cause has a day",
        "Cause rests on records, or their absence, after day 0",
        "Follow-up was over before they could be made",
    )
    caption = "Causes known only after the index (95 % intervals)"
    return Grid(caption, head, "lrrr", tuple(rows), notes.numbered)


def list_time_dependent(inputs: ReportInputs) -> Grid:
    """Return the hazard ratio of treatment as it changes, by group."""
    notes = Notes()
    rows = []
    for group in inputs.groups:
        found = inputs.estimates(TIME_DEPENDENT, group=group)
        if found:
            rows.append((name_group(group), *_counts(found), *_ratios(found, notes)))
    head = ("Group", "Patients", "Events", "Hazard ratio (95 % interval)",
            "Adjusted hazard ratio (95 % interval)")  # fmt: skip
    caption = "Treatment as time-dependent: those who have begun against those who have not yet"
    return Grid(caption, head, "lrrrr", tuple(rows), notes.numbered)


def list_left_out(inputs: ReportInputs) -> Grid:
    """Return who is left out at each landmark, and who is compared: the four add up."""
    rows = []
    for group, day in _landmarks(inputs):
        found = {row["term"]: row for row in inputs.estimates(FLOW, group=group, time_days=day)}
        counts = (_count(found[term]) for term in FLOW_TERMS)
        rows.append((f"day {day:g}", name_group(group), *counts))
    head = ("Landmark", "Group", *FLOW_TERMS.values())
    caption = "Landmarks: who is left out and who is compared"
    return Grid(caption, head, "llrrrr", tuple(rows))


def list_landmarks(inputs: ReportInputs) -> Grid:
    """Return survival from each landmark by treatment until then, and the hazard ratios."""
    notes = Notes()
    rows = []
    for group, day in _landmarks(inputs):
        found = inputs.estimates(LANDMARK, group=group, time_days=day)
        alive = [_of(found, f"survival: {arm}") for arm in ("treated", "untreated")]
        rows.append((f"day {day:g}", name_group(group),
                     *(show_percent(row, notes) for row in alive),
                     *_ratios(found, notes)))  # fmt: skip
    last = _last_day(inputs)
    arms = (f"Treated: free of it at {last}", f"Not treated: free of it at {last}")
    head = ("Landmark", "Group", *arms, "Hazard ratio", "Adjusted hazard ratio")
    caption = "From each landmark: treated by then against not treated by then (95 % intervals)"
    return Grid(caption, head, "llrrrr", tuple(rows), notes.numbered)


def list_naive(inputs: ReportInputs) -> Grid:
    """Return the comparison not to make, labelled as what it is."""
    notes = Notes()
    found = inputs.estimates(NAIVE)
    last = _last_day(inputs)
    shown = [
        (f"{arm}: free of it at {last}", show_percent(_of(found, f"survival: {arm}"), notes))
        for arm in (EVER, NEVER)
    ]
    shown.append(
        ("hazard ratio, ever against never", show_ratio(_of(found, "hazard ratio"), notes))
    )
    shown.append((
        "days of the ever treated that came before treatment, in which they could not die",
        _share(_of(found, "guaranteed share of their days"), notes),
    ))  # fmt: skip
    caption = "Demonstration of a bias, not an answer: ever treated against never treated"
    rows = tuple(shown) if found else ()
    return Grid(caption, ("What", "Number (95 % interval)"), "lr", rows, notes.numbered)


def list_rules(inputs: ReportInputs) -> Grid:
    """Return the primary contrast under other rules for day 0, ties, horizon and observation."""
    notes = Notes()
    contrast = inputs.protocol.analyses.primary_contrast
    show = show_chi_squared if contrast.measure == "log_rank" else show_ratio
    rows = []
    for row in sorted(
        inputs.estimates(RULES), key=lambda row: (row["term"] != DECLARED, row["term"])
    ):
        rows.append((row["term"], show(row, notes), format_number(row["n"]),
                     format_number(row["n_events"])))  # fmt: skip
    group, reference = (name_group(name) for name in contrast.groups)
    measure = {"log_rank": "log-rank χ²"}.get(contrast.measure, contrast.measure.replace("_", " "))
    caption = f"The primary contrast, {group} against {reference}, under other rules"
    head = ("Rule", f"{capital(measure)} (95 % interval)", "Patients", "Events")
    return Grid(caption, head, "lrrr", tuple(rows), notes.numbered)


def _landmarks(inputs: ReportInputs) -> Iterator[tuple[str, float]]:
    """Yield each group and landmark of which there are counts."""
    days = sorted({row["time_days"] for row in inputs.estimates(FLOW)})
    for day in days:
        for group in inputs.groups:
            if inputs.estimates(FLOW, group=group, time_days=day):
                yield group, day


def _last_day(inputs: ReportInputs) -> str:
    treatment = inputs.protocol.treatment
    return f"day {horizon_of(inputs.protocol, treatment.outcome)}" if treatment else "the end"


def _of(rows: list[Row], term: str) -> Row | None:
    return next((row for row in rows if row["term"] == term), None)


def _counts(rows: list[Row]) -> tuple[str, str]:
    row = _of(rows, "hazard ratio") or rows[0]
    return format_number(row["n"]), format_number(row["n_events"])


def _ratios(rows: list[Row], notes: Notes) -> Iterator[str]:
    for term in ("hazard ratio", "adjusted hazard ratio"):
        yield show_ratio(_of(rows, term), notes)


def _count(row: Row) -> str:
    return "hidden" if is_hidden(row) else format_number(row["n_events"])


def _share(row: Row | None, notes: Notes) -> str:
    if row is None or not is_known(row["estimate"]):
        return show_percent(row, notes) if row else NOT_SHOWN
    return f"{format_number(100 * row['estimate'], 1)} % (a description: no interval)"
