"""A manifest as text: what the files tell is filled in, every doubt is a line that says DECIDE."""

from __future__ import annotations

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from leukocytosis.config.codelist import COUNT_PER_VOLUME, DIAGNOSIS_SYSTEMS, LAB_SYSTEM
from leukocytosis.config.manifest import CANONICAL_NAMES, DECIDE, Manifest, RawFile
from leukocytosis.config.names import Names, allowed_values
from leukocytosis.config.quantities import Unit
from leukocytosis.drafting import facts
from leukocytosis.drafting.looking import FIRST_ROWS, find_unread, look_at
from leukocytosis.drafting.matching import EVERYWHERE, NEEDED, Match, fold, match_files
from leukocytosis.drafting.years import join_years
from leukocytosis.errors import ConfigError, Problem
from leukocytosis.standardise.files import SAVE_AS
from leukocytosis.store import Connection, connect
from leukocytosis.tables import DRUG_KINDS

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
RESERVED = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
BLOOD = tuple(Manifest.model_fields["blood_specimens"].default)
WIDTH = 100
OMOP = {"person", "measurement", "condition_occurrence"}


def write_draft(
    folder: Path, extract: str, names: Names, units: Sequence[Unit], config: Path
) -> tuple[Path, list[str]]:
    """Write `extracts/<extract>.yaml` for a folder; return where it is and what waits for a person.

    ConfigError when there is such a manifest already, or no manifest can have that name.
    """
    path = config / "extracts" / f"{extract}.yaml"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", extract):
        raise ConfigError(Problem(f"'{extract}'", "is no name of an extract", "use a-z, 0-9 and _"))
    if path.exists():
        raise ConfigError(Problem(str(path), "exists", "give another name, or remove it"))
    text = draft_manifest(folder, extract, names, units)
    path.write_text(text, encoding="utf-8")
    return path, [line.strip() for line in text.splitlines() if DECIDE in line]


def draft_manifest(folder: Path, extract: str, names: Names, units: Sequence[Unit]) -> str:
    """Return a manifest for the data files of a folder, by the names of their columns.

    Values are shown only where several rows share them. Of each file the first rows are looked at.
    ExtractError when a file cannot be read.
    """
    with tempfile.TemporaryDirectory() as spill, connect(Path(spill) / "scratch") as con:
        seen = look_at(con, folder)
        matches = match_files(seen, names)
        taken = {match.seen.name for match in matches}
        matches = join_years(con, folder, matches, lambda match: _constants(con, match, names))
        sections = [
            _head(extract, folder),
            _common_model({s.name for s in seen}),
            _files(con, matches),
            _left_out([s.file.path for s in seen if s.name not in taken]),
            [f"# {line}" for line in say_unread(folder)],
            _tables(con, matches, names, units),
            _absent(matches, names),
            _writing(con, matches),
            _values(con, matches, names),
            _observation(),
        ]
        return "\n".join(line for section in sections for line in section) + "\n"


def _head(extract: str, folder: Path) -> list[str]:
    return [
        f"# Drafted from the names of columns and the first {FIRST_ROWS:,} rows of each file.",
        "# Read every line. Those with a question wait for you; until then no study runs.",
        f"extract: {extract}",
        f"title: {_ask('what these data are: hospital, years, patients')}",
        f"synthetic: {_ask('true or false')}",
        f"root: {_scalar(str(folder))}",
    ]


def _common_model(names: set[str]) -> list[str]:
    """Return the hint that somebody has written the manifest of such files already."""
    hint = "# These may be tables of the OMOP Common Data Model: see docs/omop.md, omop_cdm.yaml."
    return [hint] if names >= OMOP else []


def _ask(question: str) -> str:
    return json.dumps(f"{DECIDE} {question}", ensure_ascii=False)


def _scalar(text: str) -> str:
    """Return a text as YAML has it, quoted unless it is a plain word."""
    plain = PLAIN.fullmatch(text) and text.lower() not in RESERVED
    return text if plain else json.dumps(text, ensure_ascii=False)


def _flow(pairs: Mapping[str, str], indent: int) -> str:
    """Return a mapping in braces, its lines no longer than a page is wide."""
    lines, line = [], ""
    for i, (key, value) in enumerate(pairs.items()):
        item = f"{_scalar(key)}: {value}" + ("," if i < len(pairs) - 1 else "")
        if line and indent + len(line) + len(item) > WIDTH:
            lines.append(line)
            line = item
        else:
            line = f"{line} {item}".strip()
    return "{" + f"\n{' ' * indent}".join([*lines, line]) + "}"


