"""Whether files are still those that the run's record names, and tables those they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from leukocytosis.crate import RECORD
from leukocytosis.provenance import digest_code, digest_file, digest_package, read_record
from leukocytosis.provenance.record import RECORD as OF_RECORD
from leukocytosis.standardise import hash_raw_files
from leukocytosis.store import read_frame
from leukocytosis.verify.compare import Tally
from leukocytosis.verify.recompute import Project


def check_release(project: Project) -> Tally:
    """Compare each released file, and each table named but not released, with the crate."""
    tally, release = Tally("files of the record"), project.study / "release"
    graph = json.loads((release / RECORD).read_text(encoding="utf-8"))["@graph"]
    named = {one["@id"]: one["sha256"] for one in graph if "sha256" in one}
    for name, digest in named.items():
        if name == "#package":
            if digest != digest_package():  # what the steps ran is compared table by table
                tally.cannot.append("code of the package: edited since the run, somewhere")
        elif name.startswith("#table_"):
            path = _find_table(project, name.removeprefix("#table_"))
            tally.note(name, digest, digest_file(path) if path else None)
        elif not name.startswith("#"):
            path = release / name
            tally.note(name, digest, digest_file(path) if path.exists() else None)
    known = {*named, RECORD}
    strange = [p.relative_to(release).as_posix() for p in release.rglob("*") if p.is_file()]
    strange = [p for p in sorted(strange) if p not in known and ".snakemake" not in p]
    tally.differs += [f"{path}: released, and the record does not name it" for path in strange]
    return tally


def check_raw_files(project: Project) -> Tally:
    """Compare the raw files as they are now with what was read."""
    tally, path = Tally("raw files"), project.extract / "raw_files.parquet"
    now = {
        (row["source"], row["number"]): str(row["sha256"])
        for row in hash_raw_files(project.manifest, project.root)
    }
    if not path.exists():
        tally.cannot.append("raw files: the run did not hash them")
        return tally
    for row in read_frame(path).to_dict("records"):
        place = f"raw {row['source']} {row['number']}"
        found = now.get((row["source"], row["number"]))
        if found is None:
            tally.cannot.append(f"{place}: is not here any more")
        else:
            tally.note(place, str(row["sha256"]), found)
    return tally


def check_records(project: Project) -> Tally:
    """Compare what each table says of its inputs and code with those that are there."""
    tally = Tally("records of tables")
    paths = [*project.extract.glob("*.parquet"), *project.study.glob("*.parquet")]
    digests = {path.stem: record.digest for path in paths if (record := read_record(path))}
    for path in sorted(paths):
        record = read_record(path)
        if record is None:
            tally.cannot.append(f"{path.stem}: carries no record; run the study again")
            continue
        rooms = record.code.split()[:-1]
        tally.note(f"{path.stem}: code", record.code, digest_code(*rooms))
        for name, digest in record.inputs.items():
            if digest.startswith(OF_RECORD):
                found = digests.get(name)
                tally.note(f"{path.stem}: input {name}", digest, found and OF_RECORD + found)
    return tally


def check_all(project: Project) -> Iterator[Tally]:
    """Yield every comparison of hashes."""
    yield check_release(project)
    yield check_records(project)
    yield check_raw_files(project)


def _find_table(project: Project, name: str) -> Path | None:
    paths = (folder / f"{name}.parquet" for folder in (project.study, project.extract))
    return next((path for path in paths if path.exists()), None)
