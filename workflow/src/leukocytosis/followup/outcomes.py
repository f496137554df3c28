"""Outcomes: the first event up to the horizon, or the day observation ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leukocytosis.config import Protocol
from leukocytosis.config.design import LAST_CONTACT, NOBODY_LOST
from leukocytosis.config.protocol import Outcome
from leukocytosis.store import Connection, add_views, connect, quoted, write_table
from leukocytosis.tables import OUTCOMES, OUTCOMES_OTHERWISE

COMPILED_FOLLOWED = """
    CREATE TEMP TABLE followed AS
    SELECT e.episode_id, e.patient_id,
           date_diff('day', e.index_on, d.died_on) AS death_day,
           h.hospice_day, h.hospice_id,
           date_diff('day', e.index_on, p.observed_until_on) AS until_day,
           -- dead, nobody knows when: alive no longer than somebody saw the patient
           d.patient_id IS NOT NULL AND d.died_on IS NULL AS undated,
           until_day IS NULL OR undated AS only_seen,
           coalesce(s.last_seen_day, 0) AS last_seen_day,
           -- without a stated end, the last day anybody saw the patient
           if(only_seen, least(until_day, coalesce(s.last_seen_day, 0)), until_day) AS seen_day
    FROM episodes e JOIN patients p USING (patient_id) LEFT JOIN deaths d USING (patient_id)
    LEFT JOIN (
        SELECT episode_id, min(last_day_from_index) AS hospice_day,
               arg_min(encounter_id, (last_day_from_index, encounter_id)) AS hospice_id
        FROM cohort_encounters
        WHERE disposition = 'hospice' AND ended_at IS NOT NULL AND last_day_from_index >= 0
        GROUP BY episode_id
    ) h USING (episode_id)
    LEFT JOIN (
        SELECT episode_id, max(last_day_from_index) AS last_seen_day
        FROM cohort_encounters GROUP BY episode_id
    ) s USING (episode_id)
"""


def derive_outcomes(protocol: Protocol, extract: Path, study: Path) -> None:
    """Write `outcomes`, one row per episode and outcome, with the record that ended it.

    An event counts from day 0 to the horizon, both included, while the patient was observed; on
    a tie death comes before hospice. Hospice ends follow-up only of an outcome it is part of:
    nobody is censored at hospice.
    """
    with connect(study / ".scratch") as con:
        _follow(con, extract, study)
        union = " UNION ALL ".join(compile_outcome(outcome) for outcome in protocol.outcomes)
        write_table(con, union, OUTCOMES, study / "outcomes.parquet")


def derive_otherwise(protocol: Protocol, extract: Path, study: Path) -> None:
    """Write `outcomes_otherwise`: the outcome of the primary contrast under other rules."""
    with connect(study / ".scratch") as con:
        _follow(con, extract, study)
        otherwise = " UNION ALL ".join(_compile_otherwise(protocol))
        write_table(con, otherwise, OUTCOMES_OTHERWISE, study / "outcomes_otherwise.parquet")


def _follow(con: Connection, extract: Path, study: Path) -> None:
    """Make the table `followed`: per episode the days of death, hospice and last observation."""
    add_views(con, extract, ["patients", "deaths"])
    add_views(con, study, ["episodes", "cohort_encounters"])
    con.execute(COMPILED_FOLLOWED)


def _compile_otherwise(protocol: Protocol) -> Iterator[str]:
    """Yield the primary contrast's outcome under other horizons and other ends of observation."""
    contrast = protocol.analyses.primary_contrast
    outcome = next(o for o in protocol.outcomes if o.id == contrast.outcome)
    ends = {LAST_CONTACT: "last_seen_day", NOBODY_LOST: str(outcome.horizon_days)}
    rules = [
        *((f"horizon_{day}", day, "seen_day") for day in contrast.other_horizons),
        *((rule, outcome.horizon_days, end) for rule, end in ends.items()),
    ]
    for rule, horizon, end in rules:
        rows = compile_outcome(outcome.model_copy(update={"horizon_days": horizon}), end)
        yield f"SELECT episode_id, {quoted(rule)} AS rule, days, status FROM ({rows})"


def compile_outcome(outcome: Outcome, censored_on: str = "seen_day") -> str:
    """Return the rows of one outcome from the table `followed`.

    `censored_on` is the day on which those without the event leave, at the latest the horizon.
    """
    horizon = outcome.horizon_days
    days = [f"coalesce({event}_day, 1000000)" for event in outcome.events]
    first = f"least({', '.join(days)})" if len(days) > 1 else days[0]
    # an admission can hold a death recorded after the declared end of observation
    is_event = f"(first_day BETWEEN 0 AND {horizon} AND first_day <= seen_day)"
    which = "CASE WHEN death_day = first_day THEN 'death' ELSE 'hospice' END"
    end = (
        f"CASE WHEN seen_day >= {horizon} THEN 'horizon' WHEN only_seen THEN 'last contact' "
        "ELSE 'end of observation' END"
    )
    return f"""
        SELECT episode_id, {quoted(outcome.id)} AS outcome_id,
               CASE WHEN {is_event} THEN first_day
                    ELSE greatest(0, least({censored_on}, {horizon})) END AS days,
               CASE WHEN {is_event} THEN 1 ELSE 0 END AS status,
               CASE WHEN {is_event} THEN {which} ELSE {end} END AS ended_by,
               CASE WHEN {is_event} THEN if({which} = 'death', 'deaths', 'encounters')
                    WHEN {end} = 'end of observation' THEN 'patients' END AS source_table,
               CASE WHEN {is_event} THEN if({which} = 'death', patient_id, hospice_id)
                    WHEN {end} = 'end of observation' THEN patient_id END AS source_id
        FROM (SELECT *, {first} AS first_day FROM followed)
    """
