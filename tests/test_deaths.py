"""Deaths that cannot be: named and counted; neither taken for survival nor given a day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run, protocol_of, run_study
from test_standardise import RAW, edit, failure

from leukocytosis.config import load_manifest

Read = Callable[[], Path]
OUTCOME = "death_or_hospice_12w"
LAST_CONTACT = 12  # T11's only stay ends on day 12, the death on record is of day 84
DEATH = "T11,2006-09-07,registry\n"


def deaths_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "deaths.parquet").set_index("patient_id")


def broken(folder: Path) -> dict[tuple[str, str], int]:
    """Return the checks to look at: table and the check's first words → rows."""
    quality = pd.read_parquet(folder / "quality.parquet")
    look = quality[quality["status"] == "look"]
    return {
        (row["table"], row["check"].split(":")[0].split(",")[0]): row["n_broken"]
        for row in look.to_dict("records")
    }


def fates(folder: Path) -> dict[str, int]:
    ledger = pd.read_parquet(folder / "ledger.parquet")
    of_deaths = ledger[(ledger["table"] == "deaths") & (ledger["n_rows"] > 0)]
    return dict(zip(of_deaths["rule_id"], of_deaths["n_rows"], strict=True))


def changed(folder: Path) -> list[str]:
    rejects = pd.read_parquet(folder / "rejects.parquet")
    return list(
        rejects.loc[rejects["action"].eq("changed") & rejects["table"].eq("deaths"), "rule_id"]
    )


def test_a_death_before_birth_has_no_day_and_the_rule_is_named(
    project: Path, read_tiny: Read
) -> None:
    edit(project / RAW / "deaths.csv", DEATH, "T11,1944-09-07,registry\n")
    folder = read_tiny()
    assert pd.isna(deaths_of(folder).loc["T11", "died_on"])
    assert changed(folder) == ["died_before_birth"]
    assert broken(folder)["deaths", "before the year of birth"] == 1
    assert broken(folder)["deaths", "no day that can be believed"] == 1
    assert fates(folder) == {"kept": 4}


def test_a_death_in_the_year_of_birth_is_believed(project: Path, read_tiny: Read) -> None:
    edit(project / RAW / "deaths.csv", DEATH, "T11,1945-01-01,registry\n")
    assert str(deaths_of(read_tiny()).loc["T11", "died_on"])[:10] == "1945-01-01"


