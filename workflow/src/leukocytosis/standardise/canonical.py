"""One function per canonical table: which expression gives each column, which rules judge it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from leukocytosis.config import Codelist
from leukocytosis.config.codelist import DIAGNOSIS_SYSTEMS, DRUG_SYSTEMS, FORMATS
from leukocytosis.matching import compile_drug_match, compile_in_systems, compile_is_one_of
from leukocytosis.standardise import values, wanted
from leukocytosis.standardise.labs import Measures, compile_standard_unit, compile_unit_factor
from leukocytosis.standardise.reading import NOTHING, Reader, compile_answer, one_of
from leukocytosis.store import quoted
from leukocytosis.tables import BY_NAME, DRUG_KINDS

EARLIEST_BIRTH = BY_NAME["patients"].column("birth_year").at_least


@dataclass(frozen=True)
class Vocabulary:
    """What the standardise stage knows of codes and units."""

    codelists: Mapping[str, Codelist]
    code_map: Mapping[tuple[str, str], tuple[str, str]]
    measures: Measures


def read_patients(reader: Reader, _: Vocabulary) -> None:
    """Read patients: observation may end with the patient, or with the extract."""
    limit = reader.manifest.observation.deaths_known_until_on
    until = f"DATE {quoted(limit.isoformat())}" if limit else "CAST(NULL AS DATE)"
    reader.columns = {
        "patient_id": reader.id("patient_id"),
        "sex": reader.category("sex"),
        "birth_year": _birth_year(reader),
        "from_read": reader.day("observed_from_on"),
        "until_read": reader.day("observed_until_on"),
    }
    observed_from = reader.may_lack_time("observed_from_on", "from_read")
    observed_until = reader.may_lack_time("observed_until_on", "until_read")
    reader.derived = [
        {
            "observed_from_on": observed_from,
            "observed_until_on": f"coalesce({observed_until}, {until})",
        }
    ]
    reader.may_lack("birth_year", "birth_year")
    reader.need("patient_id")
    reader.need_listed("sex")


def _birth_year(reader: Reader) -> str:
    """Return the year of birth, of a date its year; a number that is no year is none."""
    day = reader.day("birth_year")
    of_date = f"CASE WHEN {values.compile_plausible(day)} THEN year({day}) END"
    if values.is_temporal(reader.type_of("birth_year")):
        return of_date
    number = reader.number("birth_year")
    years = f"{number} BETWEEN {EARLIEST_BIRTH} AND {values.LAST[:4]}"
    of_number = f"CASE WHEN {years} THEN TRY_CAST({number} AS BIGINT) END"
    printed = reader.type_of("birth_year") == "VARCHAR"
    return f"coalesce({of_number}, {of_date})" if printed else of_number


def read_deaths(reader: Reader, _: Vocabulary) -> None:
    """Read deaths, dated to the day; one that says when in another way has no day.

    Who has nothing where the day of death should be is not dead.
    """
    reader.columns = {
        "patient_id": reader.id("patient_id"),
        "died_read": reader.day("died_on"),
        "precision": reader.precision("died_on"),
        "death_source": f"coalesce({reader.text('death_source')}, 'extract')",
    }
    imprecise = "precision IN ('month', 'year')"
    died_on = reader.may_lack_time("died_on", "died_read")
    reader.derived = [{"died_on": f"CASE WHEN NOT ({imprecise}) THEN {died_on} END"}]
    reader.lack("died_on_not_to_the_day", "died_on", imprecise)
    reader.need("patient_id")
    reader.refuse("died_on_missing", "died_on", reader.missing("died_on"))


def read_encounters(reader: Reader, _: Vocabulary) -> None:
    """Read encounters; an end that cannot be read is missing, and counted."""
    reader.columns = {
        "encounter_id": reader.id("encounter_id"),
        "patient_id": reader.id("patient_id"),
        "started_at": reader.time("started_at"),
        "ended_read": reader.time("ended_at"),
        "setting": reader.category("setting"),
        "disposition": reader.category("disposition"),
    }
    reader.derived = [{"ended_at": reader.may_lack_time("ended_at", "ended_read")}]
    for column in ("encounter_id", "patient_id", "started_at"):
        reader.need(column)
    reader.need_listed("setting")
    reader.need_listed("disposition")


def read_labs(reader: Reader, vocabulary: Vocabulary) -> None:
    """Read results of the lab codes some codelist names, in the concept's standard unit."""
    concepts = wanted.lab_concepts(vocabulary.codelists, vocabulary.code_map)
    system = reader.text("code_system")
    constant = reader.source.constants.get("code_system")
    names = {key: concept for key, concept in concepts.items() if constant in (None, key[0])}
    otherwise = wanted.spell_otherwise(names, vocabulary.code_map)
    code, codes = f"CAST({reader.raw('code')} AS VARCHAR)", one_of(c for _, c in names)
    reader.codes = frozenset(c for _, c in (*names, *otherwise))
    reader.keep = compile_is_one_of(code, reader.codes, in_dictionary=reader.from_parquet)
    if constant is None:
        reader.keep += f" AND {_concept(code, system, {**names, **otherwise})} IS NOT NULL"
    measures = vocabulary.measures
    reader.columns = {
        "lab_id": reader.row_id,
        "patient_id": reader.id("patient_id"),
        "encounter_id": reader.id("encounter_id"),
        "taken_at": reader.time("taken_at"),
        "taken_precision": reader.precision("taken_at"),
        "code_system": system,
        "code": f"TRY_CAST({code} AS {codes})",
        "number": reader.number(_value_column(reader)),
        "value_text": reader.text(_value_column(reader)),
        "comparator": _comparator(reader),
        "specimen": reader.text("specimen"),
        "printed_unit": values.compile_unit(reader.text("unit")),
        "result_status": f"lower({_status(reader)})",
    }
    reader.derived = [
        {
            "concept": _concept("code", "code_system", names),
            "corrected": "result_status LIKE 'corrected%'",
        },
        {
            "factor": compile_unit_factor("concept", "printed_unit", measures),
            "unit": compile_standard_unit("concept", measures),
        },
        # as printed while the unit is not known
        {"value": "coalesce(round(number * factor, 9), number)"},
    ]
    reader.also = ("printed_unit", "corrected")
    reader.choices = {
        "unit": {unit.standard_unit for unit in measures.units},
    }
    if constant:
        reader.choices["code_system"] = [constant]
    _judge_labs(reader)


