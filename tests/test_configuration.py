"""Protocols, codelists, units, claims: loaded whole, or refused with all that is wrong."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import CODELISTS, ROOT

from leukocytosis.cli import main
from leukocytosis.config import (
    check_outcomes_seen,
    fold_unit,
    load_claims,
    load_codelists,
    load_manifest,
    load_protocol,
    load_settings,
    load_units,
)
from leukocytosis.errors import ConfigError

KNOWN = CODELISTS


def changed(project: Path, old: str, new: str) -> Path:
    path = project / "config/studies/granger2009.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_protocol(path, KNOWN)
    return str(caught.value)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config/studies").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_protocol_loads(path: Path) -> None:
    assert load_protocol(path, KNOWN).study == path.stem


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config/extracts").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_manifest_loads(path: Path) -> None:
    assert load_manifest(path).extract == path.stem


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config/claims").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_claim_has_a_source(path: Path) -> None:
    assert all(claim.source for claim in load_claims(path).claims)


def test_extends_changes_only_what_it_says() -> None:
    base = load_protocol(ROOT / "config/studies/granger2009.yaml")
    lower = load_protocol(ROOT / "config/studies/granger2009_above15.yaml")
    assert lower.index.above.value == 15
    assert (lower.evidence, lower.causes, lower.outcomes) == (
        base.evidence,
        base.causes,
        base.outcomes,
    )


def test_unknown_key_names_line_and_nearest(project: Path) -> None:
    message = refusal(changed(project, "    at_least_days: 3", "    atleast_days: 3"))
    assert "unknown key 'evidence.9.atleast_days' (did you mean 'at_least_days'?)" in message
    assert ".yaml:" in message


def test_window_that_ends_before_it_starts(project: Path) -> None:
    message = refusal(
        changed(project, "{from_day: -30, to_day: 60}", "{from_day: 60, to_day: -30}")
    )
    assert "ends (day -30) before it starts (day 60)" in message


def test_a_threshold_in_another_unit_or_direction_is_refused(project: Path) -> None:
    line = 'above: {value: 40, unit: 10*9/L, operator: ">"}'
    path = changed(project, line, 'above: {value: 40000, unit: /uL, operator: ">"}')
    assert "is in 10*9/L, the standard unit, not /uL" in refusal(path)
    other = 'above: {value: 40000, unit: /uL, operator: ">"}'
    path = changed(project, other, 'above: {value: 40, unit: 10*9/L, operator: "<"}')
    assert "takes > or >=, not <" in refusal(path)


def test_cause_without_precedence_and_rule_without_cause(project: Path) -> None:
    path = changed(project, "  - {cause: corticosteroid}\n", "")
    assert "no precedence step names the cause 'corticosteroid'" in refusal(path)
    path = changed(
        project, "trauma_code, asplenia_code, other_drug]", "trauma_code, asplenia_code]"
    )
    path = changed(project, "asplenia_code, other_drug]", "asplenia_code]")
    assert "no cause uses the rule 'other_drug'" in refusal(path)


def test_codelist_that_does_not_exist(project: Path) -> None:
    message = refusal(
        changed(project, "codelist: growth_factor_short", "codelist: growth_factor_shot")
    )
    assert (
        "'growth_factor_shot', which does not exist (did you mean 'growth_factor_short'?)"
        in message
    )


def test_a_covariate_known_only_later_names_the_fix(project: Path) -> None:
    message = refusal(
        changed(
            project,
            "codelist: metastasis\n    window: {to_day: 0}\n    basis",
            "codelist: metastasis\n    window: {to_day: 14}\n    basis",
        )
    )
    assert "after day 0" in message and "landmark" in message


def test_codes_are_held_to_their_system(tmp_path: Path) -> None:
    head = "code_system,code,match,term,category,source\n"
    (tmp_path / "a.csv").write_text(
        head + "ICD-10-CM,162.9,prefix,t,,s\nICD-9-CM,1629,exact,t,,s\n"
    )
    (tmp_path / "b.csv").write_text(head + "ICD10,C34,prefix,t,,s\nLOINC,6690-2,word,t,,s\n")
    (tmp_path / "c.csv").write_text(head)
    with pytest.raises(ConfigError) as caught:
        load_codelists(tmp_path)
    message = str(caught.value)
    assert "a.csv:2: '162.9' is not written like a code of ICD-10-CM" in message
    assert "unknown system 'ICD10' (did you mean 'ICD-10-CM'?)" in message
    assert "must be matched by exact or prefix, not 'word'" in message
    assert "c.csv: is empty" in message


def test_units_fold_to_one_factor() -> None:
    factors = {unit.unit: unit.factor for unit in load_units(ROOT / "config/units.csv")
               if unit.quantity == "count_per_volume"}  # fmt: skip
    for printed, factor in (
        ("K/µL", 1),
        ("10^3 / μL", 1),
        ("/mm3", 0.001),
        ("cells/L", 1e-9),
        ("G/L", 1),
    ):
        assert factors[fold_unit(printed)] == factor


def test_no_solid_tumour_code_is_haematological() -> None:
    solid = {(e.code_system, e.code) for e in CODELISTS["solid_tumour"].entries}
    for entry in CODELISTS["blood_cancer"].entries:
        for system, code in solid:
            if system == entry.code_system:
                assert not entry.code.startswith(code) and not code.startswith(entry.code)


def test_check_has_its_own_exit_code(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert main(["check", "granger2009", "tiny"]) == 0
    assert main(["check", "granger2008", "tiny"]) == 10
    assert "did you mean 'granger2009.yaml'?" in capsys.readouterr().err


def test_reviews_name_a_study_and_files_of_the_extract(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/granger2009.yaml").touch()
    text = (ROOT / "config/extracts/tiny.yaml").read_text(encoding="utf-8")
    path = tmp_path / "extracts/tiny.yaml"
    for study, file, wanted in (
        ("granger209", "a.csv", "unknown study 'granger209' (did you mean 'granger2009'?)"),
        ("granger2009", "../a.csv", "lie under the extract's root"),
    ):
        path.write_text(f"{text}reviews:\n  {study}: {{key: k.csv, files: [{file}]}}\n")
        with pytest.raises(ConfigError) as caught:
            load_manifest(path)
        assert wanted in str(caught.value)


def test_a_protocol_that_contradicts_itself_is_told_all_at_once(project: Path) -> None:
    path = changed(
        project, "window: {from_day: -14, to_day: 0}", "window: {from_day: 14, to_day: 0}"
    )
    changed(project, "  - {cause: corticosteroid}\n", "")
    changed(project, "trauma_code, asplenia_code, other_drug]", "trauma_code, asplenia_code]")
    changed(project, "asplenia_code, other_drug]", "asplenia_code]")
    said = refusal(path)
    assert "ends (day 0) before it starts (day 14)" in said
    assert "no precedence step names the cause 'corticosteroid'" in said
    assert "no cause uses the rule 'other_drug'" in said


def test_a_key_of_a_wrong_type_hides_no_contradiction(project: Path) -> None:
    path = changed(project, "codelist_not: [leukaemia]\n", "codelist_not: {a: list}\n")
    changed(project, "  - {cause: corticosteroid}\n", "")
    changed(project, "question: >-", "questoin: a slip\nquestion: >-")
    said = refusal(path)
    assert "'evidence.1.codelist_not'" in said
    assert "unknown key 'questoin'" in said and "did you mean 'question'" in said
    assert "no precedence step names the cause 'corticosteroid'" in said


def test_what_follows_only_from_a_key_left_out_is_not_said(project: Path) -> None:
    said = refusal(changed(project, "  take: first\n", "  take: [first]\n"))
    assert "index.take" in said
    assert said.count("granger2009.yaml") == 1


def test_a_codelist_of_the_wrong_system(project: Path) -> None:
    path = changed(project, "codelist: ketoacidosis", "codelist: wbc_blood")
    said = refusal(path)
    assert "looks for codes of ICD-10-CM, ICD-9-CM in the codelist 'wbc_blood'" in said
    assert "which holds only LOINC" in said


def test_a_way_that_would_hold_for_everybody(project: Path) -> None:
    path = changed(
        project, "{grade: definite, all_of: [new_blood_cancer_code]}", "{grade: definite}"
    )
    assert "it would hold for everybody" in refusal(path)


def test_more_findings_than_there_are(project: Path) -> None:
    assert "wants 9 of 6 findings" in refusal(changed(project, "          n: 2", "          n: 9"))


def test_a_laboratory_list_measures_a_listed_quantity(project: Path) -> None:
    from leukocytosis.config import load_units
    from leukocytosis.standardise.labs import find_measures

    path = project / "config/codelists/calcium.csv"
    path.write_text(path.read_text().replace(",calcium,", ",calciom,"))
    codelists = load_codelists(project / "config/codelists")
    manifest = load_manifest(project / "config/extracts/tiny.yaml")
    units = load_units(project / "config/units.csv")
    with pytest.raises(ConfigError, match=r"measures 'calciom'.*did you mean 'calcium'"):
        find_measures(codelists, units, manifest)


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("extract: synthetic", "extrct: synthetic", ":3", "unknown key 'extrct' (did you mean"),
        ("extract: synthetic", "", "", "'extract' is missing"),
        ("journal: house", "journal: natur", ":5", "'natur' (did you mean 'nature'?)"),
        ("  draws: 1000", "  draw: 1000", ":7", "'bias.draw' (did you mean 'draws'?)"),
        ("seed: 2009", "seed: soon", ":4", "'seed': input should be a valid integer"),
        ("extract: synthetic", "extract: st-mary", ":3", "a-z, 0-9 and _ alone"),
        ("  n: 60", "  n: [60", "", "is not YAML"),
    ],
)
def test_wrong_settings_are_told_with_their_line(
    tmp_path: Path, old: str, new: str, place: str, says: str
) -> None:
    text = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
    assert old in text
    shutil.copytree(ROOT / "config/journals", tmp_path / "journals")
    (tmp_path / "config.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "config.yaml")
    assert f"config.yaml{place}" in str(caught.value) and says in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"extrct": "tiny"}, "--config: unknown key 'extrct' (did you mean 'extract'?)"),
        ({"journal": "natur"}, "--config: names the unknown journal 'natur'"),
        ({"review": {"m": 3}}, "--config: unknown key 'review.m'"),
    ],
)
def test_what_a_run_is_told_instead_is_checked_too(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(ROOT / "config/config.yaml", given)
    assert says in str(caught.value) and len(caught.value.problems) == 1


def test_settings_are_those_of_the_file_but_for_what_a_run_is_told() -> None:
    found = load_settings(ROOT / "config/config.yaml", {"extract": 2019, "review": {"n": 7}})
    assert (found.extract, found.seed) == ("2019", 2009)
    assert (found.review.n, found.review.sampling) == (7, "stratified")


@pytest.mark.parametrize(
    ("table", "outcomes"),
    [
        ("deaths", ["death_or_hospice_12w", "death_1y"]),
        ("encounters", ["death_or_hospice_12w"]),
        ("microbiology", []),
    ],
)
def test_nobody_is_alive_because_deaths_are_in_no_file(table: str, outcomes: list[str]) -> None:
    protocol = load_protocol(ROOT / "config/studies/granger2009.yaml", KNOWN)
    whole = load_manifest(ROOT / "config/extracts/tiny.yaml")
    check_outcomes_seen(protocol, whole)
    tables = {name: sources for name, sources in whole.tables.items() if name != table}
    lacking = whole.model_copy(update={"tables": tables, "absent": {table: "is not exported"}})
    refused = []
    try:
        check_outcomes_seen(protocol, lacking)
    except ConfigError as error:
        refused = [problem.problem.split("'")[1] for problem in error.problems]
        assert all(f"absent.{table}" in problem.place for problem in error.problems)
    assert refused == outcomes


ENCOUNTERS = "setting: setting, disposition: disposition}"
STAYS = (
    "      columns: {encounter_id: encounter, patient_id: patient, started_at: start, "
    "ended_at: end,\n"
)


def seen_in(folder: Path, old: str, new: str, study: str = "granger2009") -> str:
    """Return what the tiny manifest, changed at one place, is told; nothing where all is seen."""
    text = (ROOT / "config/extracts/tiny.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = folder / "tiny.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    protocol = load_protocol(ROOT / f"config/studies/{study}.yaml", KNOWN)
    try:
        check_outcomes_seen(protocol, load_manifest(path), folder)
    except ConfigError as error:
        assert error.exit_code == 10
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        (ENCOUNTERS, "setting: setting}", "disposition"),
        (STAYS, STAYS.replace(", ended_at: end", ""), "ended_at"),
    ],
)
def test_hospice_is_not_spared_because_no_column_shows_it(
    tmp_path: Path, old: str, new: str, columns: str
) -> None:
    told = seen_in(tmp_path, old, new)
    assert f"manifest tiny: tables.encounters: {columns}:" in told
    assert "the outcome 'death_or_hospice_12w' of granger2009 counts hospice" in told
    assert f"map encounters.{columns} " in told
    assert "death_1y" not in told


@pytest.mark.parametrize(
    ("view", "is_seen"),
    [
        ("SELECT encounter AS encounter_id, 1 AS disposition, 2 AS ended_at FROM encounters", True),
        ("SELECT *, encounter AS encounter_id FROM encounters", True),
        ("SELECT encounter AS encounter_id, count(*) AS ended_at FROM encounters", False),
        ("-- no disposition *\nSELECT encounter AS encounter_id, 2 AS ended_at FROM x", False),
    ],
)
def test_a_view_shows_hospice_as_far_as_its_text_can(
    tmp_path: Path, view: str, is_seen: bool
) -> None:
    (tmp_path / "view.sql").write_text(view)
    columns = STAYS + "        " + ENCOUNTERS
    assert (seen_in(tmp_path, columns, "      sql: view.sql") == "") == is_seen


def test_one_of_several_files_of_stays_may_tell_where_patients_went(tmp_path: Path) -> None:
    visits = "\n    - {rows_of: labs, columns: {encounter_id: id, patient_id: patient}}"
    assert seen_in(tmp_path, ENCOUNTERS, ENCOUNTERS + visits) == ""


def test_a_table_mapped_from_no_file_shows_nothing(tmp_path: Path) -> None:
    columns = "{patient_id: patient, died_on: died, death_source: source}"
    rows = f"  deaths:\n    - {{rows_of: deaths, columns: {columns}}}"
    told = seen_in(tmp_path, rows, "  deaths: []")
    assert "'death_1y' of granger2009 counts death" in told


def test_the_way_out_of_hospice_unseen_leads_out(tmp_path: Path) -> None:
    told = seen_in(tmp_path, ENCOUNTERS, "setting: setting}")
    (change,) = re.findall(r"`(outcomes: .*)`", told)
    shutil.copytree(ROOT / "config/studies", tmp_path / "studies")
    study = tmp_path / "studies/deaths_alone.yaml"
    study.write_text(
        "study: deaths_alone\nextends: granger2009\ntitle: Deaths alone\nquestion: Who dies?\n"
        f"claims: null\n{change}\n"
    )
    protocol = load_protocol(study, KNOWN)
    manifest = load_manifest(tmp_path / "tiny.yaml")
    check_outcomes_seen(protocol, manifest, tmp_path)
    assert {outcome.events for outcome in protocol.outcomes} == {("death",)}


@pytest.mark.parametrize("extract", ["tiny", "synthetic", "mimic_iv_demo", "omop_cdm"])
def test_our_extracts_show_what_our_studies_count(extract: str) -> None:
    manifest = load_manifest(ROOT / f"config/extracts/{extract}.yaml")
    for path in (ROOT / "config/studies").glob("*.yaml"):
        check_outcomes_seen(load_protocol(path, KNOWN), manifest, ROOT / "config/extracts")
