"""The standardise stage: raw files to canonical tables, with every row accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from leukocytosis.config import Codelist, Manifest, Unit
from leukocytosis.config.manifest import Source
from leukocytosis.errors import ExtractError, Problem, ReconciliationError, listed, nearest
from leukocytosis.standardise import (
    canonical,
    columns,
    deaths,
    files,
    labs,
    opening,
    quality,
    sieve,
    wanted,
)
from leukocytosis.standardise.reading import Reader, Reading, Rule
from leukocytosis.store import (
    Connection,
    add_views,
    connect,
    count_repeats,
    fetch,
    name,
    quoted,
    scan,
    write_rows,
    write_table,
)
from leukocytosis.tables import CANONICAL, DRUGS, LEDGER, QUALITY, REJECTS, Table

WRITTEN_OTHERWISE = (
    "mend the export, or say in the manifest how it is written ('date_formats', 'decimal', "
    "'time_zone' for times in UTC, 'missing' of the file for a text such as NULL), or raise "
    "'tolerated_share'"
)
MAPPED_OTHERWISE = "check which columns, 'constants' and 'values' the manifest names"
CODED_OTHERWISE = (
    "map the laboratory's codes in 'code_maps' of the manifest, under the system that "
    "'code_system' gives"
)
SPELT_OTHERWISE = (
    "they differ from a wanted code in case or blanks alone: add each spelling to 'code_maps' of "
    "the manifest with the standard code it has (or of the other test it is)"
)
SHOWN_FROM = 5  # a spelling is named in a message only when at least so many rows share it


@dataclass
class Job:
    """One run of the stage: what it reads from and where it puts things."""

    con: Connection
    manifest: Manifest
    vocabulary: canonical.Vocabulary
    project: Path
    out: Path
    types: Mapping[str, Mapping[str, str]]
    ledger: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def scratch(self) -> Path:
        """Return the folder of intermediate files."""
        return self.out / ".scratch"


@dataclass(frozen=True)
class Judged:
    """The judged rows of one source: where they are kept, how they were read, of how many."""

    relation: str
    reading: Reading
    source: str
    n_rows: int


def standardise(
    manifest: Manifest,
    codelists: Mapping[str, Codelist],
    units: Sequence[Unit],
    project: Path,
    out: Path,
) -> None:
    """Write the canonical tables, `rejects`, `ledger` and `quality` of an extract into `out`.

    Every raw row ends in a canonical table, in `rejects` under a named rule, or is counted as
    carrying a code outside every codelist; ReconciliationError when the totals differ.
    ExtractError lists everything about the files that must be mended first.
    """
    code_map = wanted.load_code_map(manifest, project / "config" / "extracts")
    measures = labs.find_measures(codelists, tuple(units), manifest)
    vocabulary = canonical.Vocabulary(codelists, code_map, measures)
    with connect(out / ".scratch") as con:
        types = opening.open_files(con, manifest, project)
        job = Job(con, manifest, vocabulary, project, out, types)
        columns = ", ".join(f"{name(c.name)} {c.sql_type}" for c in REJECTS.columns)
        con.execute(f"CREATE TEMP TABLE rejects ({columns})")
        for table in CANONICAL:
            _standardise_table(job, table)
        if job.problems:
            raise ExtractError(job.problems)
        _check_reconciled(job)
        _write_accounts(job)


def _standardise_table(job: Job, table: Table) -> None:
    sources = job.manifest.tables.get(table.name, ())
    if not sources:
        empty = ", ".join(f"CAST(NULL AS {c.sql_type}) AS {c.name}" for c in table.columns)
        write_table(
            job.con, f"SELECT {empty} WHERE false", table, job.out / f"{table.name}.parquet"
        )
        return
    _settle(job, table, [_judge(job, table, i, source) for i, source in enumerate(sources)])


def _settle(job: Job, table: Table, judged: Sequence[Judged]) -> None:
    """Judge rows beside each other, account for all of them, write those that stay."""
    union = " UNION ALL BY NAME ".join(
        f"SELECT *{one.reading.also}, {quoted(one.source)} AS source FROM {one.relation}"
        for one in judged
    )
    job.con.execute(
        f"CREATE OR REPLACE VIEW judged AS SELECT *, row_number() OVER () AS ordinal FROM ({union})"
    )
    rules = list(judged[0].reading.rules)
    if table.name == "drugs":
        settled = _compile_doses_recorded(job)
    elif table.name == "deaths":
        patients = job.out / "patients.parquet"  # not there where they cannot be read either
        settled = deaths.compile_deaths(scan(patients) if patients.exists() else deaths.NOBODY)
        rules += deaths.RULES
    elif table.name == "labs":
        settled = labs.compile_labs(job.con, "judged", job.vocabulary.measures)
        rules += labs.RULES
    else:
        settled = _compile_unrepeated(job.con, table)
    job.con.execute(f"CREATE OR REPLACE VIEW settled AS {settled}")
    _account(job, table, rules, {one.source: one.n_rows for one in judged})
    if not job.problems:
        # the engine keeps the order of a plain reading by itself, not that of a join
        order = "" if settled == "FROM judged" else "ORDER BY ordinal"
        write_table(
            job.con,
            f"SELECT * FROM settled WHERE rejected_by IS NULL {order}",
            table,
            job.out / f"{table.name}.parquet",
            in_order=False,
            known_unique=table.name != "labs",
        )
    for one in judged:
        job.con.execute(f"DROP TABLE {one.relation}")


def _compile_doses_recorded(job: Job) -> str:
    """Return the judged drug rows, each told whether its encounter has doses on record.

    Only orders need to know; an extract without any pays nothing for it.
    """
    unrepeated = _compile_unrepeated(job.con, DRUGS)
    ordered = "SELECT encounter_id FROM judged WHERE kind = 'ordered'"
    dosed = "SELECT NULL AS encounter_id WHERE false"
    if fetch(job.con, f"{ordered} LIMIT 1"):
        queries = [_compile_dosed(job, i) for i in range(len(job.manifest.tables["drugs"]))]
        dosed = " UNION ".join(queries)
    job.con.execute(
        f"CREATE OR REPLACE TEMP TABLE dosed AS FROM ({dosed}) WHERE encounter_id IN ({ordered})"
    )
    return (
        "SELECT *, kind = 'given' OR coalesce(encounter_id IN (FROM dosed), false) "
        f"AS doses_recorded FROM ({unrepeated})"
    )


def _compile_dosed(job: Job, i: int) -> str:
    view, reader = _open_source(job, DRUGS, i, job.manifest.tables["drugs"][i])
    return canonical.compile_dosed(reader, view)


def _open_source(job: Job, table: Table, i: int, source: Source) -> tuple[str, Reader]:
    view, types = _source_view(job, table, i, source)
    reader = Reader(job.manifest, source, table, types)
    if source.sql is None:
        view, reader.place = files.find_places(
            job.project / job.manifest.root, job.manifest.files[source.rows_of], view
        )
    canonical.READERS[table.name](reader, job.vocabulary)
    return view, reader


def _compile_unrepeated(con: Connection, table: Table) -> str:
    """Return the judged rows, those that repeat an id refused."""
    key = table.key[0]
    kept = "FROM judged WHERE rejected_by IS NULL"
    if not count_repeats(con, kept, [key]):
        return "FROM judged"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE repetition AS "
        f"SELECT ordinal {kept} AND {key} IN "
        f"(SELECT {key} {kept} GROUP BY {key} HAVING count(*) > 1) "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY ordinal) > 1"
    )
    return (
        "SELECT * REPLACE (coalesce(rejected_by, CASE WHEN ordinal IN (FROM repetition) "
        "THEN 'id_repeated' END) AS rejected_by) FROM judged"
    )


def _judge(job: Job, table: Table, i: int, source: Source) -> Judged:
    """Keep the judged rows of one source in a table that lasts until they are settled."""
    view, reader = _open_source(job, table, i, source)
    relation, file = f"judged_{table.name}_{i}", job.manifest.files[source.rows_of]
    kept = job.scratch / f"{relation}.csv"
    n_sifted = _sift(job, reader, kept)
    reading = reader.build(view if n_sifted is None else files.compile_csv([kept], file))
    create = f"CREATE TEMP TABLE {relation} AS {reading.query}{reader.order}"
    try:
        n_read = files.counted(
            job.con,
            job.scratch / "profile.json",
            lambda: job.con.execute(create),
            not files.is_parquet(file),
        )
    except duckdb.Error as error:
        raw = job.project / job.manifest.root
        raise ExtractError(opening.unreadable(raw, file, error)) from None
    if n_sifted is not None:
        n_read = n_sifted
    elif n_read is None:
        n_read = files.count_parquet_rows(job.con, job.project / job.manifest.root, file)
    elif source.sql is not None or not n_read:
        # a view may read other files too; where no row can be wanted the engine reads none
        n_read = int(fetch(job.con, f'SELECT count(*) FROM "{source.rows_of}"')[0][0])
    return Judged(relation, reading, source.rows_of, n_read)


def _sift(job: Job, reader: Reader, kept: Path) -> int | None:
    """Keep only the wanted lines of a CSV; return its rows, None where it is read as it is."""
    column = reader.sieved_by
    if column is None:
        return None
    file = job.manifest.files[reader.source.rows_of]
    paths = files.find_paths(job.project / job.manifest.root, file)
    return sieve.keep_wanted(file, paths, list(reader.types), (column, reader.codes), kept)


def _source_view(job: Job, table: Table, i: int, source: Source) -> tuple[str, Mapping[str, str]]:
    if source.sql is None:
        return f'"{source.rows_of}"', job.types[source.rows_of]
    path = job.project / "config" / "extracts" / source.sql
    view = f"source_{table.name}_{i}"
    try:
        job.con.execute(f"CREATE OR REPLACE VIEW {view} AS {path.read_text(encoding='utf-8')}")
    except OSError:
        raise ExtractError(Problem(str(path), "does not exist", "write the view")) from None
    except duckdb.Error as error:
        # a view names columns and files, not patients, so the engine's words may be shown
        raise ExtractError(Problem(str(path), str(error).splitlines()[0])) from None
    types = {str(r[0]): str(r[1]) for r in fetch(job.con, f"DESCRIBE {view}")}
    clockless = list(
        columns.find_clockless(job.manifest, str(path), [(c, c) for c in types], types)
    )
    if clockless:
        raise ExtractError(clockless)
    return view, types


def _account(job: Job, table: Table, rules: Sequence[Rule], raw_rows: Mapping[str, int]) -> None:
    """Enter a table's rows in the ledger, its refused rows in `rejects`, its faults as problems."""
    counts: Counter[tuple[str, str]] = Counter()
    changes: Counter[tuple[str, str]] = Counter()
    by = "source, coalesce(rejected_by, 'kept'), changed_by"
    for source, rule_id, changed_by, n in fetch(
        job.con, f"SELECT {by}, count(*) FROM settled GROUP BY ALL"
    ):
        counts[source, rule_id] += n
        if changed_by and rule_id == "kept":
            changes[source, changed_by] += n
    if table.name == "labs" and not counts and any(raw_rows.values()):
        paths = listed([job.manifest.files[source].path for source in raw_rows])
        words = f"none of {sum(raw_rows.values())} rows has a code that a codelist names"
        job.problems.append(Problem(f"{paths} → labs.code", words, CODED_OTHERWISE))
    for source, n_raw in raw_rows.items():
        judged = {rule: n for (file, rule), n in counts.items() if file == source}
        changed = {rule: n for (file, rule), n in changes.items() if file == source}
        _enter(job, table, source, judged, n_raw)
        job.problems += _faults(job, table, source, rules, judged, changed)
    if changes or any(rule_id != "kept" for _, rule_id in counts):
        _keep_rejects(job, table, rules)


