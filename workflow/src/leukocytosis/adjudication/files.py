"""Files of a chart review: the key of the draw, the reviewers' answers, their consensus."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import Manifest, Protocol, Reviews, find_review_file
from leukocytosis.errors import Problem, ReviewError, listed, nearest
from leukocytosis.tables import CERTAINTIES, REVIEW_KEY, SAMPLINGS

ANSWER_COLUMNS = ("review_id", "reviewer", "cause", "certainty", "comment")
REFERENCE_COLUMN = "answers"  # what the reviewers said, on the list they settle from
OUTCOME_WORDS = (
    "alive", "dead", "death", "died", "disposition", "dod", "event", "expired", "follow", "hospice",
    "mortality", "outcome", "status", "surviv", "vital",
)  # fmt: skip
REVIEWER = r"[\w.-]{1,40}"

Line = tuple[str, dict[str, str]]  # place, column → text


@dataclass(frozen=True)
class ReviewFiles:
    """Where the files of a study's chart review are."""

    key: Path
    answers: tuple[Path, ...]
    consensus: Path | None

    @property
    def paths(self) -> list[Path]:
        """Return every file."""
        return [self.key, *self.answers, *([self.consensus] if self.consensus else [])]


@dataclass(frozen=True)
class Drawn:
    """A chart of the key."""

    review_id: str
    episode_id: str
    sampling: str
    stratum: str
    n_stratum: int


@dataclass(frozen=True)
class Answer:
    """One reviewer's answer to one chart."""

    review_id: str
    reviewer: str
    cause: str
    certainty: str
    comment: str


@dataclass(frozen=True)
class Reviewed:
    """What came back: the charts by their number, every answer, and the consensus by number."""

    charts: dict[str, Drawn]
    answers: tuple[Answer, ...]
    consensus: dict[str, Answer]


def find_files(reviews: Reviews, manifest: Manifest, project: Path) -> ReviewFiles:
    """Return where the files named in a manifest are."""
    root, folder = project / manifest.root, project / "config/extracts"
    key, *others = [find_review_file(name, root, folder) for name in reviews.paths]
    n = len(reviews.files)
    return ReviewFiles(key, tuple(others[:n]), others[n] if reviews.consensus else None)


def read_reviews(
    files: ReviewFiles, protocol: Protocol, extract: str, episodes: frozenset[str]
) -> Reviewed:
    """Return the reviews of a study; ReviewError lists everything wrong with any of the files.

    Messages name files and lines, never what stands in them: a number typed for a chart may be a
    patient's.
    """
    problems: list[Problem] = []
    charts = _read_key(files.key, protocol.study, extract, episodes, problems)
    reader = _Reader(charts, protocol.cause_ids, problems)
    answers = [answer for path in files.answers for answer in reader.read(path)]
    settled = list(reader.read(files.consensus, consensus=True)) if files.consensus else []
    if problems:
        raise ReviewError(problems)
    return Reviewed(charts, tuple(answers), {answer.review_id: answer for answer in settled})


def _read_key(
    path: Path, study: str, extract: str, episodes: frozenset[str], problems: list[Problem]
) -> dict[str, Drawn]:
    lines = _read_lines(path, REVIEW_KEY.names, (), problems)
    foreign = [place for place, row in lines if (row["study"], row["extract"]) != (study, extract)]
    if foreign:
        problems.append(Problem(foreign[0], f"the key was drawn for another study or extract than "
                                f"{study} on {extract}", "name the key of this one"))  # fmt: skip
    gone = sum(row["episode_id"] not in episodes for _, row in lines)
    if gone and not foreign:
        problems.append(Problem(
            str(path), f"{gone} of {len(lines)} charts are unknown episodes: not in the cohort of "
            f"{study} on {extract}", "restore the protocol and extract of the draw, or draw again",
        ))  # fmt: skip
    spoilt = [
        place
        for place, row in lines
        if not row["n_stratum"].isdigit() or row["sampling"] not in SAMPLINGS
    ]
    if spoilt or len({row["review_id"] for _, row in lines}) < len(lines):
        place = (spoilt or [str(path)])[0]
        problems.append(Problem(place, "the key was changed", "restore what make review wrote"))
        return {}
    return {
        row["review_id"]: Drawn(
            row["review_id"],
            row["episode_id"],
            row["sampling"],
            row["stratum"],
            int(row["n_stratum"]),
        )
        for _, row in lines
    }


