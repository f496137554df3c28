"""Index events and attrition: from every patient of the extract to the episodes of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from leukocytosis.cohort.days import compile_days
from leukocytosis.config import Codelist, Protocol
from leukocytosis.config.evidence import Window
from leukocytosis.config.protocol import Criterion
from leukocytosis.matching import compile_in_systems, compile_words, compile_words_match
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
PEAK_UNTIL_DAY = 84


def find_index(
    protocol: Protocol, codelists: Mapping[str, Codelist], extract: Path, out: Path
) -> None:
    """Write `episodes` and `attrition` of a study into `out`.

    The index is the patient's first blood count beyond the threshold by the time it was taken
    (of those near an admission, or repeated, where the protocol asks for it); ties go to the
    higher value. Counts dated only to a month cannot be an index. A printed bound counts only
    when every value it allows is beyond the threshold. Criteria are judged at that index, in the
    protocol's order.
    """
    with connect(out / ".scratch") as con:
        add_views(con, extract, [
            "patients", "deaths", "labs", "diagnoses", "encounters", "microbiology",
        ])  # fmt: skip
        con.execute(f"CREATE TEMP TABLE beyond AS {compile_beyond(protocol)}")
        con.execute(f"CREATE TEMP TABLE near AS {compile_near(protocol)}")
        con.execute(f"CREATE TEMP TABLE qualifying AS {compile_repeated(protocol)}")
        con.execute(f"CREATE TEMP TABLE candidates AS {COMPILED_CANDIDATES}")
        _find_criteria(con, protocol, codelists)
        _write_attrition(con, protocol, out)
        _write_episodes(con, protocol, codelists, out)


def compile_beyond(protocol: Protocol) -> str:
    """Return the query of the counts beyond the threshold."""
    above = protocol.index.above
    strict = {">": ">=", ">=": ">="}[above.operator]
    return (
        "SELECT patient_id, encounter_id, taken_at, taken_precision, value, lab_id FROM labs "
        f"WHERE concept = {quoted(protocol.index.concept)} AND coalesce(comparator, '') <> '<' "
        # '>40' is beyond 40 though its number is not; any other bound must exceed by its number
        f"AND (value {above.operator} {above.value} "
        f"OR (comparator = '>' AND value {strict} {above.value}))"
    )


def compile_near(protocol: Protocol) -> str:
    """Return the query of such counts taken in the first hours of a stay, when that is asked."""
    hours = protocol.index.within_hours_of_admission
    if hours is None:
        return "FROM beyond WHERE taken_precision IN ('second', 'day')"
    return (
        "SELECT b.* FROM beyond b SEMI JOIN encounters e ON e.patient_id = b.patient_id "
        "AND coalesce(e.setting, 'inpatient') = 'inpatient' AND b.taken_at >= e.started_at "
        f"AND b.taken_at <= e.started_at + INTERVAL {hours} HOUR "
        "WHERE b.taken_precision = 'second'"  # a day alone cannot be placed to the hour
    )


def compile_repeated(protocol: Protocol) -> str:
    """Return the query of such counts that repeat one of long enough before, when that is asked."""
    repeated = protocol.index.repeated
    if repeated is None:
        return "FROM near"
    first = "min(CAST(taken_at AS DATE)) OVER (PARTITION BY patient_id)"
    return (
        f"FROM near QUALIFY date_diff('day', {first}, CAST(taken_at AS DATE)) "
        f">= {repeated.at_least_days_apart}"
    )


COMPILED_CANDIDATES = """
    WITH firsts AS (
        SELECT patient_id, arg_min(
            struct_pack(taken_at, value, encounter_id), (taken_at, -value, lab_id)
        ) AS index_count
        FROM qualifying GROUP BY patient_id
    )
    SELECT patient_id, index_count, CAST(index_count.taken_at AS DATE) AS index_on,
           sex, birth_year, died_on
    FROM firsts JOIN patients USING (patient_id) LEFT JOIN deaths USING (patient_id)
"""


def _find_criteria(con: Connection, protocol: Protocol, codelists: Mapping[str, Codelist]) -> None:
    """Add one yes/no column per criterion to the candidates, in table `judged`."""
    for table in ("diagnoses", "microbiology"):
        first, last = compile_days(table)
        con.execute(
            f"CREATE TEMP TABLE candidate_{table} AS "
            f"SELECT d.*, {first} AS days_from_index, {last} AS last_day_from_index, "
            "c.index_count.encounter_id AS index_encounter_id "
            f"FROM {table} d JOIN candidates c USING (patient_id)"
        )
    criteria = (*protocol.population.exclude, *protocol.population.include)
    columns = [
        f"patient_id IN (SELECT patient_id FROM candidate_{criterion.from_} WHERE "
        f"{compile_criterion(criterion, codelists)}) AS {criterion.id}"
        for criterion in criteria
    ]
    columns += _compile_differential(protocol)
    con.execute(
        "CREATE TEMP TABLE judged AS "
        f"SELECT *, {', '.join(columns) or 'true AS no_criteria'} FROM candidates"
    )


def _compile_differential(protocol: Protocol) -> list[str]:
    """Return the differential's share: the latest in the window; NULL when there is none."""
    asked = protocol.index.differential
    if asked is None:
        return []
    first, _ = compile_days("labs")
    return [
        "(SELECT arg_max(value, (taken_at, lab_id)) FROM labs "
        f"WHERE labs.patient_id = candidates.patient_id AND concept = {quoted(asked.concept)} "
        f"AND {first} BETWEEN {asked.window.from_day} AND {asked.window.to_day}) AS differential"
    ]