def _enter(job: Job, table: Table, source: str, judged: Mapping[str, int], n_raw: int) -> None:
    outside = n_raw - sum(judged.values())
    for rule_id, n in {**judged, "outside": outside}.items():
        fate = rule_id if rule_id in ("kept", "outside") else "rejected"
        job.ledger.append(
            {"source": source, "table": table.name, "fate": fate, "rule_id": rule_id, "n_rows": n}
        )


def _faults(
    job: Job,
    table: Table,
    source: str,
    rules: Sequence[Rule],
    judged: Mapping[str, int],
    changed: Mapping[str, int],
) -> list[Problem]:
    path, total = job.manifest.files[source].path, sum(judged.values())
    problems = []
    for rule in rules:
        n = (changed if rule.changes else judged).get(rule.rule_id, 0)
        place = f"{path} → {table.name}.{rule.column}"
        if n and rule.stops:
            words = f"{n} rows hold what nobody listed{_spellings(job, rule)}"
            problems.append(Problem(place, words, _way_out(table, rule)))
        elif rule.unreadable and n > job.manifest.tolerated_share * total:
            words = f"{n} of {total} rows cannot be read ({rule.rule_id})"
            spelt = rule.rule_id == "code_spelt_otherwise"
            problems.append(Problem(place, words, SPELT_OTHERWISE if spelt else WRITTEN_OTHERWISE))
    # deaths of which none has a day are as little use as none
    unusable = Counter(judged) + Counter(changed) if table.name == "deaths" else judged
    refused = {r.rule_id: unusable[r.rule_id] for r in rules if r.rule_id in unusable}
    refused = {rule_id: n for rule_id, n in refused.items() if rule_id not in labs.REPEATED}
    if total and not problems and sum(refused.values()) == total:
        why = listed([f"{rule_id} in {n}" for rule_id, n in sorted(refused.items())])
        words = f"none of its {total} rows can be used: {why}"
        problems.append(Problem(f"{path} → {table.name}", words, MAPPED_OTHERWISE))
    return problems


