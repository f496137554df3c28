"""The table of the report that sets each headline number beside a second engine's."""

from __future__ import annotations

from leukocytosis.figures.forest import label_term
from leukocytosis.prose import name_covariate, name_group
from leukocytosis.report.estimators import name_share, title_of
from leukocytosis.report.grids import Grid, Notes, unbroken
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import NOT_REACHED, is_known
from leukocytosis.survival.analyses import SHARES

AGREE = 1e-6  # relative difference up to which two engines give the same number
SECOND = "second_engine_"
HEADLINES = (*SHARES, "risk", "survival", "median", "rmst", "logrank", "cox_adjusted")
FLAT_STEP = (
    "a median on a flat step of the curve: R, and we, take the middle of the step, the second "
    "engine its start"
)


def list_engines(inputs: ReportInputs) -> Grid:
    """Return each headline number by both engines, and their relative difference."""
    notes, rows = Notes(), []
    for ours, second in _pair_engines(inputs):
        shared = {**ours, "note": None}
        rows.append((_name_number(inputs, ours), _show_plain(shared), _show_plain(second),
                     _show_difference(ours, second, notes), second["method"]))  # fmt: skip
    head = ("Number", "This workflow", "Second engine", "Largest relative difference", "Engine")
    caption = (
        "Two engines for each headline number (95 % intervals where both have one, of shares "
        "Wilson's)"
    )
    return Grid(caption, head, "lrrrl", tuple(rows), notes.numbered)


def _pair_engines(inputs: ReportInputs) -> list[tuple[Row, Row]]:
    """Return our row and the second engine's of each headline number, those that differ first."""
    rows = inputs.rows("estimates")
    place = ("outcome_id", "group", "term", "time_days")
    ours = {(r["analysis_id"], *(r[key] for key in place)): r for r in rows}
    pairs = [
        (ours[second["analysis_id"].removeprefix(SECOND), *(second[key] for key in place)], second)
        for second in rows
        if second["analysis_id"].startswith(SECOND)
    ]
    outcomes = ["-", *(o.id for o in inputs.protocol.outcomes)]

    def in_order(pair: tuple[Row, Row]) -> tuple[bool, int, int]:
        differ = (find_difference(*pair) or 0.0) > AGREE
        row = pair[0]
        return not differ, outcomes.index(row["outcome_id"]), HEADLINES.index(row["analysis_id"])

    return sorted(pairs, key=in_order)


def _name_number(inputs: ReportInputs, row: Row) -> str:
    if row["analysis_id"] in SHARES:
        return f"share, {name_share(inputs, row)}"
    title = title_of(inputs, row["outcome_id"])
    day = f" by day {row['time_days']:g}" if is_known(row["time_days"]) else ""
    if row["analysis_id"] == "cox_adjusted":
        return f"adjusted hazard ratio, {name_covariate(label_term(row['term']))}: {title}"
    what = {"logrank": "log-rank χ²"}.get(row["analysis_id"], row["term"])
    return f"{what}{day}, {name_group(row['group'])}: {title}"


def _show_plain(row: Row) -> str:
    if not is_known(row["estimate"]):
        return "hidden" if is_hidden(row) else "no number"
    words = f"{row['estimate']:.6g}"
    ends = row["ci_low"], row["ci_high"]
    if not any(map(is_known, ends)):
        return words
    # as many digits as the estimate: here the question is whether two engines agree
    low, high = (f"{end:.6g}" if is_known(end) else NOT_REACHED for end in ends)
    return f"{words} ({unbroken(f'{low} to {high}')})"


def find_difference(ours: Row, second: Row) -> float | None:
    """Return the largest relative difference of estimate and interval ends that both engines have.

    None where one of them has no estimate.
    """
    if not is_known(ours["estimate"]) or not is_known(second["estimate"]):
        return None
    ends = [(ours[end], second[end]) for end in ("estimate", "ci_low", "ci_high")]
    known = [(a, b) for a, b in ends if is_known(a) and is_known(b)]
    return max(abs(a - b) / max(abs(a), abs(b)) if a != b else 0.0 for a, b in known)


def _show_difference(ours: Row, second: Row, notes: Notes) -> str:
    difference = find_difference(ours, second)
    if difference is None:
        return f"cannot be compared{notes.mark(second['note'] or ours['note'])}"
    if difference <= 1e-12:
        return "none"
    mark = notes.mark(FLAT_STEP) if ours["analysis_id"] == "median" else ""
    return f"{difference:.1e}{mark}"


def describe_agreement(inputs: ReportInputs) -> str:
    """Return in a sentence how many headline numbers both engines agree on."""
    pairs = _pair_engines(inputs)
    found = [find_difference(ours, second) for ours, second in pairs]
    compared = [difference for difference in found if difference is not None]
    if not compared:
        return "No headline number could be compared between two engines."
    apart = sum(difference > AGREE for difference in compared)
    agree = (
        f"{len(compared) - apart} of {len(compared)} headline numbers agree within 1 in a million"
    )
    return (
        f"{agree}; {apart} differ{'s' if apart == 1 else ''}, see the table."
        if apart
        else (f"All {len(compared)} headline numbers agree within 1 in a million.")
    )
