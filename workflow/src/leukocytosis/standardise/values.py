"""SQL expressions that read what a hospital prints: times, numbers, categories, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leukocytosis.store import quoted

MONTH = r"^\d{4}-\d{2}$"
YEAR = r"^\d{4}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
ZONE = r" ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"  # how a time says from which clock it is
UTC = r"^(Z|UTC|GMT|[+-]00:?(?:00)?)$"
MIDNIGHT_UTC = r"^(\d{4}-\d{2}-\d{2})[ T]00:00(?::00(?:\.0+)?)? ?(?:Z|UTC|GMT|[+-]00(?::?00)?)$"
# a regular expression costs more than the rest of the reading: cheap signs say where to try one
LONG = {MONTH: 7, YEAR: 4, DAY: 10}
SECOND = "____-__-_____:__:__"  # as nearly every export prints a time
TEMPORAL = ("TIMESTAMP", "DATE")
# no record is older, and a later time does not fit into pandas: 9999-12-31 is no day, and who
# printed 06-06-15 did not mean the year 6
FIRST, LAST = "1900-01-01", "2261-12-31"


def is_temporal(sql_type: str) -> bool:
    """Whether a raw column is already a date or a time."""
    return sql_type.startswith(TEMPORAL)


def is_in_utc(sql_type: str) -> bool:
    """Whether a raw column holds moments, as Parquet's "adjusted to UTC", not a clock's times."""
    return sql_type.startswith("TIMESTAMPTZ") or sql_type == "TIMESTAMP WITH TIME ZONE"


def compile_time(
    raw: str, sql_type: str, formats: Sequence[str] = (), zone: str | None = None
) -> str:
    """Return the timestamp a raw column says on the hospital's clock, NULL when it cannot be read.

    Month-only and year-only dates give their first day (see `compile_precision`). Windows are
    counted in days of the hospital's clock: with its `zone` (`Europe/London`) a time that has an
    offset, or is in UTC, is put on that clock; without, an offset is that of the clock and is
    dropped, and a time in UTC does not tell the clock and cannot be read.
    """
    if is_in_utc(sql_type):
        return _compile_moment(raw, zone)
    if is_temporal(sql_type):
        return f"CAST({raw} AS TIMESTAMP)"
    text = f"trim(CAST({raw} AS VARCHAR))"
    read = ", ".join([*_compile_formats(text, formats, zone), _compile_clock(text, zone)])
    at_once = f"WHEN {_is_second(raw)} THEN try_cast({raw} AS TIMESTAMP) "
    return (
        f"CASE {'' if formats else at_once}"
        f"WHEN {_matches(text, MONTH)} THEN try_cast({text} || '-01' AS TIMESTAMP) "
        f"WHEN {_matches(text, YEAR)} THEN try_cast({text} || '-01-01' AS TIMESTAMP)"
        f" ELSE coalesce({read}) END"
    )


def compile_day(
    raw: str, sql_type: str, formats: Sequence[str] = (), zone: str | None = None
) -> str:
    """Return the date a raw column says; midnight in UTC sharp is a date some export dressed up."""
    at = compile_time(raw, sql_type, formats, zone)
    if is_in_utc(sql_type):
        utc = _compile_moment(raw, "UTC")
        return f"CAST(if({utc} = date_trunc('day', {utc}), {utc}, {at}) AS DATE)"
    if is_temporal(sql_type):
        return f"CAST({at} AS DATE)"
    text = f"trim(CAST({raw} AS VARCHAR))"
    dressed = f"try_cast(nullif(regexp_extract({text}, {quoted(MIDNIGHT_UTC)}, 1), '') AS DATE)"
    dressed = f"CASE WHEN length({text}) > 16 THEN {dressed} END"
    return f"coalesce({dressed}, CAST({at} AS DATE))"


def compile_plausible(at: str) -> str:
    """Return whether a time is one that a record can have."""
    # to the end of the last day, whichever of date and time the column is
    return f"{at} >= DATE '{FIRST}' AND {at} < DATE '{LAST}' + 1"


def _compile_moment(moment: str, zone: str | None) -> str:
    at = f"timezone({quoted(zone)}, {moment})" if zone else "NULL"
    return f"CAST({at} AS TIMESTAMP)"


def _compile_formats(text: str, formats: Sequence[str], zone: str | None) -> Iterator[str]:
    """Yield the readings by the manifest's formats: those of a clock, then those with an offset."""
    zoned = [pattern for pattern in formats if "%z" in pattern]
    plain = [pattern for pattern in formats if "%z" not in pattern]
    if plain:
        yield f"try_strptime({text}, [{', '.join(map(quoted, plain))}])"
    if zoned:
        yield _compile_moment(f"try_strptime({text}, [{', '.join(map(quoted, zoned))}])", zone)


def _compile_clock(text: str, zone: str | None) -> str:
    """Return a time as printed; only one that ends in a letter or an offset asks for more."""
    signs = " OR ".join(f"{text}[-{place}] IN ('+', '-')" for place in (3, 5, 6))
    zoned = f"contains({text}, ':') AND ({text}[-1] BETWEEN 'A' AND 'z' OR {signs})"
    at = f"try_cast({text} AS TIMESTAMP)"
    return f"CASE WHEN {zoned} THEN {_compile_zoned(text, zone)} ELSE {at} END"


