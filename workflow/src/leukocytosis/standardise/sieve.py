"""The wanted lines of a CSV, told by their bytes before any reader makes texts of them.

Of a hospital's lab results a few in a hundred are wanted, yet a CSV reader takes every line apart.
Here one pass finds the separators, looks at the field of the code and keeps whole lines for the
engine, which reads them as strictly as any file. A line too many does no harm, one too few would:
where separators alone do not tell everything (`Doubt`), the engine reads the file itself and says
what is wrong with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from leukocytosis.config.manifest import RawFile
from leukocytosis.store import THREADS

Numbers = np.ndarray[Any, Any]
CHUNK = 2**17  # bytes: for more, each array asks the system for memory, which costs more than all
AHEAD = 2 * THREADS  # chunks in work at once
SIGN = 8  # a code is told by so many bytes of its beginning
SPREAD, SIGN_BITS = np.uint64(0x9E3779B97F4A7C15), 16  # Fibonacci hashing, Knuth, vol. 3, 6.4
FIRST_BYTES = np.array([2 ** (8 * n) - 1 for n in range(SIGN + 1)], "<u8")
RETURN, END = 13, 10
PACKED = (".gz", ".zst")
Codes = frozenset[str]


class Doubt(Exception):  # noqa: N818 -- nothing need be wrong
    """Separators alone do not tell what stands in the file."""


@dataclass(frozen=True)
class Sifted:
    """What is left of some lines: the wanted ones, of how many, ended as Windows does or not."""

    kept: bytes
    n_lines: int
    windows: bool


@dataclass(frozen=True)
class Sieve:
    """Keeps the lines of `n_fields` fields whose field at `place` (from 0) is one of the codes."""

    delimiter: str
    n_fields: int
    place: int
    codes: Codes
    encoding: str  # utf-8 or latin-1: in both a separator's byte is no part of a letter

    @cached_property
    def is_wanted(self) -> Numbers:
        """Return per sign whether a code has it; now and then another field has it too."""
        # a code that the encoding cannot write is in no such file
        codes = [code.encode(self.encoding, "replace") for code in self.codes]
        starts = [code[:SIGN].ljust(SIGN, b"\0") for code in codes]
        wanted = np.zeros(2**SIGN_BITS, bool)
        wanted[_find_signs(np.frombuffer(b"".join(starts), "<u8"))] = True
        return wanted

    def keep(self, raw: Path, kept: Path) -> int:
        """Write the header and the wanted lines of a file as `kept`; return how many rows it holds.

        Raises Doubt at a quote, a line of more or fewer fields, mixed line ends, and bytes that
        are not of the encoding.
        """
        with raw.open("rb") as source, kept.open("wb") as sink:
            header = source.readline(CHUNK)
            if header.count(self.delimiter.encode()) != self.n_fields - 1:
                raise Doubt
            sink.write(header)
            n_rows, windows = 0, header.endswith(b"\r\n")
            end = b"\r\n" if windows else b"\n"
            for sifted in _in_order(self, _whole_lines(source, end)):
                if sifted.windows != windows:
                    raise Doubt
                sink.write(sifted.kept)
                n_rows += sifted.n_lines
        return n_rows

    def sift(self, lines: bytes) -> Sifted:
        """Return what is left of whole lines; raises Doubt as `keep` does."""
        self._check_letters(lines)
        letters = np.frombuffer(lines, np.uint8)
        is_end = letters == END
        marks = np.flatnonzero(is_end | (letters == ord(self.delimiter)))
        ends = marks[self.n_fields - 1 :: self.n_fields]
        # as many marks as there must be, and each line's last one ends it: all are in their places
        n_lines = int(np.count_nonzero(is_end))
        if len(marks) != n_lines * self.n_fields or not is_end[ends].all():
            raise Doubt
        windows = _is_windows(lines, letters, ends)
        starts = np.concatenate(([0], ends[:-1] + 1))
        first = marks[self.place - 1 :: self.n_fields] + 1 if self.place else starts
        last = marks[self.place :: self.n_fields] - (windows and self.place == self.n_fields - 1)
        wanted = np.flatnonzero(self.is_wanted[_find_signs(_read_starts(lines, first, last))])
        whole = zip(starts[wanted].tolist(), (ends[wanted] + 1).tolist(), strict=True)
        return Sifted(b"".join(lines[a:b] for a, b in whole), n_lines, windows)

    def _check_letters(self, lines: bytes) -> None:
        if b'"' in lines or b"\0" in lines:
            raise Doubt
        if self.encoding == "utf-8" and not lines.isascii():
            try:
                lines.decode()
            except UnicodeDecodeError:
                raise Doubt from None


def keep_wanted(
    file: RawFile, paths: Sequence[Path], columns: Sequence[str], of: tuple[str, Codes], kept: Path
) -> int | None:
    """Write the lines of a CSV whose field in a column is one of the codes; return all its rows.

    None, where the engine must read the file itself: several or packed files, an encoding or a
    delimiter of more than a byte, and wherever there is a Doubt.
    """
    column, codes = of
    packed = len(paths) != 1 or paths[0].suffix in PACKED
    if packed or len(file.delimiter.encode()) != 1 or file.encoding not in ("utf-8", "latin-1"):
        return None
    place = columns.index(column)
    try:
        return Sieve(file.delimiter, len(columns), place, codes, file.encoding).keep(paths[0], kept)
    except Doubt:
        return None


def _is_windows(lines: bytes, letters: Numbers, ends: Numbers) -> bool:
    """Whether lines end as Windows ends them; Doubt where some do, or something like it."""
    if b"\r" not in lines:
        return False
    n_returns = np.count_nonzero(letters == RETURN)
    if n_returns != len(ends) or (letters[ends - 1] != RETURN).any():
        raise Doubt
    return True


def _read_starts(lines: bytes, first: Numbers, last: Numbers) -> Numbers:
    """Return the first eight bytes of each field as a number, those after its end as nought."""
    padded = lines + bytes(SIGN)
    at_any_byte: Numbers = np.ndarray(len(lines), "<u8", padded, strides=(1,))
    starts: Numbers = at_any_byte[first] & FIRST_BYTES[np.minimum(last - first, SIGN)]
    return starts


def _find_signs(starts: Numbers) -> Numbers:
    return (starts * SPREAD) >> np.uint64(64 - SIGN_BITS)


def _whole_lines(source: IO[bytes], end: bytes) -> Iterator[bytes]:
    """Yield the rest of a file in chunks of whole lines, a last line without an end given one."""
    rest = b""
    while chunk := source.read(CHUNK):
        lines, found, unfinished = chunk.rpartition(b"\n")
        if not found:
            raise Doubt
        yield rest + lines + found
        rest = unfinished
    if rest:
        yield rest + end


def _in_order(sieve: Sieve, chunks: Iterable[bytes]) -> Iterator[Sifted]:
    """Yield what is left of each chunk, a few of them sifted at the same time."""
    waiting: deque[Future[Sifted]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(sieve.sift, chunk))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
