"""Chart review: samples, answers and their faults, agreement beside R, the rules beside charts."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CODELISTS, ROOT, SEED, Run, protocol_of

from leukocytosis.causes import classify
from leukocytosis.config import load_manifest
from leukocytosis.config.manifest import ReviewFiles
from leukocytosis.config.settings import Review, load_settings
from leukocytosis.errors import ExtractError
from leukocytosis.review import adjudicate, fit_reviews, write_review
from leukocytosis.review.agreement import Ratings, fit_ac1, fit_kappa, fit_sensitivity
from leukocytosis.review.answers import Answer, find_labels, read_answers
from leukocytosis.review.sample import draw_sample, find_code
from leukocytosis.store import connect, fetch_rows, read_frame, scan
from leukocytosis.strips import read_strips

PROTOCOL = protocol_of("granger2009")
ORACLE = ROOT / "tests/oracle/review"
HEAD = "review_id,reviewer,cause,certainty,comment,sampling\n"


def ratings_of(example: str) -> tuple[Ratings, int]:
    pairs = []
    with (ORACLE / "tables.csv").open() as stream:
        for row in csv.DictReader(stream):
            if row["example"] == example:
                pairs += [(int(row["first"]), int(row["second"]))] * int(row["n"])
    ratings = np.array(pairs, dtype=np.int64)
    return ratings, int(ratings.max()) + 1


with (ORACLE / "oracle.csv").open() as stream:
    BY_R = list(csv.DictReader(stream))


@pytest.mark.parametrize("row", BY_R, ids=lambda row: row["example"])
def test_kappa_and_its_interval_are_those_of_r(row: dict[str, str]) -> None:
    number = fit_kappa(*ratings_of(row["example"]))
    assert number.estimate is not None and number.ci_low is not None
    assert math.isclose(number.estimate, float(row["kappa"]), rel_tol=1e-6)
    low = float(row["kappa"]) - 1.959963984540054 * float(row["error"])
    assert math.isclose(number.ci_low, max(low, -1), rel_tol=1e-6)


def test_ac1_of_gwets_example_where_kappa_fails() -> None:
    """Gwet 2002: 118 and 0 agreements of 125; kappa is below 0, AC1 is 0.94."""
    ratings, q = ratings_of("gwet_125")
    kappa, ac1 = fit_kappa(ratings, q).estimate, fit_ac1(ratings, q).estimate
    assert kappa is not None and ac1 is not None
    assert round(kappa, 4) == -0.0234 and round(ac1, 4) == 0.9408


@pytest.mark.parametrize("example", [row["example"] for row in BY_R])
def test_the_error_of_ac1_is_that_of_the_jackknife(example: str) -> None:
    ratings, q = ratings_of(example)
    whole = fit_ac1(ratings, q)
    n = len(ratings)
    left_out = [fit_ac1(np.delete(ratings, i, axis=0), q).estimate or 0.0 for i in range(n)]
    jackknife = math.sqrt((n - 1) / n * sum((x - np.mean(left_out)) ** 2 for x in left_out))
    assert whole.ci_low is not None and whole.estimate is not None
    from scipy.stats import t

    error = (whole.estimate - whole.ci_low) / t.ppf(0.975, n - 1)
    assert math.isclose(error, jackknife, rel_tol=0.03)


def test_one_answer_only_has_no_kappa() -> None:
    number = fit_kappa(np.zeros((9, 2), dtype=np.int64), 8)
    assert number.estimate is None and "chance would agree" in str(number.note)


def test_sensitivity_is_put_back_to_the_cohort() -> None:
    """10 of 20 reviewed of 400 with another label stand for 200 patients."""
    strata = {"infection": (20, 18, 100), "growth_factor": (20, 10, 400)}
    number = fit_sensitivity("infection", strata)
    assert number.estimate == pytest.approx(90 / (90 + 200))
    assert number.ci_low is not None and number.ci_high is not None
    assert number.ci_low < 90 / 290 < number.ci_high


def test_a_stratum_nobody_read_leaves_sensitivity_unknown() -> None:
    number = fit_sensitivity("infection", {"infection": (5, 5, 9), "plr": (0, 0, 4)})
    assert number.estimate is None and "plr" in str(number.note)


def answers(pairs: dict[str, tuple[str, ...]], sampling: str = "random") -> list[Answer]:
    return [
        Answer(episode, f"reader {i}", cause, "probable", sampling)
        for episode, causes in pairs.items()
        for i, cause in enumerate(causes, start=1)
    ]


def rows_of(found: list[Answer], by_rules: dict[str, str]) -> dict[tuple[str, str], Any]:
    return {(row.group, row.term): row for row in fit_reviews(PROTOCOL, found, by_rules)}


def test_an_active_sample_estimates_no_accuracy() -> None:
    found = answers({"a": ("plr", "plr"), "b": ("infection", "plr")}, "active")
    rows = rows_of(found, {"a": "plr", "b": "plr"})
    assert rows["plr", "ppv"].estimate is None and "actively" in rows["plr", "ppv"].note
    assert rows["all", "agreement: reader 1 and reader 2"].n_events == 1


def test_a_disagreement_has_no_label_until_there_is_a_consensus() -> None:
    found = answers({"a": ("plr", "infection"), "b": ("plr", "plr")})
    assert set(find_labels(found)) == {"b"}
    agreed = [*found, Answer("a", "consensus", "infection", "definite", "random")]
    assert find_labels(agreed)["a"].cause == "infection"


@pytest.fixture
def review_of(tiny: Run, tmp_path: Path) -> tuple[Run, Path]:
    """The tiny study's results, to be changed, and a folder for review files."""
    import shutil

    run = Run(tiny.extract, shutil.copytree(tiny.study, tmp_path / "study"))
    return run, tmp_path


