"""Tables as readers see them: a caption, a head, rows of words, and notes under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from leukocytosis.figures.forest import (
    MODELS,
    find_ratios,
    is_whole_model,
    label_term,
    merge_failed,
)
from leukocytosis.figures.survival import horizon_of, is_survival
from leukocytosis.prose import (
    NBSP,
    NOT_SHOWN,
    describe_protocol,
    format_interval,
    format_number,
    format_percent,
    is_known,
    name_cause,
    name_covariate,
    name_group,
)
from leukocytosis.report.inputs import ReportInputs, Row, is_hidden
from leukocytosis.report.p_values import is_shown, show_p

CANNOT = "cannot be estimated, because "
NOT_REACHED = "not reached"
EVENTS = {"hospice": "discharge to hospice", "death": "death without hospice"}
# order of display; the tables are sorted by their keys
VARIABLES = ("age", "sex", "tumour", "metas", "index", "neutrophil", "cause", "certainty")


@dataclass(frozen=True)
class Grid:
    """A table in words; `align` has a letter per column: l(eft) or r(ight)."""

    caption: str
    head: tuple[str, ...]
    align: str
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass
class Notes:
    """Notes under a table, each printed once and pointed to by its number."""

    texts: list[str] = field(default_factory=list)

    def mark(self, note: str | None) -> str:
        """Return ` [1]`, the number of a note, or nothing when there is none."""
        if not note:
            return ""
        if note not in self.texts:
            self.texts.append(note)
        return f" [{self.texts.index(note) + 1}]"

    @property
    def numbered(self) -> tuple[str, ...]:
        """Return the notes as they are printed."""
        return tuple(f"[{i}] {text}" for i, text in enumerate(self.texts, start=1))


def show_percent(row: Row | None, notes: Notes) -> str:
    """Return a fraction and its interval in percent, or where the reason stands."""
    return _show(row, notes, digits=1, percent=True)


def show_number(row: Row | None, notes: Notes, digits: int) -> str:
    """Return a number and its interval, or where the reason stands."""
    return _show(row, notes, digits, percent=False)


def _show(row: Row | None, notes: Notes, digits: int, percent: bool) -> str:
    if row is None:
        return "not asked for"
    if not is_known(row["estimate"]):
        return _cannot(row, notes)
    estimate = row["estimate"]
    words = format_percent(estimate) if percent else format_number(estimate, digits)
    interval = format_interval(row["ci_low"], row["ci_high"], digits, percent=percent)
    return f"{words} ({unbroken(interval)}){notes.mark(row['note'])}"


def _cannot(row: Row, notes: Notes) -> str:
    note = row["note"] or "no reason was recorded"
    if note == NOT_REACHED:
        return note
    if is_hidden(row):
        return f"hidden{notes.mark(note)}"
    return f"cannot be estimated{notes.mark(note)}"


def unbroken(words: str) -> str:
    """Return words that a narrow column will not break."""
    return words.replace(" ", NBSP)


def without_hidden(grid: Grid, *names: str) -> Grid:
    """Return a grid without those of the named columns in which no value is shown."""
    hidden = (NOT_SHOWN, "no test")
    kept = [
        i
        for i, name in enumerate(grid.head)
        if name not in names or any(row[i] not in hidden for row in grid.rows)
    ]
    return replace(
        grid,
        head=tuple(grid.head[i] for i in kept),
        align="".join(grid.align[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in grid.rows),
    )


def list_attrition(inputs: ReportInputs) -> Grid:
    """Return the selection step by step."""
    rows = [
        (row["reason"], format_number(row["n_patients_before"]),
         format_number(row["n_patients_left"]))
        for row in inputs.rows("attrition")
    ]  # fmt: skip
    return Grid("Selection of the cohort", ("Criterion", "Before", "Left"), "lrr", tuple(rows))


def list_causes(inputs: ReportInputs) -> Grid:
    """Return cause and group shares, and the two readings of PLR."""
    notes = Notes()
    rows = [
        (_share_of(inputs, row), format_number(row["n_events"]), show_percent(row, notes))
        for analysis in ("cause_shares", "group_shares", "plr_interval")
        for row in sorted(inputs.estimates(analysis), key=lambda row: _place(inputs, row["term"]))
    ]
    head = ("Cause", "Patients", "Share (95 % Wilson interval)")
    return Grid("Primary causes", head, "lrr", tuple(rows), notes.numbered)


def _place(inputs: ReportInputs, term: str) -> int:
    """Return where a cause or group stands in the protocol; what it does not name comes last."""
    causes = [cause.id for cause in inputs.protocol.causes]
    order = [*causes, *inputs.protocol.analyses.groups, "plr_narrow", "plr_wide"]
    return order.index(term) if term in order else len(order)


def _in_order(inputs: ReportInputs, rows: Sequence[Row], column: str) -> list[Row]:
    order = ("all", *inputs.protocol.analyses.groups)
    return sorted(rows, key=lambda row: [*order, row[column]].index(row[column]))


def _of_outcomes(inputs: ReportInputs) -> Callable[[Row], int]:
    order = [outcome.id for outcome in inputs.protocol.outcomes]
    return lambda row: order.index(row["outcome_id"])


def _share_of(inputs: ReportInputs, row: Row) -> str:
    if row["analysis_id"] == "group_shares":
        return f"group: {name_group(row['term'])}"
    readings = {
        "plr_narrow": "PLR, narrow: nothing else found after looking",
        "plr_wide": "PLR, wide: besides, those not fully looked into",
    }
    return readings.get(row["term"]) or name_cause(inputs.protocol, row["term"])


def list_overlap(inputs: ReportInputs) -> Grid:
    """Return every combination of causes that hold, before the order decides."""
    notes = Notes()
    rows = [
        (name_cause(inputs.protocol, row["term"]) or "none", format_number(row["n_events"]),
         show_percent(row, notes))
        for row in sorted(inputs.estimates("overlap"), key=_most_first)
    ]  # fmt: skip
    head = ("Causes that hold", "Patients", "Share (95 % Wilson interval)")
    caption = "Overlap: all causes that hold, before the protocol's order decides"
    return Grid(caption, head, "lrr", tuple(rows), notes.numbered)


def _most_first(row: Row) -> tuple[float, str]:
    return (-(row["n_events"] or 0), row["term"])


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


def list_risks(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return risk (or survival) at the protocol's days, median and crude proportion by group."""
    protocol, notes = inputs.protocol, Notes()
    analysis = "survival" if is_survival(protocol, outcome_id) else "risk"
    found = inputs.estimates(analysis, outcome_id=outcome_id)
    days = sorted({row["time_days"] for row in found if is_known(row["time_days"])})
    body = []
    for group in ("all", *protocol.analyses.groups):
        rows = {r["time_days"]: r for r in found if r["group"] == group}
        wanted = {"outcome_id": outcome_id, "group": group}
        # events up to the last day shown, those behind the last risk of the row
        last_row = rows.get(days[-1]) if days else None
        counted = last_row or {"n": None, "n_events": None}
        body.append((
            name_group(group), format_number(counted["n"]), format_number(counted["n_events"]),
            *(show_percent(rows.get(day), notes) for day in days),
            show_number(inputs.estimate("median", **wanted), notes, 0),
            show_percent(inputs.estimate("crude", **wanted), notes),
        ))  # fmt: skip
    what = "Alive" if analysis == "survival" else "Risk"
    title = next(o.title for o in protocol.outcomes if o.id == outcome_id)
    last = f"Crude share by day {horizon_of(protocol, outcome_id)}"
    at = (f"{what} at day {day:g}" for day in days)
    head = ("Group", "Patients", "Events", *at, "Median, days", last)
    caption = f"{title[:1].upper()}{title[1:]}: Kaplan–Meier estimates (95 % intervals)"
    return Grid(caption, head, "l" + "r" * (len(head) - 1), tuple(body), notes.numbered)


