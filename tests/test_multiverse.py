"""The multiverse beside whole runs of the protocols it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import CODELISTS, ROOT, SEED, UNITS, Run, protocol_of, run_study

from leukocytosis.attribution import fit_attribution
from leukocytosis.causes.classify import decide
from leukocytosis.config import Protocol, load_manifest, load_protocol
from leukocytosis.config.sensitivity import OWN, Change, Option
from leukocytosis.config.variation import Variations
from leukocytosis.multiverse import Vocabulary, fit_multiverse
from leukocytosis.multiverse.labels import Decider
from leukocytosis.multiverse.materials import materialise
from leukocytosis.multiverse.rows import prepare
from leukocytosis.multiverse.variants import find_options, list_variants
from leukocytosis.prose import describe_protocol
from leukocytosis.store import connect
from leukocytosis.survival.analyses import fit_all
from leukocytosis.survival.grouped_cox import Grouped, fit_grouped_cox
from leukocytosis.synthetic import draw_extract

PROTOCOL = protocol_of("granger2009")
VOCABULARY = Vocabulary(CODELISTS, UNITS, frozenset())
Labels = dict[str, tuple[str, str, float, int]]  # patient → cause, group, days, status


@dataclass(frozen=True)
class Verse:
    """A multiverse with its patients, and the extract it was made from."""

    extract: Path
    folder: Path
    patients: Mapping[int, Labels]
    variants: Sequence[Any]

    def read(self, table: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{table}.parquet")

    def number(self, **choices: str) -> int:
        """The variant with these choices and no other."""
        (found,) = (
            v.number
            for v in self.variants
            if {d: o for d, o in v.choices.items() if o != OWN} == choices
            and v.family in ("own", "alone")
        )
        return int(found)


def make(extract: Path, folder: Path) -> Verse:
    fit_multiverse(PROTOCOL, VOCABULARY, extract, folder, SEED)
    variants = list_variants(PROTOCOL, find_options(PROTOCOL, frozenset()), SEED)
    shared = folder / "shared"
    shared.mkdir()
    samples = materialise(variants, VOCABULARY, extract, shared)
    ids = sorted(pd.read_parquet(shared / "episodes.parquet")["episode_id"])
    decider = Decider()
    patients = {}
    for sample in samples:
        made = prepare(sample, decider.label(sample))
        columns = (made.labelled.cause, made.labelled.group, sample.days, sample.status)
        who = [ids[i].split(" ")[0] for i in sample.episodes]
        patients[sample.variant.number] = dict(zip(who, zip(*columns, strict=True), strict=True))
    return Verse(extract, folder, patients, variants)


@pytest.fixture(scope="module")
def verse(tiny: Run, tmp_path_factory: pytest.TempPathFactory) -> Verse:
    return make(tiny.extract, tmp_path_factory.mktemp("multiverse"))


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Verse]:
    folder = tmp_path_factory.mktemp("synthetic")
    draw_extract(folder / "data/synthetic", SEED)
    manifest = load_manifest(ROOT / "config/extracts/synthetic.yaml")
    (folder / "config").symlink_to(ROOT / "config")
    run = run_study(PROTOCOL, manifest, folder, project=folder)
    return run, make(run.extract, folder / "multiverse")


def extended(tmp_path: Path, changes: Mapping[str, Any]) -> Protocol:
    """The protocol a user would write to get a variant: one that extends the study."""
    for path in (ROOT / "config/studies").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    written = {"study": "varied", "extends": "granger2009", "claims": None, **changes}
    (tmp_path / "varied.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    return load_protocol(tmp_path / "varied.yaml", CODELISTS)


def rerun(protocol: Protocol, extract: Path, folder: Path) -> pd.DataFrame:
    """The analysis set of a whole run from the canonical tables."""
    from leukocytosis.adjudication import adjudicate
    from leukocytosis.causes import classify, collect_evidence
    from leukocytosis.cohort import find_index, narrow
    from leukocytosis.followup import derive_analysis_set, derive_outcomes

    find_index(protocol, CODELISTS, extract, folder)
    narrow(extract, folder)
    collect_evidence(protocol, CODELISTS, UNITS, frozenset(), folder)
    classify(protocol, folder)
    adjudicate(protocol, "any", None, folder, use=False)
    derive_outcomes(protocol, extract, folder)
    derive_analysis_set(protocol, CODELISTS, folder)
    return pd.read_parquet(folder / "analysis_set.parquet")


def labels_of(patients: pd.DataFrame) -> Labels:
    outcome = PROTOCOL.analyses.primary_outcome
    columns = ["primary_cause", "cause_group", f"{outcome}_days", f"{outcome}_status"]
    values = patients[columns].itertuples(index=False, name=None)
    return dict(zip(patients["episode_id"], values, strict=True))


def test_the_study_itself_is_variant_0(verse: Verse, tiny: Run) -> None:
    own = pd.read_parquet(tiny.study / "analysis_set.parquet")
    assert verse.patients[0] == labels_of(own)


CHOICES: list[dict[str, str]] = [
    {"threshold": "25"}, {"threshold": "60"}, {"operator": "counts"}, {"index_rule": "inpatient"},
    {"index_rule": "second"}, {"windows": "narrow"}, {"windows": "wide"},
    {"precedence": "infection_first"}, {"precedence": "certain_first"},
    {"infection_strength": "definite"}, {"corticosteroid_dose": "above_7_5"},
    {"certainty": "probable"}, {"hospice": "no_event"}, {"horizon": "365"},
    {"tumour_code": "by_index"}, {"tumour_code": "half_year"},
]  # fmt: skip


def option_of(decision: str, option: str) -> Option:
    return find_options(PROTOCOL, frozenset())[decision][option]


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_an_option_alone_is_a_run_of_the_study_that_has_it(
    choice: dict[str, str], verse: Verse, tmp_path: Path
) -> None:
    ((decision, option),) = choice.items()
    changes = option_of(decision, option).change.sections
    patients = rerun(extended(tmp_path, changes), verse.extract, tmp_path / "run")
    assert verse.patients[verse.number(**choice)] == labels_of(patients)


def test_drawn_combinations_are_runs_of_the_protocols_they_stand_for(
    verse: Verse, tmp_path: Path
) -> None:
    drawn = [v for v in verse.variants if v.family == "drawn"]
    for variant in drawn[:6]:
        patients = rerun(variant.protocol, verse.extract, tmp_path / str(variant.number))
        assert verse.patients[variant.number] == labels_of(patients), variant.choices


def test_options_differ_from_the_study_where_the_tiny_patients_say_so(verse: Verse) -> None:
    """Else the tests above would compare nothing with nothing."""
    differing = [v for v in verse.variants if v.family == "alone"
                 and verse.patients[v.number] != verse.patients[0]]  # fmt: skip
    assert len({decision for v in differing for decision in v.choices}) >= 8


def test_numbers_are_those_of_the_study(synthetic: tuple[Run, Verse]) -> None:
    run, verse = synthetic
    patients = pd.read_parquet(run.study / "analysis_set.parquet")
    assert verse.patients[0] == labels_of(patients)
    outcome = PROTOCOL.analyses.primary_outcome
    found = pd.DataFrame(vars(row) for row in fit_all(PROTOCOL, patients))
    ours = verse.read("multiverse").query("variant == 0")
    for analysis, term, key in (
        ("cause_shares", None, "term"), ("risk", "risk", "group"),
    ):  # fmt: skip
        theirs = found[
            (found["analysis_id"] == analysis) & found["outcome_id"].isin(["-", outcome])
        ]
        theirs = theirs[theirs["time_days"].isna() | (theirs["time_days"] == 84)].set_index(key)
        for row in ours[ours["analysis_id"] == analysis].itertuples():
            other = theirs.loc[getattr(row, key)]
            for name in ("estimate", "ci_low", "ci_high", "n", "n_events"):
                assert getattr(row, name) == other[name], (analysis, row)
        assert term is None or (ours["term"] == term).any()
    (cox,) = found.query(
        f"analysis_id == 'cox_unadjusted' and outcome_id == '{outcome}' "
        "and term == 'cause group: plr against infection'"
    ).itertuples()
    (ratio,) = ours[ours["analysis_id"] == "hazard_ratio"].itertuples()
    for name in ("estimate", "ci_low", "ci_high"):
        assert getattr(ratio, name) == pytest.approx(getattr(cox, name), rel=1e-8)
    assert (ratio.n, ratio.n_events) == (cox.n, cox.n_events)


@pytest.mark.parametrize("choice", [{"windows": "narrow"}, {"index_rule": "second"},
                                    {"threshold": "50"}], ids=str)  # fmt: skip
def test_a_larger_extract_says_the_same(
    choice: dict[str, str], synthetic: tuple[Run, Verse], tmp_path: Path
) -> None:
    _, verse = synthetic
    ((decision, option),) = choice.items()
    changes = option_of(decision, option).change.sections
    patients = rerun(extended(tmp_path, changes), verse.extract, tmp_path / "run")
    assert verse.patients[verse.number(**choice)] == labels_of(patients)
    assert verse.patients[verse.number(**choice)] != verse.patients[0]


def test_there_are_200_variants_and_each_has_every_number(synthetic: tuple[Run, Verse]) -> None:
    _, verse = synthetic
    rows = verse.read("multiverse")
    assert rows["variant"].nunique() >= 200
    assert (rows.groupby("variant")["analysis_id"].nunique() == 3).all()
    silent = rows[rows["estimate"].isna() & rows["note"].isna()]
    assert silent.empty


def test_drawn_options_are_equally_frequent(verse: Verse) -> None:
    chosen = verse.read("variants").query("family == 'drawn'")
    counts = chosen.groupby(["decision", "option"]).size()
    assert (counts.groupby("decision").max() - counts.groupby("decision").min() <= 1).all()
    assert counts.groupby("decision").sum().eq(240).all()


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    options = find_options(PROTOCOL, frozenset())
    one, two, other = (
        [v.choices for v in list_variants(PROTOCOL, options, seed)] for seed in (1, 1, 2)
    )
    assert one == two and one != other


def test_an_option_that_is_the_study_is_no_variant(verse: Verse) -> None:
    options = verse.read("options").set_index(["decision", "option"])
    assert options.loc[("threshold", "40"), "note"] == "is what the study does"
    assert all(v.choices.get("threshold") != "40" for v in verse.variants)


def test_without_drugs_a_dose_cannot_be_varied_and_says_so(tiny: Run, tmp_path: Path) -> None:
    lacking = Vocabulary(CODELISTS, UNITS, frozenset({"drugs"}))
    fit_multiverse(PROTOCOL, lacking, tiny.extract, tmp_path, SEED)
    options = pd.read_parquet(tmp_path / "options.parquet").query("option != 'own'")
    notes = options[options["decision"] == "corticosteroid_dose"]["note"]
    assert set(notes) == {"cannot be varied here, because the extract has no drugs"}
    variants = pd.read_parquet(tmp_path / "variants.parquet")
    assert "corticosteroid_dose" not in set(variants.query("option != 'own'")["decision"])


def test_a_study_without_a_multiverse_has_empty_tables(tiny: Run, tmp_path: Path) -> None:
    plain = PROTOCOL.model_copy(update={"sensitivity": None})
    fit_multiverse(plain, VOCABULARY, tiny.extract, tmp_path, SEED)
    assert pd.read_parquet(tmp_path / "multiverse.parquet").empty
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "decisions.parquet", "multiverse.parquet", "options.parquet", "variants.parquet",
    ]  # fmt: skip


def test_changes_are_made_one_after_the_other() -> None:
    options = find_options(PROTOCOL, frozenset())
    chosen = [("windows", "wide"), ("corticosteroid_dose", "above_100"),
              ("infection_strength", "definite"), ("certainty", "probable")]  # fmt: skip
    varied = Variations(PROTOCOL).vary([options[d][o].change for d, o in chosen])
    rule = varied.rule("high_dose_corticosteroid")
    assert (rule.window.from_day, rule.window.to_day) == (-14, 0)
    assert rule.dose and rule.dose.above_mg_per_day == 100
    infection = next(cause for cause in varied.causes if cause.id == "infection")
    assert not varied.may_decide(infection, "probable") and varied.may_decide(infection, "definite")
    assert np.all([varied.population == PROTOCOL.population, varied.index == PROTOCOL.index])


def test_nobody_beyond_the_threshold_gives_reasons_not_numbers(tiny: Run, tmp_path: Path) -> None:
    high = Variations(PROTOCOL).vary([Change(index={"above": {"value": 9000}})])
    assert high.sensitivity is not None
    decisions = tuple(d for d in high.sensitivity.decisions if d.id != "threshold")
    asked = high.sensitivity.model_copy(update={"decisions": decisions, "threshold_curve": None})
    nobody = high.model_copy(update={"sensitivity": asked})
    fit_multiverse(nobody, VOCABULARY, tiny.extract, tmp_path, SEED)
    rows = pd.read_parquet(tmp_path / "multiverse.parquet")
    assert rows["variant"].nunique() >= 200 and rows["estimate"].isna().all()
    assert set(rows["note"]) == {"cannot be estimated, because there are no patients"}
    explained = pd.read_parquet(tmp_path / "decisions.parquet")
    assert explained["explained"].isna().all() and explained["note"].notna().all()


def test_a_cause_less_certain_than_asked_does_not_decide(tiny: Run) -> None:
    statuses = {rule.id: "not_met" for rule in PROTOCOL.evidence}
    statuses |= {"infection_code": "met", "antibacterial_course": "met"}
    assert decide(PROTOCOL, statuses).primary_cause == "infection"
    for change in (Change(causes=[{"id": "infection", "least_certainty": "definite"}]),
                   Change(least_certainty="definite")):  # fmt: skip
        stricter = Variations(PROTOCOL).vary([change])
        found = decide(stricter, statuses)
        assert found.primary_cause == "undetermined" and found.present == {"infection": "probable"}
        assert found.decided_by == "no precedence step lets the grade found decide"
        said = " ".join(statement.text for statement in describe_protocol(stricter))
        assert "decides only when definite." in said
        with connect(tiny.study / ".scratch") as con:
            rows = {(r.analysis_id, r.term): r.n_events
                    for r in fit_attribution(stricter, con, tiny.study)}  # fmt: skip
        present = pd.read_parquet(tiny.study / "causes_present.parquet").value_counts(
            ["cause", "grade"]
        )
        assert 0 < rows["order_any_highest", "infection"] == present["infection", "definite"]


def test_one_patient_without_an_event_is_one() -> None:
    sample = Grouped(np.array([3.0, 4.0, 5.0]), np.array([1, 1, 0]), np.array([0, 0, 1]))
    (number,) = fit_grouped_cox([sample], ["infection", "plr"])
    assert str(number.note).endswith("there are no events in the 1 patient with PLR")
