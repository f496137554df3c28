"""A count that stays up through a course of drugs."""

from __future__ import annotations

from leukocytosis.config.evidence import Rule, Through
from leukocytosis.store import quoted

START_SEEN_DAYS = 3  # how long before a course its starting count may have been taken


def compile_courses(rule: Rule, through: Through, drug_records: str) -> str:
    """Return the statement that makes `course_<rule>`: one row per long enough course.

    `starts` and `ends` are its first and last day from the index, `start_value` the last count of
    the rule's concept in the days up to its start, of several at one time the highest; NULL when
    there is none.
    """
    concept = quoted(rule.codelist or "")
    return f"""
        CREATE TEMP TABLE course_{rule.id} AS
        WITH treated AS (
            SELECT DISTINCT episode_id,
                   unnest(range(days_from_index, last_day_from_index + 1)) AS day
            FROM ({drug_records})
        ), parted AS (
            SELECT *, coalesce(day - lag(day) OVER (PARTITION BY episode_id ORDER BY day)
                               > {through.max_gap_days + 1}, false) AS begins
            FROM treated
        ), numbered AS (
            SELECT *, count(*) FILTER (begins)
                      OVER (PARTITION BY episode_id ORDER BY day) AS course
            FROM parted
        ), courses AS (
            SELECT episode_id, min(day) AS starts, max(day) AS ends
            FROM numbered GROUP BY episode_id, course
            HAVING max(day) - min(day) + 1 >= {through.at_least_days}
        )
        SELECT c.episode_id, starts, ends, arg_max(l.value, (l.taken_at, l.value)) AS start_value
        FROM courses c LEFT JOIN labs l ON l.episode_id = c.episode_id AND concept = {concept}
             AND l.days_from_index >= starts - {START_SEEN_DAYS}
             AND l.last_day_from_index <= starts
        GROUP BY ALL
    """


def compile_stays_up(rule: Rule, through: Through) -> str:
    """Return the condition that a result is as high as when a course began, days into it."""
    return (
        f"lab_id IN (SELECT lab_id FROM labs l JOIN course_{rule.id} c USING (episode_id) "
        f"WHERE {_compile_late(through)} AND l.value >= start_value "
        f"AND {_compile_already('start_value', through)})"
    )


def compile_start_unknown(rule: Rule, through: Through, counts: str) -> str:
    """Return the episodes in which a count would show it, were the count at the start known.

    `counts` are the counts in the rule's window: one that is not beyond `already` itself shows
    nothing, whatever the course began with.
    """
    return (
        f"SELECT episode_id FROM course_{rule.id} c JOIN ({counts}) l USING (episode_id) "
        f"WHERE start_value IS NULL AND {_compile_late(through)} "
        f"AND {_compile_already('l.value', through)}"
    )


def compile_nobody_counted(rule: Rule, through: Through, counts: str) -> str:
    """Return the episodes with a course in whose late days, in the window, nobody counted."""
    window, starts = rule.window, f"starts + {through.at_least_days - 1}"
    ends = [f"{starts} <= {window.to_day}"] if window.to_day is not None else []
    ends += [f"ends + 1 >= {window.from_day}"] if window.from_day is not None else []
    return (
        f"SELECT episode_id FROM course_{rule.id} c WHERE {' AND '.join(ends) or 'true'} "
        f"AND (start_value IS NULL OR {_compile_already('start_value', through)}) "
        f"AND NOT EXISTS (FROM ({counts}) l WHERE l.episode_id = c.episode_id "
        f"AND {_compile_late(through)})"
    )


def _compile_late(through: Through) -> str:
    """Return the condition that a count `l` is taken late in a course, or on the day after."""
    first = f"starts + {through.at_least_days - 1}"
    return f"l.days_from_index >= {first} AND l.last_day_from_index <= ends + 1"


def _compile_already(value: str, through: Through) -> str:
    return f"{value} {through.already.operator} {through.already.value}"
