"""Chart review: which charts are drawn, what comes back, and what becomes of it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import CODELISTS, ROOT, Run, protocol_of

from leukocytosis.adjudication import ReviewFiles, adjudicate
from leukocytosis.adjudication.files import Answer
from leukocytosis.adjudication.settle import settle
from leukocytosis.config import ReviewPlan, load_manifest, load_plan
from leukocytosis.errors import ConfigError, ReviewError
from leukocytosis.review import draw_charts, read_labels, write_key, write_review
from leukocytosis.review.sampling import Drawn, Label, measure_moves, share_out
from leukocytosis.store import connect, read_frame
from leukocytosis.strips import find_blind, read_strips
from leukocytosis.validation import Verdict, fit_accuracy, fit_review, weigh

PROTOCOL = protocol_of("granger2009")
MANIFEST = load_manifest(ROOT / "config/extracts/tiny.yaml")
HEAD = "review_id,reviewer,cause,certainty,comment\n"
TELLING = ("died", "dead", "death", "hospice", "expired", "disposition", "discharge", "surviv",
           "mortal", "palliat", "deceas")  # fmt: skip


def plan(sampling: str = "random", n: int = 12) -> ReviewPlan:
    return ReviewPlan.model_validate({"n": n, "sampling": sampling})


@pytest.fixture(scope="module")
def labels(tiny: Run) -> list[Label]:
    return read_labels(tiny.study)


@pytest.fixture
def study(tiny: Run, tmp_path: Path) -> Path:
    """A copy of the tiny study's tables that a test may add to."""
    folder = tmp_path / "study"
    folder.mkdir()
    for path in tiny.study.glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def charts(labels: list[Label], tmp_path: Path) -> list[Drawn]:
    drawn = draw_charts(labels, PROTOCOL, plan("stratified"), 2009)
    write_key(drawn, "granger2009", "tiny", plan("stratified"), tmp_path / "key.csv")
    return drawn


def answer(folder: Path, who: str, charts: Sequence[Drawn], causes: dict[str, str]) -> Path:
    """Write the answers of a reviewer who sees what the rules say but for `causes`."""
    said = {chart.review_id: causes.get(chart.episode_id, chart.stratum) for chart in charts}
    path = folder / f"{who}.csv"
    rows = "".join(f"{number},{who},{cause},probable,\n" for number, cause in said.items())
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def refusal(study: Path, files: ReviewFiles) -> list[str]:
    with pytest.raises(ReviewError) as caught:
        adjudicate(PROTOCOL, "tiny", files, study, use=False)
    return [str(problem) for problem in caught.value.problems]


# drawing


@pytest.mark.parametrize("sampling", ["random", "stratified", "active"])
def test_a_draw_is_repeatable_and_a_larger_one_holds_it(labels: list[Label], sampling: str) -> None:
    small = draw_charts(labels, PROTOCOL, plan(sampling, 10), 1)
    shuffled = draw_charts(labels[::-1], PROTOCOL, plan(sampling, 10), 1)
    large = draw_charts(labels, PROTOCOL, plan(sampling, 20), 1)
    assert small == shuffled and len(small) == 10
    numbers = {chart.episode_id: chart.review_id for chart in large}
    assert all(numbers[chart.episode_id] == chart.review_id for chart in small)
    assert small != draw_charts(labels, PROTOCOL, plan(sampling, 10), 2)


def test_a_draw_of_more_than_there_are_takes_all(labels: list[Label]) -> None:
    drawn = draw_charts(labels, PROTOCOL, plan("stratified", 999), 1)
    assert len(drawn) == len(labels)
    assert all(chart.n_drawn == chart.n_stratum for chart in drawn)


def test_strata_share_the_charts_evenly_and_none_goes_without() -> None:
    assert share_out(12, {"a": 100, "b": 3, "c": 50}) == {"a": 5, "b": 3, "c": 4}
    assert share_out(1, {"a": 5, "b": 5}) == {"a": 1, "b": 1}


def test_stratified_charts_keep_what_they_stand_for(labels: list[Label]) -> None:
    drawn = draw_charts(labels, PROTOCOL, plan("stratified"), 2009)
    sizes = Counter(label.cause for label in labels)
    assert {chart.stratum for chart in drawn} == set(sizes)
    assert sum(chart.n_stratum / chart.n_drawn for chart in drawn) == pytest.approx(len(labels))


