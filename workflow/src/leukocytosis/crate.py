"""The record of a run: a Workflow Run RO-Crate in the release folder.

Profile: Workflow Run Crate 0.5 (Leo et al., PLoS ONE 2024;19:e0309210) on RO-Crate 1.1. What may
not leave is named by its hash only. No time of day is written: the same run, the same record.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leukocytosis import __version__
from leukocytosis.config import Manifest, Protocol
from leukocytosis.provenance import digest_file, digest_package

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

RECORD, SOURCES = "ro-crate-metadata.json", "workflow"
PUBLISHED = "2026-11-21"  # of this version of the workflow, not of the run
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
ENGINES = ("snakemake", "duckdb", "numpy", "pandas", "scipy", "statsmodels", "lifelines", "pyarrow",
           "matplotlib", "seaborn")  # fmt: skip
KINDS = {
    ".html": "text/html", ".csv": "text/csv", ".txt": "text/plain", ".md": "text/markdown",
    ".pdf": "application/pdf", ".svg": "image/svg+xml", ".png": "image/png",
    ".tiff": "image/tiff", ".tex": "application/x-tex", ".smk": "text/x-python",
    ".yaml": "application/yaml", ".parquet": "application/vnd.apache.parquet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
MIT = "https://spdx.org/licenses/MIT"


@dataclass(frozen=True)
class Made:
    """What a run was made from: files that may be copied into the crate, and those that may not.

    `sources`: the workflow and its configuration, the Snakefile first. `inputs`: what each file
    that may not leave is called in words, and where it is. `raw`: the rows of `raw_files`, which
    hold the digests of files too large to be read again.
    """

    sources: Sequence[Path]
    inputs: Mapping[str, Path]
    raw: Sequence[Mapping[str, Any]] = ()


def write_crate(protocol: Protocol, manifest: Manifest, made: Made, folder: Path) -> None:
    """Write the record of a run beside its results, and copies of the workflow it ran.

    `folder` is the release folder; every file in it becomes part of the record.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder / SOURCES, ignore_errors=True)
    results = sorted(path for path in folder.rglob("*") if path.is_file())
    crate = ROCrate(version="1.1", gen_preview=False)
    _describe_root(crate, protocol, manifest)
    workflow = _add_workflow(crate, made.sources, folder)
    found = [_add_file(crate, path, path.relative_to(folder)) for path in results]
    used = [_add_input(crate, words, path) for words, path in sorted(made.inputs.items())]
    used += [_add_raw(crate, row) for row in made.raw]
    used += [_add_file(crate, path, Path(SOURCES) / path) for path in made.sources[1:]]
    run = crate.add(ContextEntity(crate, "#run", properties={
        "@type": "CreateAction",
        "name": f"{protocol.study} on {manifest.extract}",
        "description": f"{protocol.title}; {manifest.title}",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": {"@id": workflow.id},
    }))  # fmt: skip
    run["object"], run["result"] = used, found
    crate.root_dataset["mentions"] = run
    _write_record(crate, folder / RECORD)


def _describe_root(crate: ROCrate, protocol: Protocol, manifest: Manifest) -> None:
    from rocrate.model.contextentity import ContextEntity

    mark = "Synthetic data. " if manifest.synthetic else ""
    crate.name = f"{protocol.title}: {manifest.title}"
    crate.description = f"{mark}Study {protocol.study} on the extract {manifest.extract}."
    crate.datePublished = PUBLISHED
    licence = f"Numbers and figures: {manifest.licence or 'as the extract allows'}. Workflow: MIT."
    crate.license = crate.add(ContextEntity(crate, "#licence", properties={
        "@type": "CreativeWork", "name": "Licence", "description": licence,
    }))  # fmt: skip
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, url, properties={
            "@type": "CreativeWork", "name": name, "version": url.rsplit("/", 1)[1],
        }))
        for url, name in PROFILES.items()
    ]  # fmt: skip


def _add_workflow(crate: ROCrate, sources: Sequence[Path], folder: Path) -> Any:
    """Copy the sources and return the entity of the workflow."""
    from rocrate.model.contextentity import ContextEntity

    for path in sources:
        place = folder / SOURCES / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    snakefile = Path(SOURCES) / sources[0]
    workflow = crate.add_workflow(None, str(snakefile), main=True, lang="snakemake", gen_cwl=False,
                                  properties=_describe(sources[0], "Snakefile"))  # fmt: skip
    workflow["license"], workflow["version"] = MIT, __version__
    workflow["conformsTo"] = {"@id": BIOSCHEMAS}
    workflow["softwareRequirements"] = [
        crate.add(ContextEntity(crate, "#package", {
            "@type": "SoftwareApplication", "name": "leukocytosis", "version": __version__,
            "description": "The package the rules run; its hash is that of its source files.",
            "sha256": digest_package(),
        })),
        *_add_engines(crate),
    ]  # fmt: skip
    crate.root_dataset["mainEntity"] = workflow
    return workflow


def _add_engines(crate: ROCrate) -> list[Any]:
    """Add the software we build on; the lock file, a source of the run, holds its hashes."""
    from rocrate.model.contextentity import ContextEntity

    return [
        crate.add(ContextEntity(crate, f"https://pypi.org/project/{name}/{version(name)}/", {
            "@type": "SoftwareApplication", "name": name, "version": version(name),
            "url": f"https://pypi.org/project/{name}/",
        }))
        for name in ENGINES
    ]  # fmt: skip


def _add_file(crate: ROCrate, path: Path, at: Path) -> Any:
    return crate.add_file(None, at.as_posix(), properties=_describe(path, at.name))


def _add_input(crate: ROCrate, words: str, path: Path) -> Any:
    """Add a file that may not leave: described in words and named by its hash, not part of it."""
    from rocrate.model.contextentity import ContextEntity

    found = {"@type": "CreativeWork", **_describe(path, words)}
    return crate.add(ContextEntity(crate, f"#{words.replace(' ', '_')}", properties=found))


def _add_raw(crate: ROCrate, row: Mapping[str, Any]) -> Any:
    """Add a raw file: its bytes by their hash, its name unsaid."""
    from rocrate.model.contextentity import ContextEntity

    words = f"raw file {row['source']} {row['number']}"
    return crate.add(ContextEntity(crate, f"#{words.replace(' ', '_')}", {
        "@type": "CreativeWork", "name": words, "contentSize": str(row["n_bytes"]),
        "sha256": row["sha256"],
    }))  # fmt: skip


def _describe(path: Path, words: str) -> dict[str, Any]:
    kind = KINDS.get(path.suffix, "text/plain")
    return {
        "name": words,
        "encodingFormat": kind,
        "contentSize": str(path.stat().st_size),
        "sha256": digest_file(path),
    }


def _write_record(crate: ROCrate, path: Path) -> None:
    graph = crate.metadata.generate()
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(graph, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
