"""Packed raw files held against their own checksums, which the engine does not look at.

A byte that changed on the way unpacks to other text, as a rule still a CSV, and is read without a
word. Unpacking it once more takes a core about 1.5 s for a GB of text, half the time in which the
engine only reads it; files that are not packed cost nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from leukocytosis.config.manifest import Manifest
from leukocytosis.errors import Problem
from leukocytosis.standardise.files import find_seen
from leukocytosis.store import THREADS

PACKED = ".gz"
READ, UNPACKED = 2**16, 2**20  # bytes at a time: a small file may unpack to a very large text
GZIP = 16 + zlib.MAX_WBITS  # with the header and the checksum of gzip
AGAIN = "copy or export it again ('gzip -t' says whether a copy is whole)"


def find_damaged(manifest: Manifest, root: Path) -> Mapping[str, Problem]:
    """Return by manifest name what is wrong with packed files; two files are read at a time."""
    found = [
        (name, path)
        for name, file in manifest.files.items()
        for path in find_seen(root, file)
        if path.suffix.lower() == PACKED and path.is_file()
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        damages = list(pool.map(find_damage, [path for _, path in found]))
    return {
        name: Problem(
            str(path.relative_to(root) if path.is_relative_to(root) else path), damage, AGAIN
        )
        for (name, path), damage in zip(reversed(found), reversed(damages), strict=True)
        if damage
    }


def find_damage(path: Path) -> str:
    """Return what is wrong with a packed file, nothing where it is whole or cannot be opened."""
    try:
        is_whole = _unpacks_whole(path)
    except zlib.error:
        return "cannot be read: it is damaged (its bytes are not those its checksum was made from)"
    except OSError:  # the reading says why, with all else that is wrong
        return ""
    return "" if is_whole else "cannot be read: it is cut short (it ends before its checksum)"


def _unpacks_whole(path: Path) -> bool:
    """Unpack a file of one or several gzip streams; zlib.error where a checksum differs."""
    stream = zlib.decompressobj(GZIP)
    with path.open("rb") as packed:
        while read := packed.read(READ):
            while read:
                if stream.eof:
                    stream = zlib.decompressobj(GZIP)
                stream.decompress(read, UNPACKED)
                read = stream.unconsumed_tail or stream.unused_data
    # what was held back by the bound on unpacked bytes
    while not stream.eof and stream.decompress(b"", UNPACKED):
        pass
    return stream.eof
