"""The hand-written patients as a hospital in the OMOP Common Data Model would hold them.

Written from the model's documentation, not from the views of config/extracts/omop_cdm: it plays
the ETL of a careful site. What the model has no column for is lost here, as it is there: the
status of a result, its specimen, the dose of a drug, cultures, and a date known to the month,
which becomes the first day of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from conftest import ROOT

RAW = ROOT / "tests/data/tiny"
Tables = dict[str, pd.DataFrame]

FEMALE, INPATIENT, HOSPICE, DIED = 8532, 9201, 8546, 4216643
GIVEN, PRESCRIBED, GREATER, LAB, PERIOD, PROBLEM, REGISTRY = (
    32818, 32838, 4172704, 32856, 32817, 32840, 32879,
)  # fmt: skip
# ids of terms are the test's own: a view must find them by vocabulary and code
LOINC = {"26464-8": 501, "26511-6": 502, "5821-4": 503, "2345-7": 504}
UCUM = {"10*3/uL": 601, "%": 602, "/uL": 603, "/[HPF]": 604, "mmol/L": 605, "[degF]": 606}
ROUTES = {"Subcutaneous": 701, "Intravenous": 702, "Ophthalmic": 703}
DRUGS = {
    "filgrastim 0.3 MG/ML Injectable Solution": 801,
    "0.6 ML pegfilgrastim 10 MG/ML Prefilled Syringe [Neulasta]": 802,
    "metoprolol Injectable Solution": 803,
    "ceftriaxone 1000 MG Injection": 804,
    "dexamethasone": 805,
    "prednisolone acetate 10 MG/ML Ophthalmic Suspension": 806,
    "methylprednisolone 125 MG Injection": 807,
}
ATC = {"L03AA02": 901, "L03AA13": 902, "J01DD04": 903, "H02AB02": 904, "S01BA01": 905}
PARENTS = {801: ["L03AA02"], 802: ["L03AA13"], 804: ["J01DD04"], 805: ["H02AB02", "S01BA01"]}

TEST_OF = {"WBC": "26464-8", "WBC-B": "26464-8", "NEUT%": "26511-6", "GLU": "2345-7"}
UNIT_OF = {
    "K/uL": "10*3/uL", "%": "%", "/uL": "/uL", "/hpf": "/[HPF]", "mmol/L": "mmol/L",
}  # fmt: skip
DRUG_OF = {
    "filgrastim": 801, "Neulasta": 802, "pegfilgrastim": 802, "metoprolol": 803,
    "ceftriaxone": 804, "dexamethasone": 805, "PrednisoLONE Acetate 1% Ophth. Susp.": 806,
    "methylprednisolone": 807,
}  # fmt: skip
ROUTE_OF = {"SC": 701, "IV": 702, "BOTH EYES": 703}


def person_of(patient: str) -> int:
    """T07 → 7."""
    return int(patient[1:])


def patient_of(person_id: object) -> str:
    """7 → T07."""
    return f"T{int(str(person_id)):02d}"


def build_omop() -> Tables:
    """Return the tables of the model, by name."""
    raw = {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in RAW.glob("*.csv")
    }
    codes = sorted({_dotted(code) for code in raw["diagnoses"]["code"]})
    icd = {code: 1001 + i for i, code in enumerate(codes)}
    return {
        "person": _persons(raw["patients"]),
        "observation_period": _periods(raw["patients"]),
        "death": _deaths(raw["deaths"]),
        "visit_occurrence": _visits(raw["encounters"]),
        "condition_occurrence": _conditions(raw["diagnoses"], icd),
        "observation": _observations(),
        "measurement": _measurements(raw["labs"]),
        "drug_exposure": _exposures(raw["drugs"]),
        "concept": _concepts(icd),
        "concept_ancestor": _ancestors(),
    }


def write_omop(tables: Tables, folder: Path, suffix: str = "csv") -> Path:
    """Write the tables as a site exports them, CSV or Parquet; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        path = folder / f"{name}.{suffix}"
        table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    return folder


def _table(rows: list[Mapping[str, object]]) -> pd.DataFrame:
    """Integers stay integers where some are missing, as in a database."""
    return pd.DataFrame(rows).convert_dtypes()


def _persons(patients: pd.DataFrame) -> pd.DataFrame:
    return _table(
        [
            {
                "person_id": person_of(row.patient),
                "gender_concept_id": FEMALE,
                "year_of_birth": int(row.born),
                "gender_source_value": row.sex,
            }
            for row in patients.itertuples()
        ]
    )


def _periods(patients: pd.DataFrame) -> pd.DataFrame:
    return _table(
        [
            {
                "observation_period_id": i,
                "person_id": person_of(row.patient),
                "observation_period_start_date": row.from_,
                "observation_period_end_date": row.until,
                "period_type_concept_id": PERIOD,
            }
            for i, row in enumerate(patients.itertuples(), start=1)
        ]
    )


def _deaths(deaths: pd.DataFrame) -> pd.DataFrame:
    return _table(
        [
            {
                "person_id": person_of(row.patient),
                "death_date": row.died,
                "death_type_concept_id": REGISTRY,
            }
            for row in deaths.itertuples()
        ]
    )


