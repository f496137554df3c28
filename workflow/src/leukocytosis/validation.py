"""What a chart review shows: agreement of the reviewers, accuracy of the rules, labels replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from leukocytosis.agreement import (
    Chart,
    Coefficient,
    Share,
    Term,
    fit_ac1,
    fit_counted,
    fit_kappa,
    fit_weighted,
    tabulate,
)
from leukocytosis.config import Protocol
from leukocytosis.store import Connection, fetch, scan
from leukocytosis.survival.proportion import fit_proportion
from leukocytosis.survival.row import Estimate, Number, missing, place

KAPPA = "Cohen's kappa, asymptotic 95 % interval of Fleiss, Cohen and Everitt 1969"
AC1 = "Gwet's AC1, 95 % interval with the variance of Gwet 2008"
RAW = "share of charts with the same answer, 95 % Wilson interval"
COUNTED = "proportion of a simple random sample, 95 % Wilson interval"
WEIGHTED = (
    "Horvitz–Thompson weights of the stratified sample, 95 % interval of draws from the strata's "
    "Jeffreys posteriors"
)
NO_WIDTH = "the reviewers always agree: the asymptotic interval has no width"
LEFT_OUT = "charts without a settled cause are left out, which flatters the rules if they are hard"
ACTIVE = "the sample was chosen actively"
Answers = dict[str, str]  # chart → cause, of one reviewer


@dataclass(frozen=True)
class Verdict:
    """An adjudicated chart beside the rules' cause; no cause while reviewers disagree."""

    cause: str | None
    rule_cause: str
    sampling: str
    stratum: str
    n_stratum: int


def fit_review(protocol: Protocol, con: Connection, study: Path) -> Iterator[Estimate]:
    """Yield the estimates of a study's chart review; none when no chart was reviewed.

    `review_agreement`: percent agreement, kappa and AC1 of each pair of reviewers, over all causes
    and for each cause against the rest. `review_accuracy`: sensitivity and predictive value (ppv)
    of the rules. `review_labels`: charts answered, open and in use, and labels that changed.
    """
    reviewers = _read_answers(con, study)
    if not reviewers:
        return
    causes = protocol.cause_ids
    for first, second in combinations(sorted(reviewers), 2):
        yield from _fit_pair(causes, f"{first}+{second}", reviewers[first], reviewers[second])
    verdicts = _read_verdicts(con, study)
    for cause in causes:
        yield from fit_accuracy(cause, verdicts)
    yield from _count_labels(con, study)


def _read_answers(con: Connection, study: Path) -> dict[str, Answers]:
    reviewers: dict[str, Answers] = {}
    query = f"SELECT reviewer, review_id, cause FROM {scan(study / 'reviews.parquet')} ORDER BY ALL"
    for reviewer, review_id, cause in fetch(con, query):
        reviewers.setdefault(reviewer, {})[review_id] = cause
    return reviewers


def _read_verdicts(con: Connection, study: Path) -> list[Verdict]:
    query = (
        "SELECT cause, rule_cause, sampling, stratum, n_stratum "
        f"FROM {scan(study / 'adjudications.parquet')} a "
        f"JOIN {scan(study / 'causes.parquet')} c USING (episode_id) ORDER BY episode_id"
    )
    return [Verdict(*row) for row in fetch(con, query)]


def _fit_pair(
    causes: Sequence[str], pair: str, first: Answers, second: Answers
) -> Iterator[Estimate]:
    """Yield the agreement of two reviewers on the charts that both answered."""
    both = [(first[chart], second[chart]) for chart in sorted(first.keys() & second.keys())]
    yield from _fit_agreement("all", pair, both, causes)
    for cause in causes:
        named = [(str(one == cause), str(other == cause)) for one, other in both]
        if any("True" in answers for answers in named):
            yield from _fit_agreement(cause, pair, named, ("True", "False"))