def compile_criterion(criterion: Criterion, codelists: Mapping[str, Codelist]) -> str:
    """Return the condition on a row of the criterion's table (with its days and index stay)."""
    entries = codelists[criterion.codelist].entries
    if criterion.from_ == "microbiology":
        test, specimen = (
            f"coalesce({compile_words_match(compile_words(column), entries)}, false)"
            for column in ("test", "specimen")
        )
        match = f"result = 'positive' AND ({test} OR {specimen})"
    else:
        match = compile_in_systems("code", "code_system", entries)
    return f"{match} AND {compile_window(criterion.window)}"


def compile_window(window: Window) -> str:
    """Return the condition that every day a record can lie on is inside (both ends included)."""
    ends = [f"days_from_index >= {window.from_day}"] if window.from_day is not None else []
    ends += [f"last_day_from_index <= {window.to_day}"] if window.to_day is not None else []
    inside = " AND ".join(ends) or "true"
    stay = " OR encounter_id = index_encounter_id" if window.or_index_stay else ""
    return f"(({inside}){stay})"


def attrition_steps(protocol: Protocol) -> list[Step]:
    """Return the steps after the threshold: id, words, condition on a judged candidate."""
    steps = [
        ("dated_to_the_day", "such a count dated to the day", "true"),
        (
            "alive_at_index",
            "not recorded dead before the index",
            "(died_on IS NULL OR died_on >= index_on)",
        ),
    ]
    if protocol.index.differential:
        above = protocol.index.differential.above
        bound = f"{above.operator} {above.value:g}"
        steps += [
            ("differential_known", "a differential at the index", "differential IS NOT NULL"),
            ("differential", f"in which the share is {bound} {above.unit}",
             f"differential {bound}"),
        ]  # fmt: skip
    steps += [(c.id, c.title, f"NOT {c.id}") for c in protocol.population.exclude]
    steps += [(c.id, c.title, c.id) for c in protocol.population.include]
    age = protocol.population.minimum_age_years
    if age is not None:
        steps.append(("age", f"aged {age} or older", f"year(index_on) - birth_year >= {age}"))
    return steps


def _write_attrition(con: Connection, protocol: Protocol, out: Path) -> None:
    above = protocol.index.above
    concept = quoted(protocol.index.concept)
    counts = [
        ("in_extract", "patients of the extract", _count(con, "patients")),
        ("with_count", "a blood white count", _count(con, f"labs WHERE concept = {concept}")),
        (
            "above_threshold",
            f"a count {above.operator} {above.value:g} ×10⁹/L",
            _count(con, "beyond SEMI JOIN patients USING (patient_id)"),
        ),
        *_count_narrower(con, protocol),
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


def _count_narrower(con: Connection, protocol: Protocol) -> Iterator[tuple[str, str, int]]:
    index = protocol.index
    if index.within_hours_of_admission:
        hours = index.within_hours_of_admission
        words = f"such a count in the first {hours} hours of an inpatient stay"
        yield "near_admission", words, _count(con, "near SEMI JOIN patients USING (patient_id)")
    if index.repeated:
        days = index.repeated.at_least_days_apart
        words = f"a second such count at least {days} days after the first"
        yield "repeated", words, _count(con, "qualifying SEMI JOIN patients USING (patient_id)")


def _count(con: Connection, source: str) -> int:
    return int(fetch(con, f"SELECT count(DISTINCT patient_id) FROM {source}")[0][0])


def _write_episodes(
    con: Connection, protocol: Protocol, codelists: Mapping[str, Codelist], out: Path
) -> None:
    conditions = " AND ".join(condition for _, _, condition in attrition_steps(protocol))
    query = f"""
        WITH counts AS (
            SELECT patient_id, value, date_diff('day', index_on, CAST(taken_at AS DATE)) AS day
            FROM labs JOIN judged USING (patient_id)
            WHERE concept = {quoted(protocol.index.concept)}
              AND taken_precision IN ('second', 'day')
        ), peaks AS (
            SELECT patient_id, max(value) AS peak, arg_max(day, (value, -day)) AS peak_day
            FROM counts WHERE day BETWEEN 0 AND {PEAK_UNTIL_DAY} GROUP BY patient_id
        ), tumours AS ({_compile_tumour_group(protocol, codelists)})
        SELECT patient_id AS episode_id, patient_id, index_count.taken_at AS index_at, index_on,
               index_count.value AS wbc_1e9_per_l, peak AS peak_wbc_1e9_per_l, peak_day,
               year(index_on) - birth_year AS age_at_index_years, sex, tumour_group,
               index_count.encounter_id AS encounter_id
        FROM judged JOIN peaks USING (patient_id) LEFT JOIN tumours USING (patient_id)
        WHERE {conditions}
    """
    write_table(con, query, EPISODES, out / "episodes.parquet")


def _compile_tumour_group(protocol: Protocol, codelists: Mapping[str, Codelist]) -> str:
    """Return patient → group of the latest tumour code; a metastasis code names no primary."""
    coded = [c for c in protocol.population.include if c.from_ == "diagnoses"]
    if not coded:
        return "SELECT patient_id, CAST(NULL AS VARCHAR) AS tumour_group FROM judged"
    criterion = coded[0]
    entries = codelists[criterion.codelist].entries
    groups = sorted({entry.category for entry in entries})
    matches = {
        group: compile_in_systems(
            "code", "code_system", [e for e in entries if e.category == group]
        )
        for group in groups
    }
    whens = " ".join(f"WHEN {match} THEN {quoted(group)}" for group, match in matches.items())
    return (
        "SELECT patient_id, arg_max(category, (category <> 'metastasis_only', recorded_at, code)) "
        f"AS tumour_group FROM (SELECT *, CASE {whens} END AS category FROM candidate_diagnoses "
        f"WHERE {compile_criterion(criterion, codelists)}) GROUP BY patient_id"
    )
