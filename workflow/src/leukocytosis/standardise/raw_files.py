"""The raw files of an extract by their content: what the chain of records ends at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from leukocytosis.config import Manifest
from leukocytosis.provenance import digest_file
from leukocytosis.standardise.files import find_seen
from leukocytosis.store import THREADS, connect, write_rows
from leukocytosis.tables import RAW_FILES

Rows = Sequence[Mapping[str, Any]]


def hash_raw_files(manifest: Manifest, project: Path) -> list[dict[str, Any]]:
    """Return the rows of `raw_files`, of those files that can be read.

    Every byte is read: size and time of change are not content. Two files at a time, 1.6 GB/s on
    one core, and what is read here waits in memory for the reading of its rows.
    """
    root = project / manifest.root
    found = [
        (source, number, path)
        for source, file in sorted(manifest.files.items())
        for number, path in enumerate(find_seen(root, file), start=1)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        digests = pool.map(_digest, [path for *_, path in found])
    return [
        {"source": source, "number": number, "n_bytes": path.stat().st_size, "sha256": digest}
        for (source, number, path), digest in zip(found, digests, strict=True)
        if digest
    ]


def _digest(path: Path) -> str | None:
    try:
        return digest_file(path)
    except OSError:  # the reading says why, with all else that is wrong
        return None


def name_raw_files(rows: Rows) -> dict[str, str]:
    """Return raw files as inputs of a record: `raw labs_early 1` and the digest."""
    return {f"raw {row['source']} {row['number']}": f"sha256:{row['sha256']}" for row in rows}


def write_raw_files(rows: Rows, out: Path) -> None:
    """Write `raw_files` of an extract."""
    with connect(out / ".scratch") as con:
        write_rows(con, rows, RAW_FILES, out / "raw_files.parquet")
