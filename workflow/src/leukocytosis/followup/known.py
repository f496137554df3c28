"""The day on which what an analysis uses became known, held against what the protocol says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from leukocytosis.config import Protocol
from leukocytosis.config.cause import Cause, Way
from leukocytosis.config.design import WAY_OUT
from leukocytosis.config.evidence import Rule
from leukocytosis.config.protocol import Term
from leukocytosis.errors import DesignError, Problem
from leukocytosis.store import Connection, fetch, quoted, scan

# the covariates with a day of their own; the others are known at the index by what they are
DAYS_OF: tuple[Term, ...] = ("metastatic", "neutrophil_percent", "cause_group")


def check_known(protocol: Protocol, con: Connection, path: Path) -> None:
    """Hold each covariate's day against the protocol; DesignError counts those that came later.

    `path` is the analysis set, which is removed then.
    """
    problems = []
    for term in DAYS_OF:
        known = protocol.covariates.known.get(term)
        if known is None or known.by_day is None:
            continue
        late = f"count(*) FILTER ({term}_known_day > {known.by_day})"
        n_late, n = fetch(con, f"SELECT {late}, count(*) FROM {scan(path)}")[0]
        if n_late:
            problem = f"became known after day {known.by_day} in {n_late} of {n} patients"
            problems.append(Problem(f"analysis_set.{term}", problem, WAY_OUT))
    if problems:
        path.unlink()
        raise DesignError(problems)


def compile_cause_days(protocol: Protocol) -> str:
    """Return per episode the day on which the last record that its cause rests on was made.

    A cause that remains when nothing else was found rests on windows: their last day. Missing for
    a cause that a review settled.
    """
    days = _compile_rule_days(protocol)
    cases = [
        f"WHEN primary_cause = {quoted(cause.id)} AND grade = {quoted(grade)} THEN {day}"
        for cause in protocol.causes
        for grade, day in _compile_cause(protocol, cause).items()
    ]
    return f"""
        SELECT episode_id, CASE {" ".join(cases)} END AS cause_group_known_day
        FROM causes LEFT JOIN ({days}) USING (episode_id) WHERE source = 'rules'
    """


def _compile_rule_days(protocol: Protocol) -> str:
    """Return a column per rule: the day on which enough of its records were there."""
    enough = " ".join(
        f"WHEN {quoted(rule.id)} THEN {rule.at_least_days}"
        for rule in protocol.evidence
        if rule.at_least_days > 1
    )
    nth = f"CASE rule_id {enough} ELSE 1 END" if enough else "1"
    columns = ", ".join(
        f"any_value(day) FILTER (rule_id = {quoted(rule.id)}) AS {rule.id}"
        for rule in protocol.evidence
    )
    return f"""
        SELECT episode_id, {columns} FROM (
            SELECT episode_id, rule_id,
                   list_sort(list(DISTINCT day))[least({nth}, count(DISTINCT day))] AS day
            FROM ({_compile_record_days(protocol)}) GROUP BY episode_id, rule_id
        ) GROUP BY episode_id
    """


def _compile_record_days(protocol: Protocol) -> str:
    """Return the days of the records behind each rule.

    A drug of several days, where a rule asks for several, is known day by day: one row for a
    course says no more than a row a day.
    """
    lasting = [r for r in protocol.evidence if r.from_ == "drugs" and r.at_least_days > 1]
    named = ", ".join(quoted(rule.id) for rule in lasting)
    others = f" WHERE rule_id NOT IN ({named})" if named else ""
    parts = [f"SELECT episode_id, rule_id, days_from_index AS day FROM evidence_events{others}"]
    parts += [_compile_course_days(rule) for rule in lasting]
    return " UNION ALL ".join(parts)


def _compile_course_days(rule: Rule) -> str:
    first, last = "d.days_from_index", "d.last_day_from_index"
    low, high = rule.window.from_day, rule.window.to_day
    first = f"greatest({first}, {low})" if low is not None else first
    last = f"least({last}, {high})" if high is not None else last
    return (
        f"SELECT e.episode_id, rule_id, unnest(range({first}, {last} + 1)) AS day "
        "FROM evidence_events e JOIN cohort_drugs d "
        "ON e.episode_id = d.episode_id AND e.event_id = d.drug_id "
        f"WHERE rule_id = {quoted(rule.id)}"
    )


def _compile_cause(protocol: Protocol, cause: Cause) -> dict[str, str]:
    """Return for each grade of a cause the day on which it held at that grade."""
    if cause.residual:
        return {way.grade: str(_last_window(protocol, cause.looked_for)) for way in cause.ways}
    grades = dict.fromkeys(way.grade for way in cause.ways)
    return {
        grade: _first([_compile_way(protocol, way) for way in cause.ways if way.grade == grade])
        for grade in grades
    }


def _compile_way(protocol: Protocol, way: Way) -> str:
    counted = way.at_least.met if way.at_least else ()
    parts = [*way.all_of]
    parts += [_first(way.any_of)] if way.any_of else []
    parts += [_last(counted)] if counted else []
    parts += [str(_last_window(protocol, way.none_of))] if way.none_of else []
    every = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {every} THEN {_last(parts)} END"


def _last_window(protocol: Protocol, rules: Iterable[str]) -> int:
    return max((protocol.rule(rule).window.to_day or 0 for rule in rules), default=0)


def _first(days: Iterable[str]) -> str:
    return f"least({', '.join(days)})"


def _last(days: Iterable[str]) -> str:
    return f"greatest({', '.join(days)})"