def _visits(encounters: pd.DataFrame) -> pd.DataFrame:
    """Home is 0, as the model asks; the source's word stands beside it."""
    return _table(
        [
            {
                "visit_occurrence_id": _visit_of(row.encounter),
                "person_id": person_of(row.patient),
                "visit_concept_id": INPATIENT,
                "visit_start_date": row.start[:10],
                "visit_start_datetime": row.start,
                "visit_end_date": row.end[:10],
                "visit_end_datetime": row.end,
                "discharged_to_concept_id": {"Hospice": HOSPICE, "Expired": DIED}.get(
                    row.disposition, 0
                ),
                "discharged_to_source_value": row.disposition,
            }
            for row in encounters.itertuples()
        ]
    )


def _conditions(diagnoses: pd.DataFrame, icd: Mapping[str, int]) -> pd.DataFrame:
    return _table(
        [
            {
                "condition_occurrence_id": i,
                "person_id": person_of(row.patient),
                "condition_concept_id": 0,
                "condition_start_date": _day_of(row.day),
                "condition_start_datetime": None,
                "condition_type_concept_id": PROBLEM,
                "condition_status_concept_id": None,
                "visit_occurrence_id": _visit_of(row.encounter),
                "condition_source_value": row.code,
                "condition_source_concept_id": icd[_dotted(row.code)],
            }
            for i, row in enumerate(diagnoses.itertuples(), start=1)
        ]
    )


def _observations() -> pd.DataFrame:
    """Somebody smokes: a table that holds no code of a disease."""
    return _table(
        [
            {
                "observation_id": 1,
                "person_id": 1,
                "observation_date": "2005-01-01",
                "visit_occurrence_id": None,
                "observation_source_value": "smoker",
                "observation_source_concept_id": 0,
            }
        ]
    )


def _measurements(labs: pd.DataFrame) -> pd.DataFrame:
    """A date that is none (30 February) cannot be stored; its row is dropped."""
    rows = []
    for i, row in enumerate(labs.itertuples(), start=1):
        if row.taken == "2006-02-30":
            continue
        code = "5821-4" if row.specimen == "Urine" else TEST_OF[row.code]
        number = pd.to_numeric(row.result.lstrip(">"), errors="coerce")
        rows.append(
            {
                "measurement_id": i,
                "person_id": person_of(row.patient),
                "measurement_concept_id": LOINC[code],
                "measurement_date": _day_of(row.taken),
                "measurement_datetime": row.taken if len(row.taken) > 10 else None,
                "measurement_type_concept_id": LAB,
                "operator_concept_id": GREATER if row.result.startswith(">") else None,
                "value_as_number": None if pd.isna(number) else float(number),
                "unit_concept_id": UCUM[UNIT_OF[row.unit]] if row.unit else None,
                "visit_occurrence_id": _visit_of(row.encounter),
                "measurement_source_value": row.code,
                "measurement_source_concept_id": 0,
                "unit_source_value": row.unit or None,
                "value_source_value": row.result,
            }
        )
    return _table(rows)


def _exposures(drugs: pd.DataFrame) -> pd.DataFrame:
    """One vial, tablet or syringe is the quantity: the dose is not in the model."""
    return _table(
        [
            {
                "drug_exposure_id": i,
                "person_id": person_of(row.patient),
                "drug_concept_id": DRUG_OF[row.drug],
                "drug_exposure_start_date": row.start[:10],
                "drug_exposure_start_datetime": row.start,
                "drug_exposure_end_date": (row.end or row.start)[:10],
                "drug_exposure_end_datetime": row.end or None,
                "verbatim_end_date": None,
                "drug_type_concept_id": {"given": GIVEN, "ordered": PRESCRIBED}[row.kind],
                "quantity": 1.0,
                "sig": None,
                "route_concept_id": ROUTE_OF[row.route],
                "visit_occurrence_id": _visit_of(row.encounter),
                "drug_source_value": row.drug,
                "route_source_value": row.route,
            }
            for i, row in enumerate(drugs.itertuples(), start=1)
        ]
    )


def _concepts(icd: Mapping[str, int]) -> pd.DataFrame:
    listed = {
        "LOINC": LOINC,
        "UCUM": UCUM,
        "ATC": ATC,
        "ICD10CM": {code: i for code, i in icd.items() if code[0].isalpha()},
        "ICD9CM": {code: i for code, i in icd.items() if code[0].isdigit()},
    }
    rows = [
        {"concept_id": i, "concept_name": code, "vocabulary_id": vocabulary, "concept_code": code}
        for vocabulary, codes in listed.items()
        for code, i in codes.items()
    ]
    rows += [
        {"concept_id": i, "concept_name": name, "vocabulary_id": "RxNorm", "concept_code": f"{i}"}
        for name, i in DRUGS.items()
    ]
    rows += [
        {"concept_id": i, "concept_name": name, "vocabulary_id": "SNOMED", "concept_code": f"{i}"}
        for name, i in ROUTES.items()
    ]
    none = ("No matching concept", "None", "No matching concept")
    rows.append(dict(zip(rows[0], (0, *none), strict=True)))
    return _table(rows)


def _ancestors() -> pd.DataFrame:
    return _table(
        [
            {"ancestor_concept_id": ATC[code], "descendant_concept_id": drug}
            for drug, codes in PARENTS.items()
            for code in codes
        ]
    )


def _visit_of(encounter: str) -> int | None:
    return 9000 + int(encounter[1:3]) if encounter else None


def _day_of(printed: str) -> str:
    return printed[:10] if len(printed) >= 10 else f"{printed}-01"


def _dotted(code: str) -> str:
    plain = code.upper().replace(".", "")
    return f"{plain[:3]}.{plain[3:]}" if plain[3:] else plain