def test_a_number_says_nothing_of_the_stratum() -> None:
    causes = ["plr"] * 20 + ["growth_factor"] * 380
    many = [Label(f"p{i}", cause, "definite", ()) for i, cause in enumerate(causes)]
    drawn = draw_charts(many, PROTOCOL, plan("stratified", 40), 7)
    rare = [int(chart.review_id) for chart in drawn if chart.stratum == "plr"]
    common = [int(chart.review_id) for chart in drawn if chart.stratum != "plr"]
    assert abs(sum(rare) / len(rare) - sum(common) / len(common)) < 100


def test_an_active_draw_takes_doubtful_labels_of_small_groups_first() -> None:
    sure = [Label(f"g{i}", "growth_factor", "definite", ("growth_factor",)) for i in range(50)]
    doubtful = [
        Label("u", "undetermined", "possible", ()),
        Label("i", "infection", "possible", ("infection",)),
        Label("c", "corticosteroid", "definite", ("corticosteroid", "infection")),
    ]
    moves = measure_moves([*sure, *doubtful], PROTOCOL)
    assert min(moves[label.episode_id] for label in doubtful) > max(
        moves[label.episode_id] for label in sure
    )
    drawn = draw_charts([*sure, *doubtful], PROTOCOL, plan("active", 3), 1)
    assert {chart.episode_id for chart in drawn} == {"u", "i", "c"}


def test_a_plan_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        load_plan(ROOT / "config/config.yaml", {"n": 0, "sampling": "activ", "blid": "outcome"})
    said = str(caught.value)
    assert "3 problems" in said and "did you mean 'blind'" in said and "'stratified'" in said


# pages


def test_the_page_holds_no_patient_no_outcome_and_no_later_day(
    tiny: Run, charts: list[Drawn], labels: list[Label], tmp_path: Path
) -> None:
    for rules in (True, False):
        blind = find_blind(PROTOCOL, rules)
        strips = read_strips(tiny.study, CODELISTS, PROTOCOL, blind)
        folders = [tmp_path / f"{rules}-{i}" for i in range(2)]
        for folder in folders:
            write_review(charts, strips, PROTOCOL, MANIFEST, blind, folder)
        text, again = ((folder / "index.html").read_text(encoding="utf-8") for folder in folders)
        assert text == again and [p.name for p in folders[0].iterdir()] == ["index.html"]
        assert not any(word in text.lower() for word in TELLING)
        assert not any(f">{label.episode_id}<" in text for label in labels)
        assert "://" not in text
        assert ("→ short-acting" in text) != rules


def test_codes_and_specimens_that_tell_the_outcome_are_not_read(study: Path) -> None:
    codes, cultures = (study / f"cohort_{t}.parquet" for t in ("diagnoses", "microbiology"))
    told = read_frame(codes).assign(code_system="ICD-10-CM", code="Z515", days_from_index=0)
    told.to_parquet(codes)
    swab = read_frame(cultures).assign(specimen="POSTMORTEM CULTURE", days_from_index=1)
    swab.to_parquet(cultures)
    for blind, shown in ((find_blind(PROTOCOL, rules=True), False), (None, True)):
        strips = read_strips(study, CODELISTS, PROTOCOL, blind)
        lanes = {item.lane for strip in strips for item in strip.items}
        assert ("codes" in lanes) == ("cultures" in lanes) == shown


# what comes back


def test_all_that_is_wrong_with_reviews_is_said_at_once(
    study: Path, charts: list[Drawn], tmp_path: Path
) -> None:
    first, second = charts[0].review_id, charts[1].review_id
    one, other, settled = (tmp_path / f"{name}.csv" for name in ("one", "other", "settled"))
    one.write_text(
        HEAD + f"{first},anna,infecton,probable,\n99999,anna,plr,definite,\n"
        f"{second},anna,plr,perhaps,\n{second},,plr,definite,\n"
    )
    other.write_text(
        "review_id,reviewer,cause,certainty,comment,died_on,coment\n"
        f"{first},anna,plr,definite,,2008-01-01,\n"
    )
    settled.write_text(HEAD + f"{first},consensus,plr,definite,\n{first},both,plr,definite,\n")
    said = refusal(study, ReviewFiles(tmp_path / "key.csv", (one, other), settled))
    for expected in (
        "one.csv:2: unknown cause (did you mean 'infection'?)",
        "one.csv:3: unknown episode",
        "one.csv:4: unknown certainty",
        "one.csv:5: the reviewer's name is missing",
        "other.csv:1: column 'died_on' tells an outcome",
        "other.csv:1: unknown column 'coment' (did you mean 'comment'?)",
        "other.csv:2: two answers of one reviewer",
        "settled.csv:3: two answers to one chart in the consensus",
    ):
        assert sum(expected in line for line in said) == 1, expected
    assert len(said) == 8
    assert not any("99999" in line or "2008" in line for line in said)


