"""Treatment begun after the index: its first day."""

from __future__ import annotations

from collections.abc import Mapping

from leukocytosis.config import Codelist
from leukocytosis.config.design import Treatment
from leukocytosis.matching import COMPILED_GIVEN, compile_drug_match, compile_systemic

NOT_ASKED = "SELECT episode_id, NULL AS treated_day, false AS treatment_assessed FROM episodes"


def compile_treatment(treatment: Treatment | None, codelists: Mapping[str, Codelist]) -> str:
    """Return per episode the first day of the treatment, and whether it could have been seen.

    A drug with a start and an end counts from the first of its days inside the window. Nobody's
    treatment was assessed in an extract that has no drug of anybody after the index.
    """
    if treatment is None:
        return NOT_ASKED
    first, last = treatment.window.from_day, treatment.window.to_day
    forms = codelists[treatment.excluded_forms].entries if treatment.excluded_forms else ()
    conditions = [
        compile_drug_match(codelists[treatment.codelist].entries),
        COMPILED_GIVEN,
        *compile_systemic(treatment.excluded_routes, forms),
        f"last_day_from_index >= {first}",
        *([f"days_from_index <= {last}"] if last is not None else []),
    ]
    return f"""
        SELECT episode_id,
               min(greatest(days_from_index, {first})) FILTER ({" AND ".join(conditions)})
                   AS treated_day,
               (SELECT count(*) > 0 FROM cohort_drugs WHERE last_day_from_index >= {first})
                   AS treatment_assessed
        FROM episodes LEFT JOIN cohort_drugs USING (episode_id) GROUP BY episode_id
    """