def _value_column(reader: Reader) -> str:
    return "value" if reader.given("value") else "value_text"


def _status(reader: Reader) -> str:
    return f"coalesce({reader.text('result_status')}, 'final')"


def _comparator(reader: Reader) -> str:
    if reader.given("comparator"):
        return f"nullif(left({reader.text('comparator')}, 1), '')"
    column = _value_column(reader)
    return values.compile_comparator(reader.raw(column), reader.type_of(column))


def _concept(code: str, system: str, names: Mapping[tuple[str, str], str]) -> str:
    concepts = one_of(names.values())
    by_system: dict[str, dict[str, str]] = defaultdict(dict)
    for (s, c), concept in names.items():
        by_system[s][c] = quoted(concept)
    whens = " ".join(
        f"WHEN {quoted(s)} THEN {compile_answer(code, answers, concepts)}"
        for s, answers in sorted(by_system.items())
    )
    return f"CASE {system} {whens} END" if whens else NOTHING


def _judge_labs(reader: Reader) -> None:
    reader.refuse("code_spelt_otherwise", "code", "concept IS NULL", unreadable=True)
    blood = ", ".join(quoted(s.lower()) for s in reader.manifest.blood_specimens)
    reader.refuse("patient_id_missing", "patient_id", "patient_id IS NULL")
    reader.need("taken_at")
    reader.refuse(
        "specimen_not_blood",
        "specimen",
        f"specimen IS NOT NULL AND lower(specimen) NOT IN ({blood})",
    )
    reader.refuse("entered_in_error", "result_status", "result_status LIKE 'entered in error%'")
    reader.refuse("value_missing", "value", reader.missing(_value_column(reader)))
    other = values.compile_other_decimal("value_text")
    reader.refuse("value_of_other_decimal", "value", f"number IS NULL AND {other}", unreadable=True)
    reader.refuse("value_not_a_number", "value", "number IS NULL OR isnan(number) OR isinf(number)")
    reader.refuse("value_negative", "value", "number < 0")
    reader.refuse_unlisted("unit", "factor IS NULL AND printed_unit IS NOT NULL")


