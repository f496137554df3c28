"""Invented aggregate tables for the tests of figures and report; no patient stands behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leukocytosis.config import (
    Manifest,
    Protocol,
    load_claims,
    load_codelists,
    load_policy,
    load_protocol,
    load_references,
)
from leukocytosis.config.manifest import Observation, RawFile, Source
from leukocytosis.report import Background, ReportInputs
from leukocytosis.survival.analyses import WILSON
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.restricted_mean import mean_rows
from leukocytosis.survival.row import Estimate
from leukocytosis.survival.unadjusted import EXACT, exact_rows
from leukocytosis.tables import BY_NAME, CANONICAL
from leukocytosis.white_counts import BINS

ROOT = Path(__file__).parents[1]
PRIMARY, SURVIVAL = "death_or_hospice_12w", "death_1y"
N = {"infection": 112, "plr": 77, "other": 569}
HAZARD = {"infection": 1 / 190, "plr": 1 / 56, "other": 1 / 320}
CANNOT = "cannot be estimated, because "
BACKGROUND = Background(
    load_policy(ROOT / "config/policies/open.yaml"),
    load_codelists(ROOT / "config/codelists"),
    load_references(ROOT / "config/texts/references.yaml"),
)
COUNTS = {
    "new_leukaemia": 9,
    "growth_factor": 522,
    "infection": 112,
    "corticosteroid": 38,
    "other_named": 0,
    "plr": 67,
    "undetermined": 10,
}


def protocol() -> Protocol:
    return load_protocol(ROOT / "config/studies/granger2009.yaml")


def manifest(*, synthetic: bool = True) -> Manifest:
    return Manifest(
        extract="synthetic" if synthetic else "hospital",
        title="An invented hospital",
        synthetic=synthetic,
        root="data",
        files={"all": RawFile(path="all.csv")},
        tables={
            t.name: (Source(rows_of="all", columns={"patient_id": "id"}),)
            for t in CANONICAL
            if t.name != "microbiology"
        },
        absent={"microbiology": "no cultures were exported"},
        observation=Observation(says="Deaths are known to the end of the year."),
    )


def inputs(*, synthetic: bool = True, **frames: list[dict[str, Any]]) -> ReportInputs:
    """Return full inputs, with the rows of some tables replaced."""
    rows: dict[str, list[dict[str, Any]]] = {
        "attrition": attrition(),
        "estimates": estimates(),
        "curves": curves(),
        "white_counts": white_counts(),
        "table_one": table_one(),
        "scorecard": scorecard(),
        "quality": quality(),
        "ledger": ledger(),
        "codelists": codelists(),
    }
    if synthetic:
        rows["accuracy"] = accuracy()
    claims = load_claims(ROOT / "config/claims/granger2009.yaml")
    built = {name: frame(name, found) for name, found in (rows | frames).items()}
    return ReportInputs(protocol(), manifest(synthetic=synthetic), built, claims, BACKGROUND)


def nobody() -> ReportInputs:
    """Return the inputs of a study that found no patient."""
    reason = CANNOT + "there are no patients"
    empty = [
        row | {"estimate": None, "ci_low": None, "ci_high": None, "p_value": None, "n": 0,
               "n_events": 0, "note": reason}
        for row in estimates()
        if row["analysis_id"] not in ("overlap", "proportional_hazards_adjusted")
    ]  # fmt: skip
    uncounted = [
        row | {"n": 0, "n_patients": 0, "note": reason, "median_wbc_1e9_per_l": None,
               "q1_wbc_1e9_per_l": None, "q3_wbc_1e9_per_l": None}
        for row in white_counts()
    ]  # fmt: skip
    steps = [row | {"n_patients_before": 0, "n_patients_left": 0} for row in attrition()]
    return inputs(
        synthetic=False,
        estimates=empty,
        curves=[],
        white_counts=uncounted,
        table_one=[],
        attrition=steps,
        scorecard=[],
    )


def frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(BY_NAME[name].names))


def attrition() -> list[dict[str, Any]]:
    steps = (
        ("in_extract", "patients of the extract", 20_000),
        ("with_count", "a blood white count", 18_204),
        ("above_threshold", "a count > 40 ×10⁹/L", 3770),
        ("dated", "such a count dated to the day", 3770),
        ("alive", "not recorded dead before the index", 3758),
        ("blood", "no haematological malignancy coded more than 30 days before the index", 2512),
        ("solid_tumour",
         "a solid tumour coded up to 30 days after the index, or in the index stay", 758),
    )  # fmt: skip
    before = 20_000
    rows = []
    for step, (reason_id, reason, left) in enumerate(steps):
        rows.append(
            {"step": step, "reason_id": reason_id, "reason": reason,
             "n_patients_before": before, "n_patients_left": left}
        )  # fmt: skip
        before = left
    return rows


def white_counts() -> list[dict[str, Any]]:
    rows = []
    for group in ("all", *N):
        size = sum(N.values()) if group == "all" else N[group]
        for first, last in BINS:
            n = size if first == 0 else max(size // (3 + abs(first) % 7), 4)
            middle = 55.0 if first == 0 else 10 + 45 * np.exp(-abs(first) / 20) * (first > 0)
            rows.append(
                {"group": group, "from_day": first, "to_day": last, "n": n, "n_patients": size,
                 "median_wbc_1e9_per_l": middle, "q1_wbc_1e9_per_l": middle * 0.8,
                 "q3_wbc_1e9_per_l": middle * 1.3, "note": None}
            )  # fmt: skip
    return rows


def times() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(20090)
    return {g: np.ceil(rng.exponential(1 / HAZARD[g], N[g])).clip(1) for g in N}


def curves() -> list[dict[str, Any]]:
    return [
        row for outcome in (PRIMARY, SURVIVAL) for group, end, died in followed(outcome)
        for row in curve(outcome, group, end, died)
    ]  # fmt: skip


def followed(outcome: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield each group with the days of its patients and who of them had the event."""
    horizon, stretch = {PRIMARY: (84, 1.0), SURVIVAL: (365, 1.5)}[outcome]
    rng = np.random.default_rng(1)
    parts = times()
    parts["all"] = np.concatenate(list(parts.values()))
    for group, event in parts.items():
        lost = np.ceil(rng.uniform(20, 3000, len(event)))
        end = np.minimum(np.minimum(np.ceil(event * stretch), lost), horizon)
        yield group, end, (np.ceil(event * stretch) <= lost) & (event * stretch <= horizon)