def test_a_key_of_another_study_or_of_patients_gone_is_refused(
    study: Path, charts: list[Drawn], tmp_path: Path
) -> None:
    one = answer(tmp_path, "anna", charts, {})
    write_key(charts, "reding1998", "tiny", plan(), tmp_path / "other.csv")
    (line,) = refusal(study, ReviewFiles(tmp_path / "other.csv", (one,), None))
    assert "another study" in line
    gone = [replace(charts[0], episode_id="nobody"), *charts[1:]]
    write_key(gone, "granger2009", "tiny", plan(), tmp_path / "old.csv")
    (line,) = refusal(study, ReviewFiles(tmp_path / "old.csv", (one,), None))
    assert "1 of 12 charts are unknown episodes" in line and "nobody" not in line
    missing = refusal(study, ReviewFiles(tmp_path / "kye.csv", (one,), None))
    assert any("does not exist" in line for line in missing)


def test_a_spreadsheet_may_have_saved_the_answers(
    study: Path, charts: list[Drawn], tmp_path: Path
) -> None:
    one = answer(tmp_path, "anna", charts, {})
    text = one.read_text(encoding="utf-8").replace(",", ";").replace("\n", "\r\n")
    one.write_text(text, encoding="utf-8-sig", newline="")
    files = ReviewFiles(tmp_path / "key.csv", (one,), None)
    adjudicate(PROTOCOL, "tiny", files, study, use=False)
    assert len(read_frame(study / "reviews.parquet")) == len(charts)


@pytest.mark.parametrize(
    ("causes", "consensus", "expected"),
    [
        ([], None, (None, None, "unanswered")),
        ([("plr", "definite")], None, ("plr", "definite", "one reviewer")),
        ([("plr", "definite"), ("plr", "possible")], None, ("plr", "possible", "agreement")),
        ([("plr", "definite"), ("infection", "definite")], None, (None, None, "open")),
        ([("plr", "definite"), ("infection", "definite")], ("infection", "probable"),
         ("infection", "probable", "consensus")),
        ([("plr", "definite")] * 2 + [("infection", "definite")], None, (None, None, "open")),
    ],
)  # fmt: skip
def test_settling(
    causes: list[tuple[str, str]],
    consensus: tuple[str, str] | None,
    expected: tuple[str | None, str | None, str],
) -> None:
    answers = [Answer("1", f"r{i}", *said, "") for i, said in enumerate(causes)]
    settled = Answer("1", "consensus", *consensus, "") if consensus else None
    verdict = settle(answers, settled)
    assert (verdict.cause, verdict.certainty, verdict.how) == expected


@dataclass(frozen=True)
class Reviews:
    """Two reviews: both say PLR of `agreed`, which the rules do not; one alone of `disputed`."""

    agreed: Drawn
    disputed: Drawn
    files: ReviewFiles


@pytest.fixture
def reviews(charts: list[Drawn], tmp_path: Path) -> Reviews:
    agreed, disputed, *_ = (chart for chart in charts if chart.stratum == "growth_factor")
    both = {agreed.episode_id: "plr"}
    anna = answer(tmp_path, "anna", charts, both | {disputed.episode_id: "infection"})
    ben = answer(tmp_path, "ben", charts, both)
    return Reviews(agreed, disputed, ReviewFiles(tmp_path / "key.csv", (anna, ben), None))


def test_adjudicated_causes_stand_only_when_asked(study: Path, reviews: Reviews) -> None:
    before = read_frame(study / "causes.parquet")
    adjudicate(PROTOCOL, "tiny", reviews.files, study, use=False)
    assert read_frame(study / "causes.parquet").equals(before)
    adjudicate(PROTOCOL, "tiny", reviews.files, study, use=True)
    assert not read_frame(study / "causes.parquet").equals(before)