def _files(con: Connection, matches: Sequence[Match]) -> Iterator[str]:
    yield "files:"
    for match in sorted(matches, key=lambda m: m.seen.name):
        said = _say_file(match.seen.file)
        if tokens := facts.find_tokens(con, match):
            said["missing"] = json.dumps(["", *tokens])
        yield f"  {match.seen.name}: {_flow(said, 4)}"


def _left_out(paths: Sequence[str]) -> list[str]:
    return [f"# taken for no table: {', '.join(paths)}"] if paths else []


def say_unread(folder: Path) -> list[str]:
    """Return a line on the spreadsheets and the like of a folder, none where it has none."""
    unread = find_unread(folder)
    return [f"Not read: {', '.join(unread)}. Way out: {SAVE_AS}, and draft again."] * bool(unread)


def _say_file(file: RawFile) -> dict[str, str]:
    return {key: _scalar(value) for key, value in file.model_dump(exclude_defaults=True).items()}


def _tables(
    con: Connection, matches: Sequence[Match], names: Names, units: Sequence[Unit]
) -> Iterator[str]:
    yield "tables:"
    for table in CANONICAL_NAMES:
        sources = [match for match in matches if match.table == table]
        if sources:
            yield f"  {table}:"
        for match in sources:
            yield from _source(con, match, names)
            if table == "labs":
                yield from _counts(con, match, units)


def _source(con: Connection, match: Match, names: Names) -> Iterator[str]:
    yield f"    - rows_of: {match.seen.name}"
    unread = ", ".join(match.unused)
    lacking = f"no column found; not read: {unread or 'none, so another file must tell, by .sql'}"
    columns = {_as_read(match, column): _scalar(raw) for column, raw in match.columns.items()}
    columns |= _other_results(con, match, names)
    yield f"      columns: {_flow(columns | dict.fromkeys(match.missing, _ask(lacking)), 8)}"
    if constants := _constants(con, match, names):
        yield f"      constants: {_flow(constants, 8)}"
    if constants.get("code_system") == "ICD-10-CM":
        yield "      # as the codes are written; ICD-10-GM, -AM and the WHO's are written alike"
    if match.doubtful:
        yield f"      # may say that a row does not count: {', '.join(match.doubtful)}"
    if unread and not match.missing:
        yield f"      # not read: {unread}"


def _other_results(con: Connection, match: Match, names: Names) -> dict[str, str]:
    """Return the question which column holds the results, where another tells what it does not.

    De-identification may mask the text of a result and leave its number.
    """
    if match.table != "labs" or "value" not in match.columns:
        return {}
    others = {fold(name) for name in names.tables["labs"].columns["value"]}
    found = {
        other: n
        for other in match.unused
        if fold(other) in others and (n := facts.count_numbers_only_in(con, match, other))
    }
    only = ", ".join(f"{n:,} rows have a number only in {other}" for other, n in found.items())
    question = _ask(f"{match.columns['value']} (as value_text) or a number (as value): {only}")
    return {_as_read(match, "value"): question} if found else {}


def _counts(con: Connection, match: Match, units: Sequence[Unit]) -> Iterator[str]:
    """Yield the codes among which those of a white count are, for whoever maps local codes."""
    if "code" in match.columns and facts.share_of_system(con, match, LAB_SYSTEM) > facts.NEARLY_ALL:
        return
    known = [unit.unit for unit in units if unit.quantity == COUNT_PER_VOLUME]
    for code, n_rows, middle in facts.find_counts(con, match, known):
        yield f"      # a count: code {code}, {n_rows:,} rows, median {middle:g} as printed"


def _as_read(match: Match, column: str) -> str:
    """Return `value_text` for results that are printed, which may say more than a number."""
    printed = column == "value" and match.seen.types[match.columns[column]] == "VARCHAR"
    return "value_text" if printed else column


def _constants(con: Connection, match: Match, names: Names) -> dict[str, str]:
    """Return what every row of a file says alike: the system of its codes, what it records."""
    if match.table == "drugs":
        return {} if "kind" in match.columns else {"kind": _find_kind(match, names)}
    if match.table not in ("labs", "diagnoses") or "code_system" in match.columns:
        return {}
    systems = (LAB_SYSTEM,) if match.table == "labs" else DIAGNOSIS_SYSTEMS
    found = [
        system
        for system in systems
        if "code" in match.columns and facts.share_of_system(con, match, system) >= facts.NEARLY_ALL
    ]
    if len(found) == 1:
        return {"code_system": found[0]}
    if match.table == "labs":
        question = "a name for the laboratory's own codes, and a CSV under code_maps that maps them"
        return {"code_system": _ask(question)}
    return {"code_system": _ask(" or ".join(DIAGNOSIS_SYSTEMS))}


