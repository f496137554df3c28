"""What decided the causes, and the ranges other orders give, beside every order tried in turn."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from conftest import CODELISTS, ROOT, UNITS, Run, protocol_of, run_study

from leukocytosis.attribution import fit_attribution
from leukocytosis.causes import classify, collect_evidence
from leukocytosis.config import Policy, load_manifest
from leukocytosis.disclosure import disclose
from leukocytosis.store import connect, read_frame
from leukocytosis.tables import CERTAINTIES

PROTOCOL = protocol_of("granger2009")
Rows = dict[tuple[str, str], int]


def rows_of(study: Path) -> Rows:
    with connect(study / ".scratch") as con:
        found = list(fit_attribution(PROTOCOL, con, study))
    return {(row.analysis_id, row.term): int(row.n_events or 0) for row in found}


@pytest.fixture(scope="module")
def rows(tiny: Run) -> Rows:
    return rows_of(tiny.study)


def test_decisions_add_up_to_the_cohort(rows: Rows, tiny: Run) -> None:
    decided = [n for (analysis, _), n in rows.items() if analysis == "precedence"]
    assert sum(decided) == len(read_frame(tiny.study / "causes.parquet"))


def test_gaps_add_up_to_the_undetermined(rows: Rows, tiny: Run) -> None:
    causes = read_frame(tiny.study / "causes.parquet")["primary_cause"]
    gaps = {term: n for (analysis, term), n in rows.items() if analysis == "unseen"}
    assert sum(gaps.values()) == (causes == "undetermined").sum()
    assert gaps["microbiology not looked at"] >= 1


def shares(orders: Any, present: dict[str, dict[str, str]]) -> dict[str, list[int]]:
    """Every order in turn: how many episodes each cause gets."""
    counts: dict[str, list[int]] = {cause.id: [] for cause in PROTOCOL.causes if not cause.residual}
    for order in orders:
        first = [next(c for c, g in order if here.get(c) == g) for here in present.values()]
        for cause, found in counts.items():
            found.append(first.count(cause))
    return counts


def test_the_ranges_are_those_of_every_order(rows: Rows, tiny: Run) -> None:
    frame = read_frame(tiny.study / "causes_present.parquet")
    deciding = frame[frame["grade"].isin(CERTAINTIES)]
    present = {
        str(episode): dict(zip(part["cause"], part["grade"], strict=True))
        for episode, part in deciding.groupby("episode_id")
        if "plr" not in set(part["cause"])
    }
    named = [c.id for c in PROTOCOL.causes if not c.residual]
    any_order = [[(c, g) for c in order for g in CERTAINTIES] for order in permutations(named)]
    certain = [[(c, g) for g in CERTAINTIES for c in order] for order in permutations(named)]
    for family, orders in (("any", any_order), ("certain", certain)):
        for cause, found in shares(orders, present).items():
            assert rows[f"order_{family}_lowest", cause] == min(found), (family, cause)
            assert rows[f"order_{family}_highest", cause] == max(found), (family, cause)


def test_an_extract_without_drugs_says_that_drugs_are_the_gap(tmp_path: Path) -> None:
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    run = run_study(PROTOCOL, manifest, tmp_path)
    collect_evidence(PROTOCOL, CODELISTS, UNITS, frozenset({"drugs"}), run.study)
    classify(PROTOCOL, run.study)
    gaps = {term for analysis, term in rows_of(run.study) if analysis == "unseen"}
    assert "drugs not looked at" in gaps and "drugs + microbiology not looked at" in gaps


def test_readings_that_differ_by_few_are_hidden(tiny: Run) -> None:
    import pandas as pd

    base: dict[str, Any] = {"outcome_id": "-", "group": "all", "time_days": None, "n": 100}
    counts = [("cause_shares", "infection", 50), ("order_any_lowest", "infection", 48),
              ("order_any_highest", "infection", 60), ("cause_shares", "plr", 20),
              ("cause_shares", "growth_factor", 30), ("plr_interval", "plr_narrow", 20),
              ("plr_interval", "plr_wide", 40)]  # fmt: skip
    frame = pd.DataFrame([
        base | {"analysis_id": a, "term": t, "n_events": n, "estimate": n / 100, "ci_low": 0.0,
                "ci_high": 1.0, "p_value": None, "method": "", "note": None}
        for a, t, n in counts
    ])  # fmt: skip
    shown = disclose({"estimates": frame}, Policy(policy="closed", title="", min_count=5))
    hidden = shown["estimates"].set_index(["analysis_id", "term"])["estimate"].isna()
    assert hidden["order_any_lowest", "infection"] and hidden["order_any_highest", "infection"]
    assert not hidden["plr_interval", "plr_wide"] and not hidden["cause_shares", "infection"]
