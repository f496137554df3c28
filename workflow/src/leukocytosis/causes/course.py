"""A count that stays up through a course of drugs."""

from __future__ import annotations

from leukocytosis.config.evidence import Rule, Through
from leukocytosis.store import quoted

START_SEEN_DAYS = 3  # how long before a course its starting count may have been taken


def compile_courses(rule: Rule, through: Through, drug_records: str) -> str:
    """Return the statement that makes `course_<rule>`: one row per long enough course.

    `starts` and `ends` are its first and last day from the index, `start_value` the last count of
    the rule's concept in the days up to its start; NULL when there is none.
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
        SELECT c.episode_id, starts, ends, arg_max(l.value, (l.taken_at, l.lab_id)) AS start_value
        FROM courses c LEFT JOIN labs l ON l.episode_id = c.episode_id AND concept = {concept}
             AND l.last_day_from_index BETWEEN starts - {START_SEEN_DAYS} AND starts
        GROUP BY ALL
    """


def compile_stays_up(rule: Rule, through: Through) -> str:
    """Return the condition that a result is as high as when a course began, days into it."""
    already = f"start_value {through.already.operator} {through.already.value}"
    return (
        f"lab_id IN (SELECT lab_id FROM labs l JOIN course_{rule.id} c USING (episode_id) "
        f"WHERE l.days_from_index >= starts + {through.at_least_days - 1} "
        f"AND l.last_day_from_index <= ends + 1 AND l.value >= start_value AND {already})"
    )


def compile_start_unknown(rule: Rule) -> str:
    """Return the episodes with a course in the rule's window whose starting count is unknown."""
    last = f" AND starts <= {rule.window.to_day}" if rule.window.to_day is not None else ""
    return f"SELECT episode_id FROM course_{rule.id} WHERE start_value IS NULL{last}"
