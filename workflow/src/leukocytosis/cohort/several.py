"""The index events of several definitions at once, each distinct one an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leukocytosis.cohort.counts import compile_counts
from leukocytosis.cohort.index import FIRST_COUNT, compile_entry, judge_candidates, write_episodes
from leukocytosis.config import Codelist, Protocol
from leukocytosis.config.protocol import Population
from leukocytosis.store import Connection, add_views, connect, fetch, quoted, scan

COUNTED = ["patients", "deaths", "labs", "diagnoses", "encounters", "microbiology"]


def find_indices(
    protocols: Sequence[Protocol], codelists: Mapping[str, Codelist], extract: Path, out: Path
) -> list[list[str]]:
    """Write `episodes` of every index that one of `protocols` finds; return each one's episodes.

    The protocols differ in their index, not in its concept or differential, and in their
    population. A patient whose index count differs between them has several episodes. The tumour
    of an episode is told as the first protocol tells it.
    """
    populations = [*dict.fromkeys(protocol.population for protocol in protocols)]
    with connect(out / ".scratch") as con:
        add_views(con, extract, COUNTED)
        con.execute(f"CREATE TEMP TABLE high_counts AS {_compile_high(protocols)}")
        queries = [
            _compile_first(i, populations.index(p.population), p, codelists)
            for i, p in enumerate(protocols)
        ]
        con.execute(f"CREATE TEMP TABLE found AS {' UNION ALL '.join(queries)}")
        con.execute(
            "CREATE TEMP TABLE firsts AS SELECT episode_id, any_value(patient_id) AS patient_id, "
            "any_value(index_count) AS index_count FROM found GROUP BY episode_id"
        )
        _judge_populations(con, populations, protocols[0], codelists)
        chosen = "FROM found SEMI JOIN entered USING (population, episode_id)"
        entry = f"episode_id IN (SELECT episode_id {chosen})"
        write_episodes(con, protocols[0], codelists, entry, out)
        rows = fetch(
            con,
            f"SELECT definition, episode_id {chosen} "
            f"SEMI JOIN {scan(out / 'episodes.parquet')} USING (episode_id) ORDER BY ALL",
        )
    episodes: list[list[str]] = [[] for _ in protocols]
    for definition, episode_id in rows:
        episodes[definition].append(episode_id)
    return episodes


def _judge_populations(
    con: Connection,
    populations: Sequence[Population],
    protocol: Protocol,
    codelists: Mapping[str, Codelist],
) -> None:
    """Make `entered`: who meets each population; `judged` is left as the first one has it."""
    con.execute("CREATE TEMP TABLE entered (population INTEGER, episode_id VARCHAR)")
    for i, population in reversed([*enumerate(populations)]):
        asked = protocol.model_copy(update={"population": population})
        judge_candidates(con, asked, codelists)
        con.execute(
            f"INSERT INTO entered SELECT {i}, episode_id FROM judged WHERE {compile_entry(asked)}"
        )


def _compile_high(protocols: Sequence[Protocol]) -> str:
    """Return the few counts that any of the definitions could take, so that the rest is fast."""
    lowest = min(protocol.index.above.value for protocol in protocols)
    concept = quoted(protocols[0].index.concept)
    return f"SELECT * FROM labs WHERE concept = {concept} AND value >= {lowest}"


def _compile_first(
    i: int, population: int, protocol: Protocol, codelists: Mapping[str, Codelist]
) -> str:
    counts = "high_counts"
    for _, _, query in compile_counts(protocol, codelists):
        counts = f"({query.replace('{before}', counts)})"
    return (
        f"SELECT {i} AS definition, {population} AS population, "
        "patient_id || ' ' || index_count.lab_id AS episode_id, * "
        f"FROM (SELECT patient_id, {FIRST_COUNT} FROM {counts} GROUP BY patient_id)"
    )