def list_restricted_means(inputs: ReportInputs) -> Grid:
    """Return restricted means by group, with difference and ratio to the first group."""
    notes = Notes()
    rows = []
    found = [row for row in inputs.estimates("rmst") if row["term"] == "restricted mean"]
    by_day = sorted(_in_order(inputs, found, "group"), key=lambda row: row["time_days"])
    for row in sorted(by_day, key=_of_outcomes(inputs)):
        place = {key: row[key] for key in ("outcome_id", "group", "time_days")}
        others = {r["term"].split()[0]: r for r in inputs.estimates("rmst", **place)}
        rows.append((
            _title(inputs, row["outcome_id"]), f"{row['time_days']:g}", name_group(row["group"]),
            show_number(row, notes, 1),
            show_number(others["difference"], notes, 1) if "difference" in others else "",
            show_number(others["ratio"], notes, 2) if "ratio" in others else "",
        ))  # fmt: skip
    reference = name_group(inputs.protocol.analyses.groups[0])
    head = ("Outcome", "To day", "Group", "Days free of it", f"Difference to {reference}",
            f"Ratio to {reference}")  # fmt: skip
    caption = "Restricted mean time free of the outcome (95 % intervals)"
    return Grid(caption, head, "lrlrrr", tuple(rows), notes.numbered)


