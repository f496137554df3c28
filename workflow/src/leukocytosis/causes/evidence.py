"""Evidence rules to SQL: each rule is met, not met, or not assessed, for each episode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leukocytosis.causes.course import (
    compile_courses,
    compile_nobody_counted,
    compile_start_unknown,
    compile_stays_up,
)
from leukocytosis.causes.dose import compile_dose_days, compile_dose_unknown
from leukocytosis.config import Codelist, Protocol, Unit
from leukocytosis.config.codelist import Entry
from leukocytosis.config.evidence import Assessed, Rule, Threshold, Through, Window
from leukocytosis.matching import (
    COMPILED_GIVEN,
    compile_drug_match,
    compile_in_systems,
    compile_named,
    compile_systemic,
    compile_words_match,
)
from leukocytosis.store import Connection, add_views, connect, quoted, write_table
from leukocytosis.tables import BY_NAME, EVIDENCE, EVIDENCE_EVENTS

TABLES = ("diagnoses", "drugs", "microbiology", "labs")


@dataclass(frozen=True)
class Vocabulary:
    """What a rule may refer to.

    Codelists, units of mass, the tables the extract lacks, and the protocol with its other rules
    and the threshold of its index.
    """

    codelists: Mapping[str, Codelist]
    units: tuple[Unit, ...]
    absent: frozenset[str]
    protocol: Protocol


def collect_evidence(
    protocol: Protocol,
    codelists: Mapping[str, Codelist],
    units: tuple[Unit, ...],
    absent: frozenset[str],
    study: Path,
) -> None:
    """Write `evidence` (one row per episode and rule) and `evidence_events` of a study.

    A rule that no record meets is `not_met` only when somebody looked: the extract has the table
    and, where the rule asks for it, the episode has a record that shows it. Else `not_assessed`.
    """
    vocabulary = Vocabulary(codelists, units, absent, protocol)
    with connect(study / ".scratch") as con:
        add_views(con, study, ["episodes", *(f"cohort_{table}" for table in TABLES)])
        for table in TABLES:
            con.execute(
                f"CREATE TEMP TABLE {table} AS SELECT c.*, e.encounter_id AS index_encounter_id, "
                f"e.index_at FROM cohort_{table} c JOIN episodes e USING (episode_id)"
            )
        # rule by rule: one query for all would hold them all in memory
        for i, rule in enumerate(protocol.evidence):
            for table, query in _judge_rule(con, rule, vocabulary).items():
                verb = f"INSERT INTO {table}" if i else f"CREATE TEMP TABLE {table} AS"
                con.execute(f"{verb} {query}")
        write_table(con, "FROM judged", EVIDENCE, study / "evidence.parquet")
        write_table(con, "FROM met", EVIDENCE_EVENTS, study / "evidence_events.parquet")


def _judge_rule(con: Connection, rule: Rule, vocabulary: Vocabulary) -> dict[str, str]:
    """Return the queries of the rule's rows of `evidence` and of the records behind it."""
    event_id = BY_NAME[rule.from_].key[0]
    if rule.through:
        course = vocabulary.protocol.rule(rule.through.course)
        records = f"SELECT * FROM drugs WHERE {' AND '.join(_compile_record(course, vocabulary))}"
        con.execute(compile_courses(rule, rule.through, records))
    con.execute(f"CREATE TEMP TABLE found_{rule.id} AS {compile_rule(rule, vocabulary)}")
    enough = f"SELECT episode_id FROM ({_compile_enough(rule, vocabulary)})"
    con.execute(
        f"CREATE TEMP TABLE met_{rule.id} AS SELECT DISTINCT episode_id, "
        f"{quoted(rule.id)} AS rule_id, {quoted(rule.from_)} AS source_table, "
        f"{event_id} AS event_id, days_from_index FROM found_{rule.id} "
        f"WHERE episode_id IN ({enough})"
    )
    judged = (
        f"SELECT episode_id, {quoted(rule.id)} AS rule_id, "
        "CASE WHEN n_events > 0 THEN 'met' WHEN why IS NULL THEN 'not_met' ELSE 'not_assessed' END "
        "AS status, n_events, first_day, last_day, if(n_events > 0, NULL, why) AS note FROM ("
        f"SELECT episode_id, ({_compile_why_not(rule, vocabulary)}) AS why, "
        "count(event_id) AS n_events, min(days_from_index) AS first_day, "
        f"max(days_from_index) AS last_day FROM episodes LEFT JOIN met_{rule.id} "
        "USING (episode_id) GROUP BY episode_id)"
    )
    return {"judged": judged, "met": f"FROM met_{rule.id}"}


