"""How far reviewers agree with each other, and the rules with them.

Cohen's kappa with the standard error of Fleiss, Cohen and Everitt (Psychol Bull 1969;72:323);
AC1 and its variance after Gwet (Br J Math Stat Psychol 2008;61:29). Sensitivity is put back to
the cohort by the rules' causes (Begg and Greenes, Biometrics 1983;39:207).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from leukocytosis.config import Protocol
from leukocytosis.review.answers import CONSENSUS, UNDETERMINED, Answer, find_labels
from leukocytosis.survival.proportion import fit_proportion
from leukocytosis.survival.row import Estimate, Number, missing, place

Ratings = NDArray[np.int64]  # one row per chart, a column per reviewer: the place of the category
N_DRAWS, SEED = 20_000, 1983


def fit_reviews(
    protocol: Protocol, answers: Sequence[Answer], by_rules: Mapping[str, str]
) -> Iterator[Estimate]:
    """Yield agreement of each pair of reviewers, and the rules' accuracy against the labels.

    `by_rules` is episode → the rules' cause, of the whole cohort. Group is `all` or a cause (that
    cause against the rest). Without answers there are no rows.
    """
    if not answers:
        return
    categories = [*(cause.id for cause in protocol.causes), UNDETERMINED]
    reviewers = sorted({answer.reviewer for answer in answers} - {CONSENSUS})
    for pair in combinations(reviewers, 2):
        yield from _fit_pair(answers, pair, categories)
    yield from _fit_accuracy(answers, by_rules, categories)


def _fit_pair(
    answers: Sequence[Answer], pair: tuple[str, str], categories: list[str]
) -> Iterator[Estimate]:
    given = {(a.episode_id, a.reviewer): categories.index(a.cause) for a in answers}
    both = sorted({a.episode_id for a in answers if all((a.episode_id, r) in given for r in pair)})
    ratings = np.array([[given[e, r] for r in pair] for e in both], dtype=np.int64).reshape(-1, 2)
    name = " and ".join(pair)
    yield from _fit_table(ratings, len(categories), "all", name)
    for i, cause in enumerate(categories):
        one = (ratings == i).astype(np.int64)
        if one.any():
            yield from _fit_table(one, 2, cause, name)


def _fit_table(ratings: Ratings, q: int, group: str, pair: str) -> Iterator[Estimate]:
    n = len(ratings)
    n_agreed = int((ratings[:, 0] == ratings[:, 1]).sum())
    for term, number, method in (
        ("agreement", fit_proportion(n_agreed, n), "proportion, 95 % Wilson interval"),
        ("kappa", fit_kappa(ratings, q), "Cohen's kappa, interval by Fleiss, Cohen and Everitt"),
        ("AC1", fit_ac1(ratings, q), "Gwet's AC1, interval by Gwet 2008"),
    ):
        yield place(number, analysis_id="review_agreement", outcome_id="-", group=group,
                    term=f"{term}: {pair}", n=n, n_events=n_agreed, method=method)  # fmt: skip


def fit_kappa(ratings: Ratings, q: int) -> Number:
    """Return Cohen's kappa of two reviewers over q categories with its 95 % interval."""
    from statsmodels.stats.inter_rater import cohens_kappa

    if len(ratings) < 2:
        return missing("fewer than two charts have both answers")
    if len(np.unique(ratings)) == 1:
        return missing("both reviewers gave one answer only, so that chance would agree as well")
    table = np.zeros((q, q))
    np.add.at(table, (ratings[:, 0], ratings[:, 1]), 1)
    used = np.unique(ratings)  # empty categories change nothing, and divide by zero
    with np.errstate(invalid="ignore", divide="ignore"):  # its test of kappa = 0, not used here
        fit = cohens_kappa(table[np.ix_(used, used)])
    return _interval(float(fit.kappa), float(fit.std_kappa), 1.959963984540054)


