"""What is wrong in the files, on purpose: every defect named, counted, with its right reading.

A row has at most one defect, in its column `defect`, so that counting is looking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.random import Generator

from leukocytosis.synthetic.labs import PER_MICROLITRE, print_counts
from leukocytosis.synthetic.patients import Frame

READINGS = {
    "per_microlitre": "divide by 1000",
    "outside_codelists": "count as outside every codelist",
    "urine_count": "refuse: not blood",
    "pleural_count": "refuse: not blood",
    "exact_duplicate": "keep one",
    "corrected_to_low": "the correction replaces it; the patient does not qualify",
    "corrected_to_high": "the correction replaces it; the patient qualifies",
    "entered_in_error": "refuse",
    "bound_above": "keep as more than 440 ×10⁹/L",
    "bound_below": "keep as less than 0.1 ×10⁹/L",
    "unit_missing_one_known": "assume the one unit of the code's other rows, and say so",
    "unit_missing_several_known": "refuse: the code's other rows have several units",
    "month_only_count": "keep, but never as an index",
    "text_for_a_number": "refuse",
    "negative_count": "refuse",
    "impossible_date": "refuse",
    "exactly_40": "keep; not above 40",
    "true_extreme": "keep",
    "thousands_separator": "read as a number",
    "month_only_code": "keep, at any day of the month",
    "impossible_code_date": "refuse",
    "not_a_code": "refuse",
    "code_in_lower_case": "the same code",
    "code_without_dot": "the same code",
    "tumour_after_window": "not in the cohort: coded after day 30",
    "skin_cancer": "not a solid tumour here",
    "metastasis_after": "not metastatic at the index",
    "infection_after_window": "no cause: coded after day 7",
    "ordered_not_given": "no exposure",
    "eye_drops": "no systemic steroid",
    "steroid_cream": "no systemic steroid",
    "inhaled_steroid": "no systemic steroid",
    "steroid_inhaler": "no systemic steroid",
    "contaminated_culture": "looked for, not met",
    "pending_culture": "nobody knows yet: not looked",
    "culture_before_window": "not looked: taken before day -3",
    "death_before_index": "leave out: dead before the index",
    "repeated_death": "keep one",
    "unknown_sex": "missing",
    "growth_factor_elsewhere": "cannot be seen: another cause, or undetermined",
    "infection_without_trace": "cannot be seen: undetermined",
    "plr_without_culture": "undetermined: nobody looked",
    "earlier_blood_cancer_with_tumour": "leave out: blood cancer before day -30",
}
WHITE = ("WBC", "WBC-A", "WBC-M", "6690-2", "26464-8")
# too common to be told patient by patient
COMMON = ("outside_codelists", "per_microlitre", "code_in_lower_case", "code_without_dot")


def plant_in_labs(labs: Frame, people: Frame, rng: Generator) -> Frame:
    """Return the results with their defects; `taken` is the time as the CSV prints it."""
    labs = labs.assign(defect="", taken="")
    extreme = labs["mrn"].isin(people.loc[people["true_extreme"], "mrn"])
    labs.loc[extreme & (labs["role"] == "index"), "defect"] = "true_extreme"
    labs = _plant_corrections(labs, rng)
    _plant_bounds(labs, people, rng)
    _plant_units(labs, rng)
    _plant_values(labs, rng)
    labs = _plant_other_fluids(labs, rng)
    labs = _plant_times(labs, rng)
    return _plant_duplicates(labs, rng)


def _free(
    labs: Frame, n: int, rng: Generator, *roles: str, where: pd.Series | None = None
) -> pd.Index:
    """Return `n` white counts of these roles that have no defect yet."""
    free = (labs["defect"] == "") & labs["role"].isin(roles)
    free &= True if where is None else where
    return labs.index[np.sort(rng.choice(np.flatnonzero(free), n, replace=False))]


def _plant_corrections(labs: Frame, rng: Generator) -> Frame:
    """Add corrections, which repeat patient, time and code with the right value."""
    moderate = labs["wbc"].between(4.2, 30)
    low = _free(labs, 20, rng, "background", where=moderate)
    high = _free(labs, 15, rng, "index", where=labs["wbc"] < 90)
    corrections = labs.loc[low.append(high)].assign(status="corrected", defect="correction")
    for rows, factor, defect in ((low, 10.0, "corrected_to_low"), (high, 0.1, "corrected_to_high")):
        wrong = labs.loc[rows, "wbc"] * factor
        labs.loc[rows, "result"] = print_counts(wrong, labs.loc[rows, "unit"])
        labs.loc[rows, "defect"] = defect
    error = labs.loc[_free(labs, 8, rng, "background")]
    error = error.assign(
        status="entered in error",
        defect="entered_in_error",
        at=error["at"] + pd.Timedelta(minutes=3),
    )
    error["result"] = print_counts([61.0] * len(error), error["unit"])
    return pd.concat([labs, corrections, error], ignore_index=True)


def _plant_bounds(labs: Frame, people: Frame, rng: Generator) -> None:
    thousands = ~labs["unit"].isin(PER_MICROLITRE)
    blood = labs["mrn"].isin(people.loc[people["way"] == "leukaemia", "mrn"])
    _overwrite(labs, _free(labs, 12, rng, "index", where=thousands & blood), "bound_above", ">440")
    _overwrite(labs, _free(labs, 25, rng, "background", where=thousands), "bound_below", "<0.1")


def _overwrite(labs: Frame, rows: pd.Index, defect: str, result: str) -> None:
    labs.loc[rows, ["result", "defect"]] = [result, defect]


def _plant_units(labs: Frame, rng: Generator) -> None:
    one, several = labs["code"] == "WBC-A", labs["code"] == "WBC"
    known = _free(labs, 120, rng, "background", "before", "after", "index", where=one)
    labs.loc[known, ["unit", "defect"]] = ["", "unit_missing_one_known"]
    unknown = _free(labs, 60, rng, "background", "before", where=several)
    labs.loc[unknown, ["unit", "defect"]] = ["", "unit_missing_several_known"]
    large = labs["unit"].isin(PER_MICROLITRE) & (labs["wbc"] >= 1)
    grouped = _free(labs, 20, rng, "index", "after", where=large)
    labs.loc[grouped, "result"] = [f"{float(text):,.0f}" for text in labs.loc[grouped, "result"]]
    labs.loc[grouped, "defect"] = "thousands_separator"


def _plant_values(labs: Frame, rng: Generator) -> None:
    for text in ("HEMOLYZED", "see comment"):
        _overwrite(labs, _free(labs, 40, rng, "background"), "text_for_a_number", text)
    _overwrite(labs, _free(labs, 10, rng, "background"), "negative_count", "-1.2")
    at_threshold = _free(labs, 12, rng, "background")
    labs.loc[at_threshold, "result"] = print_counts([40.0] * 12, labs.loc[at_threshold, "unit"])
    labs.loc[at_threshold, "defect"] = "exactly_40"


def _plant_other_fluids(labs: Frame, rng: Generator) -> Frame:
    """Add counts of other fluids under the code of blood, huge, in patients who never qualify."""
    fluids = (("urine_count", "Urine", "/hpf", 60), ("pleural_count", "Pleural fluid", "/uL", 30))
    for defect, specimen, unit, n in fluids:
        rows = labs.loc[_free(labs, n, rng, "background")].assign(
            defect=defect, specimen=specimen, unit=unit, code_system="LAB", code="WBC"
        )
        huge = rng.integers(45, 200, n) * (1000 if unit == "/uL" else 1)
        rows["result"] = huge.astype(str)
        labs = pd.concat([labs, rows], ignore_index=True)
    return labs


def _plant_times(labs: Frame, rng: Generator) -> Frame:
    """Extra rows in the CSV, which prints times as text; the Parquet file is typed."""
    early = labs["at"] < "2007"
    month = labs.loc[_free(labs, 15, rng, "background", where=early)]
    month = month.assign(defect="month_only_count", taken=month["at"].dt.strftime("%Y-%m"))
    never = labs.loc[_free(labs, 10, rng, "background", where=early)]
    never = never.assign(defect="impossible_date", taken="2006-02-30 08:00:00")
    return pd.concat([labs, month, never], ignore_index=True)


def _plant_duplicates(labs: Frame, rng: Generator) -> Frame:
    rows = _free(labs, 400, rng, "background", "before", "index", "after")
    return pd.concat([labs, labs.loc[rows].assign(defect="exact_duplicate")], ignore_index=True)


def plant_in_diagnoses(entries: Frame, rng: Generator) -> Frame:
    """Return the entries as printed: version, code, recorded, with their defects."""
    n = len(entries)
    entries["version"] = np.where(rng.random(n) < 0.5, "9", "10")
    entries["code"] = entries["icd10"].where(entries["version"] == "10", entries["icd9"])
    entries["recorded"] = entries["on"].to_numpy().astype("datetime64[D]").astype(str)
    entries["defect"] = entries["about"].where(entries["about"].isin(READINGS), "")
    _plant_code_dates(entries, rng)
    _plant_spellings(entries, rng)
    return entries


def _some(rows: pd.Series, n: int, rng: Generator) -> pd.Index:
    return rows.index[np.sort(rng.choice(np.flatnonzero(rows), n, replace=False))]


def _plant_code_dates(entries: Frame, rng: Generator) -> None:
    # old codes only: in the month of the index the day would matter
    old = _some(entries["about"].isin(["tumour", "tumour_background"]), 400, rng)
    entries.loc[old, "recorded"] = entries.loc[old, "recorded"].str[:7]
    entries.loc[old, "defect"] = "month_only_code"
    never = _some((entries["about"] == "tumour_background") & (entries["defect"] == ""), 12, rng)
    entries.loc[never, ["recorded", "defect"]] = ["2007-02-30", "impossible_code_date"]


def _plant_spellings(entries: Frame, rng: Generator) -> None:
    clean = entries["defect"] == ""
    luck = rng.random(len(entries))
    letter = entries["code"].str.contains("[A-Z]")
    lower, plain = clean & letter & (luck < 0.05), clean & (luck > 0.6)
    plain &= entries["code"].str.contains(".", regex=False)
    entries.loc[lower, "code"] = entries.loc[lower, "code"].str.lower()
    entries.loc[lower, "defect"] = "code_in_lower_case"
    entries.loc[plain, "code"] = entries.loc[plain, "code"].str.replace(".", "", regex=False)
    entries.loc[plain, "defect"] = "code_without_dot"
    words = _some((entries["defect"] == "") & (entries["about"] == "bystander"), 8, rng)
    entries.loc[words, ["version", "code", "defect"]] = ["10", "lung ca", "not_a_code"]


# what is true of whole patients: defect → condition
OF_PATIENTS: Mapping[str, Callable[[Frame], pd.Series]] = {
    "growth_factor_elsewhere": lambda people: people["way"] == "outside_clinic",
    "infection_without_trace": lambda people: people["way"] == "no_trace",
    "plr_without_culture": lambda people: people["way"] == "not_looked",
    "earlier_blood_cancer_with_tumour": lambda people: (
        people["has_tumour"] & people["earlier_blood_cancer"]
    ),
}


def _per_microlitre(labs: Frame) -> pd.Series:
    return labs["unit"].isin(PER_MICROLITRE) & (labs["specimen"] != "Pleural fluid")


def list_planted(files: Mapping[str, Frame], people: Frame) -> tuple[Frame, pd.Series]:
    """Return the planted defects (defect, file, n_rows, reading), and each patient's."""
    found = [frame[["mrn", "defect"]].assign(file=file) for file, frame in files.items()]
    found += [
        people.loc[condition(people), ["mrn"]].assign(defect=defect, file="truth.csv")
        for defect, condition in OF_PATIENTS.items()
    ]
    found += [
        frame.loc[_per_microlitre(frame), ["mrn"]].assign(defect="per_microlitre", file=file)
        for file, frame in files.items()
        if "unit" in frame
    ]
    marks = pd.concat(found, ignore_index=True)
    marks = marks[marks["defect"].isin(READINGS)]
    counts = marks.groupby(["defect", "file"], as_index=False).size()
    counts = counts.rename(columns={"size": "n_rows"})
    counts["reading"] = counts["defect"].map(READINGS)
    shown = marks[~marks["defect"].isin(COMMON)]
    pairs = shown[["mrn", "defect"]].drop_duplicates().sort_values(["mrn", "defect"])
    return counts, pairs.groupby("mrn")["defect"].agg("+".join)
