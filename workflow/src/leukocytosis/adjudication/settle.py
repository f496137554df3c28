"""What the reviewers settled: tables of answers and adjudicated causes, and labels put to use."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukocytosis.adjudication.files import (
    ANSWER_COLUMNS,
    REFERENCE_COLUMN,
    Answer,
    Reviewed,
    ReviewFiles,
    read_reviews,
)
from leukocytosis.config import Protocol
from leukocytosis.store import Connection, connect, fetch, read_frame, scan, write_frame, write_rows
from leukocytosis.tables import (
    ADJUDICATIONS,
    CAUSES,
    CAUSES_PRESENT,
    CERTAINTIES,
    REVIEWS,
)

SETTLED = ("agreement", "consensus")  # one reviewer's word alone replaces no label
DISAGREEMENTS = "review_disagreements.csv"
NOTHING = Reviewed({}, (), {})


@dataclass(frozen=True)
class Verdict:
    """The adjudicated cause of a chart and what it rests on; no cause while it is open."""

    cause: str | None
    certainty: str | None
    how: str


def adjudicate(
    protocol: Protocol, extract: str, files: ReviewFiles | None, study: Path, *, use: bool
) -> None:
    """Write `reviews`, `adjudications` and the list of disagreements; with `use`, mend `causes`.

    The tables are empty when no chart was reviewed. ReviewError lists all that is wrong with the
    files. A cause that was settled by agreement or consensus then stands as `primary_cause`, with
    the rules' cause beside it.
    """
    with connect(study / ".scratch") as con:
        reviewed = _read(protocol, extract, files, con, study) if files else NOTHING
        verdicts = {
            review_id: settle(answers, reviewed.consensus.get(review_id))
            for review_id, answers in _by_chart(reviewed).items()
        }
        write_rows(con, list(_list_reviews(reviewed)), REVIEWS, study / "reviews.parquet")
        rows = list(_list_verdicts(reviewed, verdicts, use=use))
        write_rows(con, rows, ADJUDICATIONS, study / "adjudications.parquet")
        _write_disagreements(reviewed, verdicts, study / DISAGREEMENTS)
        if any(row["in_use"] for row in rows):
            _replace_labels(protocol, con, study)


def _read(
    protocol: Protocol, extract: str, files: ReviewFiles, con: Connection, study: Path
) -> Reviewed:
    rows = fetch(con, f"SELECT episode_id FROM {scan(study / 'episodes.parquet')}")
    return read_reviews(files, protocol, extract, frozenset(row[0] for row in rows))


def settle(answers: Sequence[Answer], consensus: Answer | None) -> Verdict:
    """Return the cause of a chart: the consensus, else what all its reviewers said.

    Those who agree on the cause but not on its certainty are taken to be as certain as the least
    certain of them.
    """
    if consensus:
        return Verdict(consensus.cause, consensus.certainty, "consensus")
    if not answers:
        return Verdict(None, None, "unanswered")
    causes = {answer.cause for answer in answers}
    if len(causes) > 1:
        return Verdict(None, None, "open")
    least = max((answer.certainty for answer in answers), key=CERTAINTIES.index)
    return Verdict(causes.pop(), least, "agreement" if len(answers) > 1 else "one reviewer")


def _by_chart(reviewed: Reviewed) -> dict[str, list[Answer]]:
    charts: dict[str, list[Answer]] = defaultdict(list)
    for answer in reviewed.answers:
        charts[answer.review_id].append(answer)
    return {review_id: sorted(charts[review_id], key=lambda a: a.reviewer)
            for review_id in sorted(reviewed.charts)}  # fmt: skip


def _list_reviews(reviewed: Reviewed) -> Iterator[dict[str, Any]]:
    for answer in reviewed.answers:
        episode_id = reviewed.charts[answer.review_id].episode_id
        yield vars(answer) | {"episode_id": episode_id, "comment": answer.comment or None}


def _list_verdicts(
    reviewed: Reviewed, verdicts: Mapping[str, Verdict], *, use: bool
) -> Iterator[dict[str, Any]]:
    answers = _by_chart(reviewed)
    for review_id, verdict in verdicts.items():
        drawn = vars(reviewed.charts[review_id]) | vars(verdict)
        in_use = use and verdict.how in SETTLED
        yield drawn | {"n_reviewers": len(answers[review_id]), "in_use": in_use}


def _write_disagreements(reviewed: Reviewed, verdicts: Mapping[str, Verdict], path: Path) -> None:
    """Write the open charts as a consensus file that only wants its causes filled in."""
    answers = _by_chart(reviewed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*ANSWER_COLUMNS, REFERENCE_COLUMN])
        for review_id, verdict in verdicts.items():
            if verdict.how == "open":
                said = "; ".join(f"{a.reviewer}: {a.cause} ({a.certainty})" + (
                    f", {a.comment}" if a.comment else "") for a in answers[review_id])  # fmt: skip
                writer.writerow([review_id, "consensus", "", "", "", said])


def _replace_labels(protocol: Protocol, con: Connection, study: Path) -> None:
    """Put settled causes into `causes` and `causes_present`, leaving the rules' causes beside."""
    causes = read_frame(study / "causes.parquet").set_index("episode_id", drop=False)
    settled = read_frame(study / "adjudications.parquet").query("in_use").set_index("episode_id")
    at = settled.index
    causes.loc[at, "primary_cause"] = settled["cause"]
    causes.loc[at, "cause_group"] = settled["cause"].map(protocol.group_of)
    causes.loc[at, "grade"] = settled["certainty"]
    causes.loc[at, "decided_by"] = "chart review: " + settled["how"]
    causes.loc[at, "source"] = "adjudicated"
    write_frame(con, causes, CAUSES, study / "causes.parquet")
    present = read_frame(study / "causes_present.parquet")
    deciding = present["episode_id"].map(causes["primary_cause"])
    present["decides"] = present["cause"] == deciding
    write_frame(con, present, CAUSES_PRESENT, study / "causes_present.parquet")
