"""What can be judged only beside a laboratory's other rows: units, duplicates, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from leukocytosis.config import Codelist, Manifest, Unit, fold_unit
from leukocytosis.errors import ConfigError, Problem, nearest
from leukocytosis.standardise.reading import Rule, compile_answer, one_of
from leukocytosis.store import Connection, count_repeats, fetch, quoted

SAME = ("patient_id", "code", "taken_at")
HASH = f"hash({', '.join(SAME)})"
RULES = (
    Rule("unit_missing", "unit", ""),
    Rule("superseded_by_correction", "value", ""),
    Rule("duplicate", "lab_id", ""),
)
REPEATED = ("superseded_by_correction", "duplicate")  # said elsewhere: nothing is lost


@dataclass(frozen=True)
class Measures:
    """In which quantity each concept is measured, and the units of each quantity."""

    quantities: Mapping[str, str]  # concept → quantity
    units: tuple[Unit, ...]
    local: Mapping[str, str]  # the extract's own spellings → a known one


def find_measures(
    codelists: Mapping[str, Codelist], units: tuple[Unit, ...], manifest: Manifest
) -> Measures:
    """Return the measures of every lab codelist; ConfigError for a quantity without units."""
    quantities = {name: codelist.quantity for name, codelist in codelists.items()}
    measured = {name: quantity for name, quantity in quantities.items() if quantity}
    known = {unit.quantity for unit in units}
    problems = [
        Problem(
            f"codelist {name}",
            f"measures '{quantity}', which units.csv does not list{nearest(quantity, known)}",
            "mend its category, or add the quantity's units",
        )
        for name, quantity in sorted(measured.items())
        if quantity not in known
    ]
    spelt = {unit.unit for unit in units}
    problems += [
        Problem(
            f"manifest {manifest.extract}: units.{local}",
            f"is put on '{unit}', which units.csv does not list{nearest(unit, spelt)}",
            "name a spelling of config/units.csv",
        )
        for local, unit in sorted(manifest.units.items())
        if fold_unit(unit) not in spelt
    ]
    if problems:
        raise ConfigError(problems)
    return Measures(measured, units, manifest.units)


def compile_labs(con: Connection, parts: str, measures: Measures) -> str:
    """Return the judged lab rows with missing units settled and repeated results told apart.

    A missing unit is taken from the laboratory's other rows of the same code when these have
    one unit only (`unit_missing_assumed`). Of results of one patient, code, time and specimen a
    correction replaces what it corrects, the last correction the others; an exact repetition is
    a duplicate; different uncorrected values all stay. Where no row needs any of this, the
    judged rows are the answer.
    """
    kept = f"FROM {parts} WHERE rejected_by IS NULL"
    n_without_unit = fetch(con, f"SELECT count(*) {kept} AND printed_unit IS NULL")[0][0]
    if not n_without_unit and not count_repeats(con, kept, SAME):
        return f"FROM {parts}"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE only_unit AS SELECT code_system, code, "
        f"max(printed_unit) AS the_unit FROM {parts} WHERE rejected_by IS NULL "
        "AND printed_unit IS NOT NULL GROUP BY ALL HAVING count(DISTINCT printed_unit) = 1"
    )
    # hashes of few bytes are grouped; the few rows that share one are then compared in full
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {HASH} AS same {kept} "
        "GROUP BY same HAVING count(*) > 1"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE repetition AS {_compile_repetitions(parts)}")
    return _compile_settled(parts, measures)


def _compile_repetitions(parts: str) -> str:
    """Return, by their place, the rows that a correction replaces or that say it all again."""
    same_result = "patient_id, code, taken_at, lower(specimen)"
    return (
        "SELECT ordinal, if(superseded, 'superseded_by_correction', 'duplicate') AS why FROM ("
        "SELECT ordinal, "
        f"max(correction) OVER (PARTITION BY {same_result}) > correction AS superseded, "
        # a bound may stand in a column of its own: the number alone is no repetition of it
        f"row_number() OVER (PARTITION BY {same_result}, value_text, comparator, printed_unit, "
        "correction ORDER BY ordinal) > 1 AS duplicate FROM ("
        "SELECT *, if(corrected, "
        f"dense_rank() OVER (PARTITION BY {same_result} ORDER BY ordinal), 0) AS correction "
        f"FROM (SELECT *, {HASH} AS same FROM {parts} WHERE rejected_by IS NULL) "
        "SEMI JOIN repeated USING (same))) WHERE superseded OR duplicate"
    )


def _compile_settled(parts: str, measures: Measures) -> str:
    factor = compile_unit_factor("concept", "the_unit", measures)
    return (
        "SELECT * EXCLUDE (rejected_by, changed_by, value, why, the_unit), "
        f"if(printed_unit IS NULL, round(value * {factor}, 9), value) AS value, "
        "coalesce(rejected_by, if(printed_unit IS NULL AND the_unit IS NULL, 'unit_missing', why)) "
        "AS rejected_by, if(printed_unit IS NULL, 'unit_missing_assumed', NULL) AS changed_by "
        f"FROM (SELECT p.*, r.why, u.the_unit FROM {parts} p "
        "LEFT JOIN only_unit u USING (code_system, code) LEFT JOIN repetition r USING (ordinal))"
    )


def compile_standard_unit(concept: str, measures: Measures) -> str:
    """Return the standard unit of a concept."""
    standard = {unit.quantity: unit.standard_unit for unit in measures.units}
    answers = {name: quoted(standard[q]) for name, q in measures.quantities.items()}
    return compile_answer(concept, answers, one_of(standard.values()))


def compile_unit_factor(concept: str, printed: str, measures: Measures) -> str:
    """Return the factor from a printed unit to the concept's standard one; NULL if unlisted."""
    factors: dict[str, dict[str, float]] = defaultdict(dict)
    for unit in measures.units:
        factors[unit.quantity][unit.unit] = unit.factor
    for known in factors.values():
        for local, standard in measures.local.items():
            if fold_unit(standard) in known:
                known[fold_unit(local)] = known[fold_unit(standard)]
    compiled = {quantity: _factors(printed, known) for quantity, known in factors.items()}
    return _by_quantity(concept, measures, compiled)


def _by_quantity(concept: str, measures: Measures, compiled: Mapping[str, str]) -> str:
    concepts: dict[str, list[str]] = defaultdict(list)
    for name, quantity in sorted(measures.quantities.items()):
        concepts[quantity].append(quoted(name))
    if len(concepts) == 1:
        return compiled[next(iter(concepts))]
    whens = " ".join(
        f"WHEN {concept} IN ({', '.join(names)}) THEN {compiled[quantity]}"
        for quantity, names in sorted(concepts.items())
    )
    return f"CASE {whens} END" if whens else "NULL"


def _factors(printed: str, factors: Mapping[str, float]) -> str:
    return compile_answer(printed, {unit: repr(f) for unit, f in factors.items()}, "DOUBLE")
