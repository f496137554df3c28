"""Published patients in a release: their time lines, with the facts drawn and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from leukocytosis.config import PublishedCase
from leukocytosis.config.published import Dated
from leukocytosis.figures import draw_case, split_case
from leukocytosis.prose import join
from leukocytosis.report.drawing import Drawing
from leukocytosis.report.inputs import ReportInputs


def draw_cases(inputs: ReportInputs) -> Iterator[Drawing]:
    """Yield the time line of each published patient; none is a patient of the extract."""
    for case in inputs.cases:
        yield Drawing(
            f"case_{case.case}", "cases", describe_case(case),
            f"Time line of a published patient: the white count, {_list_series(case)} on one axis "
            "of days, bars of treatments beneath; the file of its data has every fact.",
            draw_case(case), {"case": list(list_facts(case))}, of_extract=False,
            split=partial(split_case, case),
        )  # fmt: skip


def _list_series(case: PublishedCase) -> str:
    names = [series.name for series in case.markers]
    names += ["temperature"] if case.temperature else []
    return join([*names, *(["longest axis of the tumour"] if case.tumour_sizes else [])])


def describe_case(case: PublishedCase) -> str:
    """Return the caption: whose facts these are, how they are drawn, and what nobody can tell."""
    silent = f"The article does not state: {join(case.not_stated)}." if case.not_stated else ""
    unseen = f"Not measured: {join(case.not_measured)}." if case.not_measured else ""
    parts = (
        f"{case.title}: a published patient, not one of the extract.",
        "Numbers and units as printed. Filled: the day is printed; open: it is inferred, or lies "
        "in the dashed span; triangle: “up to”. Of cultures, filled ones were positive. Bars: "
        "antibacterials, antineoplastic treatment (orange) and operations (black), the last day "
        "included; dashed: the end is counted from the text; arrow: no end is printed.",
        f"The authors' attribution: {case.attribution}.",
        silent,
        unseen,
        f"Source: {case.citation} doi:{case.doi} ({case.licence}).",
    )
    return " ".join(part for part in parts if part)


def list_facts(case: PublishedCase) -> Iterator[dict[str, Any]]:
    """Yield every fact of a case: kind, name, days, value and unit, and what its day rests on."""
    for series in (case.counts, *case.markers, *([case.temperature] if case.temperature else [])):
        for value in series.values:
            yield _fact(
                case, "measurement", series.name, value, unit=series.unit, value=value.value,
                low=value.low, bound=value.bound, note=value.note,
            )  # fmt: skip
    for size in case.tumour_sizes:
        axes = " x ".join(f"{axis:g}" for axis in size.axes_mm)
        yield _fact(case, "tumour size", "axes", size, unit="mm", value=axes, note=size.how)
    for culture in case.cultures:
        yield _fact(
            case, "culture", culture.specimen, culture, value=culture.organism or "negative"
        )
    for given in case.treatments:
        yield {
            "kind": given.kind, "name": given.name, **_days(case, given.first_on, given.last_on),
            "basis": given.basis, "value": given.dose, "note": given.note,
        }  # fmt: skip
    on = case.outcome.on
    yield {"kind": "outcome", "name": case.outcome.status, **_days(case, on, on), "basis": "stated"}


def _fact(case: PublishedCase, kind: str, name: str, fact: Dated, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, **_days(case, *fact.ends), "basis": fact.basis, **more}


def _days(case: PublishedCase, first: date, last: date | None) -> dict[str, Any]:
    return {
        "first_on": first, "last_on": last, "first_day": case.day(first),
        "last_day": case.day(last) if last else None,
    }  # fmt: skip
