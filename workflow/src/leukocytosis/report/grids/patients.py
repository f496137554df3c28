"""Who the patients are at the index: Table 1 and the features of the count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leukocytosis.prose import name_cause, name_group
from leukocytosis.report.grids.cells import show_percent
from leukocytosis.report.grids.grid import Grid, Notes, unbroken
from leukocytosis.report.grids.order import in_order
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.rounding import (
    NOT_SHOWN,
    format_interval,
    format_number,
    format_percent,
    is_known,
)

# order of display; the tables are sorted by their keys
VARIABLES = ("age", "sex", "tumour", "metas", "index", "neutrophil", "cause", "certainty")


def list_table_one(inputs: ReportInputs) -> Grid:
    """Return Table 1: a row per variable and level, a column per group."""
    rows = inputs.rows("table_one")
    groups = [g for g in ("all", *inputs.protocol.analyses.groups) if _of_group(rows, g)]
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        lines.setdefault((row["variable"], row["level"]), {})[row["group"]] = row
    body: list[tuple[str, ...]] = []
    for variable in sorted({row["variable"] for row in rows}, key=_place_of):
        for (of_variable, level), cells in lines.items():
            if of_variable == variable:
                label = f"{variable}: {_level(inputs, level)}" if level != "-" else variable
                body.append((label, *(_describe_cell(cells.get(group)) for group in groups)))
        body += _missing(variable, rows, groups)
    head = ("", *(f"{name_group(g)} (n = {_size(_of_group(rows, g))})" for g in groups))
    notes = ("Median (quartiles), or patients (% of those with a value).",)
    return Grid("Patients at the index", head, "l" + "r" * len(groups), tuple(body), notes)


def _place_of(variable: str) -> tuple[int, str]:
    starts = [i for i, start in enumerate(VARIABLES) if variable.startswith(start)]
    return (starts[0] if starts else len(VARIABLES), variable)


def _level(inputs: ReportInputs, level: str) -> str:
    words = {"True": "yes", "False": "no"}.get(level) or name_cause(inputs.protocol, level)
    return words.replace("_", " ")


def _of_group(rows: Sequence[Row], group: str) -> list[Row]:
    return [row for row in rows if row["group"] == group]


def _size(rows: Sequence[Row]) -> str:
    sizes = [r["n"] + r["n_missing"] for r in rows if is_known(r["n"]) and is_known(r["n_missing"])]
    return format_number(max(sizes, default=None))


def _missing(
    variable: str, rows: Sequence[Row], groups: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    first = {row["group"]: row for row in reversed(rows) if row["variable"] == variable}
    counts = [first[g]["n_missing"] if g in first else 0 for g in groups]
    if any(count != 0 for count in counts):
        yield (f"{variable}: missing", *(format_number(count) for count in counts))


def _describe_cell(row: Row | None) -> str:
    if row is None:
        return "0"
    if row["n"] == 0:
        return "no values"
    if not is_known(row["value"]):
        return NOT_SHOWN
    if row["statistic"] == "percent":
        return f"{format_number(row['spread_low'])} ({format_percent(row['value'] / 100)})"
    spread = unbroken(format_interval(row["spread_low"], row["spread_high"], 1))
    return f"{format_number(row['value'], 1)} ({spread})"


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