def list_tests(inputs: ReportInputs) -> Grid:
    """Return the log-rank tests: chi-squared, and those p values that the protocol shows."""
    notes, rows = Notes(), []
    for row in sorted(inputs.estimates("logrank"), key=_of_outcomes(inputs)):
        shown = is_shown(inputs, row)
        # an adjusted p that is not shown leaves nothing to say
        if shown or "Holm" not in row["term"] or not is_known(row["p_value"]):
            rows.append((_title(inputs, row["outcome_id"]), _contrast(row), row["term"],
                         _chi_squared(row, notes), show_p(inputs, row),
                         _how(row) if shown else NOT_SHOWN,
                         format_number(row["n"]), format_number(row["n_events"])))  # fmt: skip
    head = ("Outcome", "Groups", "Test", "χ²", "p", "Its p from", "Patients", "Events")
    return without_hidden(
        Grid("Log-rank tests", head, "lllrrlrr", tuple(rows), notes.numbered), "p", "Its p from"
    )


def _how(row: Row) -> str:
    """Return how a p value was found: chi-squared, or permutation where a group is small."""
    parts = [part for part in row["method"].split(", ") if "permutation" in part]
    return row["method"][row["method"].index(parts[0]) :].split(", p value")[0] if parts else "χ²"


def _contrast(row: Row) -> str:
    named = [label_term(row[key]) for key in ("group", "term")]
    return next((words for words in named if " against " in words), "all groups")


def _chi_squared(row: Row, notes: Notes) -> str:
    if is_known(row["estimate"]):
        return unbroken(f"{format_number(row['estimate'], 1)}{notes.mark(row['note'])}")
    return _cannot(row, notes)


def _title(inputs: ReportInputs, outcome_id: str) -> str:
    outcome, _, event = outcome_id.partition(":")  # of several events, one
    title = {o.id: o.title for o in inputs.protocol.outcomes}.get(outcome, outcome)
    return f"{title} ({EVENTS[event]})" if event else title


def list_cox(inputs: ReportInputs, outcome_id: str) -> Grid:
    """Return the hazard ratios of both models of an outcome."""
    notes = Notes()
    rows = [
        (model, label_term(row["term"]), _ratio(row, notes), show_p(inputs, row),
         format_number(row["n"]), format_number(row["n_events"]))
        for analysis, model in MODELS.items()
        for row in _of_model(inputs, analysis, outcome_id)
    ]  # fmt: skip
    head = ("Model", "Term", "Hazard ratio (95 % interval)", "p", "Patients", "Events")
    caption = f"Cox models: {_title(inputs, outcome_id)}"
    return without_hidden(Grid(caption, head, "llrrrr", tuple(rows), notes.numbered), "p")


def _of_model(inputs: ReportInputs, analysis_id: str, outcome_id: str) -> list[Row]:
    rows = inputs.estimates(analysis_id, outcome_id=outcome_id)
    return merge_failed([
        *find_ratios(rows, analysis_id, outcome_id), *filter(is_whole_model, rows)
    ])  # fmt: skip


def _ratio(row: Row, notes: Notes) -> str:
    if is_whole_model(row) and is_known(row["estimate"]):
        return f"χ² = {format_number(row['estimate'], 1)}{notes.mark(row['note'])}"
    return show_number(row, notes, 2)


def list_proportional(inputs: ReportInputs) -> Grid:
    """Return the tests of proportional hazards."""
    notes = Notes()
    rows = [
        (
            _title(inputs, row["outcome_id"]),
            model.lower(),
            _tested_term(row),
            _chi_squared(row, notes),
            show_p(inputs, row),
        )
        for analysis, model in MODELS.items()
        for outcome in inputs.protocol.outcomes
        for row in merge_failed(
            inputs.estimates(analysis.replace("cox", "proportional_hazards"), outcome_id=outcome.id)
        )
    ]
    caption = (
        "Tests of proportional hazards (a χ² far above its degrees of freedom speaks against one "
        "ratio for all days)"
    )
    head = ("Outcome", "Model", "Term", "χ²", "p")
    return without_hidden(Grid(caption, head, "lllrr", tuple(rows), notes.numbered), "p")


def _tested_term(row: Row) -> str:
    return name_covariate(str(row["term"]).removeprefix("proportional hazards: "))


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
        for row in _in_order(inputs, inputs.estimates("features"), "group")
    ]  # fmt: skip
    head = ("Group", "Feature", "Patients with it", "Patients assessed", "Share (95 % interval)")
    return Grid("Features at the index", head, "llrrr", tuple(rows), notes.numbered)


def list_follow_up(inputs: ReportInputs) -> Grid:
    """Return how long patients were followed, and how many events fell on day 0."""
    notes = Notes()
    rows = []
    by_group = _in_order(inputs, inputs.estimates("follow_up"), "group")
    for row in sorted(by_group, key=_of_outcomes(inputs)):
        place = {"outcome_id": row["outcome_id"], "group": row["group"]}
        early = inputs.estimate("day_0", **place)
        n_early = format_number(early["estimate"]) if early else NOT_SHOWN
        rows.append((_title(inputs, row["outcome_id"]), name_group(row["group"]),
                     show_number(row, notes, 0), n_early))  # fmt: skip
    head = ("Outcome", "Group", "Median follow-up, days", "Events on day 0")
    caption = "Follow-up (reverse Kaplan–Meier)"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)


