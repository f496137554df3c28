"""How much the causes owe to the order of precedence, and to what was not looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from leukocytosis.config import UNDETERMINED, Protocol
from leukocytosis.store import Connection, fetch, quoted, scan
from leukocytosis.survival.analyses import share
from leukocytosis.survival.row import Estimate
from leukocytosis.tables import CERTAINTIES

ONLY, RESIDUAL = "only cause", "nothing else found after looking"
AGAINST, WITHOUT_CAUSE = "speaks against PLR", "found, but no cause holds"
Present = Mapping[str, str]  # cause → grade, of one pattern


def fit_attribution(protocol: Protocol, con: Connection, study: Path) -> Iterator[Estimate]:
    """Yield what decided, the shares under other orders, and what undetermined patients lack.

    `precedence`: by what each patient's cause was decided. `order_any_lowest` and `_highest`: the
    least and the most patients a cause can have, whatever the order of causes; `order_certain_*`:
    under every order in which no less certain cause stands before a more certain one. `unseen`:
    the tables in which an undetermined patient's alternatives were not looked for.
    """
    (n,) = fetch(con, f"SELECT count(*) FROM {scan(study / 'causes.parquet')}")[0]
    for decided_by, count in _count_decisions(con, study):
        yield share("precedence", decided_by, count, n)
    patterns = _count_patterns(protocol, con, study)
    for cause in protocol.causes:
        if not cause.residual:
            yield from _fit_orders(cause.id, patterns, n)
    for why, count in _count_unseen(protocol, con, study):
        yield share("unseen", why, count, n)


def _count_decisions(con: Connection, study: Path) -> list[tuple[str, int]]:
    decided_by = f"if(primary_cause = {quoted(UNDETERMINED)}, primary_cause, decided_by)"
    query = (
        f"SELECT {decided_by} AS how, count(*) FROM {scan(study / 'causes.parquet')} GROUP BY how"
    )
    return sorted(fetch(con, query))


def _count_patterns(protocol: Protocol, con: Connection, study: Path) -> list[tuple[Present, int]]:
    """Return each combination of causes and grades that could decide, with its patients."""
    causes = {cause.id: cause for cause in protocol.causes}
    # a refractory cause does not take part
    grades = ", ".join(quoted(grade) for grade in CERTAINTIES)
    query = (
        "SELECT pattern, count(*) FROM (SELECT episode_id, "
        "list_sort(list(cause || ':' || grade)) AS pattern "
        f"FROM {scan(study / 'causes_present.parquet')} WHERE grade IN ({grades}) "
        "GROUP BY episode_id) GROUP BY pattern ORDER BY pattern"
    )
    found = [([atom.split(":") for atom in atoms], n) for atoms, n in fetch(con, query)]
    patterns = [
        ({c: grade for c, grade in atoms if protocol.may_decide(causes[c], grade)}, n)
        for atoms, n in found
    ]
    return [(present, n) for present, n in patterns if present]


def _fit_orders(cause: str, patterns: list[tuple[Present, int]], n: int) -> Iterator[Estimate]:
    """Yield the extremes of a cause's share.

    A cause put last decides only where it stands alone, put first wherever it is present; the
    orders tie no two causes together, so both extremes are reached. Among orders by certainty the
    rivals of a cause are those of the highest certainty in the patient.
    """
    here = [(present, count) for present, count in patterns if cause in present]
    leading = [
        (rivals, count) for present, count in here if cause in (rivals := _most_certain(present))
    ]
    for family, found in (("any", [(set(present), count) for present, count in here]),
                          ("certain", leading)):  # fmt: skip
        alone = sum(count for rivals, count in found if len(rivals) == 1)
        yield share(f"order_{family}_lowest", cause, alone, n)
        yield share(f"order_{family}_highest", cause, sum(count for _, count in found), n)


def _most_certain(present: Present) -> set[str]:
    best = min(CERTAINTIES.index(grade) for grade in present.values())
    return {cause for cause, grade in present.items() if grade == CERTAINTIES[best]}


def _count_unseen(protocol: Protocol, con: Connection, study: Path) -> list[tuple[str, int]]:
    """Return why patients are undetermined: the tables not looked at, or what was found."""
    looked_for = {rule for cause in protocol.causes for rule in cause.looked_for}
    against = {rule for cause in protocol.causes for rule in cause.against}
    tables = ", ".join(
        f"({quoted(rule.id)}, {quoted(rule.from_)}, {rule.id in looked_for}, {rule.id in against})"
        for rule in protocol.evidence
    )
    unseen = "looked_for AND e.status = 'not_assessed'"
    query = f"""
        SELECT why, count(*) FROM (
            SELECT episode_id, CASE
                WHEN bool_or(against AND e.status = 'met') THEN {quoted(AGAINST)}
                WHEN bool_or({unseen})
                THEN list_aggregate(list_sort(list(DISTINCT source) FILTER ({unseen})),
                                    'string_agg', ' + ') || ' not looked at'
                ELSE {quoted(WITHOUT_CAUSE)} END AS why
            FROM {scan(study / "evidence.parquet")} e
            JOIN (VALUES {tables}) AS r(rule_id, source, looked_for, against) USING (rule_id)
            SEMI JOIN (FROM {scan(study / "causes.parquet")}
                       WHERE primary_cause = {quoted(UNDETERMINED)}) c USING (episode_id)
            GROUP BY episode_id
        ) GROUP BY why ORDER BY why
    """
    return fetch(con, query)
