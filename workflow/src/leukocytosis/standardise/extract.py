"""The standardise stage: raw files to canonical tables, with every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from leukocytosis.config import Codelist, Manifest, Unit
from leukocytosis.config.manifest import Source
from leukocytosis.errors import ExtractError, Problem, ReconciliationError, listed, nearest
from leukocytosis.standardise import canonical, files, labs, quality, wanted
from leukocytosis.standardise.reading import Reader, Reading, Rule
from leukocytosis.store import (
    Connection,
    add_views,
    connect,
    fetch,
    quoted,
    scan,
    write_rows,
    write_table,
)
from leukocytosis.tables import CANONICAL, DRUGS, LEDGER, QUALITY, REJECTS, Table

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
    rejects: list[Path] = field(default_factory=list)

    @property
    def scratch(self) -> Path:
        """Return the folder of intermediate files."""
        return self.out / ".scratch"


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
        types = files.open_files(con, manifest, project)
        job = Job(con, manifest, vocabulary, project, out, types)
        for table in CANONICAL:
            _standardise_table(job, table)
        if job.problems:
            raise ExtractError(job.problems)
        _check_reconciled(job)
        _write_accounts(job)


def _standardise_table(job: Job, table: Table) -> None:
    parts = job.scratch / f"{table.name}.judged.parquet"
    readings = [
        _judge(job, table, i, source)
        for i, source in enumerate(job.manifest.tables.get(table.name, ()))
    ]
    if not readings:
        empty = ", ".join(f"CAST(NULL AS {c.sql_type}) AS {c.name}" for c in table.columns)
        write_table(
            job.con, f"SELECT {empty} WHERE false", table, job.out / f"{table.name}.parquet"
        )
        return
    union = " UNION ALL ".join(f"FROM {scan(reading[0])}" for reading in readings)
    job.con.execute(
        f"CREATE OR REPLACE VIEW judged AS SELECT *, row_number() OVER () AS ordinal FROM ({union})"
    )
    rules = list(readings[0][1].rules)
    if table.name == "drugs":
        settled = _compile_doses_recorded(job)
    elif table.name == "labs":
        settled = labs.compile_labs(job.con, "judged", job.vocabulary.measures)
        rules += labs.RULES
    else:
        settled = _compile_unrepeated(job.con, table)
    # the common case, one source and no repeated id, needs no second copy of the rows
    if settled != "FROM judged" or len(readings) > 1:
        job.con.execute(f"COPY ({settled}) TO {quoted(str(parts))} (FORMAT parquet)")
    else:
        readings[0][0].replace(parts)
    _account(job, table, parts, rules, {r[2]: r[3] for r in readings})
    kept = f"SELECT * FROM {scan(parts)} WHERE rejected_by IS NULL"
    if not job.problems:
        write_table(job.con, kept, table, job.out / f"{table.name}.parquet", in_order=False)
    parts.unlink()


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
    canonical.READERS[table.name](reader, job.vocabulary)
    return view, reader


def _compile_unrepeated(con: Connection, table: Table) -> str:
    """Return the judged rows, those that repeat an id refused."""
    key = table.key[0]
    counts = f"SELECT count(*) - count(DISTINCT hash({key})) FROM judged WHERE rejected_by IS NULL"
    if not fetch(con, counts)[0][0]:
        return "FROM judged"
    return (
        "SELECT * REPLACE (coalesce(rejected_by, CASE WHEN repetition > 1 "
        "THEN 'id_repeated' END) AS rejected_by) FROM ("
        f"SELECT *, if(rejected_by IS NULL AND {key} IN (SELECT {key} FROM judged "
        f"WHERE rejected_by IS NULL GROUP BY {key} HAVING count(*) > 1), "
        f"row_number() OVER (PARTITION BY {key}, rejected_by IS NULL ORDER BY ordinal), 1) "
        "AS repetition FROM judged) ORDER BY ordinal"
    )


def _judge(job: Job, table: Table, i: int, source: Source) -> tuple[Path, Reading, str, int]:
    """Write the judged rows of one source; return their file, the reading, source and raw rows."""
    view, reader = _open_source(job, table, i, source)
    reading = reader.build(view)
    path = job.scratch / f"{table.name}.{i}.parquet"
    file = job.manifest.files[source.rows_of]
    query = f"SELECT *, {quoted(source.rows_of)} AS source FROM ({reading.query})"
    copy = f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet)"
    try:
        n_read = files.counted(
            job.con,
            job.scratch / "profile.json",
            lambda: job.con.execute(copy),
            not files.is_parquet(file),
        )
    except files.UNREADABLE as error:
        raise ExtractError(files.unreadable(file.path, error)) from None
    root = job.project / job.manifest.root
    if n_read is None:
        n_read = files.count_parquet_rows(root, file)
    elif source.sql is not None:  # a view may read other files too
        n_read = int(fetch(job.con, f'SELECT count(*) FROM "{source.rows_of}"')[0][0])
    return path, reading, source.rows_of, n_read


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
    return view, {str(r[0]): str(r[1]) for r in fetch(job.con, f"DESCRIBE {view}")}


def _account(
    job: Job, table: Table, parts: Path, rules: Sequence[Rule], raw_rows: Mapping[str, int]
) -> None:
    """Enter a table's rows in the ledger, its refused rows in `rejects`, its faults as problems."""
    counts: Counter[tuple[str, str]] = Counter()
    by = f"SELECT source, coalesce(rejected_by, 'kept'), count(*) FROM {scan(parts)} GROUP BY ALL"
    for source, rule_id, n in fetch(job.con, by):
        counts[source, rule_id] += n
    for source, n_raw in raw_rows.items():
        judged = {rule: n for (name, rule), n in counts.items() if name == source}
        _enter(job, table, source, judged, n_raw)
        job.problems += _faults(job, table, source, rules, judged, parts)
    _keep_rejects(job, table, parts, rules)


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
    parts: Path,
) -> Iterator[Problem]:
    path, total = job.manifest.files[source].path, sum(judged.values())
    for rule in rules:
        n = judged.get(rule.rule_id, 0)
        place = f"{path} → {table.name}.{rule.column}"
        if n and rule.stops:
            yield Problem(place, f"{n} rows hold what nobody listed{_spellings(job, rule, parts)}",
                          _way_out(table, rule))  # fmt: skip
        elif rule.unreadable and n > job.manifest.tolerated_share * total:
            yield Problem(place, f"{n} of {total} rows cannot be read ({rule.rule_id})",
                          "mend the export, give 'date_formats' or 'decimal', or raise "
                          "'tolerated_share' in the manifest")  # fmt: skip


