"""The results section: a text whose every number is bound to a row of the study's tables."""

from __future__ import annotations

from leukocytosis.documents.binding import Binder
from leukocytosis.documents.filling import Text, fill
from leukocytosis.documents.results.contrasts import Contrasts
from leukocytosis.documents.results.patients import Patients
from leukocytosis.documents.results.risks import Risks
from leukocytosis.documents.results.robustness import Robustness
from leukocytosis.report.inputs import ReportInputs

TEMPLATE = "results.md"
ROOMS = (Patients, Risks, Contrasts, Robustness)


def fill_text(inputs: ReportInputs, template: str, place: str = TEMPLATE) -> Text:
    """Return the results of a study from a template; its functions are those of `ROOMS`.

    TextError when a number is bound to nothing, or a function or a row does not exist.
    """
    binder = Binder()
    functions = {k: f for room in ROOMS for k, f in room(inputs, binder).functions().items()}
    return fill(template, functions, binder, place)