def codes_of(run: Run) -> dict[str, str]:
    return {find_code(e, SEED): e for e in read_frame(run.study / "causes.parquet")["episode_id"]}


def test_every_fault_of_every_file_is_told_at_once(review_of: tuple[Run, Path]) -> None:
    run, folder = review_of
    code = next(iter(codes_of(run)))
    (folder / "one.csv").write_text(
        HEAD + "RUNKNOWN,ann,plr,probable,,random\n"
        f"{code},ann,leukaemya,probable,,random\n{code},ann,plr,sure,,random\n"
        f"{code},,plr,probable,,\n"
    )
    (folder / "two.csv").write_text(
        "review_id,reviewer,cause,certainty,comment,sampling,died\n"
        f"{code},bob,plr,probable,,random,1\n{code},bob,infection,probable,,random,0\n"
    )
    (folder / "three.csv").write_text("review,reviewer,cause,certainty\n")
    paths = [folder / name for name in ("one.csv", "two.csv", "three.csv", "absent.csv")]
    with pytest.raises(ExtractError) as caught:
        read_answers(paths, PROTOCOL, codes_of(run))
    said = str(caught.value)
    for words in (
        "one.csv:2: names a chart that is no episode",
        "unknown cause (did you mean 'new_leukaemia'?)",
        "one.csv:4: gives an unknown certainty",
        "names no reviewer",
        "does not say how the chart was chosen",
        "two.csv:1: has a column 'died'",
        "two.csv:3: is a second answer of one reviewer",
        "three.csv:1: has no column 'review_id'",
        "absent.csv: does not exist",
    ):
        assert words in said.replace(", ", ", "), words


def test_charts_nobody_answered_are_no_answers(review_of: tuple[Run, Path]) -> None:
    run, folder = review_of
    code = next(iter(codes_of(run)))
    (folder / "one.csv").write_text(HEAD + f"{code},ann,,probable,,random\n")
    assert read_answers([folder / "one.csv"], PROTOCOL, codes_of(run)) == []


@pytest.mark.parametrize("use", [False, True])
def test_labels_replace_the_rules_only_when_asked(review_of: tuple[Run, Path], use: bool) -> None:
    run, folder = review_of
    classify(PROTOCOL, run.study)
    causes = read_frame(run.study / "causes.parquet").set_index("episode_id")
    episode = causes.index[causes["primary_cause"] == "plr"][0]
    code = find_code(episode, SEED)
    (folder / "both.csv").write_text(
        HEAD + f"{code},ann,infection,probable,,random\n{code},bob,infection,possible,,random\n"
    )
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml").model_copy(update={
        "reviews": (ReviewFiles(study="granger2009", files=("both.csv",), use_adjudicated=use),)
    })  # fmt: skip
    adjudicate(PROTOCOL, manifest, SEED, folder, run.study)
    row = read_frame(run.study / "causes.parquet").set_index("episode_id").loc[episode]
    assert row["rule_cause"] == "plr"
    expected = ("infection", "possible", "adjudicated") if use else ("plr", row["grade"], "rules")
    assert (row["primary_cause"], row["grade"], row["source"]) == expected
    assert len(read_frame(run.study / "reviews.parquet")) == 2
    present = read_frame(run.study / "causes_present.parquet").set_index("episode_id")
    assert bool(present.loc[episode, "decides"]) is not use


