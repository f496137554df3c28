"""Reviews beside the rules: kept as a table, and put in the rules' place when that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leukocytosis.config import Manifest, Protocol
from leukocytosis.review.answers import Answer, find_labels, read_answers
from leukocytosis.review.sample import find_code
from leukocytosis.store import connect, fetch_rows, scan, write_rows
from leukocytosis.tables import CAUSES, CAUSES_PRESENT, REVIEWS

Row = dict[str, Any]


def adjudicate(
    protocol: Protocol, manifest: Manifest, seed: int, project: Path, study: Path
) -> None:
    """Write `reviews`; where the manifest asks for it, put agreed labels into `causes`.

    The rules' cause stays beside the label in `rule_cause`, and every cause the rules found stays
    in `causes_present`. ExtractError lists every fault of the review files.
    """
    reviews = [review for review in manifest.reviews if review.study == protocol.study]
    with connect(study / ".scratch") as con:
        causes = fetch_rows(con, f"FROM {scan(study / 'causes.parquet')}")
        episodes = {find_code(row["episode_id"], seed): row["episode_id"] for row in causes}
        files = [(project / file, r.use_adjudicated) for r in reviews for file in r.files]
        answers = read_answers([file for file, _ in files], protocol, episodes)
        rows = [vars(answer) for answer in answers]
        write_rows(con, rows, REVIEWS, study / "reviews.parquet")
        if any(use for _, use in files):
            labelled = [_put_label(row, find_labels(answers), protocol) for row in causes]
            write_rows(con, labelled, CAUSES, study / "causes.parquet")
            primary = {row["episode_id"]: row["primary_cause"] for row in labelled}
            present = fetch_rows(con, f"FROM {scan(study / 'causes_present.parquet')}")
            for row in present:
                row["decides"] = primary[row["episode_id"]] == row["cause"]
            write_rows(con, present, CAUSES_PRESENT, study / "causes_present.parquet")


def _put_label(row: Row, labels: Mapping[str, Answer], protocol: Protocol) -> Row:
    label = labels.get(row["episode_id"])
    if label is None:
        return row
    groups: Mapping[str, str] = {cause.id: cause.group for cause in protocol.causes}
    return row | {
        "primary_cause": label.cause,
        "cause_group": groups.get(label.cause, protocol.undetermined_group),
        "grade": label.certainty,
        "decided_by": "chart review",
        "source": "adjudicated",
    }