def compile_rule(rule: Rule, vocabulary: Vocabulary) -> str:
    """Return the records that a rule looks for, in its window, before any minimum of days."""
    conditions = [
        *_compile_record(rule, vocabulary),
        compile_window(rule.window, rule.from_),
        *_compile_result(rule, vocabulary),
    ]
    if rule.before_the_count:
        conditions.append(COMPILED_BEFORE)
    if rule.none_before_day is not None:
        conditions.append(_compile_none_before(rule, vocabulary))
    if rule.through:
        conditions.append(compile_stays_up(rule, rule.through))
    return f"SELECT * FROM {rule.from_} WHERE {' AND '.join(conditions)}"


def _compile_record(rule: Rule, vocabulary: Vocabulary) -> list[str]:
    """Return what makes a record one of the rule's, on whatever day."""
    conditions = [
        compile_match(rule, vocabulary),
        *(f"NOT {_matched(rule, name, vocabulary)}" for name in rule.codelist_not),
        *compile_systemic(rule.excluded_routes, _forms(rule, vocabulary)),
    ]
    return [*conditions, COMPILED_GIVEN] if rule.given_not_only_ordered else conditions


# midnight stands for a count or a dose of which only the day is known
COMPILED_BEFORE = (
    "NOT (days_from_index = 0 AND started_at > index_at AND CAST(index_at AS TIME) > '00:00:00')"
)


def compile_match(rule: Rule, vocabulary: Vocabulary) -> str:
    """Return the condition that a record carries a code or name of the rule's codelist."""
    return "true" if rule.codelist is None else _matched(rule, rule.codelist, vocabulary)


def _matched(rule: Rule, codelist: str, vocabulary: Vocabulary) -> str:
    if rule.from_ == "labs":
        return f"concept = {quoted(codelist)}"
    entries = vocabulary.codelists[codelist].entries
    if rule.from_ == "diagnoses":
        return compile_in_systems("code", "code_system", entries)
    if rule.from_ == "drugs":
        return compile_drug_match(entries)
    return _words("specimen", codelist, vocabulary)


def _words(column: str, codelist: str, vocabulary: Vocabulary) -> str:
    entries = vocabulary.codelists[codelist].entries
    return f"coalesce({compile_words_match(column, entries)}, false)"


