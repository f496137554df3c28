"""Commands that read what stands and change nothing: check, explain, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leukocytosis.errors import LeukocytosisError, Problem

if TYPE_CHECKING:
    from leukocytosis.verify.recompute import Start

CASES = Path("tests/cases")


def explain_name(name: str, study: str, extract: str) -> str:
    """Return what a rule, cause or number of a study is; LeukocytosisError when there is none."""
    from leukocytosis.config import load_codelists, load_manifest, load_protocol, load_units
    from leukocytosis.config.casebook import load_chapters
    from leukocytosis.explain import Shelf, explain, explain_number, is_number, is_reference

    if is_number(name) or is_reference(name):
        from leukocytosis.release import load_inputs

        folder, of_extract = Path("results/studies") / study / extract, Path("results/extracts")
        inputs = load_inputs(study, extract)
        protocol = inputs.protocol
        if name in [rule.id for rule in protocol.evidence] + [c.id for c in protocol.causes]:
            way_out = "name the row of the number: `table/key/…` (release/tables)"
            raise LeukocytosisError(Problem(f"'{name}'", "is a rule and a number", way_out))
        return explain_number(name, inputs, folder, of_extract / extract)

    codelists = load_codelists(Path("config/codelists"))
    shelf = Shelf(
        load_protocol(Path(f"config/studies/{study}.yaml"), codelists),
        load_manifest(Path(f"config/extracts/{extract}.yaml")),
        codelists,
        load_units(Path("config/units.csv")),
        load_chapters(CASES),
        Path("results/extracts") / extract,
    )
    return explain(name, shelf)


def check_configuration(study: str, extract: str) -> None:
    """Read everything a run would read; LeukocytosisError says what is wrong."""
    from leukocytosis.config import (
        check_outcomes_seen,
        load_claims,
        load_codelists,
        load_manifest,
        load_policy,
        load_protocol,
        load_settings,
        load_units,
    )

    load_settings(Path("config/config.yaml"), {"study": study, "extract": extract})
    codelists = load_codelists(Path("config/codelists"))
    protocol = load_protocol(Path(f"config/studies/{study}.yaml"), codelists)
    manifest = load_manifest(Path(f"config/extracts/{extract}.yaml"))
    check_outcomes_seen(protocol, manifest)
    load_policy(Path(f"config/policies/{manifest.policy}.yaml"))
    load_units(Path("config/units.csv"))
    if protocol.claims:
        load_claims(Path(f"config/claims/{protocol.claims}.yaml"))


def verify_release(study: str, extract: str, start: Start) -> int:
    """Make released numbers again and print what is equal; DifferenceError when something is not.

    `start` is `study`, `extract` or `raw`: what the numbers are made from again.
    """
    from leukocytosis.verify import verify

    verdict = verify(study, extract, Path(), start)
    print(verdict, end="")
    verdict.check()
    return 0