def means(outcome: str) -> list[dict[str, Any]]:
    """Return the restricted means of the curves, from the estimator itself."""
    fitted = {group: fit_curve(end, died.astype(int)) for group, end, died in followed(outcome)}
    day = {PRIMARY: 84.0, SURVIVAL: 365.0}[outcome]
    found = mean_rows(fitted, day, analysis_id="rmst", outcome_id=outcome)
    return [vars(row) for row in found]


def curve(outcome: str, group: str, end: Any, died: Any) -> list[dict[str, Any]]:
    rows, survival, spread = [], 1.0, 0.0
    for day in sorted(set(end)):
        at_risk = int((end >= day).sum())
        events = int(((end == day) & died).sum())
        survival *= 1 - events / at_risk
        spread += events / (at_risk * max(at_risk - events, 1))
        low = high = None
        if 0 < survival < 1:
            half = 1.96 * np.sqrt(spread) / abs(np.log(survival))
            low, high = survival ** np.exp(half), survival ** np.exp(-half)
        rows.append(
            {"outcome_id": outcome, "group": group, "time_days": float(day), "n_at_risk": at_risk,
             "n_events": events, "n_censored": int((end == day).sum()) - events,
             "survival": survival, "ci_low": low, "ci_high": high}
        )  # fmt: skip
    return rows


