"""Agreement and weighted accuracy against R and against printed examples."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from leukocytosis.agreement import (
    Chart,
    Coefficient,
    fit_ac1,
    fit_counted,
    fit_kappa,
    fit_ratio,
    fit_weighted,
    tabulate,
)
from leukocytosis.agreement.coefficients import Table

FOLDER = Path(__file__).parent / "oracle/review"
FITS: dict[str, Callable[[Table], Coefficient]] = {"kappa": fit_kappa, "ac1": fit_ac1}
close = pytest.approx


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


ORACLE = {(r["what"], r["key"], r["name"]): float(r["value"]) for r in rows_of("oracle.csv")}
PAIRS = [(row["first"], row["second"]) for row in rows_of("pairs.csv")]
CHARTS = [
    Chart(row["stratum"], float(row["weight"]), row["reviewed"], row["stratum"])
    for row in rows_of("charts.csv")
]
ANSWERS = sorted({answer for pair in PAIRS for answer in pair})


def asks(cause: str, term: str) -> tuple[Callable[[Chart], bool], Callable[[Chart], bool]]:
    reviewed, by_rules = (lambda c: c.reviewed == cause), (lambda c: c.by_rules == cause)
    return (reviewed, by_rules) if term == "sensitivity" else (by_rules, reviewed)


@pytest.mark.parametrize("what", FITS)
@pytest.mark.parametrize("key", ["all", *ANSWERS])
def test_coefficients_equal_those_of_r(what: str, key: str) -> None:
    pairs, categories = PAIRS, ANSWERS
    if key != "all":
        pairs = [(str(one == key), str(other == key)) for one, other in PAIRS]
        categories = ["True", "False"]
    found = FITS[what](tabulate(pairs, categories))
    assert found.estimate == close(ORACLE[what, key, "value"], rel=1e-6)
    assert found.error == close(ORACLE[what, key, "error"], rel=1e-6)


@pytest.mark.parametrize(
    ("what", "cause"), [k[:2] for k in ORACLE if k[0] in ("sensitivity", "ppv")]
)
def test_weighted_shares_equal_those_of_the_survey_package(what: str, cause: str) -> None:
    share, variance = fit_ratio(CHARTS, *asks(cause, what))
    assert share == close(ORACLE[what, cause, "value"], rel=1e-6)
    assert sqrt(variance) == close(ORACLE[what, cause, "error"], rel=1e-6)


def test_kappa_of_fleiss_cohen_and_everitt() -> None:
    """Their example in Psychological Bulletin 1969;72:323: 200 patients, kappa 0.429.

    The variance to six decimals is the one that vcd and psych of R give for it.
    """
    printed = np.array([[0.53, 0.05, 0.02], [0.11, 0.14, 0.05], [0.01, 0.06, 0.03]])
    found = fit_kappa(200 * printed)
    assert found.estimate == close(0.429, abs=5e-4)
    assert found.error is not None and found.error**2 == close(0.002885, abs=5e-7)


def test_ac1_of_gwet() -> None:
    """Gwet, Handbook of Inter-Rater Reliability: 100 charts, read by two abstractors.

    The vignette of his package irrCAC prints AC1 0.84933 (0.764 to 0.935) and kappa 0.79641.
    """
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56.0]])
    found = fit_ac1(table)
    assert found.estimate == close(0.84933, abs=5e-6)
    assert found.error is not None
    # he takes the t distribution with 99 degrees of freedom
    half = 1.98422 * found.error
    assert found.estimate - half == close(0.764, abs=5e-4)
    assert found.estimate + half == close(0.935, abs=5e-4)
    kappa = fit_kappa(table)
    assert kappa.estimate == close(0.79641, abs=5e-6)
    assert kappa.error == close(0.05891, abs=5e-6)


def test_high_agreement_on_a_rare_answer_is_the_paradox_that_ac1_answers() -> None:
    """Gwet 2008, British Journal of Mathematical and Statistical Psychology 61:29, by hand."""
    table = np.array([[118, 5], [2, 0.0]])
    assert fit_kappa(table).estimate == close(-0.0234, abs=5e-5)
    assert fit_ac1(table).estimate == close(0.9408, abs=5e-5)


def test_what_is_not_defined_is_not_given() -> None:
    same = tabulate([("a", "a")] * 9, ["a", "b"])
    assert fit_kappa(same).estimate is None and fit_kappa(same).interval is None
    assert fit_ac1(same).estimate == 1 and fit_ac1(same).interval is None
    both = tabulate([("a", "a")] * 5 + [("b", "b")] * 4, ["a", "b"])
    assert fit_kappa(both).estimate == close(1) and fit_kappa(both).interval is None


def test_intervals_stay_between_their_ends() -> None:
    low, high = fit_kappa(tabulate([("a", "a"), ("b", "b"), ("b", "a")], ["a", "b"])).interval or ()
    assert -1 <= low < high <= 1
    for cause in {chart.stratum for chart in CHARTS}:
        for term in ("sensitivity", "ppv"):
            share = fit_weighted(CHARTS, *asks(cause, term))
            if share:
                assert 0 <= share.ci_low <= share.estimate <= share.ci_high <= 1


def test_a_weighted_interval_rests_on_no_more_charts_than_were_read() -> None:
    """Two misses of small weight among eleven charts do not make an interval of a percent."""
    charts = [Chart("big", 57.0, "x", "x")] * 9 + [Chart("small", 1.2, "x", "y")] * 2
    charts += [Chart("small", 1.2, "z", "y")] * 3
    share = fit_weighted(charts, *asks("x", "sensitivity"))
    assert share and share.estimate > 0.99 and share.ci_low < 0.8


def test_equal_weights_give_the_plain_share() -> None:
    charts = [Chart("all", 3.0, "x", "x")] * 8 + [Chart("all", 3.0, "x", "y")] * 2
    weighted, counted = (
        fit(charts, *asks("x", "sensitivity")) for fit in (fit_weighted, fit_counted)
    )
    assert weighted and counted
    assert weighted.estimate == close(counted.estimate) == close(0.8)
    # the linearised variance has n - 1 where Wilson's has n
    assert weighted.ci_low == close(counted.ci_low, abs=0.02)
    assert fit_counted(charts, *asks("none", "ppv")) is None


def test_reviewing_only_what_the_rules_call_a_cause_cannot_show_what_they_miss() -> None:
    """Verification bias: without weights the sensitivity of an uneven sample is another number."""
    charts = [Chart("x", 10.0, "x", "x")] * 5 + [Chart("y", 100.0, "x", "y")]
    charts += [Chart("y", 100.0, "y", "y")] * 4
    weighted, counted = (
        fit(charts, *asks("x", "sensitivity")) for fit in (fit_weighted, fit_counted)
    )
    assert weighted and counted
    assert counted.estimate == close(5 / 6) and weighted.estimate == close(50 / 150)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed here")
def test_the_oracle_is_what_its_script_makes(tmp_path: Path) -> None:
    made = subprocess.run(
        ["Rscript", str(FOLDER / "make_oracle.R"), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "there is no package" in made.stderr:
        pytest.skip("R lacks vcd, psych or survey here")
    assert made.returncode == 0, made.stderr
    for name in ("pairs.csv", "charts.csv"):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text()
