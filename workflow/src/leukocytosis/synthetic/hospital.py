"""The hospital's books: rows as its systems would export them, spellings and all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

Row = dict[str, str]
OPENED_ON, CLOSED_ON = date(2005, 1, 1), date(2010, 6, 30)


@dataclass
class Hospital:
    """Every row written so far, the draw's random numbers, and the count of planted defects."""

    rng: np.random.Generator
    patients: list[Row] = field(default_factory=list)
    deaths: list[Row] = field(default_factory=list)
    encounters: list[Row] = field(default_factory=list)
    labs: list[Row] = field(default_factory=list)
    diagnoses: list[Row] = field(default_factory=list)
    drugs: list[Row] = field(default_factory=list)
    cultures: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)

    def pick(self, *choices: str) -> str:
        """Return one of the choices, each as likely as another."""
        return choices[int(self.rng.integers(len(choices)))]

    def day(self, low: int, high: int) -> int:
        """Return a whole day between two, both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """Return whether something of that probability happens."""
        return bool(self.rng.random() < probability)

    def plant(self, defect: str) -> None:
        """Count a planted defect."""
        self.planted[defect] += 1


@dataclass(frozen=True)
class Chart:
    """One patient's pages: rows are dated in days from the patient's index."""

    hospital: Hospital
    patient_id: str
    index_on: date

    def on(self, day: int) -> str:
        """Return the calendar date of a day."""
        return (self.index_on + timedelta(days=day)).isoformat()

    @property
    def encounter_id(self) -> str:
        """Return the stay of the index count."""
        return f"{self.patient_id}-1"

    def stay(self, start: int, end: int, disposition: str, number: int = 1) -> None:
        """Write an inpatient stay."""
        self.hospital.encounters.append(
            {
                "encounter": f"{self.patient_id}-{number}",
                "patient": self.patient_id,
                "admitted": f"{self.on(start)} 07:30:00",
                "discharged": f"{self.on(end)} 15:00:00",
                "class": "Inpatient",
                "discharged_to": disposition,
            }
        )

    def lab(self, day: int, code: str, result: str, unit: str, **other: str) -> None:
        """Write a laboratory result."""
        row = {
            "result_id": f"R{len(self.hospital.labs):07d}",
            "patient": self.patient_id,
            "encounter": self.encounter_id if -3 <= day <= 10 else "",
            "collected": f"{self.on(day)} {6 + len(self.hospital.labs) % 12:02d}:15:00",
            "code": code,
            "result": result,
            "unit": unit,
            "specimen": "Blood",
            "status": "final",
        }
        self.hospital.labs.append(row | other)

    def wbc(self, day: int, value_1e9_per_l: float) -> None:
        """Write a white count in one of the spellings of this hospital's laboratories."""
        code = self.hospital.pick("WBC", "WBC", "LEUK-A", "6690-2")
        unit = self.hospital.pick(*SPELLINGS[code])
        self.lab(day, code, print_count(value_1e9_per_l, unit), unit)

    def diagnosis(self, day: int, icd9: str, icd10: str, **other: str) -> None:
        """Write a code, of one revision or the other, with its dot or without."""
        nine = self.hospital.chance(0.6)
        code = icd9 if nine else icd10
        if self.hospital.chance(0.3):
            code = code.replace(".", "")
        if self.hospital.chance(0.05):
            code = code.lower()
        row = {
            "entry": f"D{len(self.hospital.diagnoses):06d}",
            "patient": self.patient_id,
            "encounter": self.encounter_id if -3 <= day <= 10 else "",
            "coded_on": self.on(day),
            "version": "9" if nine else "10",
            "code": code,
        }
        self.hospital.diagnoses.append(row | other)

    def drug(self, day: int, name: str, dose: str, unit: str, route: str, **other: str) -> None:
        """Write a dose given, or (kind ordered) an order."""
        row = {
            "line": f"M{len(self.hospital.drugs):06d}",
            "patient": self.patient_id,
            "encounter": self.encounter_id if -3 <= day <= 10 else "",
            "start": f"{self.on(day)} 05:00:00",
            "stop": "",
            "drug": name,
            "dose": dose,
            "dose_unit": unit,
            "route": route,
            "record": "given",
        }
        self.hospital.drugs.append(row | other)

    def culture(self, day: int, organism: str = "", specimen: str = "Blood culture") -> None:
        """Write a culture, negative without an organism."""
        n = len(self.hospital.cultures)
        self.hospital.cultures.append(
            {
                "row": f"C{n:06d}",
                "patient": self.patient_id,
                "encounter": self.encounter_id,
                "specimen_id": f"S{n:06d}",
                "collected": f"{self.on(day)} 04:40:00",
                "specimen": specimen,
                "test": "C. difficile PCR" if specimen == "Stool" else "Culture",
                "result": "POS" if organism else "NEG",
                "organism": organism,
            }
        )


SPELLINGS = {
    "WBC": ("K/uL", "10*3/uL", "x10^9/L", "thousand/µL"),
    "LEUK-A": ("/uL", "cells/uL", "/mm3"),
    "6690-2": ("10*9/L",),
    "WBC-OLD": ("K/uL",),
}
PER_MICROLITRE = ("/uL", "cells/uL", "/mm3")


def print_count(value_1e9_per_l: float, unit: str) -> str:
    """Return a count as printed in a unit; those per microlitre sometimes with a separator."""
    if unit in PER_MICROLITRE:
        return f"{round(value_1e9_per_l * 1000)}"
    return f"{value_1e9_per_l:.1f}"