def list_methods(inputs: ReportInputs) -> Grid:
    """Return the protocol in sentences, each stated by the paper or operationalised by us."""
    rows = tuple((s.topic, s.text, s.basis, s.source) for s in describe_protocol(inputs.protocol))
    head = ("About", "What was done", "Basis", "Source")
    return Grid("The protocol in sentences", head, "llll", rows)


def list_scorecard(inputs: ReportInputs) -> Grid:
    """Return each published number beside ours."""
    rows = [describe_score(row) for row in inputs.rows("scorecard")]
    head = ("The paper says", "Published", "Here (95 % interval)", "Verdict", "Why")
    return Grid("Published numbers beside ours", head, "lrrll", tuple(rows))


def describe_score(row: Row) -> tuple[str, ...]:
    """Return what the paper says, its number, ours, the verdict and why."""
    return (
        row["text"],
        _scored(row["published"], row["unit"]),
        _ours(row),
        row["verdict"],
        row["reason"] or NOT_SHOWN,
    )


def _scored(value: float | None, unit: str | None) -> str:
    if not is_known(value):
        return "no number"
    if unit == "percent":
        return f"{format_number(value, 1)} %"
    return format_number(value) + (" days" if unit == "days" else "")


def _ours(row: Row) -> str:
    if not is_known(row["estimate"]):
        return "none" if row["verdict"].startswith("cannot") else "hidden"
    words = _scored(row["estimate"], row["unit"])
    if row["unit"] == "count":
        return words
    return f"{words} ({unbroken(format_interval(row['ci_low'], row['ci_high']))})"


def list_accuracy(inputs: ReportInputs) -> Grid:
    """Return how well the rules find the planted truth."""
    names = {"sensitivity": "sensitivity", "ppv": "positive predictive value"}
    notes = Notes()
    rows = [
        (name_cause(inputs.protocol, row["cause"]), names[row["measure"]],
         f"{format_number(row['n_right'])} of {format_number(row['n'])}",
         show_percent({**row, "note": None if row["n"] else "there are no such patients"}, notes))
        for row in inputs.rows("accuracy")
    ]  # fmt: skip
    head = ("Cause", "Measure", "Right", "Share (95 % Wilson interval)")
    caption = "The rules against the planted truth"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)


def list_quality(inputs: ReportInputs) -> Grid:
    """Return the data-quality checks, those to look at first."""
    rows = [
        (row["status"], row["table"], row["column"], row["check"],
         f"{format_number(row['n_broken'])} of {format_number(row['n_rows'])}",
         format_percent(row["threshold"]))
        for row in sorted(inputs.rows("quality"), key=lambda row: row["status"] != "look")
    ]  # fmt: skip
    head = ("Status", "Table", "Column", "Check", "Rows", "Accepted share")
    return Grid("Data-quality checks", head, "llllrr", tuple(rows))


def list_ledger(inputs: ReportInputs) -> Grid:
    """Return what became of every raw row."""
    rows = [
        (row["source"], row["table"], row["fate"], row["rule_id"].replace("_", " "),
         format_number(row["n_rows"]))
        for row in inputs.rows("ledger")
    ]  # fmt: skip
    head = ("Raw file", "Table", "Fate", "Rule", "Rows")
    return Grid("What became of every raw row", head, "llllr", tuple(rows))


def list_unestimated(inputs: ReportInputs) -> Grid:
    """Return every reason why something cannot be estimated, with the numbers it stops."""
    stopped: dict[str, list[str]] = {}
    for row in inputs.rows("estimates"):
        if not is_known(row["estimate"]) and not _is_test(row) and not is_hidden(row):
            note = row["note"] or "no reason was recorded"
            stopped.setdefault(note.removeprefix(CANNOT), []).append(_name(inputs, row))
    rows = tuple((reason, "; ".join(names)) for reason, names in stopped.items())
    head = ("Because", "Cannot be estimated")
    return Grid("What cannot be estimated, and why", head, "ll", rows)


def _is_test(row: Row) -> bool:
    return bool(is_known(row["p_value"]))


def _name(inputs: ReportInputs, row: Row) -> str:
    analysis = row["analysis_id"].replace("_", " ")
    outcome = "" if row["outcome_id"] == "-" else f", {_title(inputs, row['outcome_id'])}"
    group = "" if row["group"] == "all" else f", {label_term(name_group(row['group']))}"
    term = "" if row["term"] in (row["analysis_id"], "proportion") else f": {row['term']}"
    day = f", day {row['time_days']:g}" if is_known(row["time_days"]) else ""
    return f"{analysis}{term}{outcome}{group}{day}"
