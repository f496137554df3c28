"""A failure of a rule: printed for the user, kept in the rule's log, with its own exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from leukocytosis.errors import LeukocytosisError, OutputError, Problem

FULL = "make room on the disk, then run again: what is done is kept"
WAYS_OUT = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: "run where you may write",
    errno.EPERM: "run where you may write",
    errno.EROFS: "run where you may write",
}


@contextmanager
def reported(log: str) -> Iterator[None]:
    """Print a user's failure, keep it in the rule's log, and end with its own exit code."""
    path = Path(log)
    code = path.with_name(path.name + ".exit_code")  # Snakemake itself only says 1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        code.unlink(missing_ok=True)
        yield
    except (LeukocytosisError, OSError, duckdb.IOException) as failure:
        error = _explain(failure)
        if error is None:
            raise
        print(error, file=sys.stderr)
        with suppress(OSError):  # a full disk may not even take the log
            path.write_text(f"{error}\n", encoding="utf-8")
            code.write_text(str(error.exit_code), encoding="utf-8")
        sys.exit(error.exit_code)


def _explain(failure: Exception) -> LeukocytosisError | None:
    """Return the failure as one a user can mend, None where it is a mistake of ours."""
    if isinstance(failure, LeukocytosisError):
        return failure
    return explain_unwritten(failure)


def explain_unwritten(failure: Exception) -> OutputError | None:
    """Return why nothing can be written; None when the failure has another reason."""
    number = failure.errno if isinstance(failure, OSError) else _find_number(str(failure))
    if number not in WAYS_OUT:
        return None
    place = str(getattr(failure, "filename", None) or "results")
    return OutputError(Problem(place, os.strerror(number).lower(), WAYS_OUT[number]))


def _find_number(text: str) -> int | None:
    """Return what the engine's own words say went wrong: it tells no number apart."""
    return next((number for number in WAYS_OUT if os.strerror(number) in text), None)
