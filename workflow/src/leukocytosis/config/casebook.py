"""The case book: short patients, each with its story and what the rules must make of it.

A case is an otherwise plain patient: a solid tumour coded 200 days before the index, a stay from
day -2 to day 12, a blood white count of 52.3 ×10⁹/L at 09:00 on day 0, and a blood culture
without growth that morning. The case adds records, or leaves some of these out. A case with
`days` is one patient for each day tried: records without a day of their own lie on that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, model_validator

from leukocytosis.config.cause import Grade
from leukocytosis.config.reading import Document, Strict, build
from leukocytosis.errors import ConfigError, Problem

Status = Literal["met", "not_met", "not_assessed"]
Plain = Literal["tumour", "stay", "count", "culture"]


class Placed(Strict):
    """A record on a day from the index; without one it lies on each day the case tries."""

    day: int | None = None


class DrugRecord(Placed):
    """A dose, order or supply."""

    to_day: int | None = None
    at: str = "08:00"
    drug: str
    dose: float | None = None
    unit: str | None = None
    per_day: float | None = None
    route: str = "IV"
    kind: Literal["given", "ordered", "dispensed"] = "given"


class CodeRecord(Placed):
    """A diagnosis code; `in_stay` ties it to the stay of the index."""

    code: str
    system: str = "ICD-10-CM"
    in_stay: bool = False


class CultureRecord(Placed):
    """A culture or test; positive when it names an organism, unless `result` says otherwise."""

    specimen: str = "Blood culture"
    test: str = "culture"
    organism: str | None = None
    result: Literal["positive", "negative", "pending"] | None = None


class ResultRecord(Placed):
    """A laboratory result of a concept."""

    of: str
    value: float | str
    unit: str
    specimen: str = "Blood"
    at: str = "09:00"


class Expected(Strict):
    """What the rules must find: statuses by rule, then the cause with its grade and reason."""

    in_cohort: bool = True
    evidence: dict[str, Status] = Field(default_factory=dict)
    cause: str | None = None
    grade: Grade | None = None
    present: str | None = None
    reason: str | None = None


class Case(Strict):
    """One short patient, or one for each of `days`."""

    id: str
    story: str
    about: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    leave_out: tuple[Plain, ...] = ()
    counts: dict[int, float] = Field(default_factory=dict)
    results: tuple[ResultRecord, ...] = ()
    drugs: tuple[DrugRecord, ...] = ()
    codes: tuple[CodeRecord, ...] = ()
    cultures: tuple[CultureRecord, ...] = ()
    days: dict[int, Status] = Field(default_factory=dict)
    cause_when: dict[Status, str] = Field(default_factory=dict)
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _placed(self) -> Self:
        records: tuple[Placed, ...] = (*self.results, *self.drugs, *self.codes, *self.cultures)
        loose = any(record.day is None for record in records)
        if loose != bool(self.days):
            raise ValueError("records without a day need 'days', and 'days' such records")
        if self.days and not self.about:
            raise ValueError("'days' gives statuses of the first rule under 'about'")
        return self


class Chapter(Strict):
    """One file of the case book; its patients are read by the protocol of `study`."""

    chapter: str
    study: str = "granger2009"
    cases: tuple[Case, ...] = Field(min_length=1)


def load_chapters(folder: Path) -> tuple[Chapter, ...]:
    """Return the case book's files in order; ConfigError lists the problems of a file.

    Two cases of one id are a problem.
    """
    chapters = tuple(build(Chapter, Document(path)) for path in sorted(folder.glob("*.yaml")))
    ids = [case.id for chapter in chapters for case in chapter.cases]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise ConfigError(Problem(str(folder), f"two cases are called '{i}'") for i in twice)
    return chapters


def expand(case: Case) -> Iterator[tuple[str, Case]]:
    """Yield the patients of a case by name: itself, or one for each day it tries."""
    if not case.days:
        yield case.id, case
    for day, status in case.days.items():
        rule = case.about[0]
        cause = case.cause_when.get(status, case.expect.cause)
        evidence = {**case.expect.evidence, rule: status}
        moved = {
            "results": _move(case.results, day),
            "drugs": _move(case.drugs, day),
            "codes": _move(case.codes, day),
            "cultures": _move(case.cultures, day),
            "expect": case.expect.model_copy(update={"evidence": evidence, "cause": cause}),
        }
        yield f"{case.id} day {day}", case.model_copy(update=moved)


Record = TypeVar("Record", bound=Placed)


def _move(records: tuple[Record, ...], day: int) -> tuple[Record, ...]:
    return tuple(r if r.day is not None else r.model_copy(update={"day": day}) for r in records)


def find_cases(chapters: tuple[Chapter, ...], name: str) -> Mapping[str, str]:
    """Return id → story of the cases about a rule or cause."""
    return {
        case.id: case.story
        for chapter in chapters
        for case in chapter.cases
        if name in case.about or name in case.expect.evidence
    }


def describe_cases(chapters: tuple[Chapter, ...]) -> str:
    """Return the case book as Markdown: every case with its story and what must come of it."""
    lines = [HEAD]
    for chapter in chapters:
        lines += [f"## {chapter.chapter}", "", "| case | story | what must come of it |"]
        lines += ["|---|---|---|"]
        lines += [
            f"| `{case.id}` | {case.story} | {_describe_expected(case)} |" for case in chapter.cases
        ]
        lines.append("")
    return "\n".join(lines)


HEAD = """# The case book

Printed from `tests/cases`: `leukocytosis cases > docs/cases.md`. The tests run every case.

Unless the story says otherwise, a patient has a solid tumour coded 200 days before the index, a
stay from day -2 to day 12, a blood white count of 52.3 ×10⁹/L at 09:00 on day 0, and a blood
culture without growth that morning.
"""


def _describe_expected(case: Case) -> str:
    expected = case.expect
    if not expected.in_cohort:
        return "not in the cohort"
    if case.days:
        by_day = [f"day {day}: {status.replace('_', ' ')}" for day, status in case.days.items()]
        return f"`{case.about[0]}` {', '.join(by_day)}"
    parts = [f"`{rule}` {status.replace('_', ' ')}" for rule, status in expected.evidence.items()]
    if expected.cause:
        grade = f" ({expected.grade})" if expected.grade else ""
        parts.insert(0, f"**{expected.cause}**{grade}")
    return "; ".join(parts) or "in the cohort"
