"""What a release holds, on one screen: where to look for what. Only what is there is listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from leukocytosis.report.inputs import ReportInputs

README = "README.txt"
WIDTH, INDENT = 88, 16


def write_readme(inputs: ReportInputs, folder: Path, coming: tuple[str, ...] = ()) -> None:
    """Write `README.txt` of a release; `coming` names files that are written after it."""
    lines = [*_head(inputs), ""]
    for what, entries in _list_entries(inputs).items():
        there = [words for path, words in entries if path in coming or _is_there(folder / path)]
        if there:
            lines += _wrap(what, "; ".join(there))
    (folder / README).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_there(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


def _head(inputs: ReportInputs) -> Iterator[str]:
    yield inputs.protocol.title
    manifest = inputs.manifest
    yield f"Study {inputs.protocol.study}; extract {manifest.extract}: {manifest.title}."
    if inputs.mark:
        yield f"{inputs.mark.upper()} DATA: no patient is real."


def _wrap(what: str, words: str) -> list[str]:
    lines = wrap(words, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False)
    return [f"{what if i == 0 else '':<{INDENT}}{line}" for i, line in enumerate(lines)]


def _list_entries(inputs: ReportInputs) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return, by what a reader wants, files and the words that lead there."""
    slide = f"figures/survival_{inputs.protocol.analyses.primary_outcome}.png"
    return {
        "The answer": (
            ("headlines.txt", "headlines.txt, in a few sentences"),
            ("report.html", "report.html, with how sure it is (opens in a browser, offline)"),
        ),
        "A slide": (
            (slide, f"{slide} (its caption beside it, as .txt)"),
            ("figures", "figures: all others, as .png, and .pdf, .svg, .tiff for print"),
        ),
        "The text": tuple(
            (f"manuscript/{name}.docx", f"manuscript/{name}.docx (.md, .html)")
            for name in ("methods", "results")
        ),
        "The tables": (
            ("manuscript/tables.docx", "manuscript/tables.docx, each also as .tex, .html, .csv"),
            ("tables", "tables: every number unrounded, as .csv"),
        ),
        "Checklists": (
            ("manuscript/checklists.html", "manuscript/checklists.html: STROBE and RECORD, each "
             "item linked to where it is answered (.docx, .csv)"),
        ),
        "The protocol": (
            ("manuscript/protocol.html", "manuscript/protocol.html, in HARPER's order (.docx)"),
        ),
        "A number": (
            ("manuscript/results_numbers.csv", "manuscript/results_numbers.csv: the row that each "
             "number of the results stands in"),
        ),
        "The record": (
            ("ro-crate-metadata.json", "ro-crate-metadata.json: each file by its hash, and from "
             "what it was made"),
            ("workflow", "workflow: protocol, codelists and rules that were run"),
        ),
    }  # fmt: skip