def _way_out(table: Table, rule: Rule) -> str:
    if rule.rule_id == "unit_not_listed":
        return "add the spelling to config/units.csv or to 'units' in the manifest"
    return f"map it under 'values: {table.name}.{rule.column}' in the manifest"


def _spellings(job: Job, rule: Rule, parts: Path) -> str:
    """Name unlisted units that several rows share; a rare one might be a patient's own text."""
    if rule.rule_id != "unit_not_listed":
        return ""
    rows = fetch(
        job.con,
        f"SELECT printed_unit FROM {scan(parts)} WHERE rejected_by = 'unit_not_listed' "
        f"GROUP BY 1 HAVING count(*) >= {SHOWN_FROM} AND length(printed_unit) <= 20 ORDER BY 1",
    )
    known = [unit.unit for unit in job.vocabulary.measures.units]
    named = [f"'{unit}'{nearest(unit, known)}" for (unit,) in rows]
    return f": {listed(named)}" if named else f" (each in fewer than {SHOWN_FROM} rows)"


def _keep_rejects(job: Job, table: Table, parts: Path, rules: Sequence[Rule]) -> None:
    columns = {rule.rule_id: rule.column for rule in rules}
    whens = " ".join(f"WHEN {quoted(r)} THEN {quoted(c)}" for r, c in sorted(columns.items()))
    column = f"CASE rule_id {whens} END"
    path = job.scratch / f"{table.name}.rejects.parquet"
    one = "source, source_row, {quoted_table} AS \"table\", {rule} AS rule_id, '{action}' AS action"
    rejected = one.format(quoted_table=quoted(table.name), rule="rejected_by", action="rejected")
    changed = one.format(quoted_table=quoted(table.name), rule="changed_by", action="changed")
    job.con.execute(
        f'COPY (SELECT *, {column} AS "column" FROM ('
        f"SELECT {rejected} FROM {scan(parts)} WHERE rejected_by IS NOT NULL UNION ALL "
        f"SELECT {changed} FROM {scan(parts)} WHERE rejected_by IS NULL AND changed_by IS NOT NULL"
        f")) TO {quoted(str(path))} (FORMAT parquet)"
    )
    job.rejects.append(path)


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
    union = " UNION ALL ".join(f"FROM {scan(path)}" for path in job.rejects)
    write_table(job.con, union, REJECTS, job.out / "rejects.parquet")
    write_rows(job.con, job.ledger, LEDGER, job.out / "ledger.parquet")
    add_views(job.con, job.out, [table.name for table in CANONICAL])
    write_rows(job.con, list(quality.find_quality(job.con)), QUALITY, job.out / "quality.parquet")
