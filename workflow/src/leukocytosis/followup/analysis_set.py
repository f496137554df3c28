"""The analysis set: one row per episode with cause, baseline covariates and follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from leukocytosis.config import Codelist, Protocol
from leukocytosis.followup.known import check_known, compile_cause_days
from leukocytosis.followup.treatment import compile_treatment
from leukocytosis.matching import compile_dated, compile_in_systems
from leukocytosis.store import add_views, connect, quoted, write_table
from leukocytosis.tables import analysis_set_table

FOLLOW_UP = ("days", "status", "ended_by")


def derive_analysis_set(
    protocol: Protocol,
    codelists: Mapping[str, Codelist],
    study: Path,
) -> None:
    """Write `analysis_set`. Covariates use records up to the index day, never later ones.

    Metastatic disease is missing for a patient without any diagnosis dated up to the index: then
    nobody could have seen it; else yes or no. The neutrophil share is that of the differential
    nearest before or on the index (an absolute count is divided by the white count of the same
    time); a bound (`>90`) and a result not dated to the day are no share. Each covariate has the
    day on which it became known; DesignError when that is after the day by which the protocol says
    it is.
    """
    tables = ["episodes", "causes", "evidence_events", "outcomes", "cohort_diagnoses",
              "cohort_drugs", "cohort_labs"]  # fmt: skip
    with connect(study / ".scratch") as con:
        add_views(con, study, tables)
        outcome_ids = [outcome.id for outcome in protocol.outcomes]
        columns = ", ".join(_compile_follow_up(outcome_id) for outcome_id in outcome_ids)
        query = f"""
            SELECT e.episode_id, primary_cause, cause_group, grade, all_causes, wbc_1e9_per_l,
                   log2(wbc_1e9_per_l) AS log2_wbc, age_at_index_years, sex, tumour_group,
                   m.metastatic, m.metastatic_known_day,
                   n.neutrophil_percent, n.neutrophil_percent_known_day, k.cause_group_known_day,
                   t.treated_day, t.treatment_assessed, {columns}
            FROM episodes e JOIN causes USING (episode_id)
            LEFT JOIN ({_compile_metastatic(protocol, codelists)}) m USING (episode_id)
            LEFT JOIN ({_compile_neutrophils(protocol)}) n USING (episode_id)
            LEFT JOIN ({compile_cause_days(protocol)}) k USING (episode_id)
            JOIN ({compile_treatment(protocol.treatment, codelists)}) t USING (episode_id)
            JOIN ({_compile_outcomes(outcome_ids)}) o USING (episode_id)
        """
        path = study / "analysis_set.parquet"
        write_table(con, query, analysis_set_table(outcome_ids), path)
        check_known(protocol, con, path)


def _compile_follow_up(outcome_id: str) -> str:
    return ", ".join(f"o.{outcome_id}_{column}" for column in FOLLOW_UP)


def _compile_outcomes(outcome_ids: list[str]) -> str:
    columns = ", ".join(
        f"any_value({column}) FILTER (outcome_id = {quoted(o)}) AS {o}_{column}"
        for o in outcome_ids
        for column in FOLLOW_UP
    )
    return f"SELECT episode_id, {columns} FROM outcomes GROUP BY episode_id"


def _compile_metastatic(protocol: Protocol, codelists: Mapping[str, Codelist]) -> str:
    criterion = protocol.covariates.metastatic
    match = compile_in_systems("code", "code_system", codelists[criterion.codelist].entries)
    low = criterion.window.from_day
    window = f"last_day_from_index <= {criterion.window.to_day}"
    window += f" AND days_from_index >= {low}" if low is not None else ""
    # a patient without any code in the window is in no group: not seen is not absent
    return (
        f"SELECT episode_id, bool_or(coalesce({match}, false)) AS metastatic, "
        f"min(last_day_from_index) FILTER ({match}) AS metastatic_known_day "
        f"FROM cohort_diagnoses WHERE {window} GROUP BY episode_id"
    )


def _compile_neutrophils(protocol: Protocol) -> str:
    window = protocol.covariates.neutrophil_window
    low = window.from_day if window.from_day is not None else -100_000
    return f"""
        WITH measured AS (
            SELECT episode_id, taken_at, concept, value, days_from_index AS day FROM cohort_labs
            WHERE comparator IS NULL AND {compile_dated()}
              AND days_from_index BETWEEN {low} AND {window.to_day}
        ), differential AS (
            SELECT episode_id, taken_at, day, value AS share FROM measured
            WHERE concept = 'neutrophils_percent'
            UNION ALL
            SELECT episode_id, taken_at, a.day, 100 * a.value / w.value
            FROM measured a JOIN measured w USING (episode_id, taken_at)
            WHERE a.concept = 'neutrophils_abs' AND w.concept = {quoted(protocol.index.concept)}
              AND w.value > 0
        )
        SELECT episode_id,
               arg_min(share, (abs(epoch(taken_at) - epoch(index_at)), taken_at, share))
                   AS neutrophil_percent,
               arg_min(day, (abs(epoch(taken_at) - epoch(index_at)), taken_at, share))
                   AS neutrophil_percent_known_day
        FROM differential JOIN episodes USING (episode_id) GROUP BY episode_id
    """
