"""A drafted manifest: what it tells by itself, what it asks, and that it leads where ours does."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import duckdb
import pytest
import yaml

from leukocytosis.cli import main
from leukocytosis.config import load_codelists, load_manifest, load_units
from leukocytosis.config.manifest import DECIDE
from leukocytosis.config.names import Names, load_names
from leukocytosis.drafting import draft_manifest, write_draft
from leukocytosis.errors import ConfigError, ExtractError
from leukocytosis.standardise import standardise
from leukocytosis.tables import CANONICAL

ROOT = Path(__file__).parent.parent
NAMES = load_names(ROOT / "config/names.yaml")
UNITS = load_units(ROOT / "config/units.csv")
TINY = ROOT / "tests/data/tiny"
MIMIC = ROOT.parent / "shared/extracts/mimic-iv-demo"
PATIENTS = "patient_id,sex,birth_year\n" + "".join(f"P{i},F,1950\n" for i in range(9))


def draft(folder: Path) -> dict[str, object]:
    return dict(yaml.safe_load(draft_manifest(folder, "mine", NAMES, UNITS)))


def labs(rows: list[str], header: str = "patient_id,collected,code,result,unit") -> str:
    return "\n".join([header, *rows]) + "\n"


def test_a_draft_that_a_person_has_decided_reads_what_our_own_manifest_reads(
    tmp_path: Path,
) -> None:
    text = draft_manifest(TINY, "tiny", NAMES, UNITS)
    text = re.sub(r'code_system: "DECIDE[^"]*"', "code_system: tiny", text)
    text = re.sub(r'synthetic: "DECIDE[^"]*"', "synthetic: true", text)
    text = text.replace(DECIDE, "").replace(
        "disposition: {}", "disposition: {Hospice: hospice, Expired: died}"
    )
    text += "code_maps: [tiny/lab_codes.csv]\n"
    folder = tmp_path / "config/extracts"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(text.replace("    F: female", "    F: female\n    M: male"))
    codelists = load_codelists(ROOT / "config/codelists")
    for name, path in (("ours", ROOT / "config/extracts"), ("drafted", folder)):
        standardise(load_manifest(path / "tiny.yaml"), codelists, UNITS, ROOT, tmp_path / name)
    for table in CANONICAL:
        ours, drafted = (
            f"FROM '{tmp_path}/{name}/{table.name}.parquet'" for name in ("ours", "drafted")
        )
        assert duckdb.sql(ours).fetchall() == duckdb.sql(drafted).fetchall(), table.name


@pytest.mark.skipif(not MIMIC.exists(), reason="the MIMIC-IV demo is not here")
def test_the_demo_is_drafted_as_it_is_mapped_by_hand() -> None:
    drafted = draft(MIMIC)
    ours = yaml.safe_load((ROOT / "config/extracts/mimic_iv_demo.yaml").read_text())
    encounters, labs = (drafted["tables"][table][0]["columns"] for table in ("encounters", "labs"))
    assert encounters == ours["tables"]["encounters"][0]["columns"]
    assert "rows have a number only in valuenum" in labs.pop("value_text")  # masked texts: ___
    assert labs | {"value": "valuenum"} == ours["tables"]["labs"][0]["columns"]
    assert drafted["values"]["diagnoses.code_system"] == {"10": "ICD-10-CM", "9": "ICD-9-CM"}
    assert "patients.dod" in drafted["absent"]["deaths"]
    emar = drafted["tables"]["drugs"][0]
    assert emar["rows_of"] == "emar" and "event_txt" in emar["constants"]["kind"]
    read = [source["rows_of"] for sources in drafted["tables"].values() for source in sources]
    assert "procedures_icd" not in read  # procedures have ICD codes too, and are no diagnoses


def test_every_doubt_stops_a_run_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "config/extracts").mkdir(parents=True)
    path, waiting = write_draft(TINY, "mine", NAMES, UNITS, tmp_path / "config")
    with pytest.raises(ConfigError) as caught:
        load_manifest(path)
    assert len(caught.value.problems) == len(waiting) == 4
    lines = path.read_text().splitlines()
    for problem in caught.value.problems:
        line = int(problem.place.rsplit(":", 1)[1])
        assert DECIDE in lines[line - 1] and "waits for you" in problem.problem


def test_no_value_of_few_rows_and_no_id_is_written(tmp_path: Path) -> None:
    rows = [f"Q{i},{'x' if i < 4 else 'F'},1950" for i in range(30)]
    (tmp_path / "patients.csv").write_text("patient_id,sex,birth_year\n" + "\n".join(rows))
    text = draft_manifest(tmp_path, "mine", NAMES, UNITS)
    assert "    F: female" in text and "    x:" not in text
    assert "# 4 rows hold values that few rows share" in text
    assert not re.search(r"\bQ\d", text)


def test_a_value_nobody_knows_is_asked_for_with_its_rows(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(PATIENTS.replace(",F,", ",2,"))
    sex = draft(tmp_path)["values"]["patients.sex"]
    assert sex["2"] == "DECIDE: female, male, or empty for missing (9 rows)"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2005-06-{:02}", None),
        ("{:02}/06/2005", ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"]),
        ("06/{:02}/2005", ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"]),
        ("{:02}.06.2005", ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"]),
        ("{:02}-Jun-2005", ["%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y"]),
        ("{:02}JUN2005", ["%d%b%Y:%H:%M:%S", "%d%b%Y %H:%M:%S", "%d%b%Y"]),
        ("200506{:02}", ["%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d"]),
        ("week {:02}", ["DECIDE: as strptime writes it: some dates cannot be read"]),
    ],
)
def test_the_way_dates_are_written_is_found(
    tmp_path: Path, day: str, expected: list[str] | None
) -> None:
    (tmp_path / "patients.csv").write_text(PATIENTS)
    rows = [f"P1,{day.format(i)},6690-2,9,K/uL" for i in range(10, 29)]
    (tmp_path / "labs.csv").write_text(labs(rows))
    assert draft(tmp_path).get("date_formats") == expected


def test_dates_that_may_be_of_two_kinds_are_asked_for(tmp_path: Path) -> None:
    rows = [f"P1,{i:02}/06/2005,6690-2,9,K/uL" for i in range(1, 12)]
    (tmp_path / "labs.csv").write_text(labs(rows))
    (formats,) = draft(tmp_path)["date_formats"]
    assert "day/month/year or month/day/year" in formats and formats.startswith(DECIDE)


@pytest.mark.parametrize("zone", ["Z", "+02:00"])
def test_times_with_an_offset_ask_for_the_clock(tmp_path: Path, zone: str) -> None:
    rows = [f"P1,2005-06-{i}T08:00:00{zone},6690-2,9,K/uL" for i in range(10, 20)]
    (tmp_path / "labs.csv").write_text(labs(rows))
    drafted = draft(tmp_path)
    assert "clock" in drafted["time_zone"] and "date_formats" not in drafted


def test_dialects_are_told_by_the_bytes(tmp_path: Path) -> None:
    rows = [f"P1;2005-06-{i};6690-2;{i},5;K/µL" for i in range(10, 20)]
    text = labs([*rows, "P1;NULL;6690-2;9;K/µL"], "patient_id;collected;code;result;unit")
    (tmp_path / "labs.csv").write_bytes(text.encode("latin-1"))
    (tmp_path / "patients.txt").write_bytes(PATIENTS.replace(",", "|").encode("utf-16"))
    (tmp_path / "README.txt").write_text("Notes, of somebody,\nwith commas, here\n")
    drafted = draft(tmp_path)
    assert drafted["decimal"] == ","
    assert drafted["files"]["labs"] == {
        "path": "labs.csv", "encoding": "latin-1", "delimiter": ";", "missing": ["", "NULL"],
    }  # fmt: skip
    assert drafted["files"]["patients"] == {
        "path": "patients.txt", "encoding": "utf-16", "delimiter": "|",
    }  # fmt: skip


def test_tables_of_the_common_data_model_are_known(tmp_path: Path) -> None:
    assert "omop_cdm.yaml" not in draft_manifest(TINY, "mine", NAMES, UNITS)
    for name in ("person", "measurement", "condition_occurrence"):
        (tmp_path / f"{name}.csv").write_text("person_id\n1\n")
    assert "omop_cdm.yaml" in draft_manifest(tmp_path, "mine", NAMES, UNITS)


def test_files_of_one_stem_are_two_files(tmp_path: Path) -> None:
    names = ("labs.csv", "labs.tsv", "labs.2019.csv", "labs_tsv.csv", "LABS.csv")
    for name in names:
        (tmp_path / name).write_text(labs(["P1,2005-06-10,6690-2,9,K/uL"] * 9))
    files = draft(tmp_path)["files"]
    assert {file["path"] for file in files.values()} == set(names)
    assert {"labs", "labs_2019", "labs_tsv"} <= files.keys()


def years(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """Return the names and paths of a draft's files, of a folder of these."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    files = draft(folder)["files"]
    return {name: file["path"] for name, file in files.items()}


