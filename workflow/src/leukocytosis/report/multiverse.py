"""The multiverse as readers see it: what the conclusion owes to decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from leukocytosis.config.sensitivity import OWN
from leukocytosis.figures.specification import (
    draw_specification,
    draw_thresholds,
    judge,
    split_specification,
)
from leukocytosis.prose import name_group
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.grids import Grid, Notes, show_percent, show_ratio
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import format_number, format_percent, format_ratio, is_known

CONTRAST, SAME = "hazard_ratio", "is what the study does"
SPECIFICATION = (
    "Drawn combinations of decisions by hazard ratio, with 95 % intervals. A mark beneath says "
    "which option of each decision made it. The dashed line is the study's own hazard ratio. "
    "Intervals are cut at 1/16 and 16."
)
THRESHOLDS = (
    "The same hazard ratio over the threshold of the index count, all else as in the study, with "
    "95 % intervals. A higher threshold keeps fewer patients and starts the clock of some later. "
    "The band is cut at 1/16 and 16."
)
NO_CELL = "–"
METHOD = (
    "Share of variance: of the log hazard ratio over the drawn combinations, what a decision's "
    "options add to R² of a linear model, averaged over every order in which the decisions can "
    "enter it (Lindeman, Merenda and Gold 1980). It describes this list of options, each as "
    "frequent as any other, and a percent or two come about by the draw alone. Ratios that rest "
    "on few events scatter by chance, and that scatter is shared out, too. It does not say which "
    "option is right, and with another list it would be another number."
)


def describe_multiverse(inputs: ReportInputs) -> dict[str, Any] | None:
    """Return what the report says of the multiverse; None when the study declares none."""
    if inputs.protocol.sensitivity is None or not inputs.rows("variants"):
        return None
    verse = _Verse(inputs)
    return {
        "question": verse.question(),
        "sentences": tuple(verse.sentences()),
        "alone": verse.list_alone(),
        "groups": verse.list_groups(),
        "explained": verse.list_explained(),
        "method": METHOD,
        "fixed": verse.list_fixed(),
    }


def describe_spread(inputs: ReportInputs) -> Iterator[str]:
    """Yield in a sentence where the intervals of the drawn combinations lie; none without one."""
    if inputs.protocol.sensitivity is None or not inputs.rows("variants"):
        return
    drawn = _Verse(inputs).drawn
    places = Counter(judge(row) for row in drawn if is_known(row["estimate"]))
    n, n_known = format_number(len(drawn)), format_number(places.total())
    if places:
        told = f"the interval lies above 1 in {places['above 1']}, includes 1 in "
        told += f"{places['includes 1']}, lies below 1 in {places['below 1']}"
        yield f"Hazard ratio in {n_known} of {n} other ways to decide the study: {told}."
    elif drawn:
        yield f"In none of {n} other ways to decide the study is there a hazard ratio to show."


def draw_multiverse(inputs: ReportInputs) -> Iterator[Drawing]:
    """Yield the figures of the multiverse; none without one."""
    if inputs.protocol.sensitivity is None or not inputs.rows("variants"):
        return
    verse, table = _Verse(inputs), "the tables multiverse and variants have the same numbers."
    yield Drawing(
        "specification", "multiverse", SPECIFICATION,
        f"Hazard ratios of all variants, sorted; {table}",
        draw_specification(inputs.protocol, verse.drawn, verse.choices, verse.own),
        {"multiverse": [verse.own, *verse.drawn], "variants": inputs.rows("variants")},
        split=partial(split_specification, inputs.protocol, verse.drawn, verse.choices, verse.own),
    )  # fmt: skip
    if verse.thresholds:
        yield Drawing(
            "thresholds", "multiverse", THRESHOLDS, f"Hazard ratio by threshold; {table}",
            draw_thresholds(inputs.protocol, verse.thresholds),
            {"multiverse": [{"threshold_1e9_per_l": value, **row}
                            for value, row in verse.thresholds]},
        )  # fmt: skip


class _Verse:
    """The rows of one multiverse, by family."""

    def __init__(self, inputs: ReportInputs) -> None:
        assert inputs.protocol.sensitivity is not None
        self.inputs, self.asked = inputs, inputs.protocol.sensitivity
        self.choices: dict[int, dict[str, str]] = {}
        family: dict[int, str] = {}
        for row in inputs.rows("variants"):
            family[row["variant"]] = row["family"]
            self.choices.setdefault(row["variant"], {})[row["decision"]] = row["option"]
        rows = inputs.rows("multiverse", analysis_id=CONTRAST)
        self.own = next(row for row in rows if row["variant"] == 0)
        self.drawn = [row for row in rows if family[row["variant"]] == "drawn"]
        self.thresholds = [
            (float(self.choices[row["variant"]]["threshold_curve"]), row)
            for row in rows if family[row["variant"]] == "threshold"
        ]  # fmt: skip
        self.alone = {
            self._single(row["variant"]): row for row in rows if family[row["variant"]] == "alone"
        }
        self.options = inputs.rows("options")

    def _single(self, variant: int) -> tuple[str, str]:
        (found,) = ((d, o) for d, o in self.choices[variant].items() if o != OWN)
        return found

    def question(self) -> str:
        """Return in one sentence what the hazard ratio of every variant estimates."""
        group, reference = (
            name_group(name) for name in self.inputs.protocol.analyses.primary_contrast.groups
        )
        wanted = self.inputs.protocol.analyses.primary_outcome
        (title,) = (o.title for o in self.inputs.protocol.outcomes if o.id == wanted)
        return (
            f"Had the study been decided otherwise, would {group} still compare with {reference} "
            "as it does? Each variant gives the unadjusted hazard ratio: how many times as often "
            f"patients with {group} as patients with {reference} have the outcome ({title}, or as "
            "the variant defines it) per day, among those who have not had it yet. It compares "
            "groups; it does not say that the cause makes the difference. Causes are those of the "
            "rules."
        )

    def sentences(self) -> Iterator[str]:
        """Yield the findings: the study's own, the drawn combinations, single decisions."""
        if is_known(self.own["estimate"]):
            own = show_ratio({**self.own, "note": None}, Notes())
            yield f"The study's own hazard ratio is {own}; its interval {_words(self.own)}."
        else:
            yield f"The study's own hazard ratio {self.own['note'] or 'is not shown'}."
        known = [row for row in self.drawn if is_known(row["estimate"])]
        if self.drawn:
            yield self._describe_drawn(known)
        if is_known(self.own["estimate"]):
            yield from self._describe_changes()

    def _describe_drawn(self, known: Sequence[Row]) -> str:
        told = (
            f"Of {len(self.drawn)} drawn combinations of decisions, {len(known)} have a hazard "
            f"ratio that can be shown{self._describe_gaps(len(known))}"
        )
        if not known:
            return f"{told}."
        values = [row["estimate"] for row in known]
        low, middle, high = (format_ratio(f(values)) for f in (min, median, max))
        counts = {beside: sum(judge(row) == beside for row in known)
                  for beside in ("above 1", "includes 1", "below 1")}  # fmt: skip
        return (
            f"{told}: from {low} to {high}, the middle one {middle}. The interval lies above 1 in "
            f"{counts['above 1']}, includes 1 in {counts['includes 1']} and lies below 1 in "
            f"{counts['below 1']} of them."
        )

    def _describe_gaps(self, n_known: int) -> str:
        reasons = Counter(row["note"] for row in self.drawn if not is_known(row["estimate"]))
        if not reasons:
            return ""
        reason, n = min(reasons.items(), key=lambda found: (-found[1], str(found[0])))
        return f" (of the {len(self.drawn) - n_known} others, {n}: {reason})"

    def _describe_changes(self) -> Iterator[str]:
        turned, moved = [], []
        for (decision, option), row in self.alone.items():
            if not is_known(row["estimate"]):
                continue
            name = f"{self._title(decision)}: {self._option(decision, option)['title']}"
            told = f"{name} ({format_ratio(row['estimate'])})"
            if (row["estimate"] > 1) != (self.own["estimate"] > 1):
                turned.append(told)
            elif judge(row) != judge(self.own):
                moved.append(f"{told}, interval {_words(row)}")
        yield f"One decision alone turns the direction: {'; '.join(turned) or 'none'}."
        told = "; ".join(moved) or "none"
        yield f"One decision alone moves the interval past 1 or onto it: {told}."

    def _title(self, decision: str) -> str:
        return {d.id: d.title for d in self.asked.decisions}[decision]

    def _option(self, decision: str, option: str) -> Row:
        return next(r for r in self.options if r["decision"] == decision and r["option"] == option)

    def list_alone(self) -> Grid:
        """Return each option alone: patients, hazard ratio, conclusion, and why it is plausible."""
        notes = Notes()
        own = ("the study itself", "as in the protocol", format_number(self.own["n"]),
               show_ratio(self.own, notes), f"interval {_words(self.own)}",
               NO_CELL, NO_CELL)  # fmt: skip
        rows = [own, *(self._show_option(row, notes) for row in self._ordered())]
        head = ("Decision", "Option", "Patients", "Hazard ratio (95 % interval)", "Conclusion",
                "Combinations with another conclusion", "Why plausible")  # fmt: skip
        caption = "One decision changed, all else as in the study"
        return Grid(caption, head, "llrrlrl", tuple(rows), notes.numbered)

    def _ordered(self) -> list[Row]:
        """Return the options but the study's own, in the protocol's order."""
        order = [(d.id, o.id) for d in self.asked.decisions for o in d.options]
        found = [r for r in self.options if r["option"] != OWN and r["note"] != SAME]
        return sorted(found, key=lambda row: order.index((row["decision"], row["option"])))

    def _show_option(self, option: Row, notes: Notes) -> tuple[str, ...]:
        row = self.alone.get((option["decision"], option["option"]))
        title = self._title(option["decision"])
        why = option["source"] or NO_CELL
        if row is None:
            without = option["note"] or NO_CELL
            return (title, option["title"], NO_CELL, without, NO_CELL, NO_CELL, why)
        changed = NO_CELL if not option["n_estimated"] or option["n_other_verdict"] is None else (
            f"{option['n_other_verdict']} of {option['n_estimated']}")  # fmt: skip
        return (title, option["title"] + notes.mark(option["note"]), format_number(row["n"]),
                show_ratio(row, notes), self._conclude(row), changed, why)  # fmt: skip

    def _conclude(self, row: Row) -> str:
        if not is_known(row["estimate"]):
            return NO_CELL
        if not is_known(self.own["estimate"]):
            return f"interval {_words(row)}"
        if (row["estimate"] > 1) != (self.own["estimate"] > 1):
            return f"points the other way; interval {_words(row)}"
        return "the same" if judge(row) == judge(self.own) else f"interval {_words(row)}"

    def list_groups(self) -> Grid:
        """Return shares and risks with each option alone."""
        notes = Notes()
        groups = [*reversed(self.inputs.protocol.analyses.primary_contrast.groups)]
        causes = {g: [c.id for c in self.inputs.protocol.causes if c.group == g] for g in groups}
        shown = {g: names[0] for g, names in causes.items() if len(names) == 1}
        found: dict[int, list[Row]] = {}
        for row in self.inputs.rows("multiverse"):
            found.setdefault(row["variant"], []).append(row)
        named = [(0, "the study itself")]
        named += [
            (row["variant"], f"{self._title(d)}: {self._option(d, o)['title']}")
            for (d, o), row in self.alone.items()
        ]
        rows = []
        for variant, name in named:
            shares = [_find(found[variant], "cause_shares", "term", shown[g]) for g in shown]
            risks = [_find(found[variant], "risk", "group", g) for g in groups]
            rows.append((name, *(show_percent(row, notes) for row in (*shares, *risks))))
        head = ("Variant", *(f"Share: {name_group(g)}" for g in shown),
                *(f"Risk at the horizon: {name_group(g)}" for g in groups))  # fmt: skip
        caption = "Shares of causes and risks, one decision changed (95 % intervals)"
        return Grid(caption, head, "l" + "r" * (len(head) - 1), tuple(rows), notes.numbered)

    def list_explained(self) -> Grid:
        """Return how much of the variance each decision accounts for, the most first."""
        fixed = {f.id for f in self.asked.fixed}
        found = [row for row in self.inputs.rows("decisions") if row["decision"] not in fixed]
        notes = Notes()
        rows = tuple(
            (row["title"], _show_share(row, notes))
            for row in sorted(found, key=lambda r: -(r["explained"] or 0))
        )
        head = ("Decision", "Share of the variance")
        caption = "What the spread between drawn combinations goes with"
        return Grid(caption, head, "lr", rows, notes.numbered)

    def list_fixed(self) -> list[tuple[str, str]]:
        """Return the decisions that are not varied, and why."""
        return [(fixed.title, fixed.reason) for fixed in self.asked.fixed]


def _show_share(row: Row, notes: Notes) -> str:
    if is_known(row["explained"]):
        return format_percent(row["explained"])
    return f"cannot be estimated{notes.mark(row['note'])}"


def _find(rows: Sequence[Row], analysis: str, key: str, value: str) -> Row | None:
    """Return the row of the latest day, where there are several."""
    found = [row for row in rows if row["analysis_id"] == analysis and row[key] == value]
    return max(found, key=lambda row: row["time_days"] or 0, default=None)


def _words(row: Mapping[str, Any]) -> str:
    if not is_known(row["estimate"]):
        return "cannot be told"
    return {"above 1": "lies above 1", "below 1": "lies below 1", "includes 1": "includes 1"}[
        judge(row)
    ]