def _way_out(table: Table, rule: Rule) -> str:
    if rule.rule_id == "unit_not_listed":
        return "add the spelling to config/units.csv or to 'units' in the manifest"
    return f"map it under 'values: {table.name}.{rule.column}' in the manifest"


def _spellings(job: Job, rule: Rule) -> str:
    """Name unlisted units that several rows share; a rare one might be a patient's own text."""
    if rule.rule_id != "unit_not_listed":
        return ""
    rows = fetch(
        job.con,
        "SELECT printed_unit FROM settled WHERE rejected_by = 'unit_not_listed' "
        f"GROUP BY 1 HAVING count(*) >= {SHOWN_FROM} AND length(printed_unit) <= 20 ORDER BY 1",
    )
    known = [unit.unit for unit in job.vocabulary.measures.units]
    named = [f"'{unit}'{nearest(unit, known)}" for (unit,) in rows]
    return f": {listed(named)}" if named else f" (each in fewer than {SHOWN_FROM} rows)"


def _keep_rejects(job: Job, table: Table, rules: Sequence[Rule]) -> None:
    columns = {rule.rule_id: rule.column for rule in rules}
    whens = " ".join(f"WHEN {quoted(r)} THEN {quoted(c)}" for r, c in sorted(columns.items()))
    job.con.execute(
        "INSERT INTO rejects BY NAME "
        f'SELECT *, {quoted(table.name)} AS "table", CASE rule_id {whens} END AS "column" FROM ('
        "SELECT source, source_row, coalesce(rejected_by, changed_by) AS rule_id, "
        "if(rejected_by IS NULL, 'changed', 'rejected') AS action FROM settled "
        "WHERE rejected_by IS NOT NULL OR changed_by IS NOT NULL)"
    )


