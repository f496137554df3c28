"""The programs a run was made with, in the versions that are installed."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from leukocytosis import __version__


@dataclass(frozen=True)
class Program:
    """A program, its version, what it does here, and the work to cite for it (or None)."""

    name: str
    version: str
    what: str
    work: str | None = None


LIBRARIES = (
    ("snakemake", "Snakemake", "runs the steps", "snakemake2021"),
    ("duckdb", "DuckDB", "reads and joins the tables of events", "duckdb2019"),
    ("numpy", "NumPy", "computes the estimates", "numpy2020"),
    ("scipy", "SciPy", "distributions and optimisers", "scipy2020"),
    ("pandas", "pandas", "holds the tables of patients", "pandas2010"),
    ("lifelines", "lifelines", "computes curves a second time", "lifelines2019"),
    ("statsmodels", "statsmodels", "computes models a second time", "statsmodels2010"),
    ("matplotlib", "Matplotlib", "draws the figures", "matplotlib2007"),
    ("seaborn", "seaborn", "draws the figures", "seaborn2021"),
)


def list_software() -> Iterator[Program]:
    """Yield this workflow, Python and the libraries that numbers and figures rest on."""
    yield Program("leukocytosis", __version__, "this workflow")
    yield Program("Python", platform.python_version(), "the language")
    for package, name, what, work in LIBRARIES:
        yield Program(name, version(package), what, work)
