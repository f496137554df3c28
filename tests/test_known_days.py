"""The day on which each thing was known: declared, derived, and refused where it came too late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import CODELISTS, ROOT, Run, protocol_of
from test_treatment_against_r import patients, protocol

from leukocytosis import errors
from leukocytosis.config import load_protocol
from leukocytosis.config.design import Treatment
from leukocytosis.errors import ConfigError, DesignError, LeukocytosisError
from leukocytosis.followup import derive_analysis_set
from leukocytosis.store import connect, read_frame
from leukocytosis.survival.alternatives import fit_hindsight
from leukocytosis.survival.row import CANNOT
from leukocytosis.survival.treatment import find_treatment_curves, fit_treatment

NAN = float("nan")
STUDY = ROOT / "config/studies/granger2009.yaml"
NO_OTHERS = pd.DataFrame(columns=["episode_id", "rule", "days", "status"])


def changed(project: Path, *pairs: tuple[str, str]) -> Path:
    path = project / "config/studies/granger2009.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


# what may be a baseline covariate


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("enters: [time_dependent, landmark]", "enters: [baseline]", "let it enter as time_dep"),
        ("age: {by_day: 0", "age: {by_day: 3", "uses 'age', known only after day 0,"),
        ("      in_hindsight: >-", "      how2: >-", "unknown key"),
        ("    sex: {by_day: 0, how: as registered}\n", "", "'sex' does not say by which day"),
        ("neutrophil_window: {from_day: -1, to_day: 0}",
         "neutrophil_window: {from_day: -1, to_day: 2}", "'neutrophil_percent', which became"),
        ("codelist: metastasis\n    window: {to_day: 0}\n    basis",
         "codelist: metastasis\n    window: {to_day: 0, or_index_stay: true}\n    basis",
         "'metastatic', which became known after day 0"),
    ],
)  # fmt: skip
def test_what_became_known_later_is_refused(project: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_protocol(changed(project, (old, new)), CODELISTS)
    assert said in str(caught.value)
    if "unknown" not in said:
        assert isinstance(caught.value, DesignError) and caught.value.exit_code == 18
        assert "granger2009.yaml:" in str(caught.value) and "way out:" in str(caught.value)


def test_each_kind_of_failure_has_an_exit_code_of_its_own() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [kind.exit_code for kind in kinds if issubclass(kind, LeukocytosisError)]
    assert len(codes) == len(set(codes)) >= 10


def test_all_that_is_unfair_is_told_at_once_and_beside_other_faults(project: Path) -> None:
    unfair = (
        ("age: {by_day: 0", "age: {by_day: 3"),
        ("enters: [time_dependent", "enters: [baseline"),
    )
    with pytest.raises(DesignError, match="2 problems"):
        load_protocol(changed(project, *unfair), CODELISTS)
    with pytest.raises(ConfigError) as caught:
        load_protocol(
            changed(project, ("codelist: antineoplastic", "codelist: neoplastic")), CODELISTS
        )
    assert not isinstance(caught.value, DesignError) and "3 problems" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  window: {from_day: 1}", "  window: {from_day: 0}", "begins on day 1 at the earliest"),
        ("landmark_days: [14,", "landmark_days: [0,", "a landmark lies before day 1"),
        ("outcome: death_1y\n  enters", "outcome: death_2y\n  enters", "outcome 'death_2y'"),
        ("groups: [plr, infection]", "groups: [plr, plr]", "compares a group with itself"),
        ("groups: [plr, infection]", "groups: [plr, other]", "models' reference is 'infection'"),
        ("groups: [plr, infection]", "groups: [prl, infection]", "unknown group 'prl'"),
        ("    measure: adjusted_hazard_ratio", "    measure: odds_ratio", "measure"),
    ],
)  # fmt: skip
def test_a_treatment_or_contrast_that_cannot_be(
    project: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_protocol(changed(project, (old, new)), CODELISTS)
    assert said in str(caught.value)


def test_derived_days_are_held_to_the_protocol(tiny: Run, tmp_path: Path) -> None:
    for path in tiny.study.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "analysis_set.parquet").unlink()
    study = protocol_of("granger2009")
    known = study.covariates.known
    strict = known["neutrophil_percent"].model_copy(update={"by_day": -1})
    covariates = study.covariates.model_copy(
        update={"known": known | {"neutrophil_percent": strict}}
    )
    with pytest.raises(DesignError) as caught:
        derive_analysis_set(
            study.model_copy(update={"covariates": covariates}), CODELISTS, tmp_path
        )
    said = "analysis_set.neutrophil_percent: became known after day -1 in 28 of 28 patients"
    assert said in str(caught.value)
    assert "landmark" in str(caught.value)
    assert not (tmp_path / "analysis_set.parquet").exists()


def test_the_treatment_of_the_documentation_is_one_that_loads() -> None:
    page = (ROOT / "docs/estimators/treatment.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    told = Treatment.model_validate(yaml.safe_load(block)["treatment"])
    own = protocol_of("granger2009").treatment
    assert own is not None
    local = {"excluded_forms", "excluded_routes", "source"}  # left out of the page
    assert told.model_dump(exclude=local) == own.model_dump(exclude=local)


# the derivation


def drugs(tiny: Run, folder: Path, rows: Sequence[tuple[int, int, str, str, str, bool]]) -> Any:
    """Give the first patient of the tiny cohort other drugs; return their analysis set's row."""
    for path in tiny.study.glob("*.parquet"):
        if path.stem not in ("cohort_drugs", "analysis_set"):
            (folder / path.name).symlink_to(path)
    first = str(read_frame(tiny.study / "analysis_set.parquet")["episode_id"].iloc[0])
    table = read_frame(tiny.study / "cohort_drugs.parquet").head(1)
    new = pd.concat(
        table.assign(episode_id=first, drug_id=f"x{i}", days_from_index=day,
                     last_day_from_index=last, code_system=None, code=None, name=name,
                     route=route, kind=kind, doses_recorded=recorded)
        for i, (day, last, name, route, kind, recorded) in enumerate(rows)
    )  # fmt: skip
    with connect(folder / ".scratch") as con:
        con.register("new", new)
        con.execute(f"COPY new TO '{folder / 'cohort_drugs.parquet'}' (FORMAT parquet)")
    derive_analysis_set(protocol_of("granger2009"), CODELISTS, folder)
    return read_frame(folder / "analysis_set.parquet").set_index("episode_id").loc[first]


