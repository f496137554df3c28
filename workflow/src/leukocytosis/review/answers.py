"""Reviewers' answers as they come back: CSV files, every fault told at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.config import Protocol
from leukocytosis.config.reading import read_text
from leukocytosis.errors import ExtractError, Problem, listed, nearest
from leukocytosis.tables import GRADES

COLUMNS = ("review_id", "reviewer", "cause", "certainty", "comment", "sampling")
NEEDED = ("review_id", "reviewer", "cause", "certainty", "sampling")
CONSENSUS = "consensus"
UNDETERMINED = "undetermined"
SAMPLINGS = ("random", "stratified", "active")


@dataclass(frozen=True)
class Answer:
    """One reviewer's answer about one episode."""

    episode_id: str
    reviewer: str
    cause: str
    certainty: str
    sampling: str


def read_answers(
    paths: Sequence[Path], protocol: Protocol, episodes: Mapping[str, str]
) -> list[Answer]:
    """Return every answer given; `episodes` maps review codes to episodes.

    A chart left without a cause is no answer. ExtractError lists, for all files at once, missing
    columns and columns that are none of a review's (such as an outcome: a review must be blind to
    it), unknown charts, causes and certainties, and two answers of one reviewer about one chart.
    """
    problems: list[Problem] = []
    answers: list[Answer] = []
    seen: set[tuple[str, str]] = set()
    for path in paths:
        for line, row in _read_rows(path, problems):
            faults = list(_find_faults(row, protocol, episodes))
            key = (row["review_id"], row["reviewer"])
            if key in seen:
                faults.append(("is a second answer of one reviewer about one chart", "keep one"))
            seen.add(key)
            problems += [Problem(f"{path}:{line}", what, way) for what, way in faults]
            if not faults:
                answers.append(_answer(row, episodes))
    if problems:
        raise ExtractError(problems)
    return sorted(answers, key=lambda answer: (answer.episode_id, answer.reviewer))


def _read_rows(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.exists():
        problems.append(Problem(str(path), "does not exist", "mend 'reviews' in the manifest"))
        return
    reader = csv.DictReader(read_text(path).splitlines())
    columns = list(reader.fieldnames or ())
    problems += _find_column_faults(path, columns)
    if set(NEEDED) <= set(columns):
        for line, row in enumerate(reader, start=2):
            cleaned = {name: (row.get(name) or "").strip() for name in COLUMNS}
            if cleaned["cause"]:
                yield line, cleaned


def _find_column_faults(path: Path, columns: list[str]) -> Iterator[Problem]:
    for column in (name for name in NEEDED if name not in columns):
        hint = nearest(column, columns)
        yield Problem(f"{path}:1", f"has no column '{column}'{hint}", "add it")
    for column in (name for name in columns if name not in COLUMNS):
        what = f"has a column '{column}', which is none of a review's"
        way = f"keep {listed(COLUMNS)}: a review is blind to outcomes"
        yield Problem(f"{path}:1", what, way)


def _find_faults(
    row: Mapping[str, str], protocol: Protocol, episodes: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    causes = [*(cause.id for cause in protocol.causes), UNDETERMINED]
    if row["review_id"] not in episodes:
        yield "names a chart that is no episode of this study", "check study, extract and seed"
    if not row["reviewer"]:
        yield "names no reviewer", "fill in 'reviewer'"
    if row["cause"] not in causes:
        yield f"gives an unknown cause{nearest(row['cause'], causes)}", f"known: {listed(causes)}"
    if row["certainty"] not in GRADES:
        yield "gives an unknown certainty", f"known: {listed(GRADES)}"
    if row["sampling"] not in SAMPLINGS:
        yield "does not say how the chart was chosen", f"known: {listed(SAMPLINGS)}"


def _answer(row: Mapping[str, str], episodes: Mapping[str, str]) -> Answer:
    return Answer(
        episodes[row["review_id"]], row["reviewer"], row["cause"], row["certainty"], row["sampling"]
    )


def find_labels(answers: Sequence[Answer]) -> dict[str, Answer]:
    """Return the label of each episode: the consensus, else what every reviewer says.

    An episode about which reviewers disagree has no label until a consensus is given.
    """
    labels: dict[str, Answer] = {}
    by_episode: dict[str, list[Answer]] = {}
    for answer in answers:
        by_episode.setdefault(answer.episode_id, []).append(answer)
    for episode_id, given in by_episode.items():
        agreed = [answer for answer in given if answer.reviewer == CONSENSUS]
        if not agreed and len({answer.cause for answer in given}) == 1:
            agreed = sorted(given, key=lambda a: -GRADES.index(a.certainty))  # the least certain
        if agreed:
            labels[episode_id] = agreed[0]
    return labels
