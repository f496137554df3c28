"""The command that drafts a manifest."""

from __future__ import annotations

from pathlib import Path


def draft_extract(folder: Path, extract: str) -> int:
    """Draft the manifest of a folder's files; print where it is and how much waits for a person."""
    from leukocytosis.config import load_units
    from leukocytosis.config.names import load_names
    from leukocytosis.drafting import say_unread, write_draft

    config = Path("config")
    names, units = load_names(config / "names.yaml"), load_units(config / "units.csv")
    path, waiting = write_draft(folder, extract, names, units, config)
    print(f"Drafted: {path}\n{len(waiting)} lines wait for you; they say so (DECIDE).")
    for line in say_unread(folder):
        print(line)
    print(f"Then: leukocytosis check granger2009 {extract}")
    return 0
