"""Who the patients are at the index: Table 1 by cause group and by cause, and the features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from leukocytosis.describe.variables import CATEGORIES
from leukocytosis.figures.forest import label_term
from leukocytosis.prose import join, name_cause, name_group, name_tumour
from leukocytosis.report.grids.cells import show_percent
from leukocytosis.report.grids.grid import Grid, Notes, unbroken
from leukocytosis.report.grids.order import in_order, place_of
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.rounding import (
    RATIO_DIGITS,
    digits_of_percent,
    format_interval,
    format_number,
    format_p,
    format_percent,
    is_known,
)
from leukocytosis.survival.proportion import Z_95
from leukocytosis.tables import CERTAINTIES

# order of display; the tables are sorted by their keys
VARIABLES = ("age", "sex", "tumour", "metas", "index", "neutrophil", "cause", "certainty")
HIDDEN = "hidden"
AGAINST, LARGEST = " against ", "SMD, largest of any two"
MEDIAN = "Median (quartiles), or patients (% of those with a value)."
SMD = (
    "SMD: standardised difference, its size without the sign; numbers by their ranks, categories "
    "by the distance over all levels (in the row of the first)."
)
BY_CHANCE = "The largest of many pairs is large by chance alone where causes are of few patients."
TESTS = "p: all groups are alike (numbers Kruskal–Wallis, categories Pearson or Fisher)."


@dataclass(frozen=True)
class Columns:
    """The columns of Table 1: everybody, then the groups or causes; rows of the table by them."""

    inputs: ReportInputs
    grouped_by: str
    names: tuple[str, ...]
    rows: dict[tuple[str, str, str], Row]  # by variable, level and group
    suffix: str  # of the analyses that compare the columns

    @property
    def variables(self) -> list[str]:
        """Return the variables in the order of display."""
        return sorted({variable for variable, _, _ in self.rows}, key=_place_of)

    def levels(self, variable: str) -> list[str]:
        """Return the levels of a variable, those with an order of their own in it."""
        order = [*(cause.title for cause in self.inputs.protocol.causes), *CERTAINTIES]
        found = {level for of, level, _ in self.rows if of == variable}
        place = {level: order.index(level) if level in order else len(order) for level in found}
        return sorted(found, key=lambda level: (place[level], level))

    def size(self, name: str) -> float | None:
        """Return how many patients a column holds; None where all of it is hidden."""
        sizes = [
            row["n"] + row["n_missing"]
            for (_, _, group), row in self.rows.items()
            if group == name and is_known(row["n"]) and is_known(row["n_missing"])
        ]
        return max(sizes, default=None)

    def differences(self, variable: str) -> dict[str, Row]:
        """Return the standardised differences of a variable by the pair they compare."""
        found = self.inputs.estimates(f"standardised_difference{self.suffix}", term=variable)
        return {row["group"]: row for row in found}


def list_table_one(inputs: ReportInputs, grouped_by: str = "cause_group") -> Grid:
    """Return Table 1: a row per variable and level, a column per cause group or `cause`.

    Then the standardised differences: of each group to the first, and the largest of any two; by
    cause the largest only. With `analyses: table_one_p` a p value as well.
    """
    columns = _find_columns(inputs, grouped_by)
    pairs = _pairs_to_first(columns)
    notes = Notes()
    body = [line for name in columns.variables for line in _lines(columns, name, pairs, notes)]
    asked = inputs.protocol.analyses.table_one_p is not None
    head = ("", *(_head(columns, name) for name in columns.names),
            *(f"SMD, {label_term(pair)}" for pair in pairs), LARGEST,
            *(["p"] if asked else []))  # fmt: skip
    what = "cause" if grouped_by == "cause" else "cause group"
    caption = f"Patients at the index, by {what}"
    under = (MEDIAN, SMD, *_say_chance(columns, pairs), *([TESTS] if asked else []))
    align, under = "l" + "r" * (len(head) - 1), (*under, *notes.numbered)
    return Grid(caption, head, align, tuple(body), under, sortable=False)


def _find_columns(inputs: ReportInputs, grouped_by: str) -> Columns:
    wanted = ("cohort", grouped_by)
    rows = [row for row in inputs.rows("table_one") if row["grouped_by"] in wanted]
    # of the groups' own cause, and of nobody, there is nothing to list
    asked = {row["variable"] for row in rows if row["grouped_by"] == grouped_by}
    rows = [row for row in rows if row["variable"] in asked]
    names = sorted(
        {row["group"] for row in rows if row["grouped_by"] == grouped_by},
        key=lambda name: (place_of(inputs, name, grouped_by), name),
    )
    by_place = {(row["variable"], row["level"], row["group"]): row for row in rows}
    return Columns(
        inputs, grouped_by, ("all", *names), by_place, "_by_cause" if grouped_by == "cause" else ""
    )


def _place_of(variable: str) -> tuple[int, str]:
    starts = [i for i, start in enumerate(VARIABLES) if variable.startswith(start)]
    return (starts[0] if starts else len(VARIABLES), variable)


def _pairs_to_first(columns: Columns) -> list[str]:
    """Return each group against the first; none by cause, where none comes first."""
    if columns.grouped_by == "cause":
        return []
    first, *others = columns.names[1:] or ("",)
    return [f"{name}{AGAINST}{first}" for name in others]


def _head(columns: Columns, name: str) -> str:
    title = name_group(name)
    if columns.grouped_by == "cause" and name != "all":
        title = name_cause(columns.inputs.protocol, name)
    size = columns.size(name)
    if size is None:
        return f"{title} ({HIDDEN})"
    return f"{title} {unbroken(f'(n = {format_number(size)})')}"


def _lines(
    columns: Columns, variable: str, pairs: Sequence[str], notes: Notes
) -> Iterator[tuple[str, ...]]:
    apart = _show_apart(columns, variable, pairs, notes)
    for level in columns.levels(variable):
        label = (
            variable if level == "-" else f"{variable}: {_level(columns.inputs, variable, level)}"
        )
        cells = [columns.rows.get((variable, level, name)) for name in columns.names]
        yield (label, *map(_describe_cell, cells), *apart)
        apart = ["–"] * len(apart)  # said once for all levels
    yield from _missing(columns, variable, apart)


def _level(inputs: ReportInputs, variable: str, level: str) -> str:
    if variable == CATEGORIES["tumour_group"]:
        return name_tumour(level)
    words = {"True": "yes", "False": "no"}.get(level) or name_cause(inputs.protocol, level)
    return words.replace("_", " ")


def _describe_cell(row: Row | None) -> str:
    if row is None:
        return "0"
    if row["n"] == 0:
        return "no values"
    if not is_known(row["value"]):
        return HIDDEN
    if row["statistic"] == "percent":
        if row["spread_low"] == 0:
            return "0"
        share = format_percent(row["value"] / 100, digits_of_percent(row["n"]))
        return f"{format_number(row['spread_low'])} ({share})"
    spread = unbroken(format_interval(row["spread_low"], row["spread_high"], 1))
    return f"{format_number(row['value'], 1)} ({spread})"


def _missing(columns: Columns, variable: str, blank: list[str]) -> Iterator[tuple[str, ...]]:
    level = columns.levels(variable)[0]
    rows = [columns.rows.get((variable, level, name)) for name in columns.names]
    counts = [row["n_missing"] if row else 0 for row in rows]
    if any(count != 0 for count in counts):
        shown = (format_number(count) if is_known(count) else HIDDEN for count in counts)
        yield (f"{variable}: missing", *shown, *blank)


def _show_apart(columns: Columns, variable: str, pairs: Sequence[str], notes: Notes) -> list[str]:
    found = columns.differences(variable)
    cells = [_show_difference(found.get(pair), notes) for pair in pairs]
    cells.append(_show_largest(list(found.values()), notes))
    if columns.inputs.protocol.analyses.table_one_p:
        test = columns.inputs.estimate(f"table_one_test{columns.suffix}", term=variable)
        cells.append(_show_test(test, notes))
    return cells


def _show_difference(row: Row | None, notes: Notes) -> str:
    if row is None:
        return "–"
    if is_known(row["estimate"]):
        return format_number(abs(row["estimate"]), RATIO_DIGITS)
    return HIDDEN if is_hidden(row) else f"–{notes.mark(row['note'])}"


def _show_largest(rows: Sequence[Row], notes: Notes) -> str:
    """Return the largest difference of those that are shown."""
    known = [row for row in rows if is_known(row["estimate"])]
    if known:
        return _show_difference(max(known, key=lambda row: abs(row["estimate"])), notes)
    return _show_difference(rows[0] if rows else None, notes)


def _show_test(row: Row | None, notes: Notes) -> str:
    if row is None or is_hidden(row):
        return "–" if row is None else HIDDEN
    if is_known(row["p_value"]):
        return format_p(row["p_value"])
    return f"not tested{notes.mark(row['note'])}"


def _say_chance(columns: Columns, pairs: Sequence[str]) -> Iterator[str]:
    """Yield by how much groups of these sizes differ when patients are dealt to them by lot."""
    sizes = {name: columns.size(name) for name in columns.names}
    told = []
    for pair in pairs:
        both = [sizes[name] for name in pair.split(AGAINST)]
        if all(both):
            chance = Z_95 * sqrt(sum(1 / n for n in both if n))
            told.append(f"{format_number(chance, RATIO_DIGITS)} ({label_term(pair)})")
    if columns.grouped_by == "cause":
        yield BY_CHANCE
    if told:
        yield (
            "Groups of these sizes, dealt by lot, differ in 19 of 20 deals by an SMD of less than "
            f"{join(told)} in a number or in two levels; in more levels by more."
        )


def list_features(inputs: ReportInputs) -> Grid:
    """Return the shares with neutrophil predominance and metastases by group."""
    notes = Notes()
    names: dict[str, str] = {
        "neutrophil_predominance": "neutrophil predominance",
        "metastatic": inputs.protocol.covariates.metastatic.title,
    }
    rows = [
        (name_group(row["group"]), names.get(row["term"]) or str(row["term"]),
         format_number(row["n_events"]), format_number(row["n"]), show_percent(row, notes))
        for row in in_order(inputs, inputs.estimates("features"), "group")
    ]  # fmt: skip
    head = ("Group", "Feature", "Patients with it", "Patients assessed", "Share (95 % interval)")
    return Grid("Features at the index", head, "llrrr", tuple(rows), notes.numbered)
