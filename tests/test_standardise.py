"""Raw files: every row accounted for; what is wrong with them said clearly, all at once."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import ROOT, Run

from leukocytosis.config import load_manifest
from leukocytosis.errors import ConfigError, ExtractError, ReconciliationError

Read = Callable[[], Path]
RAW = "tests/data/tiny"


def edit(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_rows_reconcile(tiny: Run) -> None:
    ledger = pd.read_parquet(tiny.extract / "ledger.parquet")
    for source, n in ledger.groupby("source")["n_rows"].sum().items():
        rows = len(pd.read_csv(ROOT / RAW / f"{source}.csv"))
        assert n == rows
    kept = ledger[ledger["fate"] == "kept"].groupby("table")["n_rows"].sum()
    for table, n in kept.items():
        assert len(pd.read_parquet(tiny.extract / f"{table}.parquet")) == n


def test_each_refused_row_has_its_rule(tiny: Run) -> None:
    rejects = pd.read_parquet(tiny.extract / "rejects.parquet")
    rules = rejects.set_index("source_row")["rule_id"].to_dict()
    assert rules["T01-L9"] == "duplicate"
    assert rules["T01-L10"] == "value_negative"
    assert rules["T01-L11"] == "value_not_a_number"
    assert rules["T01-L13"] == "taken_at_not_read"
    assert set(rules.values()) >= {"specimen_not_blood", "superseded_by_correction"}
    changed = rejects[rejects["action"] == "changed"]
    assert changed["rule_id"].unique().tolist() == ["unit_missing_assumed"]


def test_a_bound_keeps_its_sign(tiny: Run) -> None:
    labs = pd.read_parquet(tiny.extract / "labs.parquet")
    bound = labs[labs["value_text"] == ">440"].iloc[0]
    assert (bound["comparator"], bound["value"], bound["unit"]) == (">", 440.0, "10*9/L")


def test_two_readings_give_the_same_bytes(read_tiny: Read) -> None:
    first = {path.name: path.read_bytes() for path in read_tiny().glob("*.parquet")}
    assert {path.name: path.read_bytes() for path in read_tiny().glob("*.parquet")} == first


@pytest.mark.parametrize("kind", ["text", "moments"])
def test_an_export_in_utc_gives_the_same_tables_on_the_hospitals_clock(
    project: Path, read_tiny: Read, kind: str, tiny: Run
) -> None:
    raw, manifest = project / RAW / "labs.csv", project / "config/extracts/tiny.yaml"
    printed = pd.read_csv(raw, dtype=str)
    moments = pd.to_datetime(printed["taken"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    moments = moments.dt.tz_localize("America/Chicago").dt.tz_convert("UTC")
    if kind == "text":
        told = moments.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        printed["taken"] = told.where(moments.notna(), printed["taken"])
        printed.to_csv(raw, index=False)
    else:
        typed = printed.assign(taken=moments)[moments.notna()]
        typed.to_parquet(raw.with_suffix(".parquet"), index=False)
        edit(manifest, "labs: {path: labs.csv}", "labs: {path: labs.parquet}")
    with pytest.raises(ExtractError) as error:
        read_tiny()
    assert "time_zone" in str(error.value)
    edit(manifest, "policy: open", "policy: open\ntime_zone: America/Chicago")
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    expected = pd.read_parquet(tiny.extract / "labs.parquet")
    expected = expected[expected["lab_id"].isin(read["lab_id"])].reset_index(drop=True)
    assert len(read) > 50
    pd.testing.assert_frame_equal(read, expected)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("time_zone: Europe/Lodon", "did you mean 'Europe/London'?"),
        ("time_zone: CST6", "did you mean"),
        ('date_formats: ["%d/%m/%Y %z"]', "name the hospital's clock in 'time_zone'"),
    ],
)
def test_a_clock_nobody_knows_is_refused(project: Path, said: str, told: str) -> None:
    manifest = project / "config/extracts/tiny.yaml"
    edit(manifest, "policy: open", f"policy: open\n{said}")
    with pytest.raises(ConfigError) as error:
        load_manifest(manifest)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "spoil", ["bom", "windows line ends", "quotes", "gzip", "latin-1", "parquet"]
)
def test_the_same_tables_however_the_file_is_written(
    project: Path, read_tiny: Read, spoil: str, tiny: Run
) -> None:
    raw, manifest = project / RAW / "labs.csv", project / "config/extracts/tiny.yaml"
    data = raw.read_bytes()
    if spoil == "bom":
        raw.write_bytes(b"\xef\xbb\xbf" + data)
    elif spoil == "windows line ends":
        raw.write_bytes(data.replace(b"\n", b"\r\n"))
    elif spoil == "quotes":
        raw.write_bytes(data.replace(b"K/uL", b'"K/uL"'))
    elif spoil == "gzip":
        raw.with_suffix(".csv.gz").write_bytes(gzip.compress(data))
        edit(manifest, "labs: {path: labs.csv}", "labs: {path: labs.csv.gz}")
    elif spoil == "latin-1":
        raw.write_bytes(data.replace(b"K/uL", "K/µL".encode("latin-1")))
        edit(manifest, "{path: labs.csv}", "{path: labs.csv, encoding: latin-1}")
    else:
        pd.read_csv(raw, dtype=str).to_parquet(raw.with_suffix(".parquet"))
        edit(manifest, "labs: {path: labs.csv}", "labs: {path: labs.parquet}")
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(read, pd.read_parquet(tiny.extract / "labs.parquet"))


def failure(read_tiny: Read, kind: type[ExtractError] = ExtractError) -> str:
    with pytest.raises(kind) as caught:
        read_tiny()
    message = str(caught.value)
    # a patient's id or value has no place in a message
    assert not re.search(r"T\d\d\b|52\.3", message)
    return message


def test_unlisted_unit_stops_the_run(project: Path, read_tiny: Read) -> None:
    edit(project / RAW / "labs.csv", "K/uL", "K/cumm")
    message = failure(read_tiny)
    assert "labs.csv → labs.unit" in message and "'k/cumm'" in message
    assert "config/units.csv" in message


def test_a_local_unit_can_be_listed(project: Path, read_tiny: Read) -> None:
    edit(project / RAW / "labs.csv", "K/uL", "K/cumm")
    manifest = project / "config/extracts/tiny.yaml"
    manifest.write_text(manifest.read_text() + 'units: {K/cumm: "10*9/L"}\n')
    assert len(pd.read_parquet(read_tiny() / "labs.parquet"))


def test_unlisted_category_stops_the_run(project: Path, read_tiny: Read) -> None:
    edit(project / RAW / "encounters.csv", "Hospice", "Hospice care")
    assert "values: encounters.disposition" in failure(read_tiny)


def test_dates_nobody_can_read_stop_the_run(project: Path, read_tiny: Read) -> None:
    path = project / RAW / "labs.csv"
    path.write_text(re.sub(r"2006-06-(\d\d) (\d\d):", r"\1.06.2006 \2h", path.read_text()))
    message = failure(read_tiny)
    assert "taken_at_not_read" in message and "date_formats" in message


def test_code_in_the_wrong_system(project: Path, read_tiny: Read) -> None:
    path = project / RAW / "diagnoses.csv"
    path.write_text(path.read_text().replace("ICD-10-CM,", "ICD-9-CM,"))
    assert "code_not_of_its_system" in failure(read_tiny)


def test_a_view_that_loses_rows(project: Path, read_tiny: Read) -> None:
    sql = project / "config/extracts/tiny/deaths.sql"
    sql.write_text("SELECT patient AS patient_id, died AS died_on FROM deaths LIMIT 2")
    edit(
        project / "config/extracts/tiny.yaml",
        "{rows_of: deaths, columns: {patient_id: patient, died_on: died, death_source: source}}",
        "{rows_of: deaths, sql: tiny/deaths.sql}",
    )
    with pytest.raises(ReconciliationError, match="2 rows of the file are in no table"):
        read_tiny()


def test_a_row_exported_twice_with_its_id_is_kept_once(
    project: Path, read_tiny: Read, tiny: Run
) -> None:
    raw = project / RAW / "labs.csv"
    lines = raw.read_text().splitlines()
    raw.write_text("\n".join([*lines, lines[1], lines[2], lines[2]]) + "\n")
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(read, pd.read_parquet(tiny.extract / "labs.parquet"))
    rejects = pd.read_parquet(project / "out/rejects.parquet")
    before = pd.read_parquet(tiny.extract / "rejects.parquet")
    assert (rejects["rule_id"] == "duplicate").sum() == 3 + (before["rule_id"] == "duplicate").sum()


def test_the_last_correction_stands(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "labs.csv"
    last = raw.read_text().splitlines()[1].split(",")
    again = [",".join([f"T01-C{i}", *last[1:5], value, *last[6:-1], "corrected"])
             for i, value in enumerate(("48.1", "47.9"))]  # fmt: skip
    raw.write_text(raw.read_text() + "\n".join(again) + "\n")
    labs = pd.read_parquet(read_tiny() / "labs.parquet").set_index("lab_id")
    assert "T01-C1" in labs.index and "T01-C0" not in labs.index and "T01-L1" not in labs.index


@pytest.mark.parametrize("blank", [" ", "\u00a0"])
def test_blanks_around_an_id_are_no_part_of_it(
    project: Path, read_tiny: Read, tiny: Run, blank: str
) -> None:
    raw = project / RAW / "labs.csv"
    head, *rows = [line.split(",") for line in raw.read_text().splitlines()]
    place = head.index("patient")
    for row in rows[::2]:
        row[place] = f"{row[place]}{blank}"
    for row in rows[1::3]:
        row[place] = f"{blank}{row[place]}"
    raw.write_text("\n".join(map(",".join, [head, *rows])) + "\n", encoding="utf-8")
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(read, pd.read_parquet(tiny.extract / "labs.parquet"))


def test_strangers_are_counted_in_each_table(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "patients.csv"
    head, first, *others = raw.read_text().splitlines()
    raw.write_text("\n".join([head, *others]) + "\n")
    folder = read_tiny()
    quality = pd.read_parquet(folder / "quality.parquet").set_index("table")
    strangers = quality.loc[quality["check"] == "not in patients", "n_broken"]
    stranger = first.split(",")[head.split(",").index("patient")]
    for table, n in strangers.items():
        rows = pd.read_parquet(folder / f"{table}.parquet")
        assert n == (rows["patient_id"] == stranger).sum()
    assert strangers["labs"] > 0


def test_an_extract_cut_at_a_threshold_is_for_a_look(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "labs.csv"
    head, *rows = [line.split(",") for line in raw.read_text().splitlines()]
    high = [row for row in rows if row[4] == "WBC" and row[5] in ("40.0", "40.1", "52.3")]
    ordinary = [*high[0][:4], "WBC", "7.2", *high[0][6:]]
    for kept, is_cut in ((high, True), ([*high, ["T01-L99", *ordinary[1:]]], False)):
        raw.write_text("\n".join(map(",".join, [head, *kept])) + "\n", encoding="utf-8")
        folder = read_tiny()
        n_counts = (pd.read_parquet(folder / "labs.parquet")["concept"] == "wbc_blood").sum()
        quality = pd.read_parquet(folder / "quality.parquet")
        (cut,) = quality[quality["check"].str.startswith("no white count below")].to_dict("records")
        assert cut["n_broken"] == (n_counts if is_cut else 0)
        assert cut["status"] == ("look" if is_cut else "pass")


def reshape(path: Path, column: str, change: Callable[[str], str]) -> None:
    """Change every field of a column."""
    head, *rows = list(csv.reader(path.read_text().splitlines()))
    place = head.index(column)
    for row in rows:
        row[place] = change(row[place])
    with path.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([head, *rows])


TIMES = [
    ("labs", "taken", "labs.taken_at"),
    ("deaths", "died", "deaths.died_on"),
    ("encounters", "end", "encounters.ended_at"),
    ("patients", "until", "patients.observed_until_on"),
]


@pytest.mark.parametrize("place", TIMES, ids=lambda place: place[2])
@pytest.mark.parametrize(
    "spoil",
    [lambda at: at[2:], lambda _: "9999-12-31", lambda _: "infinity", lambda _: "31.12.2006"],
    ids=["two-digit year", "a day that stands for none", "no time", "another order"],
)
def test_a_time_that_no_record_can_have_is_not_read(
    project: Path, read_tiny: Read, place: tuple[str, str, str], spoil: Callable[[str], str]
) -> None:
    file, column, canonical = place
    reshape(project / RAW / f"{file}.csv", column, spoil)
    rule = f"{canonical.partition('.')[2]}_not_read"
    assert re.search(rf"{file}.csv → {canonical}: \d+ of \d+ rows cannot be read \({rule}\)",
                     failure(read_tiny))  # fmt: skip


def test_a_value_a_row_can_do_without_is_counted_when_it_cannot_be_read(
    project: Path, read_tiny: Read, tiny: Run
) -> None:
    edit(project / RAW / "patients.csv", "2008-12-31", "9999-12-31", 1)
    edit(project / RAW / "drugs.csv", ",480,", ",300-480,")
    folder = read_tiny()
    for table in ("patients", "drugs"):
        assert len(pd.read_parquet(folder / f"{table}.parquet")) == len(
            pd.read_parquet(tiny.extract / f"{table}.parquet")
        )
    patients = pd.read_parquet(folder / "patients.parquet")
    assert patients["observed_until_on"].isna().sum() == 1
    rejects = pd.read_parquet(folder / "rejects.parquet")
    changed = rejects[rejects["rule_id"].isin(["observed_until_on_not_read", "dose_not_read"])]
    assert set(changed["action"]) == {"changed"}
    doses = pd.read_parquet(folder / "drugs.parquet")["dose"]
    was = pd.read_parquet(tiny.extract / "drugs.parquet")["dose"]
    counted = changed["rule_id"].value_counts()
    assert counted["observed_until_on_not_read"] == 1
    assert counted["dose_not_read"] == doses.isna().sum() - was.isna().sum() > 0


BIRTHS = [
    ("1945", 1945), ("1945-03-04", 1945), ("04.03.1945", 1945), ("19450304", None), ("61", None),
    ("9999-12-31", None), ("unknown", None),
]  # fmt: skip


@pytest.mark.parametrize(("born", "year"), BIRTHS)
def test_of_a_date_of_birth_the_year_is_kept_and_of_no_year_nothing(
    project: Path, read_tiny: Read, born: str, year: int | None
) -> None:
    edit(project / RAW / "patients.csv", "T11,F,1945,", f"T11,F,{born},")
    path = project / "config/extracts/tiny.yaml"
    path.write_text(path.read_text() + 'date_formats: ["%d.%m.%Y"]\n')
    folder = read_tiny()
    patients = pd.read_parquet(folder / "patients.parquet").set_index("patient_id")
    found = patients.loc["T11", "birth_year"]
    assert (None if pd.isna(found) else found) == year
    rejects = pd.read_parquet(folder / "rejects.parquet")
    assert (rejects["rule_id"] == "birth_year_not_read").sum() == (year is None)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "BIGINT", "DOUBLE"])
def test_a_typed_birth_is_read_too(project: Path, read_tiny: Read, tiny: Run, kind: str) -> None:
    born = "born" if kind in ("BIGINT", "DOUBLE") else "born || '-03-04'"
    raw = project / RAW
    duckdb.sql(
        f"COPY (SELECT * REPLACE (CAST({born} AS {kind}) AS born) "
        f"FROM read_csv('{raw}/patients.csv', all_varchar = true)) TO '{raw}/patients.parquet'"
    )
    edit(project / "config/extracts/tiny.yaml", "path: patients.csv", "path: patients.parquet")
    found = pd.read_parquet(read_tiny() / "patients.parquet")["birth_year"]
    assert list(found) == list(pd.read_parquet(tiny.extract / "patients.parquet")["birth_year"])


@pytest.mark.parametrize("declared", [".", ","])
def test_the_other_decimal_sign_stops_the_run(
    project: Path, read_tiny: Read, declared: str
) -> None:
    other = "," if declared == "." else "."
    reshape(project / RAW / "labs.csv", "result", lambda text: text.replace(".", other))
    edit(project / "config/extracts/tiny.yaml", "policy: open",
         f"policy: open\ndecimal: '{declared}'")  # fmt: skip
    assert "(value_of_other_decimal)" in failure(read_tiny)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("columns: {patient_id: patient, died_on", "columns: {died_on", "patient_id_missing in 4"),
        ("result: result, ", "", "result_missing in 39"),
        ("value_text: result, ", "", "value_missing in 77"),
        ("{encounter_id: encounter, patient_id", "{patient_id", "encounter_id_missing in 36"),
        ("unit: unit, specimen", "specimen", "unit_missing in 75"),
    ],
)
def test_a_file_of_which_no_row_can_be_used_stops_the_run(
    project: Path, read_tiny: Read, old: str, new: str, why: str
) -> None:
    edit(project / "config/extracts/tiny.yaml", old, new, 1)
    message = failure(read_tiny)
    assert "rows can be used: " in message and why in message


def test_a_table_of_strangers_stops_the_run(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "drugs.csv"
    raw.write_text(re.sub(r",T(\d\d),", r",0\1,", raw.read_text()))
    message = failure(read_tiny)
    assert "drugs.patient_id: none of 16 rows names a patient" in message
    assert "00123 and 123" in message


def test_a_laboratory_without_a_wanted_code_stops_the_run(project: Path, read_tiny: Read) -> None:
    edit(project / "config/extracts/tiny.yaml", "code_system: tiny", "code_system: tinny")
    message = failure(read_tiny)
    assert "labs.csv → labs.code: none of 80 rows has a code that a codelist names" in message


@pytest.mark.parametrize("spelling", ["wbc", "Wbc", "WBC ", " WBC", "wbc "])
@pytest.mark.parametrize("quote", ["", '"'], ids=["sifted", "read whole"])
def test_a_code_in_another_case_or_with_a_blank_is_counted_and_not_lost_among_others(
    project: Path, read_tiny: Read, spelling: str, quote: str
) -> None:
    raw = project / RAW / "labs.csv"
    lines = raw.read_text().replace(",Blood,final", f",{quote}Blood{quote},final")
    raw.write_text(lines.replace(",WBC,", f",{spelling},", 2))
    ledger = pd.read_parquet(read_tiny() / "ledger.parquet").set_index(["table", "rule_id"])
    assert ledger.loc[("labs", "code_spelt_otherwise"), "n_rows"].item() == 2
    raw.write_text(lines.replace(",WBC,", f",{spelling},"))
    message = failure(read_tiny)
    assert "(code_spelt_otherwise)" in message and "add each spelling to 'code_maps'" in message


def test_a_code_that_is_mapped_by_itself_is_no_other_spelling(
    project: Path, read_tiny: Read
) -> None:
    raw = project / RAW / "labs.csv"
    raw.write_text(raw.read_text().replace(",WBC,", ",wbc,"))
    with (project / "config/extracts/tiny/lab_codes.csv").open("a") as stream:
        stream.write("tiny,wbc,LOINC,26464-8,White blood cells\n")
    ledger = pd.read_parquet(read_tiny() / "ledger.parquet")
    assert "code_spelt_otherwise" not in set(ledger["rule_id"])


@pytest.mark.parametrize("text", ["NULL", "\\N", "None", "n/a"])
@pytest.mark.parametrize(
    ("table", "column", "place"),
    [
        ("labs", "patient", "patient_id"),
        ("patients", "patient", "patient_id"),
        ("diagnoses", "encounter", "encounter_id"),
        ("microbiology", "specimen_id", "specimen_id"),
        ("microbiology", "organism", "organism"),
    ],
)
def test_a_text_for_nothing_is_nobody_until_the_manifest_says_what_it_is(
    project: Path, read_tiny: Read, text: str, table: str, column: str, place: str
) -> None:
    raw = project / RAW / f"{table}.csv"
    head, first, *rows = [line.split(",") for line in raw.read_text().splitlines()]
    first[head.index(column)] = text
    raw.write_text("\n".join(map(",".join, [head, first, *rows])) + "\n")
    message = failure(read_tiny)
    assert f"{table}.csv → {table}.{place}: 1 rows name it '{text}'" in message
    way_out = re.search(r"missing: (.*\])", message)
    assert way_out
    path = f"{{path: {table}.csv"
    edit(project / "config/extracts/tiny.yaml", path, f"{path}, {way_out.group(0)}")
    read_tiny()  # the way out leads out