@pytest.mark.parametrize(
    ("row", "day"),
    [
        ((1, 1, "Carboplatin 450 mg", "IV", "given", True), 1),
        ((0, 0, "Carboplatin", "IV", "given", True), None),  # on the index day: not after it
        ((-3, 5, "fluorouracil infusion", "IV", "given", True), 1),  # still running on day 1
        ((9, 9, "fluorouracil cream", "TP", "given", True), None),  # a local route
        ((9, 9, "Fluorouracil Cream 5%", "", "given", True), None),  # a local form
        ((9, 9, "Erlotinib", "PO", "ordered", True), None),  # only ordered where doses are seen
        ((9, 9, "Erlotinib", "PO", "ordered", False), 9),  # where none are, an order must do
        ((9, 9, "Filgrastim", "SC", "given", True), None),
    ],
)
def test_whose_treatment_counts_from_which_day(
    tiny: Run, tmp_path: Path, row: tuple[int, int, str, str, str, bool], day: int | None
) -> None:
    found = drugs(tiny, tmp_path, [row, (30, 30, "Ondansetron", "PO", "given", True)])
    assert bool(found["treatment_assessed"])
    assert (None if pd.isna(found["treated_day"]) else int(found["treated_day"])) == day


def test_without_a_drug_after_the_index_nobody_knows_who_was_treated(
    tiny: Run, tmp_path: Path
) -> None:
    found = drugs(tiny, tmp_path, [(0, 0, "Carboplatin", "IV", "given", True)])
    assert not found["treatment_assessed"]
    unseen = patients().assign(treatment_assessed=False)
    rows = list(fit_treatment(protocol(), unseen))
    assert {row.note for row in rows} == {
        CANNOT + "the extract has no drug on record after the index"
    }
    assert not list(find_treatment_curves(protocol(), unseen))


def test_a_study_without_treatment_has_no_rows_of_it() -> None:
    silent = protocol().model_copy(update={"treatment": None})
    assert not list(fit_treatment(silent, patients()))
    assert not list(find_treatment_curves(silent, patients()))


def test_causes_have_the_day_of_the_record_that_completed_them(tiny: Run) -> None:
    table = read_frame(tiny.study / "analysis_set.parquet")
    plr = table[table["primary_cause"] == "plr"]["cause_group_known_day"]
    assert len(plr) and set(plr) == {
        60
    }  # the last day on which a leukaemia code would have counted
    events = read_frame(tiny.study / "evidence_events.parquet")
    events = events[events["rule_id"] == "short_acting_growth_factor"].set_index("episode_id")
    sure = table[(table["all_causes"] == "growth_factor") & table["episode_id"].isin(events.index)]
    assert len(sure)
    for row in sure.to_dict("records"):
        days = np.atleast_1d(events.loc[row["episode_id"], "days_from_index"])
        assert row["cause_group_known_day"] == min(days) <= 0


def test_hindsight_counts_the_causes_found_later_and_too_late() -> None:
    table = pd.DataFrame(
        {
            "cause_group": ["plr", "plr", "infection", "infection", "other"],
            "cause_group_known_day": [60, 60, 2, -1, NAN],
            "death_or_hospice_12w_days": [30, 84, 84, 0, 84],
        }
    )
    rows = {(row.group, row.term): (row.n_events, row.n)
            for row in fit_hindsight(protocol_of("granger2009"), table)}  # fmt: skip
    assert rows["all", "cause known only after day 0"] == (3, 4)
    assert rows["plr", "follow-up over before the cause was known"] == (1, 2)
    assert rows["infection", "cause known only after day 0"] == (1, 2)
    assert rows["other", "cause known only after day 0"] == (0, 0)
