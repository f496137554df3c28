"""Two runs on the same patients, told otherwise: what must not move does not, the rest one way.

No right answer is written down here; each test says how two answers must lie to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import CODELISTS, ROOT, SEED, Run, protocol_of, run_study

from leukocytosis.cohort import find_index
from leukocytosis.config import Manifest, Protocol, load_manifest
from leukocytosis.estimate import Beside, estimate
from leukocytosis.followup import derive_analysis_set, derive_outcomes
from leukocytosis.store import read_frame
from leukocytosis.survival.analyses import fit_all

Frames = dict[str, pd.DataFrame]
TINY = load_manifest(ROOT / "config/extracts/tiny.yaml")
STUDY = protocol_of("granger2009")
IDS = ("id", "patient", "encounter", "specimen_id")
TIMES = ("from_", "until", "died", "start", "end", "taken", "day")
PERSON_LEVEL = ("episodes", "evidence", "causes", "causes_present", "outcomes", "analysis_set")
DRAWN = "permut|imput"  # methods whose draws follow the order of the patients, so their ids
MONTH = r"\d{4}-\d{2}"
CYCLE_YEARS, CYCLE_DAYS = 28, 10227  # after which the calendar repeats, leap days and all

EDGE_PATIENTS = (91, 92, 93, 94)
# patients of their own on whom a rule could lean on the order, the name or the cut of a row
EDGES: Mapping[str, list[dict[str, str]]] = {
    "patients": [
        {"patient": f"T{n}", "sex": "M", "born": "1950", "from_": "2000-01-01",
         "until": "2008-12-31"} for n in EDGE_PATIENTS
    ],
    "encounters": [
        {"encounter": f"T{n}-E1", "patient": f"T{n}", "start": "2006-06-01 08:00:00",
         "end": "2006-06-27 12:00:00", "setting": "Inpatient", "disposition": "Home"}
        for n in EDGE_PATIENTS
    ],
    "diagnoses": [
        *({"id": f"T{n}-D0", "patient": f"T{n}", "day": "2005-11-27", "system": "ICD-10-CM",
           "code": "C34.90"} for n in EDGE_PATIENTS),
        *({"id": f"T{n}-D1", "patient": f"T{n}", "day": "2006-06-15", "system": "ICD-10-CM",
           "code": "J18.9"} for n in (91, 93, 94)),
    ],
    "labs": [
        # two counts at once, before a course that the count stays up through
        {"id": "T91-L1", "patient": "T91", "taken": "2006-06-05 08:00:00", "result": "20"},
        {"id": "T91-L2", "patient": "T91", "taken": "2006-06-05 08:00:00", "result": "8"},
        {"id": "T91-L3", "patient": "T91", "taken": "2006-06-15 09:00:00", "result": "52.3"},
        {"id": "T92-L1", "patient": "T92", "taken": "2006-01-01 09:00:00", "result": "52.3"},
        *({"id": f"T{n}-L1", "patient": f"T{n}", "taken": "2006-06-15 09:00:00", "result": "52.3"}
          for n in (93, 94)),
    ],
    "drugs": [
        {"id": "T91-R1", "patient": "T91", "start": "2006-06-05 10:00:00",
         "end": "2006-06-16 10:00:00", "drug": "ceftriaxone", "route": "IV", "kind": "given"},
        # nobody counted when this course began, soon after the end of a month
        {"id": "T94-R1", "patient": "T94", "start": "2006-06-02 10:00:00",
         "end": "2006-06-16 10:00:00", "drug": "ceftriaxone", "route": "IV", "kind": "given"},
        {"id": "T93-R1", "patient": "T93", "start": "2006-06-15 10:00:00",
         "end": "2006-06-18 10:00:00", "drug": "ceftriaxone", "route": "IV", "kind": "given"},
    ],
    "microbiology": [
        {"id": f"T{n}-M0", "patient": f"T{n}", "specimen_id": f"T{n}-S0", "day": day,
         "specimen": "Blood culture", "test": "culture", "result": "negative"}
        for n in EDGE_PATIENTS for day in ["2006-01-01" if n == 92 else "2006-06-15"]
    ],
}  # fmt: skip


def read_raw() -> Frames:
    """Return the raw files of the tiny extract, with the patients of EDGES, every cell a text."""
    frames = {}
    for table in TINY.files:
        own = pd.read_csv(ROOT / f"tests/data/tiny/{table}.csv", dtype=str, keep_default_na=False)
        frames[table] = append(own, EDGES.get(table, []))
    labs, edges = frames["labs"], frames["labs"]["patient"] > "T90"
    said = {"code": "WBC", "unit": "K/uL", "specimen": "Blood", "status": "final"}
    frames["labs"] = labs.assign(**{c: labs[c].mask(edges, text) for c, text in said.items()})
    return frames


def append(frame: pd.DataFrame, rows: list[dict[str, str]]) -> pd.DataFrame:
    added = pd.DataFrame(rows, columns=frame.columns, dtype=str)
    return pd.concat([frame, added], ignore_index=True).fillna("")


def run(frames: Frames, folder: Path, protocol: Protocol = STUDY, manifest: Manifest = TINY) -> Run:
    """Write raw files as the manifest names them, and run a study on them."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    for table, frame in frames.items():
        path = raw / manifest.files[table].path
        if path.suffix == ".parquet":
            frame.replace("", None).to_parquet(path, index=False)
        elif "*" in path.name:
            for i, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
                frame.iloc[part].to_csv(str(path).replace("*", str(i)), index=False)
        else:
            frame.to_csv(path, index=False)
    return run_study(protocol, manifest.model_copy(update={"root": str(raw)}), folder)


