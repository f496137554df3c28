"""What each file says it was made from: code, configuration, inputs, by hash, without paths."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from matplotlib.figure import Figure
from PIL import Image

from leukocytosis.config import load_manifest
from leukocytosis.figures import save_figure
from leukocytosis.provenance import (
    Record,
    digest_code,
    digest_file,
    digest_value,
    read_record,
    recorded,
)
from leukocytosis.standardise import hash_raw_files, name_raw_files
from leukocytosis.store import connect, write_rows
from leukocytosis.tables import RAW_FILES

ROWS = [{"source": "labs", "number": 1, "n_bytes": 3, "sha256": "00"}]
PARAMETERS = {"code": digest_code("cohort"), "seed": 2009, "raw": "size only", "protocol": "long"}


def write(path: Path, *inputs: Path, also: dict[str, str] | None = None) -> Record:
    """Write a table as a step would; return the record it carries."""
    with recorded("step", PARAMETERS.items(), inputs, also), connect(path.parent / "spill") as con:
        write_rows(con, ROWS, RAW_FILES, path)
    found = read_record(path)
    assert found
    return found


def test_a_table_names_code_configuration_and_the_bytes_of_its_inputs(tmp_path: Path) -> None:
    given = tmp_path / "labs.csv"
    given.write_bytes(b"a,b\n1,2\n")
    record = write(tmp_path / "first.parquet", given)
    assert record.inputs == {"labs.csv": f"sha256:{hashlib.sha256(given.read_bytes()).hexdigest()}"}
    assert record.code == digest_code("cohort")
    # a setting stands as it is, and a size is not content
    assert record.configuration == {"seed": 2009, "protocol": digest_value("long")}


def test_a_table_made_from_a_table_names_that_ones_record(tmp_path: Path) -> None:
    first = write(tmp_path / "first.parquet")
    second = write(tmp_path / "second.parquet", tmp_path / "first.parquet")
    assert second.inputs == {"first": f"record:{first.digest}"}


def test_another_byte_of_a_raw_file_changes_every_record_after_it(tmp_path: Path) -> None:
    digests = []
    for content in ("1", "2"):
        raw = {"raw labs 1": f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"}
        write(tmp_path / "first.parquet", also=raw)
        digests.append(write(tmp_path / "second.parquet", tmp_path / "first.parquet").digest)
    assert digests[0] != digests[1]


def test_the_same_step_writes_the_same_bytes_wherever_it_runs(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "labs.csv").write_text("a\n")
        write(tmp_path / place / "t.parquet", tmp_path / place / "labs.csv")
    here, there = (tmp_path / place / "t.parquet" for place in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()
    assert str(tmp_path).encode() not in here.read_bytes()


def test_outside_a_step_nothing_is_claimed(tmp_path: Path) -> None:
    with connect(tmp_path / "spill") as con:
        write_rows(con, ROWS, RAW_FILES, tmp_path / "t.parquet")
    assert read_record(tmp_path / "t.parquet") is None


def test_raw_files_are_hashed_by_content_and_named_by_the_manifest() -> None:
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    rows = hash_raw_files(manifest, ROOT)
    assert {row["source"] for row in rows} == set(manifest.files)
    drugs = next(row for row in rows if row["source"] == "drugs")
    path = ROOT / manifest.root / manifest.files["drugs"].path
    assert (drugs["sha256"], drugs["n_bytes"]) == (digest_file(path), path.stat().st_size)
    assert name_raw_files([drugs]) == {"raw drugs 1": f"sha256:{digest_file(path)}"}


def test_code_names_its_rooms_so_that_its_digest_can_be_made_again() -> None:
    digest = digest_code("causes", "adjudication")
    assert re.fullmatch(r"causes adjudication [0-9a-f]{16}", digest)
    assert digest == digest_code(*digest.split()[:-1])


@pytest.mark.parametrize("kind", ["pdf", "svg", "png", "tiff"])
def test_every_form_of_a_figure_carries_its_record(tmp_path: Path, kind: str) -> None:
    record = Record("release", "report 0", {"seed": "1"}, {"estimates": "record:2"})
    save_figure(Figure(), tmp_path, "one", None, record=record.to_json(), dpi=50)
    path = tmp_path / f"one.{kind}"
    if kind == "pdf":
        told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
        told = re.findall("Keywords: +(.*)", told)[0]
    elif kind == "svg":
        told = re.findall("description>(.*)</dc", path.read_text(encoding="utf-8"))[0]
    else:
        with Image.open(path) as image:
            kept = image.getexif()[270] if kind == "tiff" else image.info["Description"]
        told = str(kept)[str(kept).index("{") :]
    assert json.loads(told)["digest"] == record.digest


def test_a_figure_names_the_tables_it_draws_and_the_configuration() -> None:
    inputs = {"estimates": "record:1", "curves": "record:2", "config/x.yaml": "sha256:3"}
    record = Record("release", "", {}, inputs).of_tables(["curves"])
    assert set(record.inputs) == {"curves", "config/x.yaml"}
