"""Manifests: where an extract's files are, and how their columns map to canonical tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, model_validator

from leukocytosis.config.reading import Document, Path_, Strict, build
from leukocytosis.config.review import Reviews
from leukocytosis.errors import ConfigError, Problem, listed, nearest
from leukocytosis.tables import CANONICAL

STEERING = ("result_status",)  # steers the reading of labs and is not kept
DECIDE = "DECIDE:"  # how a line of a drafted manifest begins that waits for a person
CANONICAL_NAMES = tuple(table.name for table in CANONICAL)


class RawFile(Strict):
    """A raw file, or several of one shape (`path` may be a glob): CSV (also .gz) or Parquet."""

    path: str
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    delimiter: str = ","
    missing: tuple[str, ...] = ("",)  # texts that stand for a missing value


class Source(Strict):
    """Rows for one canonical table: a raw file whose columns are named, or a SQL view of it.

    `columns` maps canonical columns to raw ones, `constants` gives a fixed text. A `sql` file
    is one SELECT over the raw files (views by their manifest names; all columns text in a CSV)
    that returns every row of the file named in `rows_of` exactly once, with canonical column
    names; a row it wants left out has the reason in a column `left_out`.
    """

    rows_of: str
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    sql: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.sql is None) == (not self.columns):
            raise ValueError("give either 'columns' or 'sql'")
        return self


class Observation(Strict):
    """What ends observation where `patients` does not say: the latest day deaths were seen."""

    deaths_known_until_on: date | None = None
    says: str


class Manifest(Strict):
    """An extract: its files, its tables, its codes and units, and what it cannot show.

    `values` maps printed values to the allowed ones (`encounters.disposition: {HOSPICE:
    hospice}`); a printed value that is not mapped stops the run with its count. `code_maps`
    are CSVs `code_system, code, to_code_system, to_code, term` from local to standard codes.
    `units` adds local spellings (`{K/CUMM: 10*9/L}`). `absent` says, table by table, what the
    extract cannot show. `tolerated_share` is the share of a source's rows that may be rejected
    for a value that cannot be read before the run stops. `reviews`, by study, names the files of a
    chart review; `accuracy` a file of config/accuracy with published accuracy, used where nobody
    read charts. `hospital_of` names the claims of the paper whose hospital and years these are:
    only there its counts of patients are compared.
    `dates_shifted` says how dates were shifted, where no calendar year is true.
    `time_zone` names the hospital's clock (`Europe/London`), by which days are counted: times in
    UTC or with an offset are put on it. Without it times are taken as printed, none may be in UTC.
    """

    extract: str
    title: str
    synthetic: bool
    drawn_for: str | None = None
    hospital_of: str | None = None
    licence: str = ""
    citation: str = ""
    root: str
    policy: str = "default"
    files: dict[str, RawFile]
    tables: dict[str, tuple[Source, ...]]
    absent: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    code_maps: tuple[str, ...] = ()
    units: dict[str, str] = Field(default_factory=dict)
    date_formats: tuple[str, ...] = ()
    decimal: Literal[".", ","] = "."
    time_zone: str | None = None
    blood_specimens: tuple[str, ...] = ("blood", "serum", "plasma")
    observation: Observation
    truth: str | None = None
    reviews: dict[str, Reviews] = Field(default_factory=dict)
    accuracy: str | None = None
    dates_shifted: str | None = None
    tolerated_share: float = Field(default=0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [*self._unknown_tables(), *self._unknown_files(), *self._unknown_columns()]
        faults += [*self._read_twice(), *self._unknown_values(), *self._unknown_clock()]
        missing = [n for n in CANONICAL_NAMES if n not in self.tables and n not in self.absent]
        if missing:
            faults.append(
                f"says nothing of {listed(missing)}: map the table, or list it under 'absent'"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _unknown_tables(self) -> list[str]:
        return [
            f"unknown table '{name}'{nearest(name, CANONICAL_NAMES)}"
            for name in (*self.tables, *self.absent)
            if name not in CANONICAL_NAMES
        ]

    def _unknown_files(self) -> list[str]:
        return [
            f"table '{name}' reads rows of '{source.rows_of}', which is not under 'files'"
            f"{nearest(source.rows_of, self.files)}"
            for name, sources in self.tables.items()
            for source in sources
            if source.rows_of not in self.files
        ]

    def _unknown_columns(self) -> list[str]:
        known = {table.name: table.names for table in CANONICAL}
        known["labs"] = (*known["labs"], *STEERING)
        return [
            f"table '{name}' has no column '{column}'{nearest(column, known[name])}"
            for name, sources in self.tables.items()
            if name in known
            for source in sources
            for column in (*source.columns, *source.constants)
            if column not in known[name]
        ]

    def _read_twice(self) -> list[str]:
        """Say which table reads a file twice: its rows would seem to be repeats."""
        return [
            f"table '{name}' reads '{path}' more than once: name the file in one source"
            for name, sources in self.tables.items()
            for path, n in Counter(
                self.files[source.rows_of].path
                for source in sources
                if source.rows_of in self.files
            ).items()
            if n > 1
        ]

    def _unknown_values(self) -> list[str]:
        known = [f"{table.name}.{column}" for table in CANONICAL for column in table.names]
        return [
            f"'values' names '{name}', which is no column of a table{nearest(name, known)}"
            for name in self.values
            if name not in known
        ]

    def _unknown_clock(self) -> list[str]:
        zones = available_timezones() if self.time_zone else set()
        if self.time_zone and self.time_zone not in zones:
            way_out = nearest(self.time_zone, zones) or ": name a zone such as 'Europe/London'"
            return [f"unknown time zone '{self.time_zone}'{way_out}"]
        if not self.time_zone and any("%z" in pattern for pattern in self.date_formats):
            return ["'date_formats' read an offset (%z): name the hospital's clock in 'time_zone'"]
        return []

    @property
    def clock(self) -> str:
        """Return by which clock days are counted, in words."""
        if self.time_zone is None:
            return "local clock time as recorded; no conversion"
        return f"the clock of {self.time_zone}; times in UTC or with an offset were put on it"


def load_manifest(path: Path) -> Manifest:
    """Return the manifest of an extract; ConfigError lists every problem of the file."""
    document = Document(path)
    if undecided := list(_find_undecided(document, document.data, ())):
        raise ConfigError(undecided)
    manifest = build(Manifest, document)
    if manifest.extract != path.stem:
        raise ConfigError(
            Problem(str(path), f"names the extract '{manifest.extract}'", "use the file's name")
        )
    _check_paper(path, manifest.hospital_of)
    studies = {file.stem for file in (path.parent.parent / "studies").glob("*.yaml")}
    strange = [study for study in manifest.reviews if studies and study not in studies]
    if strange:
        raise ConfigError(
            Problem(str(path), f"reviews of unknown study '{study}'{nearest(study, studies)}")
            for study in strange
        )
    return manifest


def _check_paper(path: Path, paper: str | None) -> None:
    papers = {file.stem for file in (path.parent.parent / "claims").glob("*.yaml")}
    if paper and papers and paper not in papers:
        told = f"is the hospital of unknown paper '{paper}'{nearest(paper, papers)}"
        raise ConfigError(Problem(str(path), told, "name a file of config/claims"))


def _find_undecided(document: Document, data: Any, at: Path_) -> Iterator[Problem]:
    """Yield a problem for each text of a draft that nobody has replaced."""
    if isinstance(data, str) and data.startswith(DECIDE):
        place, named = document.place(at), ".".join(str(part) for part in at)
        question = data.removeprefix(DECIDE).strip()
        yield Problem(place, f"'{named}' waits for you: {question}", "write what holds there")
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _find_undecided(document, value, (*at, key))