def estimates_of(one: Run) -> pd.DataFrame:
    estimate(STUDY, one.study, Beside(one.extract / "encounters.parquet", seed=SEED))
    rows = read_frame(one.study / "estimates.parquet")
    return rows[~rows["method"].str.contains(DRAWN)].reset_index(drop=True)


def table_of(one: Run, name: str) -> pd.DataFrame:
    return read_frame(one.study / f"{name}.parquet")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(read_raw(), tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def estimates(before: Run) -> pd.DataFrame:
    return estimates_of(before)


def assert_same(before: Run, after: Run, without: tuple[str, ...] = ()) -> None:
    for name in PERSON_LEVEL:
        pd.testing.assert_frame_equal(
            table_of(before, name).drop(columns=[*without], errors="ignore"),
            table_of(after, name).drop(columns=[*without], errors="ignore"),
            obj=name,
        )


# what must not move: each relation tells the same patients otherwise


def each(frames: Frames, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Frames:
    return {table: change(frame) for table, frame in frames.items()}


def change_texts(frames: Frames, columns: tuple[str, ...], change: Callable[[str], str]) -> Frames:
    return each(frames, lambda f: f.assign(**{c: f[c].map(change) for c in columns if c in f}))


def shuffle(frames: Frames) -> Frames:
    return each(frames, lambda frame: frame.sample(frac=1, random_state=SEED))


def turn_columns(frames: Frames) -> Frames:
    return each(frames, lambda frame: frame[frame.columns[::-1]].assign(nobody_asked="x"))


def repeat_rows(frames: Frames) -> Frames:
    return each(frames, lambda frame: pd.concat([frame, frame]))


def count_per_microlitre(frames: Frames) -> Frames:
    labs = frames["labs"]
    known = labs["unit"].isin(["K/uL", ""]) & labs["result"].str.fullmatch(r"\d+(\.\d+)?")
    thousandfold = labs["result"].where(~known, labs["result"].map(_times_1000))
    changed = labs.assign(result=thousandfold, unit=labs["unit"].mask(known, "cells/uL"))
    return frames | {"labs": changed}


def _times_1000(text: str) -> str:
    whole, _, tenths = text.partition(".")
    return (whole + (tenths + "000")[:3]).lstrip("0")


def print_codes_otherwise(frames: Frames) -> Frames:
    codes = frames["diagnoses"]["code"].str.replace(".", "").str.lower()
    return frames | {"diagnoses": frames["diagnoses"].assign(code=codes)}


def move_days_to_noon(frames: Frames) -> Frames:
    diagnoses, deaths = frames["diagnoses"], frames["deaths"]
    noon = {
        "day": diagnoses["day"].map(lambda text: f"{text} 12:00:00" if len(text) == 10 else text)
    }
    died = {"died": deaths["died"] + " 12:00:00"}
    return frames | {"diagnoses": diagnoses.assign(**noon), "deaths": deaths.assign(**died)}


def treat_day_by_day(frames: Frames) -> Frames:
    """Give each drug of several days a row a day."""
    rows = [row for record in frames["drugs"].to_dict("records") for row in _part(record)]
    return frames | {"drugs": pd.DataFrame(rows)}


def _part(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    days = pd.date_range(record["start"], record["end"] or record["start"], freq="D")
    for i, day in enumerate(days):
        yield record | {"id": f"{record['id']}-{i}", "start": str(day), "end": ""}


def treat_years_before(frames: Frames) -> Frames:
    """Give everybody antibacterials, growth factor and steroids five years before the index."""
    drugs = ("ceftriaxone", "filgrastim", "pegfilgrastim", "dexamethasone", "plerixafor")
    rows = [
        {"id": f"{patient}-R{drug}", "patient": patient, "start": "2001-06-01 10:00:00",
         "end": "2001-06-20 10:00:00", "drug": drug, "dose": "20", "unit": "mg", "route": "IV",
         "kind": "given"}
        for patient in frames["patients"]["patient"] for drug in drugs
    ]  # fmt: skip
    return frames | {"drugs": append(frames["drugs"], rows)}


def add_what_is_no_share(frames: Frames) -> Frames:
    """Add neutrophil shares of no known day, and bounds beside the shares that are there."""
    labs = frames["labs"]
    beside = labs[labs["code"].eq("NEUT%")]
    undated = [
        {"id": f"{patient}-{taken}", "patient": patient, "taken": taken, "code": "NEUT%",
         "result": "95", "unit": "%", "specimen": "Blood"}
        for patient in frames["patients"]["patient"] for taken in ("2006", "2006-01", "2006-06")
    ]  # fmt: skip
    bounds = beside.assign(id=beside["id"] + "-B", result="<5")
    return frames | {"labs": append(pd.concat([labs, bounds]), undated)}


def add_counts_of_the_month_before(frames: Frames) -> Frames:
    """Add to everybody a count of some day in May, which can begin no course of June."""
    rows = [
        {"id": f"{patient}-M", "patient": patient, "taken": "2006-05", "code": "WBC",
         "result": "20", "unit": "K/uL", "specimen": "Blood"}
        for patient in frames["patients"]["patient"]
    ]  # fmt: skip
    return frames | {"labs": append(frames["labs"], rows)}


def print_corrections_in_capitals(frames: Frames) -> Frames:
    labs = frames["labs"]
    corrected = labs["status"].eq("corrected")
    return frames | {
        "labs": labs.assign(specimen=labs["specimen"].mask(corrected, labs["specimen"].str.upper()))
    }


def add_a_bound(frames: Frames) -> Frames:
    """Put the sign of a bound in a column of its own, and a bound before a count of its number."""
    labs = frames["labs"]
    sign = labs["result"].str.extract("^([<>])", expand=False).fillna("")
    told = labs.assign(bound=sign, result=labs["result"].str.lstrip("<>"))
    bound = told[told["id"].eq("T03-L1")].assign(id="T03-B", bound="<")
    return frames | {"labs": pd.concat([bound, told])}


def add_strangers_to_the_study(frames: Frames) -> Frames:
    """Add copies of those without a blood count above the threshold."""
    others = each(frames, lambda f: f[f["patient"].isin(["T02", "T28", "T30"])])
    copies = change_texts(others, IDS, lambda text: text.replace("T", "X"))
    return {table: pd.concat([frame, copies[table]]) for table, frame in frames.items()}


def stay(frames: Frames) -> Frames:
    return frames


def written(**paths: str) -> Manifest:
    files = {
        name: file.model_copy(update={"path": paths.get(name, file.path)})
        for name, file in TINY.files.items()
    }
    return TINY.model_copy(update={"files": files})


IN_PARQUET = written(**{table: f"{table}.parquet" for table in TINY.files})
SIGNS_APART = TINY.model_copy(
    update={
        "tables": TINY.tables
        | {
            "labs": tuple(
                source.model_copy(update={"columns": source.columns | {"comparator": "bound"}})
                for source in TINY.tables["labs"]
            )
        }
    }
)
IN_PARTS = written(**{table: f"{table}_*.csv" for table in ("patients", "labs", "diagnoses")})
ALIKE: Mapping[str, tuple[Callable[[Frames], Frames], Manifest, tuple[str, ...]]] = {
    "rows in another order": (shuffle, TINY, ()),
    "columns in another order, and one more": (turn_columns, TINY, ()),
    "every row twice": (repeat_rows, TINY, ()),
    "Parquet instead of CSV": (stay, IN_PARQUET, ()),
    "a file in several parts": (stay, IN_PARTS, ()),
    "counts per microlitre": (count_per_microlitre, TINY, ()),
    "codes without dots, in lower case": (print_codes_otherwise, TINY, ()),
    "corrections in capitals": (print_corrections_in_capitals, TINY, ()),
    "a bound before a count of its number": (add_a_bound, SIGNS_APART, ()),
    "days at noon": (move_days_to_noon, TINY, ()),
    "a row a day": (treat_day_by_day, TINY, ("n_events", "first_day", "last_day")),
    "treated five years earlier": (treat_years_before, TINY, ()),
    "a count of no known day": (add_counts_of_the_month_before, TINY, ()),
    "shares that are none": (add_what_is_no_share, TINY, ()),
    "more patients who do not qualify": (add_strangers_to_the_study, TINY, ()),
}


@pytest.mark.parametrize("told", ALIKE)
def test_the_same_patients_told_otherwise(before: Run, tmp_path: Path, told: str) -> None:
    change, manifest, without = ALIKE[told]
    assert_same(before, run(change(read_raw()), tmp_path, manifest=manifest), without)


def fates_of(one: Run) -> pd.Series:
    ledger = read_frame(one.extract / "ledger.parquet")
    return ledger.groupby(["table", "rule_id"])["n_rows"].sum()


def test_a_share_of_no_known_day_lets_nobody_in(before: Run, tmp_path: Path) -> None:
    after = run(add_what_is_no_share(read_raw()), tmp_path / "after")
    then, now = (
        counted(protocol_of("reding1998"), one.extract, tmp_path / str(i))
        for i, one in enumerate((before, after))
    )
    pd.testing.assert_series_equal(now, then)


def test_repeated_rows_are_named_in_the_ledger(before: Run, tmp_path: Path) -> None:
    once, twice = fates_of(before), fates_of(run(repeat_rows(read_raw()), tmp_path))
    named = ["id_repeated", "duplicate", "superseded_by_correction"]
    for table in TINY.tables:
        assert twice[table]["kept"] == once[table]["kept"]
        n_repeated, n_before = (fates[table].reindex(named).sum() for fates in (twice, once))
        assert n_repeated == 2 * n_before + once[table]["kept"]


# ids turned round: whoever and whatever came first comes last


def rename(text: str) -> str:
    """Return an id whose digits are turned round in size; one to one, and its own inverse."""
    return text.translate(str.maketrans("0123456789", "9876543210"))


def name_back(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    ids = [c for c in frame if c in ("episode_id", "patient_id", "encounter_id", "source_id")]
    named = {c: frame[c].map(rename, na_action="ignore") for c in ids}
    return frame.assign(**named).sort_values(key).reset_index(drop=True)


def test_other_ids_change_nobody(before: Run, estimates: pd.DataFrame, tmp_path: Path) -> None:
    after = run(change_texts(read_raw(), IDS, rename), tmp_path)
    for name in PERSON_LEVEL:
        keys = ("episode_id", "rule_id", "outcome_id", "cause")
        key = [c for c in keys if c in table_of(before, name)]
        expected = table_of(before, name).sort_values(key).reset_index(drop=True)
        found = name_back(table_of(after, name), key)
        pd.testing.assert_frame_equal(expected, found, obj=name)
    pd.testing.assert_frame_equal(estimates, estimates_of(after))


# other days of the calendar


def shift(text: str, days: int) -> str:
    """Return a day or time so many days later, as finely as it was; a month by whole cycles."""
    if re.fullmatch(MONTH, text):
        return f"{int(text[:4]) + CYCLE_YEARS * days // CYCLE_DAYS}{text[4:]}"
    at = pd.to_datetime(text, errors="coerce")  # some are no day, and stay none
    return text if pd.isna(at) else str(at + pd.Timedelta(days=days))[: len(text)]


@pytest.mark.parametrize("days", [CYCLE_DAYS, 1000, 365 * 4 + 1, 622])
def test_other_days_of_the_calendar_change_nothing(tmp_path: Path, days: int) -> None:
    """A month has no name so many days later, and years of birth stay, unless by whole cycles."""
    frames, whole = read_raw(), days == CYCLE_DAYS
    if not whole:
        frames = each(frames, lambda f: f[~f.apply(lambda c: c.str.fullmatch(MONTH)).any(axis=1)])
    moved = change_texts(frames, TIMES, lambda text: shift(text, days))
    if whole:
        moved = change_texts(moved, ("born",), lambda born: str(int(born) + CYCLE_YEARS))
    of_the_calendar = ("index_at", "index_on", *(() if whole else ("age_at_index_years",)))
    assert_same(run(frames, tmp_path / "then"), run(moved, tmp_path / "later"), of_the_calendar)


# everybody twice


def test_everybody_twice(estimates: pd.DataFrame, tmp_path: Path) -> None:
    frames = read_raw()
    copies = change_texts(frames, IDS, lambda text: text.replace("T", "X"))
    both = {table: pd.concat([frame, copies[table]]) for table, frame in frames.items()}
    after = estimates_of(run(both, tmp_path))
    key = ["analysis_id", "outcome_id", "group", "term", "time_days"]
    rows = estimates.merge(after, on=key, suffixes=("", "_twice"), validate="1:1")
    shares = rows[rows["analysis_id"].isin(
        ["cause_shares", "group_shares", "risk", "survival", "rmst", "median", "incidence"]
    )]  # fmt: skip
    assert len(shares) > 50
    counted = rows[rows["n"].notna()]
    assert (counted["n_twice"] == 2 * counted["n"]).all()
    np.testing.assert_allclose(shares["estimate_twice"], shares["estimate"], rtol=1e-9)
    width, twice = (shares[f"ci_high{end}"] - shares[f"ci_low{end}"] for end in ("", "_twice"))
    assert (twice[width > 0] < width[width > 0]).all()
    assert width.gt(0).sum() > 20


# what may move, but one way


def counted(protocol: Protocol, extract: Path, out: Path) -> pd.Series:
    find_index(protocol, CODELISTS, extract, out)
    return read_frame(out / "attrition.parquet").set_index("reason_id")["n_patients_left"]


def above(value: float) -> Protocol:
    threshold = STUDY.index.above.model_copy(update={"value": value})
    return STUDY.model_copy(update={"index": STUDY.index.model_copy(update={"above": threshold})})


def test_a_higher_threshold_adds_no_patient_with_a_count(before: Run, tmp_path: Path) -> None:
    """Of the cohort it is not so: a later first count may come after the tumour's code."""
    values = (10, 39.9, 40, 52.3, 100, 440, 441)
    left = [
        counted(above(v), before.extract, tmp_path / str(v))["dated_to_the_day"] for v in values
    ]
    assert left == sorted(left, reverse=True)
    assert len({*left}) > 3


@pytest.fixture(scope="module")
def all_comers(tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    after = run(read_raw(), tmp_path_factory.mktemp("all"), protocol_of("all_comers"))
    return statuses(after)


def statuses(one: Run) -> pd.Series:
    return table_of(one, "evidence").set_index(["episode_id", "rule_id"])["status"]


@pytest.mark.parametrize("table", ["diagnoses", "drugs", "microbiology"])
def test_without_a_table_nothing_is_met_and_nothing_is_absent(
    all_comers: pd.Series, tmp_path: Path, table: str
) -> None:
    tables = {name: sources for name, sources in TINY.tables.items() if name != table}
    without = TINY.model_copy(update={"tables": tables, "absent": {table: "not exported"}})
    protocol = protocol_of("all_comers")
    after = statuses(run(read_raw(), tmp_path, protocol, without))
    own = {rule.id for rule in protocol.evidence if rule.from_ == table}
    of_table = after.index.get_level_values("rule_id").isin(own)
    assert of_table.any()
    assert set(after[of_table]) == {"not_assessed"}
    now, then = after.align(all_comers, join="inner")
    moved = now[now != then]
    assert set(moved) == {"not_assessed"}


def test_a_pathogen_makes_nobody_paraneoplastic(before: Run, tmp_path: Path) -> None:
    frames, episodes = read_raw(), table_of(before, "episodes")
    rows = [
        {"id": f"{one['patient_id']}-P", "patient": one["patient_id"],
         "specimen_id": f"{one['patient_id']}-P", "day": str(one["index_on"])[:10],
         "specimen": "Blood culture", "test": "culture", "result": "positive",
         "organism": "Escherichia coli"}
        for one in episodes.to_dict("records")
    ]  # fmt: skip
    frames["microbiology"] = append(frames["microbiology"], rows)
    after = table_of(run(frames, tmp_path), "causes").set_index("episode_id")["primary_cause"]
    assert len(after) == len(episodes)
    assert not after.isin(["plr", "undetermined"]).any()


def risks(protocol: Protocol, study: Path) -> pd.Series:
    """Return the Kaplan-Meier risk of everybody at each time that the protocol asks for."""
    rows = pd.DataFrame(map(vars, fit_all(protocol, read_frame(study / "analysis_set.parquet"))))
    chosen = rows[rows["analysis_id"].eq("risk") & rows["group"].eq("all")]
    return chosen.set_index(["outcome_id", "time_days"])["estimate"].dropna()


def test_a_later_horizon_lowers_no_risk(before: Run, tmp_path: Path) -> None:
    for path in before.study.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    found = []
    for days in (28, 84, 180):
        outcome = STUDY.outcomes[0].model_copy(update={"horizon_days": days})
        longer = STUDY.model_copy(update={"outcomes": (outcome, *STUDY.outcomes[1:])})
        for name in ("outcomes", "analysis_set"):
            (tmp_path / f"{name}.parquet").unlink()
        derive_outcomes(longer, before.extract, tmp_path)
        derive_analysis_set(longer, CODELISTS, tmp_path)
        found.append(risks(longer, tmp_path)[outcome.id].iloc[-1])
    assert found == sorted(found) and found[0] < found[-1]


def test_one_more_death_lowers_no_risk(before: Run, tmp_path: Path) -> None:
    frames = read_raw()
    row = {"patient": "T01", "died": "2006-07-15", "source": "registry"}
    after = run(frames | {"deaths": append(frames["deaths"], [row])}, tmp_path)
    then, now = risks(STUDY, before.study), risks(STUDY, after.study)
    assert (now >= then - 1e-12).all() and (now > then).any()
