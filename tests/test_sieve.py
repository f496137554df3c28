"""The sieve keeps exactly the wanted lines of a plain CSV, and doubts every other file."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import duckdb
import pytest

from leukocytosis.config.manifest import RawFile
from leukocytosis.standardise import sieve
from leukocytosis.standardise.files import compile_csv
from leukocytosis.standardise.sieve import keep_wanted

COLUMNS = ["id", "code", "unit"]
CODES = frozenset({"6690-2", "770-8", "local white count", "白血球"})
OTHERS = ("6690-20", "6690", "770-8 ", "", "X770-8", "local red count")
ROWS = [["1", "6690-2", "K/uL"], ["2", "X1", "mg"], ["3", "770-8", ""], ["4", "6690-22", "%"]]


def write(rows: list[list[str]], end: str = "\n", columns: list[str] = COLUMNS) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator=end).writerows([columns, *rows])
    return written.getvalue().encode()


def sift(folder: Path, data: bytes, column: str = "code", **file: str) -> tuple[int, bytes] | None:
    raw, kept = folder / file.pop("path", "labs.csv"), folder / "kept.csv"
    raw.write_bytes(data)
    columns = [*COLUMNS] if column in COLUMNS else [*COLUMNS, column]
    n = keep_wanted(RawFile(path=raw.name, **file), [raw], columns, (column, CODES), kept)
    return None if n is None else (n, kept.read_bytes())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "last line without an end"])
def test_wanted_lines_are_kept_as_they_are(tmp_path: Path, end: str, whole: bool) -> None:
    rows = [*ROWS, ["5", "770-8", "%"]]
    data = write(rows, end)
    kept = write([rows[0], rows[2], rows[4]], end)
    assert sift(tmp_path, data if whole else data.removesuffix(end.encode())) == (5, kept)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_code_may_stand_anywhere(tmp_path: Path, end: str, place: int) -> None:
    columns = ["id", "unit"]
    columns.insert(place, "code")
    rows = [["1", "%"], ["2", "%"]]
    for row, code in zip(rows, ("X", "770-8"), strict=True):
        row.insert(place, code)
    data, kept = tmp_path / "labs.csv", tmp_path / "kept.csv"
    data.write_bytes(write(rows, end, columns))
    assert keep_wanted(RawFile(path="labs.csv"), [data], columns, ("code", CODES), kept) == 2
    assert kept.read_bytes() == write(rows[1:], end, columns)


def test_no_wanted_line_is_lost_over_many_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "CHUNK", 200)
    drawn = random.Random(5)
    rows = [[str(i), drawn.choice([*CODES, *OTHERS]), "é" * (i % 9)] for i in range(2000)]
    n, kept = sift(tmp_path, write(rows)) or (0, b"")
    found = list(csv.reader(io.StringIO(kept.decode())))[1:]
    assert n == len(rows)
    # a line too many may come through, never one too few, and their order stays
    assert [row for row in found if row[1] in CODES] == [row for row in rows if row[1] in CODES]
    assert len(found) < len(rows) / 2


PLAIN = write(ROWS)
DOUBTFUL = {
    "a quote": PLAIN.replace(b"K/uL", b'"K/uL"'),
    "a line cut short": PLAIN.removesuffix(b",%\n"),
    "a field too many beside one too few": PLAIN.replace(b"1,6690-2,", b"1,6690-2").replace(
        b"X1,", b"X1,,"
    ),
    "an empty line": PLAIN.replace(b"2,X1", b"\n2,X1"),
    "mixed line ends": PLAIN.replace(b"mg\n", b"mg\r\n"),
    "a lone carriage return": PLAIN.replace(b"mg", b"m\rg"),
    "another end of the header": PLAIN.replace(b"unit\n", b"unit\r\n"),
    "a title before the header": b"labs of 2009\n" + PLAIN,
    "bytes that are no letters": PLAIN.replace(b"mg", b"\xb5g"),
    "a zero byte": PLAIN.replace(b"mg", b"\0g"),
}


@pytest.mark.parametrize("why", DOUBTFUL)
def test_what_separators_do_not_tell_is_left_to_the_engine(tmp_path: Path, why: str) -> None:
    assert sift(tmp_path, DOUBTFUL[why]) is None


def test_a_line_longer_than_a_chunk_is_left_to_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "CHUNK", 64)
    assert sift(tmp_path, write([["1", "770-8", "x" * 300]])) is None


@pytest.mark.parametrize(
    "file",
    [{"path": "labs.csv.gz"}, {"encoding": "utf-16"}, {"delimiter": "||"}, {"delimiter": "¦"}],
    ids=str,
)
def test_what_is_packed_or_written_in_wider_signs_is_left_to_the_engine(
    tmp_path: Path, file: dict[str, str]
) -> None:
    assert sift(tmp_path, PLAIN, **file) is None


def test_latin_letters_are_no_doubt_where_the_manifest_names_them(tmp_path: Path) -> None:
    data = write([["1", "770-8", "µg"]]).decode().encode("latin-1")
    assert sift(tmp_path, data, encoding="latin-1") == (1, data)


LATE = [
    b"", b"1,2\n", b"1,2,3,4\n", b"1,\xb5,3\n", b'1,"2,3\n', b'1,"2",3\n', b"1,2,3\r\n",
    b"1,2\r,3\n", b"\n", b"# 1,770-8,3\n", b"1,770-8,3", b"1,770-8", b"1,\0,3\n",
]  # fmt: skip


@pytest.mark.parametrize("late", LATE)
def test_the_engine_finds_the_same_rows_with_the_sieve_or_reads_the_file_itself(
    tmp_path: Path, late: bytes
) -> None:
    # far behind the rows by which the engine makes up its mind about a file
    rows = [[str(i), "770-8" if i % 9 == 0 else f"X{i % 50}", "%"] for i in range(30_000)]
    sifted = sift(tmp_path, write(rows) + late)
    file, count = RawFile(path="labs.csv"), f"count(*), count(*) FILTER (code IN {(*CODES,)})"

    def counted(path: str) -> tuple[int, int]:
        found = duckdb.sql(f"SELECT {count} FROM {compile_csv([tmp_path / path], file)}")
        return found.fetchall()[0]

    try:
        n_rows, n_wanted = counted("labs.csv")
    except duckdb.Error:
        assert sifted is None
        return
    if sifted is not None:
        assert (sifted[0], counted("kept.csv")[1]) == (n_rows, n_wanted)


def test_a_row_that_begins_like_a_comment_is_a_row(tmp_path: Path) -> None:
    raw = tmp_path / "labs.csv"
    raw.write_bytes(b"id,code,unit\n1,770-8,3\n#2,770-8,3\n")
    reader = compile_csv([raw], RawFile(path="labs.csv"))
    assert duckdb.sql(f"SELECT id FROM {reader}").fetchall() == [("1",), ("#2",)]
