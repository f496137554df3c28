"""Files and manifests that cannot be used are refused, each by name, before any row is read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run
from test_standardise import RAW, edit, failure

from leukocytosis.config import load_manifest
from leukocytosis.errors import ConfigError
from leukocytosis.standardise import find_all_paths, hash_raw_files
from leukocytosis.standardise.packed import find_damage

Read = Callable[[], Path]


def test_missing_file_names_its_nearest(project: Path, read_tiny: Read) -> None:
    (project / RAW / "labs.csv").rename(project / RAW / "lab.csv")
    assert "labs.csv: does not exist (did you mean 'lab.csv'?)" in failure(read_tiny)


def test_missing_column_names_its_nearest(project: Path, read_tiny: Read) -> None:
    edit(project / RAW / "labs.csv", "result,", "results,", 1)
    message = failure(read_tiny)
    assert "labs.csv → labs.value_text: has no column 'result' (did you mean 'results'?)" in message


def test_all_problems_come_at_once(project: Path, read_tiny: Read) -> None:
    (project / RAW / "deaths.csv").write_text("")
    (project / RAW / "drugs.csv").unlink()
    edit(project / RAW / "labs.csv", "taken,", "at,", 1)
    message = failure(read_tiny)
    assert "(3 problems)" in message
    assert "deaths.csv: is empty (0 bytes)" in message and "drugs.csv: does not exist" in message


def test_a_spreadsheet_in_the_manifest_is_refused_with_the_way_out(
    project: Path, read_tiny: Read
) -> None:
    (project / RAW / "labs.csv").rename(project / RAW / "labs.xlsx")
    edit(project / "config/extracts/tiny.yaml", "{path: labs.csv}", "{path: labs.xlsx}")
    message = failure(read_tiny)
    assert "labs.xlsx: is of a kind that is not read (.xlsx)" in message
    assert (
        "save each sheet or table as CSV (in UTF-8, not zipped) or as Parquet, and name that file"
        in message
    )


def test_header_without_rows_is_said(project: Path, read_tiny: Read) -> None:
    path = project / RAW / "microbiology.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert "microbiology.csv: holds no rows" in failure(read_tiny)


def pack(project: Path, packed: Callable[[bytes], bytes]) -> None:
    """Put the labs into a .gz in place of the .csv."""
    raw = project / RAW / "labs.csv"
    raw.with_suffix(".csv.gz").write_bytes(packed(raw.read_bytes()))
    raw.unlink()
    edit(project / "config/extracts/tiny.yaml", "{path: labs.csv}", "{path: labs.csv.gz}")


def flip(packed: bytes, place: int) -> bytes:
    changed = bytearray(packed)
    changed[place] ^= 1
    return bytes(changed)


CUT, DAMAGED = "it is cut short", "it is damaged"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda raw: gzip.compress(raw * 50)[: len(gzip.compress(raw * 50)) // 2], CUT),
        (lambda raw: gzip.compress(raw)[:-1], CUT),
        (lambda raw: gzip.compress(raw) + gzip.compress(raw)[:-9], CUT),
        (lambda raw: flip(gzip.compress(raw), -8), DAMAGED),  # the checksum
        (lambda raw: flip(gzip.compress(raw), -4), DAMAGED),  # the length
        # a letter that changed on the way: stored, not squeezed, it is still a CSV
        (lambda raw: gzip.compress(raw, 0).replace(b"52.3", b"25.3", 1), DAMAGED),
        (lambda raw: gzip.compress(raw) + b"more", DAMAGED),
        (lambda raw: raw, DAMAGED),  # not packed at all
    ],
    ids=[
        "half", "a byte too few", "the second of two cut", "checksum", "length", "a value",
        "something after", "another kind",
    ],
)  # fmt: skip
def test_a_packed_file_that_is_not_whole_is_refused(
    project: Path, read_tiny: Read, spoil: Callable[[bytes], bytes], words: str
) -> None:
    pack(project, spoil)
    message = failure(read_tiny)
    assert f"labs.csv.gz: cannot be read: {words}" in message
    assert "copy or export it again" in message and "(1 problem)" in message


@pytest.mark.parametrize("n", [1, 2], ids=["one stream", "two streams"])
def test_a_packed_file_that_is_whole_reads_as_the_plain_one(
    project: Path, tiny: Run, read_tiny: Read, n: int
) -> None:
    def packed(raw: bytes) -> bytes:
        lines = raw.splitlines(keepends=True)
        share = -(-len(lines) // n)
        parts = [b"".join(lines[i : i + share]) for i in range(0, len(lines), share)]
        return b"".join(gzip.compress(part) for part in parts)

    pack(project, packed)
    found = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(found, pd.read_parquet(tiny.extract / "labs.parquet"))


def test_a_packed_file_may_unpack_to_more_than_is_held_at_once(tmp_path: Path) -> None:
    path = tmp_path / "much.csv.gz"
    path.write_bytes(gzip.compress(bytes(2**23)))  # 8 MB in one read
    assert find_damage(path) == ""
    path.write_bytes(path.read_bytes()[:-1])
    assert CUT in find_damage(path)


def test_the_damaged_one_of_several_packed_files_is_named(project: Path, read_tiny: Read) -> None:
    pack(project, gzip.compress)
    path = project / RAW / "labs.csv.gz"
    path.rename(path.with_name("labs_2006.csv.gz"))
    whole = path.with_name("labs_2006.csv.gz").read_bytes()
    path.with_name("labs_2007.csv.gz").write_bytes(flip(whole, -8))
    edit(project / "config/extracts/tiny.yaml", "{path: labs.csv.gz}", '{path: "labs_*.csv.gz"}')
    message = failure(read_tiny)
    assert f"labs_2007.csv.gz: cannot be read: {DAMAGED}" in message
    assert "labs_2006" not in message


def test_manifest_errors_have_line_and_way_out(project: Path) -> None:
    path = project / "config/extracts/tiny.yaml"
    edit(path, "synthetic: true", "syntetic: true")
    with pytest.raises(ConfigError) as caught:
        load_manifest(path)
    message = str(caught.value)
    assert "tiny.yaml:4: unknown key 'syntetic' (did you mean 'synthetic'?)" in message
    assert "'synthetic' is missing" in message
    assert caught.value.exit_code == 10


def test_a_first_line_that_names_no_column_is_not_quoted(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "patients.csv"
    raw.write_text("\n".join(raw.read_text().splitlines()[1:]) + "\n")
    message = failure(read_tiny)
    assert "patients.csv: has none of the columns 'born', 'from_', 'patient'" in message
    assert "its first line names the columns" in message and "1945" not in message


def test_a_line_of_more_or_fewer_fields_is_named(project: Path, read_tiny: Read) -> None:
    drugs, diagnoses = project / RAW / "drugs.csv", project / RAW / "diagnoses.csv"
    drugs.write_text(drugs.read_text().rstrip("\n").rpartition(",")[0])
    head, *rows = diagnoses.read_text().splitlines()
    diagnoses.write_text("\n".join([head, *[f"{row},more" for row in rows]]) + "\n")
    n = len(drugs.read_text().splitlines())
    message = failure(read_tiny)
    assert f"drugs.csv:{n}: has 10 fields where its first line has 11" in message
    # the engine takes the first row for the header here
    assert "diagnoses.csv:2: has 7 fields where its first line has 6" in message


def test_a_column_that_is_there_twice_is_refused(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "patients.csv"
    head, *rows = raw.read_text().splitlines()
    raw.write_text("\n".join([f"{head},sex", *[f"{row},M" for row in rows]]) + "\n")
    assert "patients.csv: has 2 columns called 'sex'" in failure(read_tiny)


def test_a_folder_in_place_of_a_file(project: Path, read_tiny: Read) -> None:
    (project / RAW / "deaths.csv").unlink()
    (project / RAW / "deaths.csv").mkdir()
    assert "deaths.csv: cannot be opened: Is a directory" in failure(read_tiny)
    manifest = load_manifest(project / "config/extracts/tiny.yaml")
    assert "deaths" not in {row["source"] for row in hash_raw_files(manifest, project)}


def test_parquet_damaged_anywhere_is_said(project: Path, read_tiny: Read) -> None:
    raw = project / RAW / "labs.parquet"
    pd.read_csv(raw.with_suffix(".csv"), dtype=str).to_parquet(raw)
    edit(project / "config/extracts/tiny.yaml", "{path: labs.csv}", "{path: labs.parquet}")
    whole = raw.read_bytes()
    for damaged in (whole[:-100], whole[:8] + whole[400:], b"PAR1" + whole[-400:], whole[:4]):
        raw.write_bytes(damaged)
        assert "labs.parquet: cannot be read\n      way out: check that it is whole" in failure(
            read_tiny
        )


@pytest.mark.parametrize(
    "signs", ["labs[1].csv", "la*.csv", "{folder}/labs.csv", "{folder}/l*.csv"]
)
def test_files_are_found_by_name_pattern_and_from_the_root(
    project: Path, read_tiny: Read, tiny: Run, signs: str
) -> None:
    folder, path = project / RAW, signs.format(folder=project / RAW)
    if "[" in signs:
        (folder / "labs.csv").rename(folder / signs)
    edit(project / "config/extracts/tiny.yaml", "{path: labs.csv}", f"{{path: '{path}'}}")
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(read, pd.read_parquet(tiny.extract / "labs.parquet"))
    found = find_all_paths(load_manifest(project / "config/extracts/tiny.yaml"), project)
    assert len(found) == 7


def test_a_root_that_is_no_folder_is_one_problem(project: Path, read_tiny: Read) -> None:
    edit(project / "config/extracts/tiny.yaml", "root: tests/data/tiny", "root: tests/data/tyni")
    assert "(1 problem)" in failure(read_tiny)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("encounters.setting:", "encounters.seting:", "(did you mean 'encounters.setting'?)"),
        (
            "    - {rows_of: deaths, columns",
            "    - {rows_of: deaths, columns: {patient_id: patient, died_on: died}}\n"
            "    - {rows_of: deaths, columns",
            "table 'deaths' reads 'deaths.csv' more than once",
        ),
        ("policy: open", "policy: open\nunits: {K/cumm: 10*9/mL}", "units.K/cumm: is put on"),
        ("policy: open", "policy: open\ndate_formats: ['%Q']", "'%Q' is no format of a time"),
        (
            "policy: open",
            "policy: open\ndate_formats: ['%d/%m/%Y', '%m/%d/%Y']",
            "'%d/%m/%Y' and '%m/%d/%Y' read one text as different days",
        ),
    ],
)
def test_what_a_manifest_cannot_mean_is_said(
    project: Path, read_tiny: Read, old: str, new: str, words: str
) -> None:
    edit(project / "config/extracts/tiny.yaml", old, new, 1)
    with pytest.raises(ConfigError) as caught:
        read_tiny()
    assert words in str(caught.value)


def test_formats_that_agree_may_stand_beside_each_other(
    project: Path, read_tiny: Read, tiny: Run
) -> None:
    formats = "['%d.%m.%Y', '%d.%m.%Y %H:%M', '%m/%d/%Y', '%d-%b-%y']"
    edit(project / "config/extracts/tiny.yaml", "policy: open",
         f"policy: open\ndate_formats: {formats}")  # fmt: skip
    read = pd.read_parquet(read_tiny() / "labs.parquet")
    pd.testing.assert_frame_equal(read, pd.read_parquet(tiny.extract / "labs.parquet"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tiny,ABC", ": must have 5 fields"),
        ("tiny,WBC,LOINC,770-8,neutrophils", ": maps WBC to another code than before"),
    ],
)
def test_a_code_map_is_read_strictly(project: Path, read_tiny: Read, line: str, words: str) -> None:
    codes = project / "config/extracts/tiny/lab_codes.csv"
    codes.write_text(f"{codes.read_text()}{line}\n")
    with pytest.raises(ConfigError) as caught:
        read_tiny()
    n = len(codes.read_text().splitlines())
    assert f"lab_codes.csv:{n}{words}" in str(caught.value)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_that_lacks_what_its_siblings_have_is_named(
    project: Path, read_tiny: Read, kind: str
) -> None:
    rows = pd.read_csv(project / RAW / "labs.csv", dtype=str)
    for year, part in (("2006", rows[:40]), ("2007", rows[40:].drop(columns="specimen"))):
        path = project / RAW / f"labs_{year}.{kind}"
        part.to_parquet(path) if kind == "parquet" else part.to_csv(path, index=False)
    edit(project / "config/extracts/tiny.yaml", "labs.csv", f"labs_*.{kind}")
    message = failure(read_tiny)
    assert f"labs_2007.{kind} → labs.specimen: has no column 'specimen'" in message
    assert "labs_2006" not in message
