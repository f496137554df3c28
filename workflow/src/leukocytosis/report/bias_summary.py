"""The bias analysis in a few sentences: what becomes of the primary contrast."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.bias.contrast import primary_contrast
from leukocytosis.bias.tipping import AS_ANALYSED, DELTAS, conclude, find_tip, name_delta
from leukocytosis.figures.forest import label_term
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import format_number, format_ratio, is_known, say_ratio

Interval = tuple[float, float, float]
PLACES = {0: "holds 1", 1: "lies above 1", -1: "lies below 1"}


def describe_short(inputs: ReportInputs) -> tuple[str, ...]:
    """Return what becomes of the adjusted hazard ratio of the primary contrast."""
    compared, reference = primary_contrast(inputs.protocol)
    contrast = f"{compared} against {reference}"
    analysed = find_adjusted(inputs, contrast)
    here = as_interval(analysed)
    name = label_term(contrast)
    if here is None:
        verb = "is " if analysed and is_hidden(analysed) else ""
        return (f"The adjusted hazard ratio, {name}, {verb}{_reason(analysed)}; neither can what "
                "bias would do to it.",)  # fmt: skip
    return (
        f"Adjusted hazard ratio, {name}, as analysed: {_ratio(here)}; its interval "
        f"{PLACES[conclude(here)]}.",
        *_describe_corrected(inputs, contrast, here),
        *_describe_lost(inputs, contrast, here),
        *_describe_unmeasured(inputs, contrast),
        *_describe_years(inputs, contrast, here),
    )


def find_adjusted(inputs: ReportInputs, contrast: str) -> Row | None:
    """Return the adjusted hazard ratio of a contrast for the primary outcome.

    A model refused because all patients share a cause group has one row, of the group alone.
    """
    where = {"outcome_id": inputs.protocol.analyses.primary_outcome}
    found = inputs.estimate("cox_adjusted", term=f"cause group: {contrast}", **where)
    return found or inputs.estimate("cox_adjusted", term="cause group", **where)


def as_interval(row: Row | None) -> Interval | None:
    """Return estimate and both ends, or None where one of them is not there."""
    ends = (row["estimate"], row["ci_low"], row["ci_high"]) if row else ()
    if not ends or not all(is_known(end) for end in ends):
        return None
    return ends[0], ends[1], ends[2]


def _ratio(interval: Interval) -> str:
    return say_ratio(*interval)


def _reason(row: Row | None) -> str:
    if row is None:
        return "was not asked for"
    return str(row["note"] or "has no number")


def _same(interval: Interval, here: Interval) -> str:
    if conclude(interval) == conclude(here):
        return "the conclusion is the same"
    return f"the conclusion changes: the interval {PLACES[conclude(interval)]}"


def _describe_corrected(inputs: ReportInputs, contrast: str, here: Interval) -> Iterator[str]:
    row = inputs.estimate("bias_ratio", term=contrast)
    found = as_interval(row)
    if found is None:
        yield f"Had the true causes been known: {_reason(row)}."
    else:
        yield f"Had the true causes been known: {_ratio(found)}; {_same(found, here)}."


def _describe_lost(inputs: ReportInputs, contrast: str, here: Interval) -> Iterator[str]:
    outcome_id = inputs.protocol.analyses.primary_outcome
    rows = {
        row["term"].removeprefix(f"{contrast}: "): row
        for row in inputs.estimates("tipping", outcome_id=outcome_id, group="all lost")
    }
    if AS_ANALYSED not in rows or any(is_hidden(row) for row in rows.values()):
        reason = _reason(next(iter(rows.values()), None))
        yield f"Whatever became of those lost: {reason}."
        return
    intervals = {delta: as_interval(rows.get(name_delta(delta))) for delta in DELTAS}
    tips = [find_tip(intervals, here, above=above) for above in (False, True)]
    words = " or ".join(name_delta(tip) for tip in tips if tip is not None)
    n = format_number(rows[AS_ANALYSED]["n"])
    yield (
        f"Had the {n} patients of the model who were lost another hazard after the last contact, "
        f"the conclusion would change: {words}."
        if words
        else f"Whatever became of the {n} patients of the model who were lost, from never to at "
        "once, the conclusion is the same."
    )


def _describe_unmeasured(inputs: ReportInputs, contrast: str) -> Iterator[str]:
    estimate, end = (
        inputs.estimate("e_value", group=contrast, term=term) for term in ("estimate", "interval")
    )
    if estimate and end and is_known(estimate["estimate"]) and is_known(end["estimate"]):
        to_one = format_ratio(end["estimate"])
        holds = end["estimate"] == 1
        yield (
            "An unmeasured confounder would need risk ratios of at least "
            f"{format_ratio(estimate['estimate'])} with both the cause and the outcome to "
            "explain the ratio away; "
            + ("its interval holds 1 without any." if holds else f"{to_one} for its interval.")
        )


def _describe_years(inputs: ReportInputs, contrast: str, here: Interval) -> Iterator[str]:
    row = inputs.estimate("calendar_ratio", term=f"cause group: {contrast}")
    found = as_interval(row)
    if found is not None:
        yield f"With the calendar year in the model: {_ratio(found)}; {_same(found, here)}."
    elif refused := next(iter(inputs.estimates("calendar_ratio")), None):
        yield f"The part of the calendar years {_reason(refused)}."