def estimate(analysis: str, term: str, value: float | None = None, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(BY_NAME["estimates"].names)
    return row | {
        "analysis_id": analysis, "outcome_id": "-", "group": "all", "term": term,
        "estimate": value, "method": "invented", **more,
    }  # fmt: skip


def share(analysis: str, term: str, n_events: int, n: int, **more: Any) -> dict[str, Any]:
    p, z = n_events / n, 1.96
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return estimate(
        analysis, term, p, ci_low=max(middle - half, 0.0), ci_high=min(middle + half, 1.0), n=n,
        n_events=n_events, **more,
    )  # fmt: skip


def estimates() -> list[dict[str, Any]]:
    rows = [share("cause_shares", cause, n, 758) for cause, n in COUNTS.items()]
    rows += [vars(row) for row in exact_rows([Estimate(**row) for row in rows])]
    rows += [share("group_shares", group, n, 758) for group, n in N.items()]
    rows += [
        share("plr_interval", "plr_narrow", 67, 758),
        share("plr_interval", "plr_wide", 77, 758),
    ]
    rows += [share("overlap", "growth_factor+infection", 41, 758), share("overlap", "plr", 67, 758)]
    rows += [share("features", "neutrophil_predominance", 63, 66, group="plr"),
             share("features", "metastatic", 52, 67, group="plr")]  # fmt: skip
    for outcome, horizon in ((PRIMARY, 84), (SURVIVAL, 365)):
        rows += of_outcome(outcome, horizon)
        rows += means(outcome)
        rows += models(outcome)
    return rows


def of_outcome(outcome: str, horizon: int) -> list[dict[str, Any]]:
    rows = []
    for group in ("all", *N):
        n = sum(N.values()) if group == "all" else N[group]
        place = {"outcome_id": outcome, "group": group, "n": n}
        for day in (28.0, 56.0, 84.0, float(horizon)):
            p = 1 - np.exp(-HAZARD.get(group, 1 / 240) * day)
            at = {**place, "time_days": day, "n_events": int(n * p)}
            if day == 84.0 and horizon == 365 and group == "plr":
                continue
            rows.append(estimate("risk", "risk", p, ci_low=p * 0.9, ci_high=min(p * 1.1, 1), **at))
            rows.append(
                estimate("survival", "survival", 1 - p, ci_low=max(1 - p * 1.1, 0),
                         ci_high=1 - p * 0.9, **at)
            )  # fmt: skip
        rows.append(
            estimate("median", "median", 39.0, ci_low=30.0, note="upper end not reached", **place)
            if group == "plr"
            else estimate("median", "median", note=CANNOT + "it was not reached", **place)
        )
        lost = CANNOT + "12 left observation before day 84; read the Kaplan–Meier risk"
        rows.append(estimate("crude", "crude risk", time_days=84.0, note=lost, **place))
        rows.append(
            estimate("follow_up", "median follow-up", 84.0, ci_low=84.0, ci_high=84.0, **place)
        )
        rows.append(estimate("day_0", "events on day 0, counted at half a day", 1.0, **place))
    unique = {(r["analysis_id"], r["group"], r["term"], r["time_days"]): r for r in rows}
    return list(unique.values())


def models(outcome: str) -> list[dict[str, Any]]:
    tested = {"outcome_id": outcome, "n": 758, "n_events": 330}
    rows = [
        estimate("logrank", "log-rank", 80.2, p_value=1e-9, note="chi-squared on 2 df", **tested)
    ]
    rows += [
        estimate(
            "logrank",
            "log-rank",
            12.0,
            group=f"{a} against {b}",
            p_value=p,
            note="chi-squared on 1 df",
            **tested,
        )
        for a, b, p in (("infection", "plr", 2e-5), ("infection", "other", 0.031))
    ]
    for analysis in ("cox_unadjusted", "cox_adjusted"):
        ratios = {"cause group: plr against infection": (3.1, 2.2, 4.4),
                  "cause group: other against infection": (0.6, 0.45, 0.8)}  # fmt: skip
        if analysis == "cox_adjusted":
            ratios |= {"age (per 10 years)": (1.1, 1.0, 1.21),
                       "sex: male against female": (0.97, 0.78, 1.2),
                       "index count (per doubling)": (1.4, 0.9, 41.0)}  # fmt: skip
        rows += [
            estimate(analysis, term, hr, ci_low=low, ci_high=high, p_value=0.02, **tested)
            for term, (hr, low, high) in ratios.items()
        ]
    why = CANNOT + "no patient without metastasis had an event (the likelihood has no maximum)"
    rows.append(estimate("cox_adjusted", "metastatic", note=why, **tested))
    rows += [
        estimate("proportional_hazards_adjusted", f"proportional hazards: {term}", 3.0, p_value=p,
                 note="chi-squared on 1 df", **tested)
        for term, p in (("cause group", 0.21), ("age", 0.4), ("GLOBAL", 0.03))
    ]  # fmt: skip
    return rows


CAUSES = {"growth_factor": 569, "infection": 112, "plr": 77}
PARTS = [
    ("cohort", "all", None, sum(N.values())),
    *(("cause_group", group, "all", n) for group, n in N.items()),
    *(("cause", cause, {"growth_factor": "other"}.get(cause, cause), n)
      for cause, n in CAUSES.items()),
]  # fmt: skip


def table_one() -> list[dict[str, Any]]:
    rows = []
    for grouped_by, group, within, n in PARTS:
        at = {"grouped_by": grouped_by, "group": group, "within": within}
        median = {**at, "statistic": "median", "level": "-"}
        rows.append({"variable": "age at index, years", "n": n, "n_missing": 0, "value": 61.0,
                     "spread_low": 52.0, "spread_high": 69.0, **median})  # fmt: skip
        rows.append({"variable": "neutrophils, %", "n": n - 7, "n_missing": 7, "value": 88.5,
                     "spread_low": 81.0, "spread_high": 93.0, **median})  # fmt: skip
        rows += [
            {"variable": "sex", "level": sex, **at, "n": n, "n_missing": 0,
             "statistic": "percent", "value": 100 * part, "spread_low": round(n * part),
             "spread_high": None}
            for sex, part in (("female", 0.52), ("male", 0.48))
        ]  # fmt: skip
    return rows


def apart() -> list[dict[str, Any]]:
    """Return standardised differences of Table 1 by cause group: one negative, one without."""
    found = {
        ("plr against infection", "age at index, years"): -0.2345,
        ("other against infection", "age at index, years"): 0.1,
        ("other against plr", "age at index, years"): 0.3,
        ("plr against infection", "sex"): 0.0,
        ("other against infection", "sex"): 0.05,
        ("other against plr", "sex"): 0.04,
    }
    rows = [
        estimate("standardised_difference", term, number, group=pair)
        for (pair, term), number in found.items()
    ]
    why = CANNOT + "in neither group does any value differ from another"
    pairs = dict.fromkeys(pair for pair, _ in found)
    return rows + [
        estimate("standardised_difference", "neutrophils, %", note=why, group=pair)
        for pair in pairs
    ]


def scorecard() -> list[dict[str, Any]]:
    return [
        {"claim_id": "solid_tumour", "text": "758 of them had a solid tumour", "published": 758,
         "unit": "count", "estimate": 758, "verdict": "reproduced", "reason": "within 0"},
        {"claim_id": "share_plr", "text": "77 of 758 counts were attributed to PLR",
         "published": 10.16, "unit": "percent", "estimate": 8.84, "ci_low": 7.0, "ci_high": 11.1,
         "verdict": "reproduced", "reason": "our interval covers it"},
        {"claim_id": "share_infection", "text": "112 of 758 counts were attributed to infection",
         "published": 14.78, "unit": "percent", "estimate": 20.0, "ci_low": 17.0, "ci_high": 23.0,
         "verdict": "differs", "reason": "our interval does not cover it"},
        {"claim_id": "stable", "text": "patients with PLR were typically clinically stable",
         "verdict": "cannot be assessed here", "reason": "no definition is visible"},
    ]  # fmt: skip


def accuracy() -> list[dict[str, Any]]:
    return [
        {"cause": "plr", "measure": "sensitivity", "estimate": 0.87, "ci_low": 0.78,
         "ci_high": 0.93, "method": WILSON, "n_right": 67, "n": 77},
        {"cause": "plr", "measure": "ppv", "estimate": 1.0, "ci_low": 0.95, "ci_high": 1.0,
         "method": EXACT, "n_right": 67, "n": 67},
        {"cause": "other_named", "measure": "ppv", "n_right": 0, "n": 0},
    ]  # fmt: skip


def quality() -> list[dict[str, Any]]:
    return [
        {"table": "drugs", "column": "dose", "check": "missing", "n_broken": 217, "n_rows": 3923,
         "threshold": 0.5, "status": "pass"},
        {"table": "labs", "column": "specimen", "check": "not named", "n_broken": 900,
         "n_rows": 1000, "threshold": 0.1, "status": "look"},
    ]  # fmt: skip


def codelists() -> list[dict[str, Any]]:
    return [
        {"codelist": "mobiliser", "table": "drugs", "n_codes": 6, "n_codes_found": 0, "n_rows": 0,
         "n_patients": 0, "note": None},
        {"codelist": "wbc_blood", "table": "labs", "n_codes": 4, "n_codes_found": 3,
         "n_rows": 38_160, "n_patients": 9_606, "note": None},
        {"codelist": "culture_specimen", "table": "microbiology", "n_codes": 24,
         "n_codes_found": None, "n_rows": None, "n_patients": None,
         "note": "the extract has no microbiology"},
    ]  # fmt: skip


def ledger() -> list[dict[str, Any]]:
    return [
        {"source": "labs", "table": "labs", "fate": "kept", "rule_id": "kept", "n_rows": 45_871},
        {"source": "labs", "table": "labs", "fate": "rejected", "rule_id": "value_not_a_number",
         "n_rows": 194},
    ]  # fmt: skip