def read_diagnoses(reader: Reader, vocabulary: Vocabulary) -> None:
    """Read codes some codelist names; those written like no code of their system are refused."""
    system = (
        reader.category("code_system")
        if reader.given("code_system")
        else reader.text("code_system")
    )
    code = values.compile_code(reader.raw("code"))
    entries = wanted.all_of(vocabulary.codelists, DIAGNOSIS_SYSTEMS)
    formats = " ".join(
        f"WHEN {quoted(s)} THEN NOT regexp_full_match(code, {quoted(FORMATS[s])})"
        for s in DIAGNOSIS_SYSTEMS
    )
    malformed = f"CASE code_system {formats} ELSE false END"
    named = compile_in_systems("code", "code_system", entries)
    listed = f"code_system IN ({', '.join(quoted(s) for s in DIAGNOSIS_SYSTEMS)})"
    reader.columns = {
        "diagnosis_id": reader.row_id,
        "patient_id": reader.id("patient_id"),
        "encounter_id": reader.id("encounter_id"),
        "recorded_at": reader.time("recorded_at"),
        "recorded_precision": reader.precision("recorded_at"),
        "code_system": system,
        "code": code,
        "position": f"TRY_CAST({reader.number('position')} AS BIGINT)",
    }
    reader.keep = f"({named} OR NOT coalesce({listed}, false) OR {malformed})"
    reader.refuse("patient_id_missing", "patient_id", "patient_id IS NULL")
    reader.refuse("code_missing", "code", "nullif(code, '') IS NULL")
    reader.refuse("code_system_missing", "code_system", "code_system IS NULL")
    reader.refuse_unlisted("code_system", f"NOT ({listed})")
    reader.refuse("code_not_of_its_system", "code", malformed, unreadable=True)
    reader.need("recorded_at")


def read_drugs(reader: Reader, vocabulary: Vocabulary) -> None:
    """Read drugs some codelist names, by code or by the words of their name."""
    entries = wanted.all_of(vocabulary.codelists, DRUG_SYSTEMS)
    reader.columns = {
        "drug_id": reader.row_id,
        "patient_id": reader.id("patient_id"),
        "encounter_id": reader.id("encounter_id"),
        "started_at": reader.time("started_at"),
        "ended_read": reader.time("ended_at"),
        "code_system": reader.text("code_system"),
        "code": values.compile_code(reader.raw("code")),
        "name": reader.text("name"),
        "dose": reader.number("dose"),
        "dose_unit": reader.text("dose_unit"),
        "doses_per_day": reader.number("doses_per_day"),
        "route": reader.text("route"),
        "kind": reader.category("kind") if reader.given("kind") else reader.text("kind"),
    }
    reader.derived = [{"ended_at": reader.may_lack_time("ended_at", "ended_read")}]
    for column in ("dose", "doses_per_day"):  # doses are printed in many ways: counted, no fault
        reader.may_lack(column, column, unreadable=False)
    reader.keep = compile_drug_match(entries)
    reader.refuse("patient_id_missing", "patient_id", "patient_id IS NULL")
    reader.need("started_at")
    kinds = ", ".join(quoted(kind) for kind in DRUG_KINDS)
    reader.refuse("kind_missing", "kind", "kind IS NULL")
    reader.need_listed("kind")
    reader.refuse("kind_not_used", "kind", f"kind NOT IN ({kinds})")


def compile_dosed(reader: Reader, view: str) -> str:
    """Return the encounters in which the source records any dose as given, of whatever drug."""
    every = replace(reader, keep="true").build(view)
    return (
        f"SELECT DISTINCT encounter_id FROM (SELECT *{every.also} FROM ({every.query})) "
        "WHERE kind = 'given' AND rejected_by IS NULL AND encounter_id IS NOT NULL"
    )


def read_microbiology(reader: Reader, _: Vocabulary) -> None:
    """Read every culture and test: one not positive still shows that somebody looked."""
    reader.columns = {
        "micro_id": reader.row_id,
        "patient_id": reader.id("patient_id"),
        "encounter_id": reader.id("encounter_id"),
        "specimen_id": f"coalesce({reader.text('specimen_id')}, {reader.row_id})",
        "collected_at": reader.time("collected_at"),
        "collected_precision": reader.precision("collected_at"),
        "specimen": reader.text("specimen"),
        "test": reader.text("test"),
        "result": reader.category("result"),
        "organism": reader.text("organism"),
    }
    reader.refuse("patient_id_missing", "patient_id", "patient_id IS NULL")
    reader.refuse("specimen_missing", "specimen", "specimen IS NULL")
    reader.need("collected_at")
    reader.refuse("result_missing", "result", "result IS NULL")
    reader.need_listed("result")


READERS: Mapping[str, Callable[[Reader, Vocabulary], None]] = {
    "patients": read_patients,
    "deaths": read_deaths,
    "encounters": read_encounters,
    "labs": read_labs,
    "diagnoses": read_diagnoses,
    "drugs": read_drugs,
    "microbiology": read_microbiology,
}