def _fit_agreement(
    group: str, pair: str, both: Sequence[tuple[str, str]], categories: Sequence[str]
) -> Iterator[Estimate]:
    n, n_same = len(both), sum(one == other for one, other in both)
    where: dict[str, Any] = {"analysis_id": "review_agreement", "outcome_id": "-", "group": group,
                             "n": n, "n_events": n_same}  # fmt: skip
    raw = fit_proportion(n_same, n) if n else missing("the two answered no chart in common")
    yield place(raw, term=f"agreement:{pair}", method=RAW, **where)
    if n:
        table = tabulate(both, categories)
        yield place(_told(fit_kappa(table)), term=f"kappa:{pair}", method=KAPPA, **where)
        yield place(_told(fit_ac1(table)), term=f"ac1:{pair}", method=AC1, **where)


def _told(found: Coefficient) -> Number:
    if found.estimate is None:
        return missing("both reviewers gave every chart the same answer")
    if found.interval is None:
        return Number(found.estimate, note=NO_WIDTH)
    return Number(found.estimate, *found.interval)


def fit_accuracy(cause: str, verdicts: Sequence[Verdict]) -> Iterator[Estimate]:
    """Yield sensitivity and predictive value of the rules for a cause, or why there is none."""
    charts = weigh(verdicts)
    stratified = any(verdict.sampling == "stratified" for verdict in verdicts)
    fit = fit_weighted if stratified else fit_counted
    reasons: dict[Term, str] = {
        "sensitivity": "no reviewed chart has this cause",
        "ppv": "no reviewed chart has this cause by the rules",
    }
    for term, reason in reasons.items():
        share = fit(charts, cause, term)
        number = _number(share, reason, LEFT_OUT if len(charts) < len(verdicts) else None)
        if any(verdict.sampling == "active" for verdict in verdicts):
            number = missing(ACTIVE)
        elif term == "sensitivity" and _unread(verdicts):
            number = missing("of a stratum no chart has been settled")
        n, n_right = (share.n, share.n_right) if share and number.estimate is not None else (0, 0)
        yield place(
            number, analysis_id="review_accuracy", outcome_id="-", group=cause, term=term,
            n=n, n_events=n_right, method=WEIGHTED if stratified else COUNTED,
        )  # fmt: skip


def _number(share: Share | None, reason: str, note: str | None) -> Number:
    if share is None:
        return missing(reason)
    return Number(share.estimate, share.ci_low, share.ci_high, note)


def weigh(verdicts: Sequence[Verdict]) -> list[Chart]:
    """Return the settled charts, each with how many episodes of its stratum it stands for.

    Charts that were drawn but not settled leave their weight to the others of their stratum.
    """
    settled = [verdict for verdict in verdicts if verdict.cause]
    sizes = Counter(verdict.stratum for verdict in settled)
    return [
        Chart(v.stratum, v.n_stratum / sizes[v.stratum], str(v.cause), v.rule_cause)
        for v in settled
    ]


def _unread(verdicts: Sequence[Verdict]) -> bool:
    """Return whether a stratum was drawn from of which no chart is settled."""
    settled = {verdict.stratum for verdict in verdicts if verdict.cause}
    return any(verdict.stratum not in settled for verdict in verdicts)


def _count_labels(con: Connection, study: Path) -> Iterator[Estimate]:
    query = f"""
        SELECT count(*), count(*) FILTER (how <> 'unanswered'),
               count(*) FILTER (how = 'open'), count(*) FILTER (how = 'one reviewer'),
               count(*) FILTER (in_use), count(*) FILTER (in_use AND primary_cause <> rule_cause)
        FROM {scan(study / "causes.parquet")} c
        LEFT JOIN {scan(study / "adjudications.parquet")} a USING (episode_id)
    """
    n, *counts = fetch(con, query)[0]
    terms = ("answered", "open", "one reviewer", "in use", "changed")
    for term, count in zip(terms, counts, strict=True):
        yield place(
            Number(count / n), analysis_id="review_labels", outcome_id="-", group="all",
            term=term, n=n, n_events=count, method="share of the cohort, counted",
        )  # fmt: skip