def _compile_zoned(text: str, zone: str | None) -> str:
    clock = f"regexp_replace({text}, {quoted(ZONE)}, '', 'i')"
    offset = f"upper(regexp_extract({text}, {quoted(ZONE)}, 1, 'i'))"
    in_utc = f"regexp_matches({offset}, {quoted(UTC)})"
    if zone is None:
        return (
            f"CASE WHEN {offset} = '' OR {in_utc} THEN NULL ELSE try_cast({clock} AS TIMESTAMP) END"
        )
    moment = f"try_cast({clock} || if({in_utc}, 'Z', {offset}) AS TIMESTAMPTZ)"
    return f"CASE WHEN {offset} <> '' THEN {_compile_moment(moment, zone)} END"


def _is_second(raw: str) -> str:
    printed = f"CAST({raw} AS VARCHAR)"
    return f"({printed} LIKE {quoted(SECOND)} AND NOT contains({printed}, 'Z'))"


def _matches(text: str, pattern: str) -> str:
    return f"(length({text}) = {LONG[pattern]} AND regexp_matches({text}, {quoted(pattern)}))"


def compile_precision(raw: str, sql_type: str, at: str) -> str:
    """Return how finely a time is known: second, day, month or year.

    A typed timestamp at midnight sharp is taken as known to the second; a DATE to the day.
    """
    if sql_type.startswith("DATE"):
        return "'day'"
    if is_temporal(sql_type):
        return "'second'"
    text = f"trim(CAST({raw} AS VARCHAR))"
    return (
        f"CASE WHEN {_is_second(raw)} THEN 'second'"
        f" WHEN {_matches(text, MONTH)} THEN 'month' WHEN {_matches(text, YEAR)} THEN 'year'"
        f" WHEN {_matches(text, DAY)} THEN 'day'"
        # other spellings of a day without a time, such as 31/12/2007
        f" WHEN length({text}) <= 10 AND {at} = date_trunc('day', {at}) THEN 'day'"
        " ELSE 'second' END"
    )


def compile_number(raw: str, sql_type: str, decimal: str = ".") -> str:
    """Return the number in a raw column, bound signs and thousands separators taken off."""
    if not sql_type.startswith("VARCHAR"):
        return f"CAST({raw} AS DOUBLE)"
    text = f"trim({raw})"
    bound = f"{text}[1] IN ('<', '>')"
    text = f"CASE WHEN {bound} THEN regexp_replace({text}, '^[<>]=? *', '') ELSE {text} END"
    grouped = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"
    if decimal == ",":
        # a point that parts no thousands is another's decimal sign: 52.3 is not 523
        grouped = r"^[-+]?\d{1,3}(\.\d{3})+(,\d*)?$"
        return (
            f"try_cast(CASE WHEN NOT contains({text}, '.') THEN replace({text}, ',', '.') "
            f"WHEN regexp_matches({text}, {quoted(grouped)}) "
            f"THEN replace(replace({text}, '.', ''), ',', '.') END AS DOUBLE)"
        )
    return (
        f"coalesce(try_cast({raw} AS DOUBLE), "
        f"try_cast(CASE WHEN contains({text}, ',') AND regexp_matches({text}, {quoted(grouped)}) "
        f"THEN replace({text}, ',', '') ELSE {text} END AS DOUBLE))"
    )


def compile_other_decimal(text: str) -> str:
    """Return whether a text that is no number would be one with the other decimal sign."""
    return f"regexp_matches({text}, '^[<>]?=? *[-+]?[0-9]+[.,][0-9]+$')"


def compile_comparator(raw: str, sql_type: str) -> str:
    """Return `<` or `>` when the laboratory printed a bound, else NULL."""
    if not sql_type.startswith("VARCHAR"):
        return "CAST(NULL AS VARCHAR)"
    return f"nullif(regexp_extract(trim({raw}), '^([<>])', 1), '')"


def compile_category(raw: str, mapping: Mapping[str, str], unlisted: str) -> str:
    """Return the allowed value a printed one is mapped to; `unlisted` when it is not mapped.

    Case and outer blanks do not matter. A printed value mapped to the empty text is missing.
    """
    text = f"lower(trim(CAST({raw} AS VARCHAR)))"
    whens = " ".join(
        f"WHEN {quoted(printed.strip().lower())} THEN {quoted(value)}"
        for printed, value in sorted(mapping.items())
    )
    return f"nullif(CASE {text} {whens} ELSE {unlisted} END, '')"


def compile_code(raw: str) -> str:
    """Return a code in upper case without dots and blanks; leading zeros stay."""
    return f"upper(replace(replace(CAST({raw} AS VARCHAR), '.', ''), ' ', ''))"


def compile_unit(raw: str) -> str:
    """Return a unit folded as `fold_unit` does."""
    # a regular expression would be tried on every row, `replace` on every spelling
    for blank in " \t\n\f\r":
        raw = f"replace({raw}, chr({ord(blank)}), '')"
    return f"replace(replace(lower({raw}), chr(956), 'u'), chr(181), 'u')"
