"""What can be judged only beside a laboratory's other rows: units, duplicates, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukocytosis.config import Manifest, Unit, fold_unit
from leukocytosis.standardise.reading import Rule
from leukocytosis.store import Connection, fetch, quoted

QUANTITY = {  # concepts that are not a count per volume
    "neutrophils_percent": "share",
    "bands_percent": "share",
    "blasts_percent": "share",
    "basophils_percent": "share",
}
STANDARD_UNIT = {"count_per_volume": "10*9/L", "share": "%"}
SAME = "hash(patient_id, code, taken_at)"
RULES = (
    Rule("unit_missing", "unit", ""),
    Rule("superseded_by_correction", "value", ""),
    Rule("duplicate", "lab_id", ""),
)


def compile_labs(con: Connection, parts: str, manifest: Manifest, units: Sequence[Unit]) -> str:
    """Return the judged lab rows with missing units settled and repeated results told apart.

    A missing unit is taken from the laboratory's other rows of the same code when these have
    one unit only (`unit_missing_assumed`). Of results of one patient, code, time and specimen a
    correction replaces what it corrects, the last correction the others; an exact repetition is
    a duplicate; different uncorrected values all stay. Rows that need none of this are left as
    they are.
    """
    n_without_unit, n_repeated = fetch(
        con,
        "SELECT count(*) FILTER (printed_unit IS NULL), count(*) - count(DISTINCT same) FROM "
        f"(SELECT printed_unit, {SAME} AS same FROM {parts} WHERE rejected_by IS NULL)",
    )[0]
    if not n_without_unit and not n_repeated:
        return f"FROM {parts}"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE only_unit AS SELECT code_system, code, "
        f"max(printed_unit) AS the_unit FROM {parts} WHERE rejected_by IS NULL "
        "AND printed_unit IS NOT NULL GROUP BY ALL HAVING count(DISTINCT printed_unit) = 1"
    )
    # hashes of few bytes are grouped; the few rows that share one are then compared in full
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {SAME} AS same FROM {parts} "
        "WHERE rejected_by IS NULL GROUP BY same HAVING count(*) > 1"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE repetition AS {_compile_repetitions(parts)}")
    return _compile_settled(parts, manifest, units)


def _compile_repetitions(parts: str) -> str:
    """Return, by their place, the rows that a correction replaces or that say it all again."""
    same_result = "patient_id, code, taken_at, specimen"
    return (
        "SELECT ordinal, if(superseded, 'superseded_by_correction', 'duplicate') AS why FROM ("
        "SELECT ordinal, "
        f"max(correction) OVER (PARTITION BY {same_result}) > correction AS superseded, "
        f"row_number() OVER (PARTITION BY {same_result}, value_text, printed_unit, correction "
        "ORDER BY ordinal) > 1 AS duplicate FROM ("
        "SELECT *, if(result_status LIKE 'corrected%', "
        f"dense_rank() OVER (PARTITION BY {same_result} ORDER BY ordinal), 0) AS correction "
        f"FROM (SELECT *, {SAME} AS same FROM {parts} WHERE rejected_by IS NULL) "
        "SEMI JOIN repeated USING (same))) WHERE superseded OR duplicate"
    )


def _compile_settled(parts: str, manifest: Manifest, units: Sequence[Unit]) -> str:
    factor = compile_unit_factor("concept", "the_unit", manifest, units)
    return (
        "SELECT * EXCLUDE (rejected_by, changed_by, value, why, the_unit), "
        f"if(printed_unit IS NULL, round(number * {factor}, 9), value) AS value, "
        "coalesce(rejected_by, if(printed_unit IS NULL AND the_unit IS NULL, 'unit_missing', why)) "
        "AS rejected_by, if(printed_unit IS NULL, 'unit_missing_assumed', NULL) AS changed_by "
        f"FROM (SELECT p.*, r.why, u.the_unit FROM {parts} p "
        "LEFT JOIN only_unit u USING (code_system, code) LEFT JOIN repetition r USING (ordinal)) "
        "ORDER BY ordinal"
    )


def compile_standard_unit(concept: str) -> str:
    """Return the standard unit of a concept."""
    shares = ", ".join(quoted(c) for c in sorted(QUANTITY))
    return f"CASE WHEN {concept} IN ({shares}) THEN '%' ELSE '10*9/L' END"


def compile_unit_factor(
    concept: str, printed: str, manifest: Manifest, units: Sequence[Unit]
) -> str:
    """Return the factor from a printed unit to the concept's standard one; NULL if unlisted."""
    factors: dict[str, dict[str, float]] = {quantity: {} for quantity in STANDARD_UNIT}
    for unit in units:
        factors.setdefault(unit.quantity, {})[unit.unit] = unit.factor
    for known in factors.values():
        for local, standard in manifest.units.items():
            if fold_unit(standard) in known:
                known[fold_unit(local)] = known[fold_unit(standard)]
    shares = ", ".join(quoted(c) for c in sorted(QUANTITY))
    return (
        f"CASE WHEN {concept} IN ({shares}) THEN {_factors(printed, factors['share'])} "
        f"ELSE {_factors(printed, factors['count_per_volume'])} END"
    )


def _factors(printed: str, factors: Mapping[str, float]) -> str:
    whens = " ".join(f"WHEN {quoted(u)} THEN {f!r}" for u, f in sorted(factors.items()))
    return f"CAST(CASE {printed} {whens} END AS DOUBLE)" if whens else "CAST(NULL AS DOUBLE)"
