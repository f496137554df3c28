"""What must not change, and in which direction it may, when the raw files are changed.

No expected number is written down: each test runs the road from raw files to the analysis set
twice, on the tiny extract and on one made from it, and holds the two against each other.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Run, protocol_of, run_study

from leukocytosis.config import Protocol, load_manifest
from leukocytosis.store import read_frame
from leukocytosis.survival.analyses import fit_all

Raw = dict[str, pd.DataFrame]  # file → its rows, as printed
RAW = "tests/data/tiny"
FILES = ("patients", "deaths", "encounters", "labs", "diagnoses", "drugs", "microbiology")
IDS = ("patient", "encounter", "id", "specimen_id")
PROTOCOL = protocol_of("granger2009")
YEARS = 28  # the calendar repeats itself: days between any two dates stay as they are


@dataclass(frozen=True)
class Found:
    """Of each patient of the cohort the analysis set and the status of each rule, without ids."""

    patients: pd.DataFrame
    statuses: pd.DataFrame  # patient × rule
    attrition: list[int]


def read_raw() -> Raw:
    paths = {name: ROOT / RAW / f"{name}.csv" for name in FILES}
    return {name: pd.read_csv(path, dtype=str) for name, path in paths.items()}


@pytest.fixture
def follow(project: Path) -> Callable[..., Found]:
    """Write raw files, run the study on them, return what was found."""

    def run(raw: Raw, protocol: Protocol = PROTOCOL) -> Found:
        for name, rows in raw.items():
            rows.to_csv(project / RAW / f"{name}.csv", index=False)
        manifest = load_manifest(project / "config/extracts/tiny.yaml")
        return look(run_study(protocol, manifest, project / "run", project))

    return run


def look(run: Run) -> Found:
    rows = read_frame(run.study / "analysis_set.parquet").set_index("episode_id").sort_index()
    evidence = read_frame(run.study / "evidence.parquet")
    attrition = read_frame(run.study / "attrition.parquet").sort_values("step")
    statuses = evidence.pivot_table("status", "episode_id", "rule_id", aggfunc="first")
    patients = rows.drop(columns=[c for c in rows if c.endswith("_id")])
    return Found(patients, statuses, list(attrition["n_patients_left"]))


@pytest.fixture(scope="module")
def own(tiny: Run) -> Found:
    found = look(tiny)
    assert len(found.patients) > 20 and found.patients["primary_cause"].nunique() > 4
    return found


def assert_alike(found: Found, own: Found) -> None:
    pd.testing.assert_frame_equal(found.patients, own.patients, check_names=False)
    pd.testing.assert_frame_equal(found.statuses, own.statuses, check_names=False)


def shuffle(raw: Raw) -> Raw:
    return {name: rows.sample(frac=1, random_state=7) for name, rows in raw.items()}


def add_columns(raw: Raw) -> Raw:
    return {name: rows.assign(remark="x")[[*rows.columns[::-1], "remark"]]
            for name, rows in raw.items()}  # fmt: skip


def repeat(raw: Raw) -> Raw:
    return {name: pd.concat([rows, rows]) for name, rows in raw.items()}


def print_per_microlitre(raw: Raw) -> Raw:
    """White counts per microlitre; but where some have no unit it is that of the others."""
    labs = raw["labs"].copy()
    printed = labs["unit"].isin(["K/uL", "10*9/L"]) & labs["result"].str.fullmatch(r"[\d.]+")
    printed &= ~labs["code"].isin(labs.loc[labs["unit"].isna(), "code"])
    assert printed.sum() > 30
    labs.loc[printed, "result"] = [f"{float(v) * 1000:.0f}" for v in labs.loc[printed, "result"]]
    labs.loc[printed, "unit"] = "/uL"
    return {**raw, "labs": labs}


def add_strangers_to_the_study(raw: Raw) -> Raw:
    """Patients without any high count, with all else that the others have."""
    copies = rename(raw, lambda name: f"X{name}")
    copies["labs"] = copies["labs"].assign(result="7.5")
    return {name: pd.concat([raw[name], copies[name]]) for name in raw}


def add_what_is_long_past(raw: Raw) -> Raw:
    """Drugs and cultures of five years before, of every kind that decides near the index."""
    early = {name: move_years(rows, -5) for name, rows in raw.items()}
    early = rename(early, lambda name: f"early {name}", but=("patient", "encounter"))
    old = {name: early[name].assign(encounter=None) for name in ("drugs", "microbiology")}
    return {**raw, **{name: pd.concat([raw[name], old[name]]) for name in old}}


def rename(raw: Raw, called: Callable[[str], str], but: tuple[str, ...] = ()) -> Raw:
    return {
        name: rows.assign(
            **{c: rows[c].map(called, na_action="ignore") for c in {*IDS, *rows} - {*but}
               if c in IDS and c in rows}
        )
        for name, rows in raw.items()
    }  # fmt: skip


def move_years(rows: pd.DataFrame, years: int) -> pd.DataFrame:
    def moved(text: str) -> str:
        return re.sub(r"^\d{4}", lambda year: str(int(year[0]) + years), text)

    dates = [c for c in rows if rows[c].str.match(r"\d{4}(-|$)").any() and c not in IDS]
    return rows.assign(**{c: rows[c].map(moved, na_action="ignore") for c in dates})


@pytest.mark.parametrize("change", [shuffle, add_columns, print_per_microlitre])
def test_what_says_the_same_in_another_way_changes_nothing(
    change: Callable[[Raw], Raw], follow: Callable[..., Found], own: Found
) -> None:
    found = follow(change(read_raw()))
    assert_alike(found, own)
    assert found.attrition == own.attrition


@pytest.mark.parametrize("change", [repeat, add_strangers_to_the_study, add_what_is_long_past])
def test_what_adds_nothing_to_the_cohort_leaves_it_as_it_is(
    change: Callable[[Raw], Raw], follow: Callable[..., Found], own: Found
) -> None:
    assert_alike(follow(change(read_raw())), own)


def test_patients_under_other_names_in_another_order_fare_alike(
    follow: Callable[..., Found], own: Found
) -> None:
    turned = str.maketrans("0123456789", "9876543210")
    found = follow(rename(read_raw(), lambda name: name.translate(turned)))
    back = {name.translate(turned): name for name in own.patients.index}
    renamed = Found(
        found.patients.rename(index=back).sort_index(),
        found.statuses.rename(index=back).sort_index(),
        found.attrition,
    )
    assert_alike(renamed, own)


def test_the_same_patients_a_generation_earlier_fare_alike(
    follow: Callable[..., Found], own: Found
) -> None:
    earlier = {name: move_years(rows, -YEARS) for name, rows in read_raw().items()}
    assert_alike(follow(earlier), own)


def test_files_in_parts_and_in_parquet_are_read_alike(
    project: Path, follow: Callable[..., Found], own: Found
) -> None:
    raw, manifest = read_raw(), project / "config/extracts/tiny.yaml"
    labs, drugs = raw.pop("labs"), raw.pop("drugs")
    for place, part in enumerate((labs[::2], labs[1::2])):
        part.to_csv(project / RAW / f"labs_{place}.csv", index=False)
    drugs.to_parquet(project / RAW / "drugs.parquet")
    text = manifest.read_text(encoding="utf-8")
    text = text.replace("labs.csv", "labs_*.csv").replace("drugs.csv", "drugs.parquet")
    manifest.write_text(text, encoding="utf-8")
    assert_alike(follow(raw), own)


def test_everybody_twice_doubles_counts_and_leaves_shares_and_risks(
    follow: Callable[..., Found], own: Found
) -> None:
    raw = read_raw()
    twins = rename(raw, lambda name: f"twin {name}")
    found = follow({name: pd.concat([raw[name], twins[name]]) for name in raw})
    assert found.attrition == [2 * n for n in own.attrition]
    once, twice = estimate(own), estimate(found)
    alike = ("cause_shares", "group_shares", "risk", "survival")
    compared = once.index[once.index.get_level_values("analysis_id").isin(alike)]
    compared = compared[once.loc[compared, "estimate"].notna()]
    assert len(compared) > 15
    for key in compared:
        assert twice.loc[key, "estimate"] == pytest.approx(once.loc[key, "estimate"]), key
        assert twice.loc[key, "n"] == 2 * once.loc[key, "n"], key
        widths = [rows.loc[key, "ci_high"] - rows.loc[key, "ci_low"] for rows in (twice, once)]
        assert widths[0] < widths[1] or once.loc[key, "estimate"] in (0, 1), key


def estimate(found: Found, protocol: Protocol = PROTOCOL) -> pd.DataFrame:
    patients = found.patients.reset_index()
    rows = pd.DataFrame(vars(row) for row in fit_all(protocol, patients))
    return rows.set_index(["analysis_id", "outcome_id", "group", "term", "time_days"]).sort_index()


def test_a_higher_threshold_lets_nobody_in(follow: Callable[..., Found], own: Found) -> None:
    above = PROTOCOL.index.above.model_copy(update={"value": 60})
    index = PROTOCOL.index.model_copy(update={"above": above})
    found = follow(read_raw(), PROTOCOL.model_copy(update={"index": index}))
    assert {*found.patients.index} < {*own.patients.index}


@pytest.mark.parametrize("table", ["drugs", "microbiology", "diagnoses"])
def test_what_an_extract_lacks_is_not_assessed_and_proves_nothing(
    table: str, project: Path, follow: Callable[..., Found], own: Found
) -> None:
    lose(project, table)
    population = PROTOCOL.population.model_copy(update={"include": (), "exclude": ()})
    everybody = PROTOCOL.model_copy(update={"population": population})
    found = follow({n: rows for n, rows in read_raw().items() if n != table}, everybody)
    for rule in PROTOCOL.evidence:
        there = found.statuses.loc[own.statuses.index, rule.id]
        if rule.from_ == table:
            assert set(found.statuses[rule.id]) == {"not_assessed"}, rule.id
        gained = there.eq("met") & own.statuses[rule.id].ne("met")
        denied = there.eq("not_met") & own.statuses[rule.id].eq("met") & (rule.from_ == table)
        assert not gained.any() and not denied.any(), rule.id


def lose(project: Path, table: str) -> None:
    path = project / "config/extracts/tiny.yaml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"^  {table}: {{path.*\n", "", text, flags=re.M)
    text = re.sub(rf"^  {table}:\n(    .*\n)+", "", text, flags=re.M)
    path.write_text(f"{text}absent:\n  {table}: taken away\n", encoding="utf-8")
    shutil.rmtree(project / "run", ignore_errors=True)


def test_a_pathogen_in_blood_leaves_no_paraneoplastic_reaction(
    follow: Callable[..., Found], own: Found
) -> None:
    raw = read_raw()
    grown = raw["microbiology"].drop_duplicates("patient").assign(
        id=lambda rows: "grown " + rows["patient"], specimen="Blood culture", test="culture",
        result="positive", organism="Escherichia coli", day="2006-06-15 08:00:00",
    )  # fmt: skip
    found = follow({**raw, "microbiology": pd.concat([raw["microbiology"], grown])})
    cultured = found.patients.index.intersection(grown["patient"])
    assert len(cultured) > 15
    assert own.patients.loc[cultured, "primary_cause"].eq("plr").sum() > 5
    assert not found.patients.loc[cultured, "primary_cause"].isin(["plr", "undetermined"]).any()


def test_one_more_death_lowers_no_risk(follow: Callable[..., Found], own: Found) -> None:
    raw = read_raw()
    alive = own.patients.index.difference(raw["deaths"]["patient"])[::3]
    died = pd.DataFrame({"patient": alive, "died": "2006-07-15", "source": "registry"})
    found = follow({**raw, "deaths": pd.concat([raw["deaths"], died])})
    pd.testing.assert_series_equal(found.patients["primary_cause"], own.patients["primary_cause"])
    before, after = estimate(own), estimate(found)
    risks = before.loc[["risk"]].index.intersection(after.index)
    risks = risks[before.loc[risks, "estimate"].notna() & after.loc[risks, "estimate"].notna()]
    raised = after.loc[risks, "estimate"] - before.loc[risks, "estimate"]
    assert len(raised) >= 4 and raised.ge(-1e-12).all() and raised.max() > 0.05


def test_a_longer_horizon_lowers_no_risk_and_moves_no_earlier_one(own: Found) -> None:
    risks = estimate(own).loc["risk"].reset_index()
    kept: Mapping[tuple[str, str], pd.DataFrame] = dict(
        iter(risks.dropna(subset="estimate").groupby(["outcome_id", "group"]))
    )
    rising = [part.sort_values("time_days")["estimate"].diff().dropna() for part in kept.values()]
    assert sum(len(steps) for steps in rising) > 5
    assert all(steps.ge(0).all() for steps in rising)