def _find_kind(match: Match, names: Names) -> str:
    words = [k for k, parts in names.kinds.items() if any(p in match.seen.name for p in parts)]
    if len(words) == 1 and not match.doubtful:
        return words[0]
    doubt = f"; do {', '.join(match.doubtful)} speak against some rows?" if match.doubtful else ""
    return _ask(f"what a row records: {', '.join(DRUG_KINDS)}{doubt}")


def _absent(matches: Sequence[Match], names: Names) -> Iterator[str]:
    there = {match.table for match in matches}
    lacking = [table for table in CANONICAL_NAMES if table not in there]
    if lacking:
        yield "absent:"
    for table in lacking:
        question = "say what is not seen, or map a file above"
        if found := _find_elsewhere(matches, names, table):
            question += f", by a .sql view: {found}"
        yield f"  {table}: {_ask(question)}"


def _find_elsewhere(matches: Sequence[Match], names: Names, table: str) -> str:
    """Return which columns of files taken for other tables may tell what this table should."""
    known = names.tables[table].columns
    telling = [fold(n) for c in NEEDED[table] if c not in EVERYWHERE for n in known.get(c, ())]
    found = [f"{m.seen.name}.{c}" for m in matches for c in m.unused if fold(c) in telling]
    return ", ".join(found)


def _writing(con: Connection, matches: Sequence[Match]) -> Iterator[str]:
    """Yield how dates, numbers and specimens are written, where not as usual."""
    writings = facts.find_writings(con, matches)
    if writings is not None and len(writings) == 1:
        yield f"date_formats: {json.dumps(facts.WRITINGS[writings[0]])}"
    elif writings is not None:
        either = " or ".join(writings) or "as strptime writes it"
        yield f"date_formats: [{_ask(f'{either}: some dates cannot be read')}]"
    if facts.tell_moments(con, matches):
        yield f"time_zone: {_ask('the clock of the hospital, such as Europe/London')}"
    if facts.has_decimal_comma(con, matches):
        yield 'decimal: ","'
    yield from _specimens(con, matches)


def _specimens(con: Connection, matches: Sequence[Match]) -> Iterator[str]:
    """Yield which specimens are blood, where the laboratory names others than we know as blood."""
    strange = {
        value.lower()
        for match in matches
        if match.table == "labs" and "specimen" in match.columns
        for value, _ in facts.find_values(con, match.seen, match.columns["specimen"]).shared
        if value.lower() not in BLOOD
    }
    if strange:
        asked = _ask(f"which are blood too: {', '.join(sorted(strange))}? else remove this")
        yield f"blood_specimens: [{', '.join([*BLOOD, asked])}]"


def _values(con: Connection, matches: Sequence[Match], names: Names) -> Iterator[str]:
    """Yield what each printed value of a column of few stands for, where it is not the word itself.

    A value that fewer rows hold than may be shown is only counted: it stops the first run.
    """
    lines: dict[str, dict[str, None]] = defaultdict(dict)  # two files may print alike
    for match in matches:
        for column, raw in match.columns.items():
            place = f"{match.table}.{column}"
            if allowed_values(place):
                values = facts.find_values(con, match.seen, raw)
                lines[place].update(dict.fromkeys(_meanings(place, values, names)))
    said = {place: list(texts) for place, texts in lines.items() if texts}
    if said:
        yield "values:"
    for place, texts in said.items():
        yield f"  {place}:" + ("" if any(": " in text for text in texts) else " {}")
        yield from texts


def _meanings(place: str, values: facts.Values, names: Names) -> Iterator[str]:
    allowed, given = allowed_values(place), names.values.get(place, {})
    known = {fold(other): value for value, others in given.items() for other in others}
    for value, n in values.shared:
        if value.lower() not in [a.lower() for a in allowed]:
            asked = _ask(f"{', '.join(allowed)}, or empty for missing ({n:,} rows)")
            yield f"    {_scalar(value)}: {known.get(fold(value), asked)}"
    if values.n_rarer:
        yield f"    # {values.n_rarer} rows hold values that few rows share, not shown here"


def _observation() -> list[str]:
    until = "until when deaths are known, and from which record"
    return [
        "observation:",
        "  # deaths_known_until_on: 2020-12-31, if patients do not say until when they are seen",
        f"  says: {_ask(until)}",
    ]