def _check_reconciled(job: Job) -> None:
    lost = [
        Problem(
            f"{row['source']} → {row['table']}",
            f"{-row['n_rows']} more rows came out than the file holds",
            "a SQL view must return each row of its file exactly once",
        )
        for row in job.ledger
        if row["n_rows"] < 0
    ]
    lost += [
        Problem(
            f"{row['source']} → {row['table']}",
            f"{row['n_rows']} rows of the file are in no table and under no rule",
            "a SQL view must return each row of its file; name what it leaves out in 'left_out'",
        )
        for row in job.ledger
        if row["fate"] == "outside" and row["n_rows"] > 0 and row["table"] not in WITH_CODELISTS
    ]
    if lost:
        raise ReconciliationError(lost)


WITH_CODELISTS = ("labs", "diagnoses", "drugs")


def _write_accounts(job: Job) -> None:
    write_table(job.con, "FROM rejects", REJECTS, job.out / "rejects.parquet")
    write_rows(job.con, job.ledger, LEDGER, job.out / "ledger.parquet")
    add_views(job.con, job.out, [table.name for table in CANONICAL])
    if tokens := list(_find_tokens(job)):
        raise ExtractError(tokens)
    checked = list(quality.find_quality(job.con))
    strangers = [row for row in checked if quality.is_of_strangers(row)]
    if strangers:
        raise ExtractError(
            Problem(
                f"{row['table']}.patient_id",
                f"none of {row['n_rows']} rows names a patient of the table patients",
                "check that both files write the patient alike (00123 and 123, 1 and 1.0)",
            )
            for row in strangers
        )
    write_rows(job.con, checked, QUALITY, job.out / "quality.parquet")


def _find_tokens(job: Job) -> Iterator[Problem]:
    """Yield a problem for each text such as NULL that would be taken for an id or an organism."""
    for table, column, text, n in quality.find_tokens(job.con):
        sources = job.manifest.tables[table]
        files = sorted({job.manifest.files[source.rows_of].path for source in sources})
        yield Problem(
            f"{listed(files)} → {table}.{column}",
            f"{n} rows name it '{text}', which would be taken for one and the same",
            f"""say that it stands for nothing: missing: ["", {json.dumps(text)}] of the file """
            "in the manifest (of a Parquet file: nullif in a .sql view)",
        )