YEAR = "[0-9][0-9][0-9][0-9]"
ONE = labs(["P1,2005-06-10,6690-2,9,K/uL"] * 9)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (("labs_2012.csv", "labs_2013.csv"), f"labs_{YEAR}.csv"),
        (("2012/labs.csv", "2013/labs.csv", "2014/labs.csv"), f"{YEAR}/labs.csv"),
        (("labs_2012-01.csv", "labs_2012-02.csv"), f"labs_{YEAR}-[0-9][0-9].csv"),
        (("labs2012Q1.csv", "labs2013Q4.csv"), f"labs{YEAR}Q[0-9].csv"),
        (("labs_2005_2006.csv", "labs_2007_2008.csv"), f"labs_{YEAR}_{YEAR}.csv"),
    ],
)
def test_years_of_one_table_are_one_source(
    tmp_path: Path, names: tuple[str, ...], pattern: str
) -> None:
    assert years(tmp_path, dict.fromkeys(names, ONE)) == {"labs": pattern}


DX = "patient_id,dx_date,dx\n"
ICD_9, ICD_10 = (DX + f"P1,2015-06-10,{code}\n" * 20 for code in ("162.9", "C34.90"))
NUMBERED = labs(["1,P1,2005-06-10,6690-2,9"], "id,patient_id,collected,code,result")
APART = {
    "another column": {"labs_2012.csv": ONE, "labs_2013.csv": ONE.replace("unit", "units")},
    "another order": {
        "labs_2012.csv": ONE,
        "labs_2013.csv": ONE.replace("code,result", "result,code"),
    },
    "another delimiter": {"labs_2012.csv": ONE, "labs_2013.csv": ONE.replace(",", ";")},
    "another system of codes": {"diagnoses_2014.csv": ICD_9, "diagnoses_2016.csv": ICD_10},
    "no years": {"diagnoses_9.csv": ICD_10, "diagnoses_10.csv": ICD_10},
    "no numbers": {"labs_a.csv": ONE, "labs_b.csv": ONE},
    "ids that count from 1 each year": {"labs_2012.csv": NUMBERED, "labs_2013.csv": NUMBERED},
    "a stranger that the pattern would name": {
        "labs_2012.csv": ONE, "labs_2013.csv": ONE, "labs_2014.csv": "a,b\n1,2\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("why", APART)
def test_files_that_differ_by_more_than_the_year_are_a_source_each(
    tmp_path: Path, why: str
) -> None:
    found = years(tmp_path, APART[why])
    assert set(found.values()) == {
        name for name, text in APART[why].items() if not text.startswith("a,b")
    }


def test_years_with_ids_of_their_own_are_one_source(tmp_path: Path) -> None:
    head = "id,patient_id,collected,code,result"
    files = {f"labs_201{i}.csv": labs([f"{i},P1,2005-06-10,6690-2,9"], head) for i in range(2, 5)}
    assert years(tmp_path, files) == {"labs": f"labs_{YEAR}.csv"}


def test_a_draft_of_years_reads_all_of_them(tmp_path: Path) -> None:
    for path in TINY.glob("*.csv"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "labs.csv").unlink()
    head, *rows = (TINY / "labs.csv").read_text().splitlines()
    for year, part in ((2006, rows[:40]), (2007, rows[40:])):
        (tmp_path / f"labs_{year}.csv").write_text("\n".join([head, *part]) + "\n")
    (drafted,) = draft(tmp_path)["tables"]["labs"]
    whole = draft(TINY)["tables"]["labs"][0]
    assert drafted == whole


GERMAN = {  # file and columns of the tiny extract as a German hospital may call them
    "patients": (
        "Patienten",
        "Patientennummer,Geschlecht,Geburtsdatum,beobachtet_ab,Letzter Kontakt",
    ),
    "deaths": ("Sterbefa\u0308lle", "Patientennummer,Todesdatum,Quelle"),  # as one system writes ä
    "encounters": (
        "Aufenthalte",
        "Fallnummer,Patientennummer,Aufnahmedatum,Entlassungsdatum,Fallart,Entlassungsart",
    ),
    "labs": (
        "Labor_2006",
        "id,Patientennummer,Fallnummer,Entnahmezeitpunkt,Analyt,Ergebnis,Einheit,Probenmaterial,"
        "Ergebnisstatus",
    ),
    "diagnoses": ("Diagnosen", "id,Patientennummer,Fallnummer,Diagnosedatum,ICD_Version,ICD-Code"),
    "drugs": (
        "Medikamente",
        "id,Patientennummer,Fallnummer,Beginn,Ende,Wirkstoff,Dosis,Dosiseinheit,Gaben_pro_Tag,"
        "Applikationsweg,kind",
    ),
    "microbiology": (
        "Mikrobiologie",
        "id,Patientennummer,Fallnummer,Probennummer,Entnahmedatum,Probenmaterial,Untersuchung,"
        "Ergebnis,Erreger",
    ),
}


def test_german_names_are_drafted_as_the_english_ones(tmp_path: Path) -> None:
    for table, (called, columns) in GERMAN.items():
        _, *rows = (TINY / f"{table}.csv").read_text().splitlines()
        text = "\n".join([columns, *rows]) + "\n"
        (tmp_path / f"{called}.csv").write_text(text, encoding="utf-8")
    english, german = draft(TINY), draft(tmp_path)
    assert "absent" not in german and german["values"] == english["values"]
    for table, (called, columns) in GERMAN.items():
        head = (TINY / f"{table}.csv").read_text().splitlines()[0].split(",")
        renamed = dict(zip(head, columns.split(","), strict=True))
        (ours,), (theirs,) = english["tables"][table], german["tables"][table]
        assert theirs["columns"] == {c: renamed[raw] for c, raw in ours["columns"].items()}
        assert theirs["rows_of"] == unicodedata.normalize("NFC", called.lower())


def test_values_in_german_are_known_and_numbers_of_a_discharge_are_asked_for(
    tmp_path: Path,
) -> None:
    people = "patient_id,Geschlecht,Geburtsjahr\n" + "P1,männlich,1950\n" * 9
    (tmp_path / "Patienten.csv").write_text(people)
    stays = "Fallnummer,patient_id,Aufnahmedatum,Entlassungsdatum,Entlassungsgrund\n"
    for reason in ("verstorben", "Hospiz", "07"):
        stays += f"F1,P1,2005-06-10,2005-06-12,{reason}\n" * 9
    (tmp_path / "Aufenthalte.csv").write_text(stays)
    values = draft(tmp_path)["values"]
    assert values["patients.sex"] == {"männlich": "male"}
    went = values["encounters.disposition"]
    assert (went["verstorben"], went["Hospiz"]) == ("died", "hospice")
    assert went["07"].startswith(DECIDE)


def test_a_system_of_codes_told_by_their_writing_says_so(tmp_path: Path) -> None:
    (tmp_path / "diagnoses.csv").write_text(ICD_10)
    assert "ICD-10-GM" in draft_manifest(tmp_path, "mine", NAMES, UNITS)


def test_codes_are_told_by_how_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(labs(["P1,2005-06-10,6690-2,9,K/uL"] * 20))
    diagnoses = "patient_id,dx_date,dx\n" + "P1,2005-06-10,C34.90\n" * 20
    (tmp_path / "diagnoses.csv").write_text(diagnoses)
    tables = draft(tmp_path)["tables"]
    assert tables["labs"][0]["constants"] == {"code_system": "LOINC"}
    assert tables["diagnoses"][0]["constants"] == {"code_system": "ICD-10-CM"}


def test_local_codes_that_may_be_white_counts_are_told_by_unit_and_median(tmp_path: Path) -> None:
    rows = [
        f"P{i},2005-06-10,{code},{value},{unit}"
        for i in range(6)
        for code, value, unit in (("A1", 8 + i, "K/uL"), ("A2", 210, "10^9/L"), ("A3", 4, "mmol/L"))
    ]
    (tmp_path / "labs.csv").write_text(labs([*rows, "P1,2005-06-10,RARE,50,K/uL"]))
    text = draft_manifest(tmp_path, "mine", NAMES, UNITS)
    found = re.findall(r"# a count: (.*)", text)
    assert found == [
        "code A1, 6 rows, median 10.5 as printed",
        "code A2, 6 rows, median 210 as printed",
    ]


def test_what_is_no_extract_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExtractError, match="is not a folder"):
        draft_manifest(tmp_path / "nowhere", "mine", NAMES, UNITS)
    with pytest.raises(ExtractError, match="holds no table"):
        draft_manifest(tmp_path, "mine", NAMES, UNITS)
    (tmp_path / "labs.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "drugs.csv").write_text('a,b\n1,2\n"3,4\n')
    (tmp_path / "deaths.csv.gz").write_bytes(b"\x1f\x8b and then nothing")
    with pytest.raises(ExtractError, match=r"labs\.parquet") as caught:
        draft_manifest(tmp_path, "mine", NAMES, UNITS)
    assert len(caught.value.problems) == 3
    monkeypatch.chdir(ROOT)
    assert main(["draft", str(TINY), "tiny"]) == 10  # there is such a manifest
    assert main(["draft", str(TINY), "../tiny"]) == 10


def test_the_command_says_how_much_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config/extracts").mkdir(parents=True)
    for name in ("names.yaml", "units.csv"):
        (tmp_path / "config" / name).write_text((ROOT / "config" / name).read_text())
    monkeypatch.chdir(tmp_path)
    assert main(["draft", str(TINY), "mine"]) == 0
    assert "4 lines wait for you" in capsys.readouterr().out
    assert (
        draft_manifest(TINY, "mine", NAMES, UNITS) == Path("config/extracts/mine.yaml").read_text()
    )


def test_a_spreadsheet_is_said_not_to_be_read_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "export"
    export.mkdir()
    (export / "Medikamente.XLSX").write_bytes(b"PK\x03\x04")
    (export / "~$Medikamente.xlsx").write_bytes(b"open elsewhere")
    with pytest.raises(ExtractError) as caught:
        draft_manifest(export, "mine", NAMES, UNITS)
    assert "holds no table that is read, but Medikamente.XLSX" in str(caught.value)
    assert "save each sheet or table as CSV" in str(caught.value)
    (export / "labs.csv").write_text(ONE)
    (tmp_path / "config/extracts").mkdir(parents=True)
    for name in ("names.yaml", "units.csv"):
        (tmp_path / "config" / name).write_text((ROOT / "config" / name).read_text())
    monkeypatch.chdir(tmp_path)
    assert main(["draft", str(export), "mine"]) == 0
    said = "Not read: Medikamente.XLSX. Way out: save each sheet or table as CSV"
    assert said in capsys.readouterr().out
    assert f"# {said}" in (tmp_path / "config/extracts/mine.yaml").read_text()


def test_names_that_fit_no_table_are_refused() -> None:
    wrong = {
        "tables": {"lab": {"files": [], "columns": {}},
                   "labs": {"files": [], "columns": {"taken": []}}},
        "values": {"patients.sex": {"femal": []}},
        "kinds": {"giv": []},
    }  # fmt: skip
    with pytest.raises(ValueError, match="did you mean 'labs'") as caught:
        Names.model_validate(wrong)
    for hint in ("'taken_at'", "'female'", "'given'"):
        assert hint in str(caught.value)