@pytest.mark.parametrize(
    ("other", "day", "rules"),
    [
        ("2006-09-07", "2006-09-07", {"kept": 4, "id_repeated": 1}),
        ("2006-09-08", "2006-09-07", {"kept": 4, "id_repeated": 1}),
        ("2006-09-06", "2006-09-06", {"kept": 4, "id_repeated": 1}),
        ("2006-09-14", "2006-09-07", {"kept": 4, "id_repeated": 1}),
        ("2006-09-15", None, {"kept": 4, "dates_of_death_differ": 1}),
        ("1944-09-07", "2006-09-07", {"kept": 4, "died_before_birth": 1}),
        ("2006-09", "2006-09-07", {"kept": 4, "died_on_not_to_the_day": 1}),
    ],
    ids=[
        "same",
        "a day later",
        "a day earlier",
        "a week later",
        "8 days later",
        "one impossible",
        "a month",
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_two_dates_of_death_of_one_patient(
    project: Path, read_tiny: Read, other: str, day: str | None, rules: dict[str, int], first: bool
) -> None:
    again = f"T11,{other},hospital\n"
    edit(project / RAW / "deaths.csv", DEATH, again + DEATH if first else DEATH + again)
    folder = read_tiny()
    died_on = deaths_of(folder).loc["T11", "died_on"]
    assert (None if pd.isna(died_on) else str(died_on)[:10]) == day
    assert fates(folder) == rules
    differ = ("deaths", "several days of one patient")
    assert broken(folder).get(differ) == (1 if day is None else None)
    impossible = broken(folder).get(("deaths", "before the year of birth"))
    assert impossible == rules.get("died_before_birth")


@pytest.mark.parametrize("given", ["1944-09-07", "2006-09", "2006"])
def test_a_death_without_a_day_ends_follow_up_at_the_last_contact(
    project: Path, tmp_path: Path, given: str
) -> None:
    edit(project / RAW / "deaths.csv", DEATH, f"T11,{given},registry\n")
    rows = follow(project, tmp_path)
    row = rows.loc["T11"]
    assert (row["days"], row["status"], row["ended_by"]) == (LAST_CONTACT, 0, "last contact")
    # who has no death on record is seen to the end of observation as before
    assert tuple(rows.loc["T01", ["days", "status", "ended_by"]]) == (84, 0, "horizon")


def test_two_days_of_death_are_no_event_on_either(project: Path, tmp_path: Path) -> None:
    edit(project / RAW / "deaths.csv", DEATH, f"{DEATH}T11,2006-06-20,hospital\n")
    row = follow(project, tmp_path).loc["T11"]
    assert (row["days"], row["status"], row["ended_by"]) == (LAST_CONTACT, 0, "last contact")


def test_a_last_contact_after_the_declared_end_of_observation_does_not_count(
    project: Path, tmp_path: Path
) -> None:
    edit(project / RAW / "deaths.csv", DEATH, "T11,2006-09,registry\n")
    edit(project / RAW / "patients.csv", "T11,F,1945,2000-01-01,2008-12-31",
         "T11,F,1945,2000-01-01,2006-06-20")  # fmt: skip
    assert follow(project, tmp_path).loc["T11", "days"] == 5


def follow(project: Path, tmp_path: Path) -> pd.DataFrame:
    manifest = load_manifest(project / "config/extracts/tiny.yaml")
    run = run_study(protocol_of("granger2009"), manifest, tmp_path / "run", project)
    rows = pd.read_parquet(run.study / "outcomes.parquet").set_index("episode_id")
    return rows[rows["outcome_id"] == OUTCOME]


def test_deaths_of_which_none_has_a_day_stop_the_run(project: Path, read_tiny: Read) -> None:
    path = project / RAW / "deaths.csv"
    head, *rows = path.read_text().splitlines()
    months = [f"{row.split(',')[0]},2006-09,registry" for row in rows]
    path.write_text("\n".join([head, *months, *months]) + "\n")
    message = failure(read_tiny)
    assert "deaths.csv → deaths: none of its 8 rows can be used" in message
    assert "died_on_not_to_the_day in 8" in message


RECORDS = [
    ("labs", "T11-L9,T11,T11-E1,{day} 09:00:00,WBC,52.3,K/uL,Blood,final\n"),
    ("encounters", "T11-E9,T11,{day} 09:00:00,,Inpatient,Home\n"),
    ("drugs", "T11-D9,T11,T11-E1,{day} 09:00:00,,Filgrastim,480,ug,1,SC,given\n"),
]


@pytest.mark.parametrize(("table", "line"), RECORDS, ids=[table for table, _ in RECORDS])
@pytest.mark.parametrize(("day", "n"), [("2006-09-08", 0), ("2006-09-09", 1)])
def test_records_after_a_death_are_counted_from_the_second_day(
    project: Path, tiny: Run, read_tiny: Read, table: str, line: str, day: str, n: int
) -> None:
    before = broken(tiny.extract)
    path = project / RAW / f"{table}.csv"
    path.write_text(path.read_text() + line.format(day=day))
    after = broken(read_tiny())
    for key in [(table, "more than a day after the patient's death"),
                ("deaths", "more than a day before a record of the patient")]:  # fmt: skip
        assert after.get(key, 0) - before.get(key, 0) == n


def test_a_count_after_the_death_is_no_index_and_both_places_say_so(tiny: Run) -> None:
    labs = pd.read_parquet(tiny.extract / "labs.parquet")
    died_on = deaths_of(tiny.extract).loc["T32", "died_on"]
    late = (labs["patient_id"] == "T32") & (labs["taken_at"] > pd.Timestamp(died_on))
    assert late.sum() > 0
    assert broken(tiny.extract)["labs", "more than a day after the patient's death"] == late.sum()
    assert "T32" not in set(pd.read_parquet(tiny.study / "episodes.parquet")["patient_id"])
    attrition = pd.read_parquet(tiny.study / "attrition.parquet").set_index("reason_id")
    step = attrition.loc["alive_at_index"]
    assert step["n_patients_before"] - step["n_patients_left"] == 1


def test_who_left_dead_without_a_death_on_record_is_counted(project: Path, read_tiny: Read) -> None:
    path = project / RAW / "encounters.csv"
    check = ("encounters", "died")
    assert check not in broken(read_tiny())
    edit(path, "T12-E1,T12,2006-06-13 08:00:00,2006-06-27 12:00:00,Inpatient,Home",
         "T12-E1,T12,2006-06-13 08:00:00,2006-06-27 12:00:00,Inpatient,Expired")  # fmt: skip
    assert check not in broken(read_tiny())  # his death is in the deaths
    edit(path, "T01-E1,T01,2006-06-13 08:00:00,2006-06-27 12:00:00,Inpatient,Home",
         "T01-E1,T01,2006-06-13 08:00:00,2006-06-27 12:00:00,Inpatient,Expired")  # fmt: skip
    assert broken(read_tiny())[check] == 1


def test_an_extract_that_never_says_hospice_is_for_a_look(project: Path, read_tiny: Read) -> None:
    check = ("encounters", "no discharge to hospice")
    assert check not in broken(read_tiny())
    path = project / RAW / "encounters.csv"
    edit(path, ",Hospice", ",Home")
    assert broken(read_tiny())[check] == len(path.read_text().splitlines()) - 1
