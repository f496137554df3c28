"""Index events and attrition: from every patient of the extract to the episodes of the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from leukocytosis.cohort.counts import compile_counts
from leukocytosis.cohort.days import compile_days
from leukocytosis.config import Codelist, Protocol
from leukocytosis.config.evidence import Window
from leukocytosis.config.protocol import Criterion
from leukocytosis.matching import compile_dated, compile_in_systems
from leukocytosis.prose import describe_differential
from leukocytosis.store import (
    Connection,
    add_views,
    connect,
    fetch,
    quoted,
    write_rows,
    write_table,
)
from leukocytosis.tables import ATTRITION, EPISODES

Step = tuple[str, str, str]  # reason_id, reason, condition on a candidate
Counted = tuple[str, str, int]  # reason_id, reason, patients left
PEAK_UNTIL_DAY = 84


def find_index(
    protocol: Protocol, codelists: Mapping[str, Codelist], extract: Path, out: Path
) -> None:
    """Write `episodes` and `attrition` of a study into `out`.

    The index is the patient's first count, by the time it was taken, that the protocol lets be
    one (`compile_counts`); ties go to the higher value. Criteria are judged at that index, in the
    protocol's order.
    """
    with connect(out / ".scratch") as con:
        add_views(con, extract, [
            "patients", "deaths", "labs", "diagnoses", "encounters", "microbiology",
        ])  # fmt: skip
        counts = _narrow_counts(con, protocol, codelists)
        con.execute(
            "CREATE TEMP TABLE firsts AS SELECT patient_id AS episode_id, patient_id, "
            f"{FIRST_COUNT} FROM qualifying GROUP BY patient_id"
        )
        judge_candidates(con, protocol, codelists)
        _write_attrition(con, protocol, counts, out)
        write_episodes(con, protocol, codelists, compile_entry(protocol), out)


def _narrow_counts(
    con: Connection, protocol: Protocol, codelists: Mapping[str, Codelist]
) -> list[Counted]:
    """Keep the counts that may be an index, in table `qualifying`; return patients by step."""
    counted, before = [], "labs"
    for reason_id, reason, query in compile_counts(protocol, codelists):
        con.execute(f"CREATE TEMP TABLE {reason_id} AS {query.replace('{before}', before)}")
        n = _count(con, f"{reason_id} SEMI JOIN patients USING (patient_id)")
        counted.append((reason_id, reason, n))
        before = reason_id
    con.execute(f"CREATE TEMP VIEW qualifying AS FROM {before}")
    return counted


FIRST_COUNT = (
    "arg_min(struct_pack(taken_at, value, encounter_id, lab_id), (taken_at, -value, lab_id)) "
    "AS index_count"
)
COMPILED_CANDIDATES = """
    SELECT episode_id, patient_id, index_count, CAST(index_count.taken_at AS DATE) AS index_on,
           sex, birth_year, died_on
    FROM firsts JOIN patients USING (patient_id) LEFT JOIN deaths USING (patient_id)
"""


def judge_candidates(
    con: Connection, protocol: Protocol, codelists: Mapping[str, Codelist]
) -> None:
    """Make the table `judged` from `firsts`: the candidates with a yes or no per criterion.

    A patient may stand in `firsts` with several index counts, each an episode of its own.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {COMPILED_CANDIDATES}")
    first, last = compile_days("diagnoses")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE candidate_diagnoses AS "
        f"SELECT d.*, {first} AS days_from_index, {last} AS last_day_from_index, "
        "c.episode_id, c.index_count.encounter_id AS index_encounter_id "
        "FROM diagnoses d JOIN candidates c USING (patient_id)"
    )
    criteria = (*protocol.population.exclude, *protocol.population.include)
    columns = "".join(
        ", episode_id IN (SELECT episode_id FROM candidate_diagnoses WHERE "
        f"{compile_criterion(criterion, codelists)}) AS {criterion.id}"
        for criterion in criteria
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT candidates.*, differential{columns} "
        f"FROM candidates LEFT JOIN ({compile_differential(protocol)}) USING (episode_id)"
    )


def compile_differential(protocol: Protocol) -> str:
    """Return episode → share in the differential nearest to the index; no row when there is none.

    A bound (`>90`) and a result not dated to the day are no share.
    """
    asked = protocol.index.differential
    if asked is None:
        return "SELECT episode_id, CAST(NULL AS DOUBLE) AS differential FROM candidates LIMIT 0"
    day, _ = compile_days("labs")
    return f"""
        SELECT episode_id, arg_min(share, (abs(epoch(taken_at) - epoch(index_at)), taken_at))
            AS differential
        FROM (
            SELECT episode_id, taken_at, index_at, sum(share) AS share
            FROM (
                SELECT episode_id, taken_at, index_count.taken_at AS index_at, concept,
                       max(value) AS share
                FROM labs JOIN candidates USING (patient_id)
                WHERE concept IN ({", ".join(quoted(concept) for concept in asked.concepts)})
                  AND value IS NOT NULL AND comparator IS NULL
                  AND {compile_dated()}
                  AND {day} >= {asked.window.from_day} AND {day} <= {asked.window.to_day}
                GROUP BY ALL
            ) GROUP BY episode_id, taken_at, index_at
            HAVING bool_or(concept = {quoted(asked.concepts[0])})
        ) GROUP BY episode_id
    """


def compile_criterion(criterion: Criterion, codelists: Mapping[str, Codelist]) -> str:
    """Return the condition on a diagnosis (with its days and the index stay)."""
    match = compile_in_systems("code", "code_system", codelists[criterion.codelist].entries)
    return f"{match} AND {compile_window(criterion.window)}"