def test_adjudicated_causes_stand_beside_those_of_the_rules(
    study: Path, charts: list[Drawn], reviews: Reviews
) -> None:
    agreed, disputed = reviews.agreed, reviews.disputed
    adjudicate(PROTOCOL, "tiny", reviews.files, study, use=True)
    causes = read_frame(study / "causes.parquet").set_index("episode_id")
    row = causes.loc[agreed.episode_id]
    assert (row["primary_cause"], row["rule_cause"]) == ("plr", "growth_factor")
    assert (row["cause_group"], row["grade"], row["source"]) == ("plr", "probable", "adjudicated")
    assert row["decided_by"] == "chart review: agreement"
    assert causes.loc[disputed.episode_id, "source"] == "rules"
    assert (causes["source"] == "adjudicated").sum() == len(charts) - 1
    present = read_frame(study / "causes_present.parquet")
    assert not present.query("decides & episode_id == @agreed.episode_id").size
    # sampling rests on the rules' labels, whatever was made of them
    labels = {label.episode_id: label.cause for label in read_labels(study)}
    assert labels[agreed.episode_id] == "growth_factor"


def test_the_list_of_disagreements_filled_in_is_the_consensus(
    study: Path, charts: list[Drawn], reviews: Reviews, tmp_path: Path
) -> None:
    disputed, listed = reviews.disputed, study / "review_disagreements.csv"
    adjudicate(PROTOCOL, "tiny", reviews.files, study, use=True)
    with listed.open(encoding="utf-8") as stream:
        (open_,) = csv.DictReader(stream)
    assert open_["review_id"] == disputed.review_id and "anna: infection" in open_["answers"]

    filled = listed.read_text().replace("consensus,,,", "consensus,infection,possible,")
    (tmp_path / "consensus.csv").write_text(filled)
    files = replace(reviews.files, consensus=tmp_path / "consensus.csv")
    adjudicate(PROTOCOL, "tiny", files, study, use=True)
    causes = read_frame(study / "causes.parquet").set_index("episode_id")
    assert causes.loc[disputed.episode_id, "decided_by"] == "chart review: consensus"
    with connect(study / ".scratch") as con:
        rows = {(r.group, r.term): r for r in fit_review(PROTOCOL, con, study)}
    assert rows["all", "changed"].n_events == 2 and rows["all", "open"].n_events == 0
    assert rows["all", "agreement:anna+ben"].n == len(charts)
    assert rows["growth_factor", "ppv"].estimate is not None


def test_without_reviews_there_is_nothing_to_say(study: Path) -> None:
    adjudicate(PROTOCOL, "tiny", None, study, use=False)
    with connect(study / ".scratch") as con:
        assert list(fit_review(PROTOCOL, con, study)) == []


# accuracy


def verdicts(sampling: str) -> list[Verdict]:
    return [
        Verdict("plr", "plr", sampling, "plr", 10),
        Verdict("infection", "plr", sampling, "plr", 10),
        Verdict("plr", "infection", sampling, "infection", 90),
        Verdict(None, "infection", sampling, "infection", 90),
    ]


def test_an_active_sample_gives_neither_sensitivity_nor_predictive_value() -> None:
    for row in fit_accuracy("plr", verdicts("active")):
        assert row.estimate is None and row.ci_low is None and row.n == 0
        assert row.note == "cannot be estimated, because the sample was chosen actively"


def test_unsettled_charts_leave_their_weight_to_their_stratum() -> None:
    assert [chart.weight for chart in weigh(verdicts("stratified"))] == [5, 5, 90]
    sensitivity, ppv = fit_accuracy("plr", verdicts("stratified"))
    assert sensitivity.estimate == pytest.approx(5 / 95) and ppv.estimate == pytest.approx(0.5)
    assert "left out" in str(sensitivity.note)


def test_a_stratum_nobody_settled_stops_sensitivity_but_not_the_predictive_value() -> None:
    unread = [*verdicts("stratified"), Verdict(None, "corticosteroid", "stratified", "steroid", 40)]
    sensitivity, ppv = fit_accuracy("plr", unread)
    assert sensitivity.estimate is None and "stratum" in str(sensitivity.note)
    assert ppv.estimate is not None


def test_a_cohort_of_nobody_has_an_empty_draw() -> None:
    assert [draw_charts([], PROTOCOL, plan(sampling), 1)
            for sampling in ("random", "stratified", "active")] == [[], [], []]  # fmt: skip


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "config/studies").glob("*.yaml"))
)
def test_in_every_study_the_blind_falls_well_before_the_outcome(name: str) -> None:
    protocol = protocol_of(name)
    horizon = min(outcome.horizon_days for outcome in protocol.outcomes)
    assert find_blind(protocol, rules=True).last_day <= min(14, horizon / 2)
