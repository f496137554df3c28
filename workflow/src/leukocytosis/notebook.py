"""Notebooks: kept as plain scripts, run from top to bottom, written without what changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory


def run_notebook(source: Path, target: Path, environment: Mapping[str, str]) -> None:
    """Run a percent-format script as a notebook and write it, with outputs, to `target`.

    A cell that raises ends the run with nbclient's CellExecutionError.
    """
    import jupytext
    import nbformat
    from jupyter_client.manager import KernelManager
    from nbclient import NotebookClient

    notebook = jupytext.read(source)
    os.environ.update(environment)
    with TemporaryDirectory() as sockets:  # in the working folder a killed run would leave them
        kernel = KernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        NotebookClient(notebook, km=kernel, record_timing=False).execute()
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i}"  # drawn at random otherwise
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_text(nbformat.writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]
    part.replace(target)
