"""The whole extract, from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from leukocytosis.synthetic import files
from leukocytosis.synthetic.chemotherapy import draw_chemotherapy
from leukocytosis.synthetic.courses import draw_courses, draw_encounters
from leukocytosis.synthetic.cultures import draw_cultures
from leukocytosis.synthetic.defects import (
    READINGS,
    WHITE,
    list_planted,
    plant_in_diagnoses,
    plant_in_labs,
)
from leukocytosis.synthetic.diagnoses import draw_diagnoses
from leukocytosis.synthetic.drugs import draw_drugs
from leukocytosis.synthetic.labs import draw_labs
from leukocytosis.synthetic.patients import Frame, chosen, draw_patients

STREAMS = ("patients", "courses", "encounters", "labs", "lab_defects", "diagnoses", "code_defects",
           "drugs", "cultures", "deaths", "sexes", "chemotherapy")  # fmt: skip
N_REPEATED_DEATHS, N_UNKNOWN_SEX = 10, 60


def draw_extract(folder: Path, seed: int) -> None:
    """Write the raw files of the invented hospital, `truth.csv` and `planted.csv` into a folder.

    The same seed gives the same bytes. `truth.csv` has a row per patient (patient_id, true_cause,
    true_index_on, has_solid_tumour, in_cohort, planted: the defects of their rows); `planted.csv`
    a row per defect and file (defect, file, n_rows, reading: what a right reading does).
    """
    folder.mkdir(parents=True, exist_ok=True)
    # a stream per part: what is added to one leaves the others as they were
    streams = np.random.default_rng(seed).spawn(len(STREAMS))
    rng = dict(zip(STREAMS, streams, strict=True))
    people = draw_patients(rng["patients"])
    draw_courses(people, rng["courses"])
    frames = _draw_records(people, rng)
    _write(folder, frames)
    planted, of_patients = list_planted(frames, people)
    files.write_csv(planted, folder / "planted.csv")
    files.write_truth(people, of_patients, folder / "truth.csv")


def _draw_records(people: Frame, rng: dict[str, Generator]) -> dict[str, Frame]:
    """Return the rows of every file by the file's name, each with its `defect`."""
    labs = plant_in_labs(draw_labs(people, rng["labs"]), people, rng["lab_defects"])
    panel = ~labs["code"].isin([*WHITE, "NEUT%", "BLAST%"])
    labs.loc[panel, "defect"] = "outside_codelists"
    labs = labs.sort_values(["at", "mrn", "code"], kind="stable", ignore_index=True)
    entries = plant_in_diagnoses(draw_diagnoses(people, rng["diagnoses"]), rng["code_defects"])
    return {
        "patients.csv": _patients(people, rng["sexes"]),
        "deaths.csv": _deaths(people, rng["deaths"]),
        "encounters.csv": draw_encounters(people, rng["encounters"]).assign(defect=""),
        "labs_2005_2006.csv": labs[labs["at"] < "2007"],
        "labs_2007_2008.parquet": labs[labs["at"] >= "2007"],
        "diagnoses.csv": entries.sort_values(["on", "mrn", "code"], kind="stable"),
        "drugs.csv": _marked(draw_drugs(people, rng["drugs"])),
        "microbiology.parquet": _marked(draw_cultures(people, rng["cultures"])),
        "chemotherapy.csv": draw_chemotherapy(people, rng["chemotherapy"]).assign(defect=""),
    }


def _marked(rows: Frame) -> Frame:
    return rows.assign(defect=rows["about"].where(rows["about"].isin(READINGS), ""))


def _patients(people: Frame, rng: Generator) -> Frame:
    rows = people.assign(defect="")
    unknown = chosen(people, people["group"] != "tumour", N_UNKNOWN_SEX, rng)
    rows.loc[unknown, ["sex", "defect"]] = ["U", "unknown_sex"]
    return rows


def _deaths(people: Frame, rng: Generator) -> Frame:
    dead = people[people["death_day"].notna()]
    died_on = dead["index_on"] + pd.to_timedelta(dead["death_day"], unit="D")
    rows = pd.DataFrame(
        {
            "mrn": dead["mrn"],
            "date_of_death": died_on.dt.strftime("%Y-%m-%d"),
            "source": np.where(dead["hospital_death_day"].notna(), "hospital", "registry"),
            "defect": np.where(dead["dead_before"], "death_before_index", ""),
        }
    )
    again = rows.loc[chosen(rows, rows["source"] == "hospital", N_REPEATED_DEATHS, rng)]
    rows = pd.concat([rows, again.assign(source="registry", defect="repeated_death")])
    return rows.sort_values("mrn", kind="stable", ignore_index=True)


def _write(folder: Path, frames: dict[str, Frame]) -> None:
    files.write_patients(frames["patients.csv"], folder / "patients.csv")
    deaths = frames["deaths.csv"][["mrn", "date_of_death", "source"]]
    files.write_csv(deaths, folder / "deaths.csv")
    files.write_encounters(frames["encounters.csv"], folder / "encounters.csv")
    files.write_labs_csv(frames["labs_2005_2006.csv"], folder / "labs_2005_2006.csv")
    late = folder / "labs_2007_2008.parquet"
    files.write_labs_parquet(frames["labs_2007_2008.parquet"], late)
    entries = frames["diagnoses.csv"][["mrn", "visit", "recorded", "version", "code"]]
    files.write_windows_csv(entries, folder / "diagnoses.csv")
    files.write_drugs(frames["drugs.csv"], folder / "drugs.csv")
    files.write_chemotherapy(frames["chemotherapy.csv"], folder / "chemotherapy.csv")
    files.write_microbiology(frames["microbiology.parquet"], folder / "microbiology.parquet")
