"""What a text may ask for: the public methods of a class, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leukocytosis.documents.binding import Binder
from leukocytosis.report.inputs import ReportInputs


@dataclass(frozen=True)
class Asked:
    """Answers to a text about a study; each answer holding a number is bound to where it stands."""

    inputs: ReportInputs
    binder: Binder

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the text by name."""
        own = [name for kind in type(self).__mro__ for name in vars(kind)]
        return {
            name: getattr(self, name)
            for name in dict.fromkeys(own)
            if not name.startswith("_") and name not in ("inputs", "binder", "functions", "place")
        }
