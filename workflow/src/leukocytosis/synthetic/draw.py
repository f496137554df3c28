"""The draw: cohort, other extreme counts and a background that never qualifies, then the files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from leukocytosis.synthetic.courses import WRITERS, write_course, write_pathogen
from leukocytosis.synthetic.hospital import CLOSED_ON, OPENED_ON, Chart, Hospital, Row
from leukocytosis.synthetic.people import (
    CAUSES,
    N_ABOVE,
    N_BACKGROUND,
    Person,
    draw_count,
    draw_people,
)

TUMOURS = (
    ("162.9", "C34.90"), ("174.9", "C50.919"), ("153.9", "C18.9"), ("188.9", "C67.9"),
    ("157.9", "C25.9"), ("185", "C61"), ("183.0", "C56.9"), ("171.9", "C49.9"),
    ("172.9", "C43.9"), ("151.9", "C16.9"), ("189.0", "C64.9"), ("180.9", "C53.9"),
)  # fmt: skip
BLOOD_CANCERS = (
    ("204.10", "C91.10"),
    ("205.10", "C92.10"),
    ("238.75", "D46.9"),
    ("202.80", "C85.90"),
)
ROUTINE = (("GLU", "mmol/L", 4, 12), ("NA", "mmol/L", 130, 146), ("HGB", "g/dL", 7, 15))
N_DEAD_BEFORE, N_EXCLUDED_TUMOUR = 12, 60


def draw_extract(folder: Path, seed: int) -> None:
    """Write the raw files, `truth.csv` and `planted.csv` of the synthetic extract into `folder`.

    One seed gives one set of bytes. `truth.csv` has a row per patient ever above the threshold:
    cause, index date, whether in the cohort (1 or 0).
    """
    hospital = Hospital(np.random.default_rng(seed))
    numbers: Counter[str] = Counter()
    for person in draw_people(hospital.rng):
        _write_cohort_patient(hospital, person, numbers[person.cause])
        numbers[person.cause] += 1
    for number in range(N_ABOVE - sum(CAUSES.values())):
        _write_other_extreme(hospital, number)
    for number in range(N_BACKGROUND):
        _write_background(hospital, number)
    _write_files(hospital, folder)


def _admit(hospital: Hospital, until: str = CLOSED_ON.isoformat()) -> Chart:
    """Open a patient's chart, with an index date within the study's years."""
    rng, n = hospital.rng, len(hospital.patients)
    patient_id = f"P{100_000 + n * 7}"
    hospital.patients.append(
        {
            "patient": patient_id,
            "sex": hospital.pick("F", "M", "F", "M", "female", "male") if n % 211 else "U",
            "born": str(1985 - min(int(rng.gamma(9, 5)), 70)) if n % 307 else "",
            "first_seen": OPENED_ON.isoformat(),
            "observed_until": until,
        }
    )
    return Chart(hospital, patient_id, OPENED_ON + timedelta(days=int(rng.integers(120, 1400))))


def _write_routine(chart: Chart, days: Sequence[int]) -> None:
    for day in days:
        for code, unit, low, high in ROUTINE:
            chart.lab(day, code, f"{chart.hospital.rng.uniform(low, high):.1f}", unit)


def _write_cohort_patient(hospital: Hospital, person: Person, number: int) -> None:
    chart = _admit(hospital)
    count = draw_count(hospital.rng)
    chart.wbc(-hospital.day(20, 90), float(hospital.rng.uniform(4, 14)))
    _write_index_count(chart, count, number)
    chart.lab(0, "NEUT%", f"{person.neutrophil_percent}", "%")
    chart.wbc(hospital.day(2, 8), count * float(hospital.rng.uniform(0.3, 1.2)))
    if number % 40 == 3:
        chart.lab(9, "WBC", ">440", "K/uL")
        hospital.plant("bound_printed_instead_of_a_value")
    _write_routine(chart, (-2, 0, 3))
    _write_tumour(chart, person, number)
    WRITERS[person.cause](chart, number)
    _write_end(chart, person)
    _tell(chart, person.cause, in_cohort=True)


def _write_index_count(chart: Chart, count: float, number: int) -> None:
    if number % 25 == 7:
        chart.lab(0, "WBC-OLD", f"{count:.1f}", "")
        chart.hospital.plant("unit_missing_but_one_unit_everywhere")
    elif number % 25 == 8:
        chart.lab(0, "WBC-OLD", f"{count:.1f}", "K/uL")
    elif number % 25 == 9:
        chart.lab(0, "LEUK-A", f"{round(count * 1000):,}", "/uL")
        chart.hospital.plant("thousands_separator")
    else:
        chart.wbc(0, count)
    if number % 30 == 11:
        chart.hospital.labs.append(
            chart.hospital.labs[-1] | {"result_id": f"R{len(chart.hospital.labs):07d}"}
        )
        chart.hospital.plant("exact_duplicate")


def _write_tumour(chart: Chart, person: Person, number: int) -> None:
    hospital = chart.hospital
    tumour = TUMOURS[int(hospital.rng.integers(len(TUMOURS)))]
    day = -hospital.day(60, 110)
    if number % 12 == 5:
        month = chart.on(day - 31)[:7]
        chart.diagnosis(day, *tumour, coded_on=month)
        hospital.plant("date_known_to_the_month")
    elif number % 12 == 6:
        chart.diagnosis(hospital.day(1, 30), *tumour)
    else:
        chart.diagnosis(day, *tumour)
    if person.metastatic:
        chart.diagnosis(
            -hospital.day(0, 50), *(("197.7", "C78.7"), ("198.5", "C79.51"))[number % 2]
        )
    else:
        chart.diagnosis(-hospital.day(0, 50), "401.9", "I10")


def _write_end(chart: Chart, person: Person) -> None:
    """Write the stay or stays, the discharge that ended follow-up, and the death."""
    hospital, end = chart.hospital, person.end_day
    died = hospital.pick("Expired", "EXPIRED")
    hospice = hospital.pick("HOSPICE-HOME", "Hospice - medical facility")
    home = hospital.pick("Home", "Home Health", "SNF", "Rehab")
    if end is None:
        chart.stay(-3, 10, home)
        return
    if end <= 10:
        chart.stay(-3, end, hospice if person.to_hospice else died)
    else:
        chart.stay(-3, 10, home)
        chart.stay(max(11, end - 4), end, hospice if person.to_hospice else died, number=2)
    death_day = end + (hospital.day(1, 15) if person.to_hospice else 0)
    _bury(chart, death_day)


def _bury(chart: Chart, day: int) -> None:
    row = {"patient": chart.patient_id, "died_on": chart.on(day), "source": "registry"}
    chart.hospital.deaths.append(row)


def _tell(chart: Chart, cause: str, *, in_cohort: bool) -> None:
    chart.hospital.truth.append(
        {
            "patient_id": chart.patient_id,
            "true_cause": cause,
            "true_index_on": chart.on(0),
            "in_cohort": "1" if in_cohort else "0",
        }
    )


def _write_other_extreme(hospital: Hospital, number: int) -> None:
    """Write a patient above the threshold who has no solid tumour, or had blood cancer before."""
    chart = _admit(hospital)
    chart.wbc(0, draw_count(hospital.rng))
    chart.wbc(-hospital.day(20, 90), float(hospital.rng.uniform(4, 30)))
    _write_routine(chart, (0, 2))
    if number < N_EXCLUDED_TUMOUR:
        chart.diagnosis(-200, *BLOOD_CANCERS[number % len(BLOOD_CANCERS)])
        chart.diagnosis(-100, *TUMOURS[number % len(TUMOURS)])
        hospital.plant("solid_tumour_after_blood_cancer")
    elif number % 2:
        chart.diagnosis(-hospital.day(40, 100), *BLOOD_CANCERS[number % len(BLOOD_CANCERS)])
    elif number % 4:
        write_pathogen(chart)
    else:
        write_course(chart)
    chart.stay(-3, 10, "Home")
    if N_EXCLUDED_TUMOUR <= number < N_EXCLUDED_TUMOUR + N_DEAD_BEFORE:
        _bury(chart, -hospital.day(5, 30))
        hospital.plant("death_before_index")
    elif number % 3 == 0:
        _bury(chart, hospital.day(1, 300))
    _tell(chart, "no solid tumour", in_cohort=False)


def _write_background(hospital: Hospital, number: int) -> None:
    """Write a patient whose blood count never exceeds 40, whatever the files seem to say."""
    chart = _admit(hospital)
    for day in sorted({0, hospital.day(-60, 60), hospital.day(-60, 60)}):
        chart.wbc(day, float(hospital.rng.uniform(1, 24)))
    _write_routine(chart, (0,))
    if number % 5 < 2:
        chart.diagnosis(-hospital.day(0, 300), *TUMOURS[number % len(TUMOURS)])
    else:
        chart.diagnosis(-hospital.day(0, 300), "250.00", "E11.9")
    chart.stay(-1, hospital.day(1, 6), hospital.pick("Home", "Home Health", "SNF"))
    if number % 11 == 0:
        _bury(chart, hospital.day(20, 400))
    trap = TRAPS.get(number % 60)
    if trap:
        name, row = trap
        chart.lab(1, **row)
        hospital.plant(name)
    if number % 60 == 50:
        chart.lab(2, "WBC", "61.0", "K/uL")
        wrong = hospital.labs[-1]
        right = {"result_id": f"R{len(hospital.labs):07d}", "result": "6.1", "status": "corrected"}
        hospital.labs.append(wrong | right)
        hospital.plant("correction_below_the_threshold")


Trap = tuple[str, dict[str, str]]


def _trap(name: str, result: str, unit: str = "K/uL", code: str = "WBC", **other: str) -> Trap:
    return name, {"code": code, "result": result, "unit": unit, **other}


TRAPS: dict[int, Trap] = {
    1: _trap("urine_count", "182", "/hpf", specimen="Urine"),
    2: _trap("pleural_count", "64.0", specimen="Pleural fluid"),
    3: _trap("exactly_40", "40.0"),
    4: _trap("text_result", "HEMOLYZED"),
    5: _trap("see_comment", "see comment"),
    6: _trap("negative_count", "-9.0"),
    7: _trap("below_detection", "<0.1"),
    8: _trap("unit_missing_two_units", "9100", "", "LEUK-A"),
    9: _trap("impossible_date", "71.0", collected="2007-02-30"),
    10: _trap("month_only_count", "8.8", collected="2007-03"),
}


def _write_files(hospital: Hospital, folder: Path) -> None:
    """Write CSVs in the dialects of several systems, and Parquet for two of them."""
    folder.mkdir(parents=True, exist_ok=True)
    half = len(hospital.labs) // 2
    _write_csv(folder / "patients.csv", hospital.patients)
    _write_csv(folder / "deaths.csv", hospital.deaths)
    _write_csv(folder / "encounters.csv", hospital.encounters)
    _write_csv(folder / "labs_old_system.csv", hospital.labs[:half])
    _write_parquet(folder / "labs_new_system.parquet", hospital.labs[half:])
    _write_csv(folder / "diagnoses.csv", hospital.diagnoses, line_end="\r\n", bom=True)
    _write_csv(folder / "drugs.csv", hospital.drugs, delimiter=";")
    _write_parquet(folder / "cultures.parquet", hospital.cultures)
    _write_csv(folder / "truth.csv", hospital.truth)
    planted = [{"defect": name, "n_rows": str(n)} for name, n in sorted(hospital.planted.items())]
    _write_csv(folder / "planted.csv", planted)


def _write_csv(
    path: Path, rows: list[Row], line_end: str = "\n", delimiter: str = ",", *, bom: bool = False
) -> None:
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator=line_end, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: list[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)
