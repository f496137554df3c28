"""Daily corticosteroid dose in prednisone equivalents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukocytosis.config import Codelist, Unit, fold_unit
from leukocytosis.config.evidence import Rule
from leukocytosis.matching import compile_drug_match
from leukocytosis.store import quoted


def compile_dose_days(rule: Rule, codelists: Mapping[str, Codelist], units: Sequence[Unit]) -> str:
    """Return the episodes with a day above the rule's dose, of the rows of `found_<rule>`.

    Doses given on a day are added up. Orders are not: a replaced order would be counted twice on
    the day of the change, so the largest order of a day stands for it. An order whose daily
    number of doses is unknown counts as one dose, the least it can be.
    """
    assert rule.dose is not None and rule.codelist is not None
    low = rule.window.from_day if rule.window.from_day is not None else -100_000
    high = rule.window.to_day if rule.window.to_day is not None else 100_000
    mg = f"dose * {_compile_unit(units)} * {_compile_factor(codelists[rule.codelist])}"
    return f"""
        SELECT episode_id FROM (
            SELECT episode_id, kind, {mg} AS mg, coalesce(doses_per_day, 1) AS times,
                   unnest(range(greatest(days_from_index, {low}),
                                least(last_day_from_index, {high}) + 1)) AS day
            FROM found_{rule.id}
        ) GROUP BY episode_id, day
        HAVING coalesce(sum(mg) FILTER (kind = 'given'), 0) > {rule.dose.above_mg_per_day}
            OR coalesce(max(mg * times) FILTER (kind <> 'given'), 0) > {rule.dose.above_mg_per_day}
    """


def compile_dose_unknown(rule: Rule, units: Sequence[Unit]) -> str:
    """Return the episodes of `found_<rule>` with a row whose daily dose cannot be told."""
    return (
        f"SELECT episode_id FROM found_{rule.id} WHERE dose IS NULL "
        f"OR {_compile_unit(units)} IS NULL OR (kind <> 'given' AND doses_per_day IS NULL)"
    )


def _compile_unit(units: Sequence[Unit]) -> str:
    whens = " ".join(
        f"WHEN {quoted(unit.unit)} THEN {unit.factor!r}"
        for unit in units
        if unit.quantity == "mass_dose"
    )
    assert fold_unit("mg") == "mg"
    folded = "replace(replace(lower(replace(dose_unit, ' ', '')), chr(956), 'u'), chr(181), 'u')"
    return f"CAST(CASE {folded} {whens} END AS DOUBLE)"


def _compile_factor(codelist: Codelist) -> str:
    """Return a row's factor to prednisone mg: the codelist's category of its code or name."""
    whens = " ".join(
        f"WHEN {compile_drug_match([e for e in codelist.entries if e.category == factor])} "
        f"THEN {float(factor)!r}"
        for factor in sorted({entry.category for entry in codelist.entries})
    )
    return f"(CASE {whens} END)"
