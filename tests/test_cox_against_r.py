"""Cox models with delayed entry, strata and clusters against R, on committed numbers.

`tests/oracle/cox/make_oracle.R` wrote the data and the numbers; `session_info.txt` says with
what. Relative tolerance 1e-6 throughout.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracles import check_made_again, read_values

from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.design import code_design
from leukocytosis.survival.firth import FirthFit, fit_firth
from leukocytosis.survival.proportional_hazards import fit_proportional_hazards
from leukocytosis.survival.spline import SplineFit, fit_spline
from leukocytosis.survival.time_varying import TimeVarying, fit_time_varying

FOLDER = Path(__file__).parent / "oracle" / "cox"
MODELS = {
    "late entry": (["age", "treated"], {"entry": "entry"}),
    "late strata": (["age", "treated"], {"entry": "entry", "strata": "site"}),
    "late cluster": (["age", "treated"], {"entry": "entry", "cluster": "ward"}),
    "late all": (["age", "treated"], {"entry": "entry", "strata": "site", "cluster": "ward"}),
    "heart entry": (["age", "year", "surgery", "transplant"], {"entry": "entry", "patient": "id"}),
    "heart cluster": (
        ["age", "year", "surgery", "transplant"],
        {"entry": "entry", "cluster": "id"},
    ),
    "bladder all": (
        ["treated", "number", "size"],
        {"entry": "entry", "strata": "enum", "cluster": "id"},
    ),
    "lung strata": (["age", "ph_ecog"], {"strata": "male"}),
    "lung cluster": (["age", "male", "ph_ecog"], {"cluster": "inst"}),
    "lung both": (["age", "male"], {"strata": "ph_ecog", "cluster": "inst"}),
}
ORACLE = read_values(FOLDER)
close = pytest.approx


def r(what: str, key: str, name: str) -> float:
    return float(ORACLE.loc[(what, key, name)])


def fit(model: str) -> CoxFit:
    covariates, columns = MODELS[model]
    frame = pd.read_csv(FOLDER / f"{model.split(' ', maxsplit=1)[0]}.csv")
    fitted = fit_cox(code_design(frame, covariates, {}, **columns))
    assert isinstance(fitted, CoxFit), fitted.reason
    return fitted


@pytest.mark.parametrize("model", MODELS)
def test_entry_strata_and_clusters(model: str) -> None:
    ours = fit(model)
    names = ours.design.columns
    assert ours.coefficients == close([r(model, n, "coefficient") for n in names], rel=1e-6)
    assert ours.standard_errors == close([r(model, n, "se") for n in names], rel=1e-6)
    assert ours.log_likelihood == close(r(model, "model", "loglik"), rel=1e-9)
    assert ours.log_likelihood_null == close(r(model, "model", "loglik0"), rel=1e-9)
    assert ours.design.n_events == r(model, "model", "n_events")


@pytest.mark.parametrize("model", [name for name, (_, c) in MODELS.items() if "cluster" in c])
def test_the_robust_wald_test_of_all_covariates(model: str) -> None:
    assert fit(model).wald[0] == close(r(model, "model", "wald"), rel=1e-6)


@pytest.mark.parametrize("transform", ["km", "identity"])
@pytest.mark.parametrize("model", MODELS)
def test_proportional_hazards_with_entry_and_strata(model: str, transform: str) -> None:
    tests = fit_proportional_hazards(fit(model), transform)
    assert not isinstance(tests, str)
    assert [test.term for test in tests] == [*MODELS[model][0], "GLOBAL"]
    for test in tests:
        for name, ours in {"chisq": test.chi_squared, "df": test.df, "p": test.p_value}.items():
            assert ours == close(r(f"{model} zph {transform}", test.term, name), rel=1e-6), name


@pytest.mark.parametrize("model", MODELS)
def test_hazard_ratios_over_time_as_plot_cox_zph(model: str) -> None:
    ours = fit_time_varying(fit(model))
    if model == "lung both":  # R leaves the residuals of the stratum of one patient out
        assert ours == "a covariate does not vary within one of the strata"
        return
    assert isinstance(ours, TimeVarying), ours
    for j, column in enumerate(ours.fit.design.columns):
        here = ORACLE.loc[f"{model} smooth {column}"].unstack("name")
        middle, error = ours.log_ratios(here["x"].to_numpy())[:, :, j]
        assert middle == close(here["y"].to_numpy(), rel=1e-6)
        assert error == close(here["se"].to_numpy(), rel=1e-6)


def test_restricted_cubic_spline() -> None:
    frame = pd.read_csv(FOLDER / "count.csv")
    ours = fit_spline(frame, "log2_wbc", ["log2_wbc", "age"], {})
    assert isinstance(ours, SplineFit)
    assert ours.knots == close([r("spline", "count", f"knot{i}") for i in range(1, 5)], rel=1e-9)
    at = ("5.4", "5.6", "6", "6.5", "7")
    middle, low, high = ours.log_ratios(np.array(at, dtype=float), 5.8).T
    assert middle == close([r("spline", value, "log") for value in at], rel=1e-6)
    errors = (high - low) / 2 / 1.959963984540054
    assert errors == close([r("spline", value, "se") for value in at], rel=1e-6)
    for name, test in {"bend": ours.bend_test, "association": ours.association_test}.items():
        assert test == close([r("spline", name, key) for key in ("chisq", "df", "p")], rel=1e-6)


def test_rows_of_one_patient_count_once() -> None:
    design = fit("heart entry").design
    assert (design.n, design.days.size) == (103, 172)


def test_the_script_still_makes_the_committed_numbers(tmp_path: Path) -> None:
    check_made_again(FOLDER, tmp_path)


PENALISED = {
    "sparse": (["group", "age"], {"group": "a"}, slice(None), {}),
    "apart": (["first"], {}, slice(None), {}),
    "ten": (["x"], {}, slice(None), {"entry": "entry"}),
    "late first": (["age", "treated"], {}, slice(174, 215), {"entry": "entry", "strata": "site"}),
}


@pytest.mark.parametrize("model", PENALISED)
def test_firth_with_profile_intervals_and_tests(model: str) -> None:
    covariates, references, rows, columns = PENALISED[model]
    frame = pd.read_csv(FOLDER / f"{model.split(' ', maxsplit=1)[0]}.csv").iloc[rows]
    ours = fit_firth(code_design(frame, covariates, references, **columns))
    assert isinstance(ours, FirthFit), ours.reason
    names = [column.split(" against")[0].replace(": ", "") for column in ours.design.columns]
    for name, found in {
        "coefficient": ours.coefficients,
        "low": np.exp(ours.profile[:, 0]),
        "high": np.exp(ours.profile[:, 1]),
        "p": ours.p_values,
    }.items():
        assert found == close([r(f"firth {model}", n, name) for n in names], rel=1e-6), name
    assert ours.likelihood_ratio[0] == close(r(f"firth {model}", "model", "lr"), rel=1e-6)
