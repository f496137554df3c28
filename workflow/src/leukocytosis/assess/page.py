"""The assessment in words and tables, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from leukocytosis.config import Protocol
from leukocytosis.config.assess import Assessment
from leukocytosis.prose import capital, name_cause
from leukocytosis.rounding import (
    digits_of_percent,
    format_interval,
    format_number,
    format_percent,
)
from leukocytosis.survival.unadjusted import EXACT

from .extracts import Accuracy
from .measures import Measure

NOTHING = "–"


def write_page(
    protocol: Protocol,
    settings: Assessment,
    measures: Sequence[Measure],
    accuracy: Sequence[Accuracy],
    n_extracts: int,
    path: Path,
) -> None:
    """Write what was drawn and how every number fared."""
    lines = [
        *_introduce(protocol, settings, n_extracts),
        *_tabulate(accuracy, protocol),
        *_tabulate_measures(measures),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _introduce(protocol: Protocol, settings: Assessment, n_extracts: int) -> Iterator[str]:
    yield f"# Does {protocol.study} find the truth?"
    yield ""
    yield (
        f"Synthetic data. {settings.cohorts} cohorts of {sum(settings.patients.values())} patients "
        "were drawn with the causes and hazards of `config/config.yaml`, and as many without any "
        "difference between the groups. Each was analysed by the code that analyses a study."
    )
    yield ""
    yield (
        f"The rules were tried on {n_extracts} freshly drawn extracts, through all stages."
        if n_extracts
        else "The rules were not tried: no extract has causes planted for this study, or none was "
        "asked for. Only true causes are analysed."
    )
    yield ""
    yield (
        "*Bias* is the mean estimate minus the truth, *coverage* the share of 95 % intervals that "
        "hold the truth, *rejected* the share of cohorts in which the interval or test spoke "
        "against no difference: without difference that is the type I error and should be 5 %. "
        "In brackets: Monte Carlo standard errors. Ratios are on the log scale. *Corrected* is the "
        "bias analysis when every chart was read."
    )


def _tabulate(accuracy: Sequence[Accuracy], protocol: Protocol) -> Iterator[str]:
    if not accuracy:
        return
    yield from ("", "## How right the rules are", "")
    yield "| cause | sensitivity (95 % interval) | patients | predictive value | called |"
    yield "|---|---|---|---|---|"
    for cause in dict.fromkeys(row.cause for row in accuracy):
        cells = [
            cell
            for row in accuracy
            if row.cause == cause
            for cell in (_share(row), format_number(row.n))
        ]
        yield f"| {name_cause(protocol, cause)} | {' | '.join(cells)} |"


def _share(row: Accuracy) -> str:
    number = row.number
    if number.estimate is None:
        return NOTHING
    digits = digits_of_percent(row.n)
    interval = format_interval(number.ci_low, number.ci_high, digits, percent=True)
    which = "exact " if row.method == EXACT else ""
    return f"{format_percent(number.estimate, digits)} ({which}{interval})"


def _tabulate_measures(measures: Sequence[Measure]) -> Iterator[str]:
    for scenario in dict.fromkeys(row.scenario for row in measures):
        yield from ("", f"## {capital(scenario)}", "")
        yield "| number | causes | truth | mean | bias | coverage | rejected | estimated |"
        yield "|---|---|---|---|---|---|---|---|"
        rows = [row for row in measures if row.scenario == scenario]
        for name in dict.fromkeys(row.name for row in rows):
            yield from (_line(row) for row in rows if row.name == name)


def _line(row: Measure) -> str:
    cells = (
        row.name, row.labels, _number(row.truth), _number(row.mean),
        _number(row.bias, row.bias_error), _number(row.coverage, row.coverage_error),
        _number(row.rejected, row.rejected_error), f"{row.n_estimated} of {row.n_cohorts}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, error: float | None = None) -> str:
    if value is None:
        return NOTHING
    spread = "" if error is None else f" ({format_number(error, 3)})"
    return f"{format_number(value, 3)}{spread}"
