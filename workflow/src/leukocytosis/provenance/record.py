"""The record a step leaves in each file it writes: its code, its configuration, its inputs.

Inputs that are tables of ours are named by the digest of their own record, which stands in their
footer: no table is read again to be hashed, and the chain ends at the SHA-256 of every other file,
the raw ones among them. The record holds no path of this machine and no time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from leukocytosis.provenance.digests import digest_file, digest_value

KEY = "provenance"  # of the metadata of a Parquet file
RECORD, BYTES = "record:", "sha256:"
SETTINGS = ("seed", "bias", "journal")  # parameters that --config may override: kept whole
NOT_CONFIGURATION = ("code", "raw", "sources")  # parameters that say what the record says better


@dataclass(frozen=True)
class Record:
    """What a step made its files from.

    `code`: rooms of the package and their digest; `configuration`: each parameter of the step, a
    setting as it stood and of any other a digest; `inputs`: `record:` and the digest of its record
    for a table of ours, `sha256:` and the digest of its bytes for any other file.
    """

    step: str
    code: str
    configuration: Mapping[str, Any]
    inputs: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return the digest that names this record, and so whatever was made by it."""
        return digest_value(asdict(self))

    def to_json(self) -> str:
        """Return the record as one line of JSON, the same for the same record."""
        return json.dumps({**asdict(self), "digest": self.digest}, sort_keys=True)

    def of_tables(self, names: Iterable[str]) -> Record:
        """Return the record of something made from no other tables of ours than these."""
        wanted = set(names)
        kept = {k: v for k, v in self.inputs.items() if k in wanted or v.startswith(BYTES)}
        return replace(self, inputs=kept)


_current: ContextVar[Record | None] = ContextVar("record", default=None)


def current_record() -> Record | None:
    """Return the record of the step that is running, if one was begun."""
    return _current.get()


@contextmanager
def recorded(
    step: str,
    parameters: Iterable[tuple[str, Any]],
    paths: Iterable[str | Path],
    also: Mapping[str, str] | None = None,
) -> Iterator[Record]:
    """Begin the record of a step: whatever it writes until the end carries it.

    `parameters` are the step's, `code` among them; `paths` its inputs as far as they are there;
    `also` inputs hashed already, by name.
    """
    given = dict(parameters)
    kept = {
        name: value if name in SETTINGS else digest_value(value)
        for name, value in given.items()
        if name not in NOT_CONFIGURATION
    }
    inputs = dict(name_input(path) for path in map(Path, paths) if path.exists())
    record = Record(step, given.get("code", ""), kept, {**inputs, **(also or {})})
    token = _current.set(record)
    try:
        yield record
    finally:
        _current.reset(token)


def name_input(path: Path) -> tuple[str, str]:
    """Return what an input is called, and the digest that names what it holds."""
    found = read_record(path) if path.suffix == ".parquet" else None
    if found:
        return path.stem, RECORD + found.digest
    outside = path.is_absolute() or ".." in path.parts
    return path.name if outside else path.as_posix(), BYTES + digest_file(path)


def read_record(path: Path) -> Record | None:
    """Return the record in a Parquet file's footer, None where there is none."""
    import duckdb

    query = "SELECT decode(value) FROM parquet_kv_metadata($path) WHERE decode(key) = $key"
    with duckdb.connect() as con:
        kept = con.execute(query, {"path": str(path), "key": KEY}).fetchall()
    if not kept:
        return None
    told = json.loads(kept[0][0])
    told.pop("digest")
    return Record(**told)