class _Reader:
    """Reads files of answers, remembering who has answered which chart."""

    def __init__(
        self, charts: dict[str, Drawn], causes: Sequence[str], problems: list[Problem]
    ) -> None:
        self.charts, self.causes, self.problems = charts, causes, problems
        self.seen: dict[tuple[str, str], str] = {}

    def read(self, path: Path, *, consensus: bool = False) -> Iterator[Answer]:
        """Yield the answers of a file; what is wrong with it goes to the problems."""
        extra = (REFERENCE_COLUMN,) if consensus else ()
        for place, row in _read_lines(path, ANSWER_COLUMNS, extra, self.problems):
            if consensus and not row["cause"]:
                continue  # not settled yet
            who = "" if consensus else row["reviewer"]
            faults = [*self._faults(row), *self._repeats(place, row["review_id"], who)]
            self.problems += [Problem(place, *fault) for fault in faults]
            if not faults:
                yield Answer(**{column: row[column] for column in ANSWER_COLUMNS})

    def _faults(self, row: dict[str, str]) -> Iterator[tuple[str, str]]:
        if self.charts and row["review_id"] not in self.charts:
            yield "unknown episode: this number is not in the key", "take it from the chart's page"
        if not re.fullmatch(REVIEWER, row["reviewer"]):
            yield "the reviewer's name is missing or odd", "letters, digits, dot, dash; up to 40"
        for column, known in (("cause", self.causes), ("certainty", CERTAINTIES)):
            if row[column] not in known:
                hint = nearest(row[column], known)
                yield f"unknown {column}{hint}", f"one of {listed(known, 20)}"

    def _repeats(self, place: str, review_id: str, who: str) -> Iterator[tuple[str, str]]:
        first = self.seen.setdefault((review_id, who), place)
        if first != place:
            whose = "of one reviewer" if who else "to one chart in the consensus"
            yield f"two answers {whose}, the first in {first}", "keep one of them"


def _read_lines(
    path: Path, columns: Sequence[str], extra: Sequence[str], problems: list[Problem]
) -> list[Line]:
    """Return the rows of a CSV (comma or semicolon) that has exactly these columns."""
    if not path.exists():
        problems.append(Problem(str(path), "does not exist", "mend 'reviews' in the manifest"))
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem(str(path), "is not UTF-8", "save it as CSV in UTF-8"))
        return []
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(keepends=True), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    found = [name.strip() for name in reader.fieldnames or ()]
    faults = list(_column_faults(found, columns, extra))
    problems += [Problem(f"{path}:1", *fault) for fault in faults]
    if set(columns) - set(found):
        return []
    reader.fieldnames = found
    lines = []
    for row in reader:
        texts = {name: (row.get(name) or "").strip() for name in found}
        lines.append((f"{path}:{reader.line_num}", texts))
    if not lines:
        problems.append(Problem(str(path), "holds no row", "name it once there are answers"))
    return lines


def _column_faults(
    found: Sequence[str], columns: Sequence[str], extra: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for name in found:
        if name in (*columns, *extra):
            continue
        if any(word in name.casefold() for word in OUTCOME_WORDS):
            yield f"column '{name}' tells an outcome", "remove it: reviewers are blind to outcomes"
        else:
            yield f"unknown column '{name}'{nearest(name, columns)}", f"known: {listed(columns)}"
    for name in columns:
        if name not in found:
            yield f"column '{name}' is missing", f"needed: {listed(columns)}"
