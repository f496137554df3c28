"""The protocol on a page, in the order of HARPER (Wang et al., 2023; doi:10.1002/pds.5507).

Its sections are those of the template; what neither protocol nor manifest says, it says is not
stated.
"""

from __future__ import annotations

from leukocytosis.documents.methods import list_codelists
from leukocytosis.prose import (
    capital,
    describe_bound,
    describe_protocol,
    join,
    name_covariate,
    name_group,
)
from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs

TEMPLATE = "protocol.md"
NOT_STATED = "not stated in the protocol"
TABLES = {  # name in the text → its caption, and the topics of the statements in it
    "time_zero": ("Time zero", ("index",)),
    "criteria": ("Inclusion and exclusion criteria", ("population",)),
    "exposures": ("Exposure: the cause of the count", ("causes", "precedence")),
    "evidence": ("Evidence", ("evidence",)),
    "outcomes": ("Outcomes", ("outcomes",)),
    "covariates": ("Covariates", ("covariates",)),
    "treatment": ("Treatment after the index", ("treatment",)),
}


def list_tables(inputs: ReportInputs) -> dict[str, Grid]:
    """Return the tables that the page may name: `@table criteria`."""
    told = {name: _list_statements(inputs, *asked) for name, asked in TABLES.items()}
    return {"objective": list_objective(inputs), **told, "codelists": list_codelists(inputs)}


def _list_statements(inputs: ReportInputs, caption: str, topics: tuple[str, ...]) -> Grid:
    found = [s for s in describe_protocol(inputs.protocol) if s.topic in topics]
    rows = tuple((s.text, s.basis, s.source) for s in found)
    return Grid(caption, ("Definition", "Basis", "Rationale or source"), "lll", rows)


def list_objective(inputs: ReportInputs) -> Grid:
    """Return the primary objective, item by item, as HARPER asks for it."""
    protocol = inputs.protocol
    contrast = protocol.analyses.primary_contrast
    outcome = next(o for o in protocol.outcomes if o.id == contrast.outcome)
    group, reference = (name_group(name) for name in contrast.groups)
    needed = [criterion.title for criterion in protocol.population.include]
    adjusted = join([name_covariate(term) for term in protocol.covariates.adjusted_for])
    bound = f"first blood white count {describe_bound(protocol.index.above)}"
    rows = (
        ("Objective", protocol.question),
        ("Hypothesis", NOT_STATED),
        ("Population", capital("; ".join([bound, *needed]))),
        ("Exposure", group),
        ("Comparator", reference),
        ("Outcome", outcome.title),
        ("Time", f"from the index to day {outcome.horizon_days}, that day included"),
        ("Setting", inputs.manifest.title),
        ("Main measure", contrast.measure.replace("_", " ")),
        ("Adjusted for", adjusted),
    )
    return Grid("Primary objective", ("Item", "What the protocol says"), "ll", rows)
