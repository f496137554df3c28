"""A failure of a rule: printed for the user, kept in the rule's log, with its own exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leukocytosis.errors import LeukocytosisError, OutputError, Problem


@contextmanager
def reported(log: str) -> Iterator[None]:
    """Print a user's failure, keep it in the rule's log, and end with its own exit code."""
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    code = path.with_name(path.name + ".exit_code")  # Snakemake itself only says 1
    code.unlink(missing_ok=True)
    try:
        yield
    except (LeukocytosisError, PermissionError) as failure:
        error = failure if isinstance(failure, LeukocytosisError) else _no_permission(failure)
        path.write_text(f"{error}\n", encoding="utf-8")
        code.write_text(str(error.exit_code), encoding="utf-8")
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def _no_permission(failure: PermissionError) -> LeukocytosisError:
    place = str(failure.filename or "a file")
    return OutputError(Problem(place, "permission denied", "run where you may write"))