def fit_ac1(ratings: Ratings, q: int) -> Number:
    """Return Gwet's AC1 of two reviewers over q categories with its 95 % interval (Student's t)."""
    from scipy.stats import t

    n = len(ratings)
    if n < 2:
        return missing("fewer than two charts have both answers")
    given = (ratings[:, :, None] == np.arange(q)).mean(
        axis=1
    )  # share of reviewers, chart × category
    shares = given.mean(axis=0)
    by_chance_of = given @ (1 - shares) / (q - 1)
    by_chance = float(shares @ (1 - shares) / (q - 1))
    agreed = (ratings[:, 0] == ratings[:, 1]).astype(float)
    ac1 = (agreed.mean() - by_chance) / (1 - by_chance)
    parts = (agreed - by_chance) / (1 - by_chance)
    parts = parts - 2 * (1 - ac1) * (by_chance_of - by_chance) / (1 - by_chance)
    error = math.sqrt(float(((parts - ac1) ** 2).sum()) / (n * (n - 1)))
    return _interval(float(ac1), error, float(t.ppf(0.975, n - 1)))


def _interval(estimate: float, error: float, times: float) -> Number:
    low, high = max(estimate - times * error, -1.0), min(estimate + times * error, 1.0)
    return Number(estimate, low, high)


def _fit_accuracy(
    answers: Sequence[Answer], by_rules: Mapping[str, str], categories: list[str]
) -> Iterator[Estimate]:
    labels = {episode: answer.cause for episode, answer in find_labels(answers).items()}
    active = any(answer.sampling == "active" for answer in answers)
    chosen = "the sample was chosen actively, not at random within the rules' causes"
    for cause in categories:
        if cause not in by_rules.values() and cause not in labels.values():
            continue
        strata = _count_strata(cause, labels, by_rules)
        n_ours, n_right, _ = strata.get(cause, (0, 0, 0))
        ppv = missing(chosen) if active else fit_proportion(n_right, n_ours)
        yield place(
            ppv, analysis_id="review_accuracy", outcome_id="-", group=cause, term="ppv", n=n_ours,
            n_events=n_right, method="proportion, 95 % Wilson interval",
        )  # fmt: skip
        n_true = sum(right for _, right, _ in strata.values())
        sensitivity = missing(chosen) if active else fit_sensitivity(cause, strata)
        yield place(
            sensitivity, analysis_id="review_accuracy", outcome_id="-", group=cause,
            term="sensitivity", n=n_true, n_events=n_right,
            method="weighted by the rules' causes, Jeffreys simulation interval",
        )  # fmt: skip


Stratum = tuple[int, int, int]  # charts reviewed, those labelled with the cause, patients


def _count_strata(
    cause: str, labels: Mapping[str, str], by_rules: Mapping[str, str]
) -> dict[str, Stratum]:
    """Return, for each of the rules' causes, its charts, those labelled `cause`, its patients."""
    strata: dict[str, Stratum] = {}
    for rule_cause in sorted(set(by_rules.values())):
        patients = [episode for episode, found in by_rules.items() if found == rule_cause]
        reviewed = [labels[episode] for episode in patients if episode in labels]
        strata[rule_cause] = (len(reviewed), reviewed.count(cause), len(patients))
    return strata


def fit_sensitivity(cause: str, strata: Mapping[str, Stratum]) -> Number:
    """Return the share of the patients with a cause whom the rules give it.

    Each stratum (the rules' cause) stands for all its patients: N·(labelled / reviewed). The
    interval comes from 20,000 draws of each stratum's share from its Jeffreys posterior.
    """
    unread = [name for name, (n_reviewed, _, _) in strata.items() if not n_reviewed]
    if unread:
        return missing(f"no chart with the rules' cause {', '.join(unread)} has a label")
    if cause not in strata:
        return (
            missing("the rules give this cause to nobody")
            if not strata
            else Number(0.0, note="the rules give this cause to nobody")
        )
    expected = {name: n * right / read for name, (read, right, n) in strata.items()}
    if not sum(expected.values()):
        return missing("no reviewed chart has this cause")
    rng = np.random.default_rng(SEED)
    drawn = {
        name: n * rng.beta(right + 0.5, read - right + 0.5, N_DRAWS)
        for name, (read, right, n) in strata.items()
    }
    share = drawn[cause] / sum(drawn.values())
    low, high = np.quantile(share, [0.025, 0.975])
    return Number(expected[cause] / sum(expected.values()), float(low), float(high))