def compile_window(window: Window) -> str:
    """Return the condition that every day a record can lie on is inside (both ends included)."""
    ends = [f"days_from_index >= {window.from_day}"] if window.from_day is not None else []
    ends += [f"last_day_from_index <= {window.to_day}"] if window.to_day is not None else []
    inside = " AND ".join(ends) or "true"
    stay = " OR encounter_id = index_encounter_id" if window.or_index_stay else ""
    return f"(({inside}){stay})"


def attrition_steps(protocol: Protocol) -> list[Step]:
    """Return the steps after the index: id, words, condition on a judged candidate."""
    population = protocol.population
    steps = [("alive_at_index", "not recorded dead before the index",
              "(died_on IS NULL OR died_on >= index_on)")]  # fmt: skip
    if population.minimum_age:
        years = population.minimum_age.years
        old_enough = f"year(index_on) - birth_year >= {years}"
        steps.append(("age", f"aged {years} or older", old_enough))
    if protocol.index.differential:
        bound = describe_differential(protocol.index.differential)
        above = protocol.index.differential.above
        steps += [
            ("differential_known", "a differential at the index", "differential IS NOT NULL"),
            ("differential", bound, f"differential {above.operator} {above.value}"),
        ]
    steps += [(c.id, c.title, f"NOT {c.id}") for c in population.exclude]
    steps += [(c.id, c.title, c.id) for c in population.include]
    return steps


def _write_attrition(
    con: Connection, protocol: Protocol, narrowed: list[Counted], out: Path
) -> None:
    concept = quoted(protocol.index.concept)
    counts = [
        # its key is the patient, so its rows need no telling apart
        (
            "in_extract",
            "patients of the extract",
            int(fetch(con, "SELECT count(*) FROM patients")[0][0]),
        ),
        ("with_count", "a blood white count", _count(con, f"labs WHERE concept = {concept}")),
        *narrowed,
    ]
    conditions: list[str] = []
    for reason_id, reason, condition in attrition_steps(protocol):
        conditions.append(condition)
        counts.append((reason_id, reason, _count(con, f"judged WHERE {' AND '.join(conditions)}")))
    rows = [
        {
            "step": i,
            "reason_id": reason_id,
            "reason": reason,
            "n_patients_before": counts[max(i - 1, 0)][2],
            "n_patients_left": n,
        }
        for i, (reason_id, reason, n) in enumerate(counts)
    ]
    write_rows(con, rows, ATTRITION, out / "attrition.parquet")


def _count(con: Connection, source: str) -> int:
    return int(fetch(con, f"SELECT count(DISTINCT patient_id) FROM {source}")[0][0])


def compile_entry(protocol: Protocol) -> str:
    """Return the condition that a judged candidate meets every criterion."""
    return " AND ".join(condition for _, _, condition in attrition_steps(protocol))


def write_episodes(
    con: Connection,
    protocol: Protocol,
    codelists: Mapping[str, Codelist],
    entry: str,
    out: Path,
) -> None:
    """Write `episodes`: the candidates of the table `judged` that meet the condition of entry."""
    query = f"""
        WITH counts AS (
            SELECT episode_id, value, date_diff('day', index_on, CAST(taken_at AS DATE)) AS day
            FROM labs JOIN judged USING (patient_id)
            WHERE concept = {quoted(protocol.index.concept)}
              AND {compile_dated()}
        ), peaks AS (
            SELECT episode_id, max(value) AS peak, arg_max(day, (value, -day)) AS peak_day
            FROM counts WHERE day BETWEEN 0 AND {PEAK_UNTIL_DAY} GROUP BY episode_id
        ), tumours AS ({_compile_tumour_group(protocol, codelists)})
        SELECT episode_id, patient_id, index_count.taken_at AS index_at, index_on,
               index_count.value AS wbc_1e9_per_l, peak AS peak_wbc_1e9_per_l, peak_day,
               year(index_on) - birth_year AS age_at_index_years, sex, tumour_group,
               index_count.encounter_id AS encounter_id
        FROM judged JOIN peaks USING (episode_id) LEFT JOIN tumours USING (episode_id)
        WHERE {entry}
    """
    write_table(con, query, EPISODES, out / "episodes.parquet")


def _compile_tumour_group(protocol: Protocol, codelists: Mapping[str, Codelist]) -> str:
    """Return episode → group of the latest tumour code; a metastasis code names no primary.

    Without a code it is `none_coded`, and missing where the extract has no diagnoses.
    """
    tumour = protocol.tumour
    if tumour is None:
        return "SELECT episode_id, CAST(NULL AS VARCHAR) AS tumour_group FROM judged"
    entries = codelists[tumour.codelist].entries
    groups = sorted({entry.category for entry in entries})
    matches = {
        group: compile_in_systems(
            "code", "code_system", [e for e in entries if e.category == group]
        )
        for group in groups
    }
    whens = " ".join(f"WHEN {match} THEN {quoted(group)}" for group, match in matches.items())
    return f"""
        SELECT episode_id, coalesce(found, (SELECT if(count(*) > 0, 'none_coded', NULL)
            FROM diagnoses)) AS tumour_group
        FROM judged LEFT JOIN (
            SELECT episode_id, arg_max(category, (category <> 'metastasis_only', recorded_at, code))
                AS found
            FROM (SELECT *, CASE {whens} END AS category FROM candidate_diagnoses
                  WHERE {compile_criterion(tumour, codelists)})
            GROUP BY episode_id
        ) USING (episode_id)
    """