def patients_of(run: Run) -> list[dict[str, Any]]:
    with connect(run.study / ".scratch") as con:
        return fetch_rows(con, f"FROM {scan(run.study / 'analysis_set.parquet')}")


@pytest.mark.parametrize("sampling", ["random", "stratified", "active"])
def test_a_sample_is_the_same_on_every_run(review_of: tuple[Run, Path], sampling: str) -> None:
    run, _ = review_of
    patients = patients_of(run)
    review = Review.model_validate({"n": 8, "sampling": sampling})
    first = draw_sample(PROTOCOL, review, SEED, patients)
    assert first == draw_sample(PROTOCOL, review, SEED, list(reversed(patients)))
    assert len(first) == len(set(first)) == 8
    if sampling == "stratified":
        cause = {str(p["episode_id"]): p["primary_cause"] for p in patients}
        assert {cause[e] for e in first} == set(cause.values())


def test_an_active_sample_takes_what_moves_the_estimate(review_of: tuple[Run, Path]) -> None:
    patients = patients_of(review_of[0])
    review = Review(n=5, sampling="active")
    chosen = set(draw_sample(PROTOCOL, review, SEED, patients))
    causes = {p["primary_cause"] for p in patients if str(p["episode_id"]) in chosen}
    assert causes <= {"undetermined", "plr", "infection", "other_named"}
    grades = {p["grade"] for p in patients if str(p["episode_id"]) in chosen}
    assert "definite" not in grades


def test_the_page_tells_neither_who_nor_how_it_ended(
    review_of: tuple[Run, Path], tmp_path: Path
) -> None:
    run, _ = review_of
    review = Review(n=100, sampling="random")
    strips = read_strips(run.study, CODELISTS, "wbc_blood", review.until_day)
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    for folder in ("one", "two"):
        write_review(PROTOCOL, manifest, review, SEED, strips, run.study, tmp_path / folder)
    page = (tmp_path / "one/review.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "two/review.html").read_text(encoding="utf-8")
    causes = read_frame(run.study / "causes.parquet")
    for episode in causes["episode_id"]:
        assert f">{episode}" not in page and f"{episode}-" not in page
    for word in ("hospice", "expired", "2006", "step 3", "not assessed"):
        assert word not in page.lower()
    assert "http" not in page


def test_settings_are_read_and_refused(tmp_path: Path) -> None:
    assert load_settings(ROOT / "config/config.yaml").seed == SEED
    path = tmp_path / "config.yaml"
    path.write_text("study: a\nextract: b\nseed: 1\nreview: {n: 0, sampling: lucky}\n")
    with pytest.raises(Exception, match="sampling") as caught:
        load_settings(path)
    assert "review.n" in str(caught.value)


def test_a_review_reaches_the_estimates(review_of: tuple[Run, Path]) -> None:
    run, folder = review_of
    classify(PROTOCOL, run.study)
    causes = read_frame(run.study / "causes.parquet")
    by_rules = dict(zip(causes["episode_id"], causes["rule_cause"], strict=True))
    lines = [f"{find_code(e, SEED)},ann,{c},probable,,random\n" for e, c in by_rules.items()]
    (folder / "ann.csv").write_text(HEAD + "".join(lines))
    found = read_answers([folder / "ann.csv"], PROTOCOL, codes_of(run))
    rows = rows_of(found, by_rules)
    assert all(row.estimate == 1 for row in rows.values())


def test_disagreements_are_listed_until_they_are_settled(review_of: tuple[Run, Path]) -> None:
    run, folder = review_of
    classify(PROTOCOL, run.study)
    first, second = sorted(codes_of(run))[:2]
    said = HEAD + f"{first},ann,plr,probable,,random\n{second},ann,plr,probable,,random\n"
    (folder / "ann.csv").write_text(said)
    (folder / "bob.csv").write_text(HEAD + f"{first},bob,infection,possible,,random\n")
    settled = HEAD + f"{first},consensus,infection,possible,,random\n"
    (folder / "consensus.csv").write_text(settled)
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    strips = read_strips(run.study, CODELISTS, "wbc_blood", 14)
    for files, n in ((("ann.csv", "bob.csv"), 2), (("ann.csv", "bob.csv", "consensus.csv"), 0)):
        given = (ReviewFiles(study="granger2009", files=files),)
        adjudicate(
            PROTOCOL, manifest.model_copy(update={"reviews": given}), SEED, folder, run.study
        )
        write_review(PROTOCOL, manifest, Review(n=3), SEED, strips, run.study, folder / "out")
        lines = (folder / "out/disagreements.csv").read_text().splitlines()
        assert len(lines) == 1 + n and all(line.startswith(first) for line in lines[1:])