def _leave_out(column: str, codelists: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    return [f"NOT {_words(column, name, vocabulary)}" for name in codelists]


def compile_window(window: Window, table: str) -> str:
    """Return the condition that a record lies in a window, both ends included.

    A drug meets it when its interval touches; any other record when every day it can lie on is
    inside.
    """
    first, last = ("last_day_from_index", "days_from_index")
    if table != "drugs":
        first, last = last, first
    ends = [f"{first} >= {window.from_day}"] if window.from_day is not None else []
    ends += [f"{last} <= {window.to_day}"] if window.to_day is not None else []
    inside = " AND ".join(ends) or "true"
    stay = " OR encounter_id = index_encounter_id" if window.or_index_stay else ""
    return f"(({inside}){stay})"


def _forms(rule: Rule, vocabulary: Vocabulary) -> tuple[Entry, ...]:
    """Return the names of local forms that a rule leaves out."""
    return vocabulary.codelists[rule.excluded_forms].entries if rule.excluded_forms else ()


def _compile_result(rule: Rule, vocabulary: Vocabulary) -> list[str]:
    conditions = ["result = 'positive'"] if rule.positive else []
    if rule.test:
        conditions.append(_words("test", rule.test, vocabulary))
    if rule.organism:
        conditions.append(_words("organism", rule.organism, vocabulary))
    conditions += _leave_out("organism", rule.organism_not, vocabulary)
    conditions += _leave_out("test", rule.test_not, vocabulary)
    bounds = [rule.value, vocabulary.protocol.index.above if rule.above_index_threshold else None]
    return conditions + [_compile_value(bound) for bound in bounds if bound]


def _compile_value(value: Threshold) -> str:
    wrong = "<" if value.operator.startswith(">") else ">"
    return f"(value {value.operator} {value.value} AND coalesce(comparator, '') <> '{wrong}')"


def _compile_none_before(rule: Rule, vocabulary: Vocabulary) -> str:
    codelist = rule.none_before_codelist or rule.codelist or ""
    entries = vocabulary.codelists[codelist].entries
    return (
        f"episode_id NOT IN (SELECT episode_id FROM diagnoses WHERE "
        f"{compile_in_systems('code', 'code_system', entries)} "
        f"AND days_from_index < {rule.none_before_day})"
    )


def _compile_enough(rule: Rule, vocabulary: Vocabulary) -> str:
    """Return the episodes whose found records suffice: enough days, or a high enough dose."""
    if rule.dose is not None:
        return compile_dose_days(rule, vocabulary.codelists, vocabulary.units)
    low = rule.window.from_day if rule.window.from_day is not None else -100_000
    high = rule.window.to_day if rule.window.to_day is not None else 100_000
    days = "days_from_index"
    if rule.from_ == "drugs" and rule.at_least_days > 1:
        first, last = f"greatest(days_from_index, {low})", f"least(last_day_from_index, {high})"
        days = f"unnest(range({first}, {last} + 1))"
    return (
        f"SELECT episode_id FROM (SELECT episode_id, {days} AS day FROM found_{rule.id}) "
        f"GROUP BY episode_id HAVING count(DISTINCT day) >= {rule.at_least_days}"
    )


def _compile_why_not(rule: Rule, vocabulary: Vocabulary) -> str:
    """Return why a rule that no record meets was not assessed; NULL when it was."""
    if rule.from_ in vocabulary.absent:
        return quoted(f"the extract has no {rule.from_}")
    cases = [
        f"WHEN episode_id IN ({episodes}) THEN {quoted(why)}"
        for episodes, why in _compile_unclear(rule, vocabulary)
    ]
    if rule.assessed.by == "records":
        looked = _compile_looked(rule, vocabulary)
        cases.append(f"WHEN episode_id NOT IN ({looked}) THEN 'no such record in the window'")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _compile_unclear(rule: Rule, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Yield the episodes in which something was found that cannot tell, and why."""
    if rule.dose is not None:
        yield compile_dose_unknown(rule, vocabulary.units), "given, but the dose is not known"
    if rule.through:
        yield from _compile_course_unclear(rule, rule.through, vocabulary)
    if rule.ambiguous:
        found = f"{_matched(rule, rule.ambiguous, vocabulary)} AND " + compile_window(
            rule.window, rule.from_
        )
        why = f"only a code of the list {rule.ambiguous}, which cannot tell"
        yield f"SELECT episode_id FROM {rule.from_} WHERE {found}", why


def _compile_course_unclear(
    rule: Rule, through: Through, vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    if "drugs" in vocabulary.absent:
        yield "SELECT episode_id FROM episodes", "the extract has no drugs"
    within = f"{compile_match(rule, vocabulary)} AND {compile_window(rule.window, rule.from_)}"
    counts = f"SELECT * FROM {rule.from_} WHERE {within}"
    unknown = compile_start_unknown(rule, through, counts)
    yield unknown, "the count at the start of the course is not known"
    yield compile_nobody_counted(rule, through, counts), "nobody counted late in the course"


def _compile_looked(rule: Rule, vocabulary: Vocabulary) -> str:
    window = rule.assessed.window or rule.window
    conditions = [
        compile_window(window, rule.from_),
        *_leave_out("test", rule.test_not, vocabulary),
        *_compile_no_look(rule.assessed, vocabulary),
    ]
    if rule.assessed.codelist and rule.from_ == "microbiology":
        # a test's name shows no specimen: the rule itself would not find a pathogen there
        entries = vocabulary.codelists[rule.assessed.codelist].entries
        conditions += [compile_named(entries, rule.from_), "result <> 'pending'"]
    elif rule.assessed.codelist:
        looked_for = rule.model_copy(update={"codelist": rule.assessed.codelist})
        conditions.append(compile_match(looked_for, vocabulary))
    return f"SELECT episode_id FROM {rule.from_} WHERE {' AND '.join(conditions)}"


def _compile_no_look(assessed: Assessed, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the condition that a test shows a look: a culture with its stain does, a stain not."""
    if assessed.test_not:
        shown = [_words("test", name, vocabulary) for name in [assessed.unless_test] if name]
        left_out = " AND ".join(_leave_out("test", assessed.test_not, vocabulary))
        yield f"({' OR '.join([*shown, f'({left_out})'])})"
